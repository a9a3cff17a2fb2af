"""The inventory plugin, by ansible-inventory, of this machine, which serves nobody, and a server out of reach."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.dialtone.pppoe.plugins.inventory import sessions

REPOSITORY = Path(__file__).resolve().parents[3]
HERE = "here ansible_connection=local ansible_python_interpreter={{ansible_playbook_python}}"
# The discard prefix of RFC 6666: nobody answers.
AWAY = "away ansible_host=100::1 ansible_ssh_common_args='-o ConnectTimeout=1'"
FILES = ("hosts/hosts.ini", "pppoe_sessions.yml")


@pytest.fixture
def read(tmp_path):
    """``read(servers, options)``: the inventory as a dictionary, and what was said on the way."""

    def run(servers: list[str], options: dict | None = None, inventories: tuple = FILES) -> tuple[dict, str]:
        (tmp_path / "hosts").mkdir(exist_ok=True)
        (tmp_path / "hosts" / "hosts.ini").write_text("[pppoe_servers]\n" + "\n".join(servers) + "\n")
        source = {"plugin": "dialtone.pppoe.sessions", "become": False, **(options or {})}
        (tmp_path / "pppoe_sessions.yml").write_text(json.dumps(source))
        answer = subprocess.run(
            ["ansible-inventory", *(word for name in inventories for word in ("-i", name)), "--list"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".build" / "collections")},
        )
        # ansible-inventory marks what is no template.
        return json.loads(answer.stdout, object_hook=lambda found: found.get("__ansible_unsafe", found)), answer.stderr

    return run


def test_nobody_is_connected(read):
    inventory, said = read([HERE])
    assert "pppoe_sessions" in inventory["all"]["children"]
    assert "pppoe_sessions" not in inventory
    assert "has not told" not in said


def test_the_example_of_the_documentation(read, tmp_path):
    example = yaml.safe_load(sessions.EXAMPLES)
    inventory, said = read([HERE], {**example, "become": False, "cache_connection": str(tmp_path / "cache")})
    assert "pppoe_sessions" in inventory["all"]["children"]
    assert "[WARNING]" not in said


@pytest.mark.parametrize("inventories", [("hosts", "pppoe_sessions.yml"), (".",)])
def test_a_folder_of_sources(read, inventories):
    """Also one that has the source itself."""
    inventory, said = read([HERE], inventories=inventories)
    assert "pppoe_sessions" in inventory["all"]["children"]
    assert "Failed to parse" not in said


def test_a_server_that_does_not_answer_is_told(read):
    inventory, said = read([HERE, AWAY])
    assert "pppoe_sessions" in inventory["all"]["children"]
    assert "away has not told its sessions:" in said


@pytest.mark.parametrize(
    ("servers", "options", "problem"),
    [
        ([AWAY], {}, "No host of 'pppoe_servers' in"),
        ([HERE, AWAY], {"require_all": True}, "away has not told its sessions:"),
        ([HERE], {"servers": "nobody"}, "No host of 'nobody' in"),
    ],
)
def test_no_answer_is_an_error(read, servers, options, problem):
    inventory, said = read(servers, options)
    assert "pppoe_sessions" not in inventory["all"]["children"]
    assert problem in said


def test_the_cache_answers_instead_of_the_servers(read, tmp_path):
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    read([HERE], cache)
    (kept,) = (tmp_path / "cache").iterdir()
    session = {"host": "here", "role": "server", "username": "cmz", "address": "192.168.10.2", "interface": "ppp0"}
    content = json.loads(kept.read_text())
    assert json.loads(content["__payload__"]) == [{"host": "here"}]
    kept.write_text(json.dumps({**content, "__payload__": json.dumps([session])}))
    options = {
        **cache,
        "keyed_groups": [{"key": "pppoe_server", "prefix": "on"}],
        "compose": {"via": "'root@' ~ pppoe_server"},
    }
    inventory, said = read([AWAY], options)
    assert "has not told" not in said
    assert inventory["on_here"]["hosts"] == inventory["pppoe_sessions"]["hosts"] == ["cmz"]
    assert inventory["_meta"]["hostvars"]["cmz"] == {
        "ansible_host": "192.168.10.2", "pppoe_address": "192.168.10.2", "pppoe_server": "here", "pppoe_user": "cmz",
        "pppoe_session": {key: value for key, value in session.items() if key != "host"}, "via": "root@here",
    }  # fmt: skip
