"""What holds for the tasks of every role."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

ROLES = sorted(path.parents[1] for path in (REPOSITORY / "roles").glob("*/meta/argument_specs.yml"))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_boolean_from_the_command_line_is_one(role):
    """``-e variable=true`` gives a string, which no condition takes for a boolean."""
    options = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    booleans = [name for name, option in options.items() if option["type"] == "bool"]
    for path in (role / "tasks").glob("*.yml"):
        for line in path.read_text().splitlines():
            if re.match(r"\s*(when:|- |or |and )", line) or "' if " in line:
                for name in booleans:
                    bare = re.search(rf"\b{name}\b(?!\s*\|\s*bool)(?!:)", line)
                    assert not bare, f"{path.name}: {line.strip()}"
