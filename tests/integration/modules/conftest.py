"""Runs a module as Ansible does, in this process, on real files."""

from __future__ import annotations

import importlib
import json

import pytest
from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args


@pytest.fixture
def run_module(capfd):
    """``run_module("chap_user", {"name": …}, check=False)`` gives the module's result as a dictionary."""

    def run(name: str, parameters: dict, check: bool = False) -> dict:
        module = importlib.import_module("ansible_collections.dialtone.pppoe.plugins.modules." + name)
        arguments = dict(parameters, _ansible_check_mode=check, _ansible_diff=True, _ansible_remote_tmp="/tmp")
        capfd.readouterr()
        # Ansible tells each warning once a process, and a module is usually a process of its own.
        warnings._global_warnings.clear()
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        return json.loads(capfd.readouterr().out.strip().splitlines()[-1])

    return run
