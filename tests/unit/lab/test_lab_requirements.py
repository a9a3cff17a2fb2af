"""The message when the machine lacks something, and what names an image."""

from pathlib import Path

import pytest
from dialtone_lab import images, requirements
from dialtone_lab.errors import RequirementError

HERE = {
    "which": lambda program: f"/usr/bin/{program}",
    "euid": lambda: 0,
    "machine": lambda: "x86_64",
    "tun": Path("/dev/null"),
}
BOTH = {"uml", "container"}


def lacking(*programs):
    return lambda program: None if program in programs else f"/usr/bin/{program}"


@pytest.mark.parametrize(
    ("kinds", "change", "message"),
    [
        (BOTH, {"euid": lambda: 1000}, "must be run as root"),
        (BOTH, {"machine": lambda: "aarch64"}, "User Mode Linux exists only for x86, and this machine is aarch64"),
        (BOTH, {"tun": Path("/nowhere/tun")}, "/nowhere/tun is missing"),
        (BOTH, {"which": lacking("patchelf")}, "missing patchelf; install: apt-get install patchelf"),
        (
            BOTH,
            {"which": lacking("nc", "podman", "runc", "mke2fs")},
            "missing mke2fs, nc, podman, runc; install: apt-get install e2fsprogs netcat-openbsd podman runc",
        ),
    ],
)
def test_a_missing_requirement_is_one_line(kinds, change, message):
    with pytest.raises(RequirementError) as raised:
        requirements.check(kinds, **{**HERE, **change})
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("kinds", "change"),
    [
        (BOTH, {}),
        ({"container"}, {"machine": lambda: "aarch64", "which": lacking("taskset")}),
        ({"container"}, {"tun": Path("/nowhere/tun")}),
        ({"uml"}, {"which": lacking("podman", "runc", "conmon")}),
    ],
)
def test_only_what_this_lab_needs_is_asked_for(kinds, change):
    requirements.check(kinds, **{**HERE, **change})


def test_packages_txt_lists_every_package_that_may_be_asked_for():
    listed = images.read_packages(Path(requirements.__file__).resolve().parent.parent / "packages.txt")
    asked = set(requirements.FOR_ANY.values()) | set(requirements.FOR_IMAGES.values())
    for programs in requirements.FOR_KIND.values():
        asked |= set(programs.values())
    assert asked <= set(listed)
    assert listed == sorted(listed)


def recipe(folder, text="echo one\n", mode=0o755):
    folder.mkdir()
    (folder / "customize").write_text(text)
    (folder / "customize").chmod(mode)
    return images.recipe_hash("sid", folder)


def test_an_image_is_named_after_all_that_makes_it(tmp_path):
    first = recipe(tmp_path / "a")
    assert recipe(tmp_path / "b") == first
    assert recipe(tmp_path / "c", text="echo two\n") != first
    assert recipe(tmp_path / "d", mode=0o644) != first
    assert images.recipe_hash("trixie", tmp_path / "a") != first
