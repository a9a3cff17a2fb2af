"""The mistakes of a first day with a role: what Ansible says, and that it says no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SERVER = {"pppoe_server_interfaces": "lo", "pppoe_server_nat": False, "pppoe_server_packages": []}
CLIENT = {"name": "dsl", "interface": "lo", "username": "cmz"}

RADIUS = {"servers": [{"address": "192.0.2.20", "secret": "hunter2"}]}
ADDRESSES = {"pppoe_server_local_address": "10.0.0.1", "pppoe_server_pool": ["10.0.0.2+8"]}
# Any interface that could have customers: the mistake is found in check mode.
INTERFACES = [path.parent.name for path in sorted(Path("/sys/class/net").glob("*/type")) if path.read_text() == "1\n"]
WITH_RADIUS = {
    **SERVER,
    **ADDRESSES,
    "pppoe_server_interfaces": INTERFACES[:1],
    "pppoe_server_require_kernel_ppp": False,
    "pppoe_server_startup": "none",
    "pppoe_server_radius": RADIUS,
}
OLD_PYTHON = {"version": {"major": 3, "minor": 8}, "executable": "/usr/bin/python3"}

# Role, its variables, and what the error begins with.
MISTAKES = [
    ("server", {"pppoe_server_dns": ["8.8.8.8"]}, "pppoe_server_dns: the role pppoe_server has no"),
    ("server", {"pppoe_server_accounts": [["bob", "hunter2"]]}, "pppoe_server_accounts[0]: is a list"),
    ("server", {"pppoe_server_accounts": {"bob": "hunter2"}}, "pppoe_server_accounts: is a dictionary, not a list."),
    ("server", {"pppoe_server_accounts": [{"name": "bob", "password": "hunter2"}]}, "pppoe_server_accounts[0]: pass"),
    ("server", {**SERVER, "pppoe_server_accounts": [{"name": "bob", "secret": 83}]},
     "pppoe_server_accounts[0].secret: is a number, not text"),
    ("server", {**SERVER, "pppoe_server_accounts": [{"name": "no", "secret": ""}]},
     "pppoe_server_accounts[0].secret: is empty"),
    ("server", {**SERVER, "pppoe_server_accounts_src": "missing.csv"}, "pppoe_server_accounts_src: missing.csv"),
    ("server", {**WITH_RADIUS, "pppoe_server_accounts": [{"name": "bob", "secret": "hunter2"}]},
     "pppoe_server_accounts: with pppoe_server_radius, pppd never reads the accounts on this host. Move them"),
    ("server", {**WITH_RADIUS, "pppoe_server_instances": [
        {"name": "a", "interfaces": INTERFACES[:1], "accounts": [{"name": "bob", "secret": "hunter2"}]}]},
     "pppoe_server_accounts: with pppoe_server_radius, pppd never reads"),
    ("client", {"pppoe_client_connections": [["bob", "hunter2"]]}, "pppoe_client_connections[0]: is a list"),
    ("client", {"pppoe_client_connections": "hunter2"}, "pppoe_client_connections: is text, not a list."),
    ("client", {"pppoe_client_connections": [{**CLIENT, "secert": "hunter2"}]}, "pppoe_client_connections[0]: secert."),
    ("client", {"pppoe_client_connections": [{**CLIENT, "secret": 83}]}, "pppoe_client_connections[0].secret: is"),
    ("client", {"pppoe_client_connections": [{**CLIENT, "secret": "hunter2", "dns": True}]},
     "pppoe_client_connections (dsl): dns: is a boolean"),
    ("client", {"pppoe_client_packages": [], "pppoe_client_connections": [{**CLIENT, "interface": "nowhere"}]},
     "pppoe_client_connections (dsl): interface: "),
    ("server", {"facts": OLD_PYTHON}, "The modules of dialtone.pppoe need Python 3.9 or newer, and"),
    ("client", {"facts": OLD_PYTHON}, "The modules of dialtone.pppoe need Python 3.9 or newer"),
    ("client", {"pppoe_client_connection": [CLIENT]}, "pppoe_client_connection: the role pppoe_client has no"),
]  # fmt: skip


def play(number: int, role: str) -> dict:
    """Calls the role with the variables of a file on a host of its own, and keeps the error."""
    result = "ansible_failed_result"
    text = "{{ (" + result + ".results | default([" + result + "]) | selectattr('failed', 'defined') | first).msg }}"
    return {
        "hosts": f"h{number}",
        "gather_facts": False,
        "vars_files": [f"{number}.json"],
        "tasks": [
            {
                "block": [
                    {
                        "ansible.builtin.set_fact": {
                            "python": "{{ facts }}",
                            "os_family": "Debian",
                            "pkg_mgr": "apt",
                            "cacheable": True,
                        },
                        "when": "facts is defined",
                    },
                    {"ansible.builtin.include_role": {"name": f"dialtone.pppoe.pppoe_{role}"}},
                ],
                "rescue": [{"ansible.builtin.set_fact": {f"m{number}": text}}],
            }
        ],
    }


def test_each_mistake_has_its_message(tmp_path):
    plays = []
    for number, (role, variables, _message) in enumerate(MISTAKES):
        (tmp_path / f"{number}.json").write_text(json.dumps(variables))
        plays.append(play(number, role))
    found = ", ".join(f"hostvars.h{number}.m{number} | default('nothing')" for number in range(len(MISTAKES)))
    write = {"content": "{{ [" + found + "] | to_json }}", "dest": str(tmp_path / "found.json"), "mode": "0600"}
    plays.append({"hosts": "h0", "tasks": [{"ansible.builtin.copy": write, "check_mode": False}]})
    (tmp_path / "play.yml").write_text(json.dumps(plays))
    hosts = ",".join(f"h{number}" for number in range(len(MISTAKES))) + ","
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", hosts, "-c", "local", "--check", "-vvv",
         "-e", "ansible_python_interpreter=" + sys.executable, "play.yml"],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": next(p for p in sys.path if p.endswith("/.build/collections"))},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-3000:]
    for (_role, variables, message), said in zip(MISTAKES, json.loads((tmp_path / "found.json").read_text())):
        assert said.startswith(message), (variables, said)
    assert "hunter2" not in output
    # Also where Ansible shows the error by itself.
    assert "[ERROR]: Task failed: Module failed: interface" not in output
