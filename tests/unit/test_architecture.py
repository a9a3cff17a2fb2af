"""The packages of module_utils import each other in one direction, and docs/architecture.md shows them as they are."""

from __future__ import annotations

import importlib.util
import re

from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

PAGE = (REPOSITORY / "docs" / "architecture.md").read_text()
_SPEC = importlib.util.spec_from_file_location("architecture", REPOSITORY / "tools" / "architecture.py")
architecture = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(architecture)
#: The packages in the order of the page: each one imports only those after it.
LISTED = re.findall(r"^\| `(_\w+)` \|", PAGE, re.M)


def test_the_page_lists_each_package():
    assert sorted(LISTED) == sorted(architecture.imports())


def test_imports_lead_downwards():
    upward = [
        f"{name} imports {other}"
        for name, others in architecture.imports().items()
        for other in others
        if LISTED.index(other) < LISTED.index(name)
    ]
    assert upward == []


def test_every_file_is_in_a_package():
    assert list((REPOSITORY / "plugins" / "module_utils").glob("*.py")) == []


def test_the_picture_shows_the_imports():
    """If it does not: `make docs` draws it anew."""
    assert architecture.PICTURE.read_text() == architecture.picture(architecture.imports())


def test_an_import_that_follows_from_others_is_left_out():
    graph = {"top": {"middle", "bottom"}, "middle": {"bottom"}, "bottom": set()}
    assert architecture.reduced(graph) == {"top": {"middle"}, "middle": {"bottom"}, "bottom": set()}
    assert architecture.rows(graph) == [["bottom"], ["middle"], ["top"]]
