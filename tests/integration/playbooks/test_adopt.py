"""adopt.yml on a server in somebody else's hands, and the play after it: nothing that it sent is ever evaluated."""

from __future__ import annotations

import base64
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
if "pppoe_unmanaged_server_info" in text:
    print(open({answer!r}).read())
elif "modules.slurp" in text:
    print(open({secrets!r}).read())
else:
    os.execv({python!r}, [{python!r}, "-c", text])
"""


class Controller:
    """A controller with an inventory of one server, whose answers are the test's."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.witness = folder, folder / "evaluated"
        self.harm = f"{{{{ lookup('pipe', 'touch {self.witness}; echo idle 600') }}}}"
        self.python = folder / "python"
        answer = folder / "answer.json"
        secrets = str(folder / "secrets.json")
        self.python.write_text(ANSWER.format(python=sys.executable, answer=str(answer), secrets=secrets))
        self.python.chmod(0o755)

    def run(self, playbook: Path, *arguments: str, name: str = "gate") -> subprocess.CompletedProcess:
        variables = {"ansible_connection": "local", "ansible_python_interpreter": str(self.python)}
        inventory = {"all": {"children": {"pppoe_servers": {"hosts": {name: variables}}}}}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(inventory))
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            "hosts.yml",
            str(playbook),
            *arguments,
        ]
        collections = str(COLLECTIONS)
        environment = {
            **os.environ,
            "PWD": str(self.folder),
            "ANSIBLE_COLLECTIONS_PATH": collections,
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
        }
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def adopt(
        self, result: dict, *arguments: str, name: str = "gate", secrets: bytes = b""
    ) -> subprocess.CompletedProcess:
        (self.folder / "answer.json").write_text(json.dumps({"changed": False, **result}))
        content = {"changed": False, "content": base64.b64encode(secrets).decode(), "encoding": "base64", "source": "x"}
        (self.folder / "secrets.json").write_text(json.dumps(content))
        return self.run(REPOSITORY / "playbooks" / "adopt.yml", "-e", "adopt_directory=host_vars",
                        "-e", "ansible_become=false", *arguments, name=name)  # fmt: skip

    def shown(self) -> str:
        """What the next play has of the variables, used in every way that a role uses them."""
        play = self.folder / "next.yml"
        play.write_text(
            yaml.safe_dump(
                [{"hosts": "pppoe_servers", "gather_facts": False, "tasks": [
                    {"ansible.builtin.copy": {"dest": str(self.folder / "next.json"), "content":
                     "{{ {'options': pppoe_server_options | default([]), 'name': pppoe_server_ac_name | default('')}"
                     " | to_json }}"}, "delegate_to": "localhost",
                     "vars": {"ansible_python_interpreter": sys.executable}},
                    {"ansible.builtin.debug": {"var": "pppoe_server_options"}},
                    {"ansible.builtin.debug": {"msg": "{{ pppoe_server_options }} {{ vars | string | length }}"}}]}]
            )
        )  # fmt: skip
        done = self.run(play)
        assert done.returncode == 0, done.stdout + done.stderr
        return (self.folder / "next.json").read_text()


@pytest.fixture
def controller(tmp_path):
    return Controller(tmp_path)


def answer(**changes) -> dict:
    server = {
        "command": ["pppoe-server", "-I", "eth1"], "own_name": "gate", "pid": 12, "live_sessions": 3,
        "findings": [], "accounts": [],
        "variables": {"pppoe_server_interfaces": ["eth1"], "pppoe_server_nat": False},
    }  # fmt: skip
    return {"servers": [{**server, **changes}], "findings": []}


def test_texts_of_the_host_are_never_evaluated(controller):
    harm = controller.harm
    variables = {"pppoe_server_options": [harm], "pppoe_server_ac_name": harm, "pppoe_server_interfaces": [harm]}
    finding = {"kind": "problem", "text": harm + "\nx: 1", "why": harm}
    account = {"name": harm + "\r\ny: 1", "addresses": [harm], "variable": "vault_a_secret"}
    result = answer(variables=variables, command=[harm, "\nz: 1"], findings=[finding], accounts=[account])
    done = controller.adopt({**result, "findings": [finding]})
    assert done.returncode == 0, done.stdout + done.stderr
    assert harm in controller.shown()
    assert not controller.witness.exists()


@pytest.mark.parametrize(
    "variables",
    [
        {"ansible_connection": "local", "ansible_shell_executable": "/bin/false"},
        {"pppoe_server_interfaces": {"{{ 1 }}": "x"}},
        {"pppoe_server_ac_name\nansible_connection": "local"},
    ],
)
def test_other_variables_are_an_error_and_nothing_is_written(controller, variables):
    done = controller.adopt(answer(variables=variables))
    assert done.returncode != 0
    assert "is not a result of this module" in done.stdout
    assert not (controller.folder / "host_vars").exists()


@pytest.mark.parametrize("name", ["../gate", "a/b", ".hidden"])
def test_a_name_of_the_inventory_is_no_path(controller, name):
    done = controller.adopt(answer(), name=name)
    assert done.returncode != 0
    assert "is not a valid directory name" in done.stdout
    assert not (controller.folder / "host_vars").exists()


def test_an_honest_host(controller):
    done = controller.adopt(answer())
    assert done.returncode == 0, done.stdout + done.stderr
    written = (controller.folder / "host_vars" / "gate" / "pppoe_server.yml").read_text()
    assert yaml.safe_load(written) == {"pppoe_server_interfaces": ["eth1"], "pppoe_server_nat": False}
    assert "# Process 12: pppoe-server -I eth1" in done.stdout


def test_all_daemons_of_a_host_are_written(controller):
    two = [
        answer(variables={"pppoe_server_name": name, "pppoe_server_interfaces": [name]})["servers"][0]
        for name in ("eth1", "eth2")
    ]
    done = controller.adopt({"servers": two, "findings": []})
    assert done.returncode == 0, done.stdout + done.stderr
    written = (controller.folder / "host_vars" / "gate" / "pppoe_server.yml").read_text()
    assert yaml.safe_load(written) == {
        "pppoe_server_instances": [{"name": name, "interfaces": [name]} for name in ("eth1", "eth2")]
    }


def test_accounts_are_written_encrypted_and_never_shown(controller):
    harm = controller.harm.replace("'", '"')
    (controller.folder / "vault.pass").write_text("a password\n")
    secrets = f"anna * geheim-1 *\nben gate '{harm}' 10.0.0.5\ncarla * geheim-3 10.0.0.0/24\n".encode()
    done = controller.adopt(answer(), "-e", "adopt_vault_password_file=vault.pass", "-vvv", "--diff", secrets=secrets)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 accounts are in" in done.stdout
    assert "Not written: Line 3 of /etc/ppp/chap-secrets: 'carla' has addresses other than a single one" in done.stdout
    assert "geheim" not in done.stdout + done.stderr
    path = controller.folder / "host_vars" / "gate" / "pppoe_server_accounts.yml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    # The next play has them as they are.
    play = controller.folder / "accounts.yml"
    content = "{{ pppoe_server_accounts | to_json }}"
    task = {"ansible.builtin.copy": {"dest": str(controller.folder / "accounts.json"), "content": content}}
    task.update({"delegate_to": "localhost", "vars": {"ansible_python_interpreter": sys.executable}})
    play.write_text(yaml.safe_dump([{"hosts": "pppoe_servers", "gather_facts": False, "tasks": [task]}]))
    done = controller.run(play, "--vault-password-file", "vault.pass")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((controller.folder / "accounts.json").read_text()) == [
        {"name": "anna", "secret": "geheim-1"},
        {"name": "ben", "secret": harm, "addresses": ["10.0.0.5"]},
    ]
    assert not controller.witness.exists()


def test_accounts_in_radius_are_in_no_file(controller):
    (controller.folder / "vault.pass").write_text("a password\n")
    server = {"address": "192.0.2.20", "secret": "{{ vault_radius_192_0_2_20_secret }}"}
    variables = {"pppoe_server_interfaces": ["eth1"], "pppoe_server_radius": {"servers": [server]}}
    done = controller.adopt(answer(variables=variables), "-e", "adopt_vault_password_file=vault.pass")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in (controller.folder / "host_vars" / "gate").iterdir()] == ["pppoe_server.yml"]


def test_accounts_need_a_folder(controller):
    done = controller.adopt(answer(), "-e", "adopt_vault_password_file=vault.pass", "-e", "adopt_directory=")
    assert done.returncode != 0
    assert "adopt_vault_password_file: the accounts are written into adopt_directory, which is not set." in done.stdout
