"""history.yml shows and writes what accounts are called, and neither a terminal nor a spreadsheet acts on it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS, REPOSITORY

# Stands for the python3 of the managed server: answers for the module, and runs everything else.
ANSWER = """\
#!{python} -IS
import os, sys
text = sys.stdin.read()
if "pppoe_session_history_info" in text:
    print(open({answer!r}).read())
else:
    os.execv({python!r}, [{python!r}, "-c", text])
"""
SESSION = {
    **{"address": "10.20.1.77", "mac": "02:64:74:00:01:02", "device": "eth1", "interface": "ppp3", "session_id": 7},
    **{"start": "2026-11-28T12:00:00Z", "stop": None, "seconds": None, "bytes_in": 12, "bytes_out": 34},
    **{"cause": None, "server": "default", "source": "server"},
}
#: What accounts are called, and what a CSV file has.
NAMES = {
    "cmz": "cmz",
    "=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0",
    "+1": "'+1",
    "-1": "'-1",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\\t=1",
    "\r=1": "'\\r=1",
    'a "b", c': 'a "b", c',
    "two\nlines": "two\\nlines",
    "\x1b[31mred\x1b]0;x\x07": "\\u001b[31mred\\u001b]0;x\\u0007",
    "{{ 1 + 1 }}": "{{ 1 + 1 }}",
}


@pytest.fixture
def shown(tmp_path):
    """What the playbook prints, and the rows of its file."""
    python = tmp_path / "python"
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"changed": False, "sessions": [{**SESSION, "account": name} for name in NAMES]}))
    python.write_text(ANSWER.format(python=sys.executable, answer=str(answer)))
    python.chmod(0o755)
    variables = {"ansible_connection": "local", "ansible_python_interpreter": str(python), "ansible_become": False}
    hosts = tmp_path / "hosts.yml"
    hosts.write_text(yaml.safe_dump({"all": {"children": {"pppoe_servers": {"hosts": {"gate": variables}}}}}))
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [program, "-i", hosts, REPOSITORY / "playbooks" / "history.yml", "-e", f"output={tmp_path}/out.csv"],
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_HOME": str(tmp_path / "home"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "out.csv").open(newline="") as handle:
        return done.stdout, list(csv.DictReader(handle))


def test_hostile_names(shown):
    printed, rows = shown
    assert [row["account"] for row in rows] == list(NAMES.values())
    assert {(row["address"], row["session_id"], row["stop"], row["host"]) for row in rows} == {
        ("10.20.1.77", "7", "", "gate")
    }
    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert "two\\nlines" in printed
