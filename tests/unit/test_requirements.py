"""What is installed to run and test this collection is known to the byte, and nothing is built from source."""

from __future__ import annotations

import re

import pytest
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

LISTS = sorted((REPOSITORY / "requirements").glob("*.txt"))
WORDS = "--require-hashes --only-binary :all:"


def chosen(name: str) -> list[str]:
    """What NAME.in asks for, with what it includes."""
    found = []
    for line in (REPOSITORY / "requirements" / name).read_text().splitlines():
        line = line.partition("#")[0].strip()
        found += chosen(line.removeprefix("-r ")) if line.startswith("-r ") else [line] if line else []
    return found


def test_there_are_lists():
    assert {path.stem for path in LISTS} == {"galaxy", "pythons", "renew", "run", "test"}


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_each_package_has_one_version_and_its_hashes(path):
    text = re.sub(r"^#.*\n", "", path.read_text().replace("\\\n", " "), flags=re.M)
    for line in text.splitlines():
        requirement, *hashes = line.split(" --hash=")
        assert re.fullmatch(r"[a-z0-9.\-]+==[a-z0-9.]+( ; .+)?", requirement.strip()), line
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one.strip()) for one in hashes)


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_each_list_has_what_was_chosen(path):
    """If it has not: tools/requirements."""
    listed = {line.partition(" ")[0] for line in path.read_text().splitlines() if "==" in line}
    asked = [line.partition(";")[0].strip().lower() for line in chosen(path.stem + ".in")]
    assert asked
    assert set(asked) <= listed


def test_pip_is_told_to_take_nothing_else():
    calls = []
    for path in [REPOSITORY / "Makefile", *(REPOSITORY / "tools").glob("*"), *(REPOSITORY / ".ci").glob("*")]:
        if path.is_file():
            calls += [line for line in path.read_text().replace("\\\n", "").splitlines() if "-m pip install" in line]
    assert len(calls) >= 4
    assert [call for call in calls if WORDS not in call] == []
