"""Runs a module as Ansible does, in this process, on real files."""

from __future__ import annotations

import importlib
import json
import os

import pytest
from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _database as _pppd_database
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _pid_files as _pppd_pid_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe
from ansible_collections.dialtone.pppoe.tests.support.programs import stand_in

FAKE_IP = """#!/bin/sh
echo '[{"ifname": "ppp7", "mtu": 1480, "flags": ["UP"], "link_type": "ppp",
    "addr_info": [{"family": "inet", "local": "192.0.2.7", "address": "192.0.2.1", "prefixlen": 32}]}]'
"""


@pytest.fixture
def folder_of_pppd(tmp_path, monkeypatch):
    """A folder with the files of pppd and of its links; ``ip`` knows one link."""
    monkeypatch.setattr(_layout_client, "PEERS", str(tmp_path))
    monkeypatch.setattr(_layout_client, "RUN", str(tmp_path))
    monkeypatch.setattr(_pppd_pid_files, "FOLDERS", (str(tmp_path), str(tmp_path / "missing")))
    monkeypatch.setattr(_pppd_database, "PATHS", ())
    monkeypatch.setattr(_sessions_observe, "KERNEL", str(tmp_path / "pppoe"))
    monkeypatch.setattr(_sessions_observe, "COUNTERS", str(tmp_path / "dev"))
    stand_in(tmp_path / "ip", FAKE_IP)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


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
