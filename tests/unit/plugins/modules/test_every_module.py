"""What a module must do wherever it is run: load, and read its parameters."""

from __future__ import annotations

import importlib
import json
import re

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

PLUGINS = REPOSITORY / "plugins"
# What has no main is documentation: its work is done by an action plugin.
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py") if "def main()" in path.read_text())


@pytest.mark.parametrize("name", MODULES)
def test_it_reads_its_parameters(name, capsys):
    module = importlib.import_module("ansible_collections.dialtone.pppoe.plugins.modules." + name)
    with patch_module_args({"misspelt": 1}), pytest.raises(SystemExit):
        module.main()
    result = json.loads(capsys.readouterr().out)
    assert result["failed"] is True
    # Missing parameters are reported before unknown ones.
    assert re.search("misspelt|missing|required", result["msg"])


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("pppoe_server_info", {}),
        ("pppoe_session_info", {}),
        ("pppoe_session", {"state": "absent", "all": True}),
        ("pppoe_client_info", {}),
    ],
)
def test_what_only_root_can_see_is_not_nothing(name, parameters, capsys, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    module = importlib.import_module("ansible_collections.dialtone.pppoe.plugins.modules." + name)
    with patch_module_args(parameters), pytest.raises(SystemExit):
        module.main()
    result = json.loads(capsys.readouterr().out)
    assert result["failed"] is True
    assert "Run the task as root: become: true." in result["msg"]
