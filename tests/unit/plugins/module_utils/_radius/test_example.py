from __future__ import annotations

import hashlib

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _example as _radius_example


@pytest.fixture
def package(tmp_path):
    """Debian's files as they come, and what dpkg knows of them."""
    folder = tmp_path / "3.0"
    known = ["Package: freeradius-config", "Conffiles:"]
    for name in _radius_example._FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"the package's {name}\n")
        digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        known.append(f" {path} {digest}")
    (folder / "sites-enabled").mkdir()
    for site in ("default", "inner-tunnel"):
        (folder / "sites-enabled" / site).symlink_to(f"../sites-available/{site}")
    (tmp_path / "status").write_text("\n".join(known) + "\n")
    return tmp_path


def untouched(package):
    return _radius_example.is_untouched(str(package / "3.0"), str(package / "status"), str(package / "drop-ins"))


def test_as_it_came(package):
    assert untouched(package)


@pytest.mark.parametrize("name", _radius_example._FILES)
def test_a_file_that_somebody_has_changed(package, name):
    (package / "3.0" / name).write_text("mine\n")
    assert not untouched(package)


def test_a_site_of_somebody(package):
    (package / "3.0" / "sites-enabled" / "mine").write_text("server mine { }\n")
    assert not untouched(package)


def test_a_unit_of_somebody(package):
    (package / "drop-ins").mkdir()
    (package / "drop-ins" / "mine.conf").write_text("[Service]\n")
    assert not untouched(package)


def test_no_package(tmp_path):
    assert not untouched(tmp_path)
