"""What is written down agrees with what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

MODULES = sorted(path.stem for path in (REPOSITORY / "plugins" / "modules").glob("*.py"))
PLUGINS = [
    (kind, path.stem)
    for kind in ("filter", "inventory")
    for path in sorted((REPOSITORY / "plugins" / kind).glob("*.py"))
]
PLAYBOOKS = sorted(path.stem for path in (REPOSITORY / "playbooks").glob("*.yml") if "." not in path.stem)
ROLES = sorted(path.parents[1].name for path in (REPOSITORY / "roles").glob("*/meta/argument_specs.yml"))
DOCUMENTS = [
    path
    for folder in (".", ".github", "docs", "examples", "roles/*", "tests/lab")
    for path in sorted(REPOSITORY.glob(f"{folder}/*.md"))
]
VERSION = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())["version"]
RELEASES = yaml.safe_load((REPOSITORY / "changelogs" / "changelog.yaml").read_text())["releases"]


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", document.read_text(), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(path):
    wrong = []
    for link in re.findall(r"\]\(([^)]+)\)", path.read_text()):
        file, _, anchor = link.partition("#")
        if "://" in link:
            # Whether it is there cannot be asked everywhere; it has to be a public place.
            right = bool(re.fullmatch(r"https://[\w.-]+\.[a-z]+(/[^\s]*)?", link))
        else:
            target = path.parent / file if file else path
            right = target.exists() and (not anchor or anchor in anchors(target))
        wrong += [] if right else [link]
    assert wrong == []


@pytest.mark.parametrize("name", MODULES)
def test_the_readme_lists_each_module(name):
    assert f"| [{name}](plugins/modules/{name}.py) |" in (REPOSITORY / "README.md").read_text()


@pytest.mark.parametrize(("kind", "name"), PLUGINS)
def test_the_readme_lists_each_plugin(kind, name):
    assert f"| [{name}](plugins/{kind}/{name}.py) |" in (REPOSITORY / "README.md").read_text()


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_the_readme_lists_each_playbook(name):
    assert f"| [{name}](playbooks/{name}.yml) |" in (REPOSITORY / "README.md").read_text()


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_the_page_of_playbooks_has_each_playbook_with_its_variables(name):
    """The variables are those in the comment at the head of the playbook."""
    head = (REPOSITORY / "playbooks" / f"{name}.yml").read_text().partition("- name:")[0]
    variables = re.findall(r"^#   (\w+)  ", head, re.M)
    section = (REPOSITORY / "docs" / "playbooks.md").read_text().partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.M) == variables
    assert f"dialtone.pppoe.{name}" in head


@pytest.mark.parametrize("name", [*MODULES, *(name for _kind, name in PLUGINS), *ROLES])
def test_the_front_page_lists_each_of_them(name):
    assert f"[{name}](../" in (REPOSITORY / "docs" / "index.md").read_text()


@pytest.mark.parametrize("name", ROLES)
def test_the_readme_lists_each_role(name):
    assert f"| [{name}](roles/{name}/README.md) |" in (REPOSITORY / "README.md").read_text()


def test_contributing_lists_each_tool():
    listed = {
        word
        for cell in re.findall(r"^\| (`.+?) \|", (REPOSITORY / "CONTRIBUTING.md").read_text(), re.M)
        for word in re.findall("`([^`]+)`", cell)
    }
    assert {path.name for path in (REPOSITORY / "tools").iterdir() if path.is_file()} <= listed


def test_what_is_installed_has_the_licence_at_its_head():
    """Nothing else has: LICENSE holds for all of it."""
    plugins = sorted((REPOSITORY / "plugins").rglob("*.py"))
    assert [path for path in plugins if "SPDX-License-Identifier: " not in path.read_text()[:300]] == []
    others = [path for folder in ("tests", "tools", "molecule") for path in (REPOSITORY / folder).rglob("*.py")]
    assert [path for path in others if path.read_text().startswith("# Copyright")] == []


def test_the_changelog_has_this_version():
    assert VERSION in RELEASES
    assert f"v{VERSION}\n" in (REPOSITORY / "CHANGELOG.rst").read_text()


def test_the_changelog_lists_each_module():
    """If it does not: `make changelog` adds new modules to the release that is being prepared."""
    listed = {module["name"] for release in RELEASES.values() for module in release.get("modules", [])}
    assert sorted(listed) == MODULES


def test_the_changelog_lists_each_plugin():
    new = [release.get("plugins", {}) for release in RELEASES.values()]
    listed = {(kind, plugin["name"]) for plugins in new for kind in plugins for plugin in plugins[kind]}
    assert sorted(listed) == PLUGINS


def test_the_action_group_has_each_module():
    groups = yaml.safe_load((REPOSITORY / "meta" / "runtime.yml").read_text())["action_groups"]
    assert sorted(groups["pppoe"]) == MODULES


@pytest.mark.parametrize("name", ROLES)
def test_the_defaults_of_a_role_are_those_of_its_specification(name):
    role = REPOSITORY / "roles" / name
    specified = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    assert sorted(specified) == sorted(defaults)
    assert {key: option["default"] for key, option in specified.items() if "default" in option} == {
        key: defaults[key] for key, option in specified.items() if "default" in option
    }
