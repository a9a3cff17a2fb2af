"""Names and secrets without quotes, as ansible-playbook reads them: nothing that is no text is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS
from ansible_collections.dialtone.pppoe.tests.support.yaml_traps import TEXTS, TRAPS

HEAD = """
- hosts: localhost
  gather_facts: false
  vars: {hunter2: 0123}
  module_defaults: {dialtone.pppoe.chap_user: {path: "%s"}}
  tasks:
"""


def quoted(written: str) -> str:
    return f'"{written}"' if "{{" in written else written


@pytest.fixture
def play(tmp_path):
    """Runs tasks, given as YAML in one line each, all of which may fail; their results in order, and the output."""

    def run(tasks: list[str]) -> tuple[list[dict], str]:
        text = HEAD % (tmp_path / "chap-secrets")
        for number, one in enumerate(tasks):
            text += f"    - {one}\n      ignore_errors: true\n      register: r{number}\n"
        names = ", ".join(f"r{number}" for number in range(len(tasks)))
        content = "{{ [" + names + "] | to_json }}"
        text += f"    - ansible.builtin.copy: {{content: '{content}', dest: {tmp_path}/results.json, mode: '600'}}\n"
        (tmp_path / "play.yml").write_text(text)
        environment = dict(
            os.environ,
            ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS),
            ANSIBLE_INJECT_INVOCATION="true",
        )
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local", "-vvv"]
        command += ["-e", "ansible_python_interpreter=" + sys.executable, "play.yml"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads((tmp_path / "results.json").read_text()), done.stdout + done.stderr

    return run


def test_every_trap_of_yaml_is_refused(play, tmp_path):
    tasks, messages = [], []
    for written, kind in TRAPS:
        value = quoted(written)
        for key, other in (("secret", "name: bob"), ("name", "secret: x")):
            said = f"{key}: is missing" if kind == "is missing" else f"{key}: is {kind}, not text"
            tasks += [f"dialtone.pppoe.chap_user: {{users: [{{{key}: {value}, {other}}}]}}"]
            messages += ["users[0]." + said]
    # Beside the list, and in the other module that takes an account.
    for key, other in (("secret", "name: bob"), ("name", "secret: x")):
        tasks += [f"dialtone.pppoe.chap_user: {{{key}: 0123, {other}}}"]
        messages += [f"{key}: is a number, not text"]
    for key, kind in (("secret", "a number"), ("username", "a number")):
        tasks += [f"dialtone.pppoe.pppoe_client: {{name: a, interface: eth0, username: a, {key}: 12:30:45}}"]
        messages += [f"{key}: is {kind}, not text"]
    tasks += ["dialtone.pppoe.pppoe_client: {name: a, interface: eth0, username: a, secret: a, dns: yes}"]
    messages += ["dns: is a boolean"]
    results, _output = play(tasks)
    for one, result, message in zip(tasks, results, messages):
        assert result["failed"], one
        assert message in result["msg"], one
    assert not (tmp_path / "chap-secrets").exists()


def test_text_is_written_as_it_stands(play, tmp_path):
    users = ", ".join(f"{{name: u{number}, secret: {written}}}" for number, written in enumerate(TEXTS))
    merged = "[{<<: {secret: hunter2}, name: merged}]"
    results, _output = play(
        [f"dialtone.pppoe.chap_user: {{users: [{users}]}}", f"dialtone.pppoe.chap_user: {{users: {merged}}}"]
    )
    assert not any(result.get("failed") for result in results), results
    lines = [f"u{number} * {yaml.safe_load(written)} *" for number, written in enumerate(TEXTS)]
    assert (tmp_path / "chap-secrets").read_text().splitlines() == [*lines, "merged * hunter2 *"]


def test_no_other_shape_shows_a_secret(play, tmp_path):
    """The value comes from a file, as Ansible itself shows the lines of the playbook around a task that failed."""
    shapes = {
        "users[0]: is a list": [["bob", "hunter2"]],
        "users[0]: is text": ["bob hunter2"],
        "users: is a dictionary": {"bob": "hunter2"},
        "users: is text": "hunter2",
        "users[0].secret: is a dictionary": [{"name": "bob", "secret": {"hunter2": None}}],
        "users[0].name: is a list": [{"name": ["hunter2"], "secret": "x"}],
        "users[0].addresses: is a dictionary": [{"name": "bob", "secret": "x", "addresses": {"hunter2": 1}}],
    }
    (tmp_path / "shapes.json").write_text(json.dumps(list(shapes.values())))
    users = "{{ (lookup('ansible.builtin.file', 'shapes.json') | from_json)[%d] }}"
    results, output = play(
        [f'dialtone.pppoe.chap_user: {{users: "{users % number}"}}' for number in range(len(shapes))]
    )
    for result, message in zip(results, shapes):
        assert message in result["msg"]
    assert "hunter2" not in output.replace("vars: {hunter2", "")
