from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _proxy as _radius_proxy
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _settings as _radius_settings

SERVERS = (
    _radius_settings.Server("192.0.2.20", 1812, "first#secret"),
    _radius_settings.Server("2001:db8::21", 1645, "second{}secret"),
)
ALL = _radius_settings.RadiusSettings(SERVERS, "bras1", "192.0.2.109", "ending", ("192.0.2.20/32", "2001:db8::/64"))
LEAST = _radius_settings.RadiusSettings(SERVERS[:1], "bras1", "", "", ())
FREERADIUS = shutil.which("freeradius", path="/usr/sbin")


def text(settings=ALL, folder="/etc/x"):
    return _radius_proxy.configuration(settings, "192.0.2.109", "loopback", "/usr/lib/freeradius", folder, "freerad")


def test_servers_are_asked_in_their_order():
    assert re.findall(r"^\s+home_server = (\w+)$", text(), re.M) == ["pppoe1", "pppoe2"]


def test_pppd_waits_longer_than_for_one_server():
    assert re.findall(r"response_window = (\d+)", text()) == ["3", "3"]


def test_the_source_is_only_given_for_its_family():
    assert text().count("src_ipaddr = 192.0.2.109") == 1
    assert "src_ipaddr" not in text(LEAST)


def test_nobody_can_end_sessions_without_a_secret():
    assert "type = coa" in text()
    assert "type = coa" not in text(LEAST)


def test_no_line_has_several_items():
    """FreeRADIUS takes none such in most places."""
    assert [line for line in text().splitlines() if re.search(r"\{[^}]*=[^}]*\}$", line) and '"' not in line] == []


@pytest.mark.skipif(FREERADIUS is None, reason="FreeRADIUS is not installed")
@pytest.mark.parametrize("settings", [ALL, LEAST])
def test_freeradius_takes_it(tmp_path, settings):
    (tmp_path / "radiusd.conf").write_text(text(settings, str(tmp_path)))
    (tmp_path / "radiusd.conf").chmod(0o600)
    done = subprocess.run(
        [FREERADIUS, "-XC", "-d", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
