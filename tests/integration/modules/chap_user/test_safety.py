"""Failed, killed and simultaneous runs, and what is shown of a secret."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible.module_utils import basic
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.modules import chap_user
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS
from ansible_collections.dialtone.pppoe.tests.support.secrets_file import GUIDE, TELL, mode


def test_a_failed_write_leaves_the_file_as_it_was(run_module, secrets, monkeypatch):
    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", fail)
    result = run_module("chap_user", {"name": "a", "secret": "hush", "path": str(secrets)})
    assert "No space left on device. It is as it was." in result["msg"]
    assert secrets.read_text() == GUIDE
    assert list(secrets.parent.iterdir()) == [secrets]


def test_no_secret_reaches_the_journal_or_the_result(run_module, secrets, monkeypatch):
    logged: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda _module, text, **_more: logged.append(text))
    secrets.write_text("#off * hush-0 *\nown * hush-1 * # hush-2\nodd hush-3\nopt * hush-4 * -- name hush-5\n")
    users = [{"name": f"user{number}", "secret": f"hush{number}"} for number in range(3)]
    for parameters in (
        {"users": users},
        {"users": [dict(user, secret="hush-new") for user in users]},
        {"name": "own", "secret": "hush"},
        {"name": "opt", "state": "absent"},
    ):
        result = run_module("chap_user", dict(parameters, path=str(secrets), **TELL))
        assert result["changed"]
        assert result["invocation"]["module_args"]["path"] == str(secrets)
        assert "hush" not in json.dumps(result)
    assert len(logged) == 4
    assert "users=(3 entries)" in logged[0]
    assert "hush" not in "".join(logged)


PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  vars_files: [vars.json]
  tasks:
    - dialtone.pppoe.chap_user: {path: "{{ path }}", users: "{{ users }}", backup: true}
    - dialtone.pppoe.chap_user: {path: "{{ path }}", name: cmz, secret: "{{ users[0].secret }}x", exclusive: false}
    - dialtone.pppoe.chap_user: {path: "{{ path }}", users: "{{ users }}", exclusive: true}
      check_mode: true
    - dialtone.pppoe.chap_user: {path: "{{ path }}", users: "{{ users + users }}"}
      ignore_errors: true
    - dialtone.pppoe.chap_user: {path: "{{ path }}", users: [{name: a, secert: "{{ users[0].secret }}"}]}
      ignore_errors: true
"""


def test_ansible_shows_no_secret_at_any_verbosity(secrets, tmp_path):
    secrets.write_text("# gone * hunter2-a *\nold * hunter2-b *\n")
    users = [{"name": "cmz", "secret": "hunter2-c"}, {"name": "bob", "secret": "hunter2-d"}]
    (tmp_path / "vars.json").write_text(json.dumps({"users": users, "path": str(secrets)}))
    (tmp_path / "play.yml").write_text(PLAYBOOK)
    environment = dict(
        os.environ,
        ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS),
        ANSIBLE_INJECT_INVOCATION="true",
        ANSIBLE_LOCAL_TEMP=str(tmp_path / "local"),
        ANSIBLE_REMOTE_TMP=str(tmp_path / "remote"),
    )
    playbook = Path(sys.executable).with_name("ansible-playbook")
    command = [str(playbook), "-i", "localhost,", "-c", "local", "-vvvv", "--diff", "play.yml"]
    command += ["-e", "ansible_python_interpreter=" + sys.executable]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert "ok=5" in output, output
    assert "+cmz * (secret) *" in output
    assert "+cmz * (new secret) *" in output
    assert '"module_args"' in output
    assert "hunter2" not in output


def _add(path: str, name: str, barrier) -> None:
    from ansible.module_utils.testing import patch_module_args

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    barrier.wait()
    for number in range(3):
        parameters = {"name": f"{name}{number}", "secret": "x", "path": path, "_ansible_remote_tmp": "/tmp"}
        with patch_module_args(parameters), pytest.raises(SystemExit) as end:
            chap_user.main()
        assert not end.value.code


def test_runs_at_the_same_time_lose_nothing(secrets):
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(4)
    runs = [context.Process(target=_add, args=(str(secrets), name, barrier)) for name in "abcd"]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0] * 4
    lines = secrets.read_text()[len(GUIDE) :].splitlines()
    assert sorted(lines) == sorted(f"{name}{number} * x *" for name in "abcd" for number in range(3))


def test_a_run_that_takes_too_long_is_not_waited_for(run_module, secrets):
    with _files.locked(str(secrets)):
        parameters = {"name": "a", "secret": "hush", "path": str(secrets), "lock_timeout": 0}
        result = run_module("chap_user", parameters)
        assert run_module("chap_user", parameters, check=True)["changed"]
    assert "is being changed by another run" in result["msg"]
    assert secrets.read_text() == GUIDE


def _killed_while_writing(path: str, delay: float) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            _add(path, "k", multiprocessing.Barrier(1))
        finally:
            os._exit(0)
    time.sleep(delay)
    os.kill(pid, 9)
    os.waitpid(pid, 0)


def test_a_killed_run_leaves_the_old_file_or_the_new_one(secrets):
    filling = "".join(f"user{number} * x *\n" for number in range(2000))
    possible = {filling + "".join(f"k{number} * x *\n" for number in range(count)) for count in range(4)}
    for delay in range(0, 60, 5):
        secrets.write_text(filling)
        _killed_while_writing(str(secrets), delay / 1000)
        assert secrets.read_text() in possible
        assert {mode(path) for path in secrets.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("call", ["fchown", "fchmod", "fsync", "rename"])
def test_a_run_that_dies_before_a_step_leaves_the_old_file_and_no_lock(run_module, secrets, call):
    pid = os.fork()
    if pid == 0:
        setattr(os, call, lambda *_arguments: os.kill(os.getpid(), 9))
        try:
            _add(str(secrets), "k", multiprocessing.Barrier(1))
        finally:
            os._exit(0)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == 9
    assert secrets.read_text() == GUIDE
    # What it had written so far is closed to others.
    assert {mode(path) for path in secrets.parent.iterdir()} == {0o600}
    parameters = {"name": "next", "secret": "x", "path": str(secrets), "lock_timeout": 0}
    assert run_module("chap_user", parameters)["added"] == ["next"]
    assert secrets.read_text() == GUIDE + "next * x *\n"
    # Nothing is left of it, unless it was the file itself.
    assert list(secrets.parent.iterdir()) == [secrets]


def test_half_a_backup_of_a_killed_run_goes_with_the_next_run_though_nothing_changes(run_module, secrets):
    parameters = {"name": "a", "secret": "hush", "path": str(secrets)}
    run_module("chap_user", parameters)
    left = secrets.with_name(".ansible-0123abcd.tmp")
    left.write_text("bob * hu")
    assert not run_module("chap_user", parameters, check=True)["changed"]
    assert left.exists()
    assert not run_module("chap_user", parameters)["changed"]
    assert list(secrets.parent.iterdir()) == [secrets]


def test_many_accounts_in_one_call_take_seconds(run_module, secrets):
    users = [{"name": f"user{number}", "secret": f"secret{number}"} for number in range(10000)]
    start = time.monotonic()
    result = run_module("chap_user", {"users": users, "path": str(secrets)})
    assert (result["added_count"], len(result["added"]), result["total"]) == (10000, 100, 10000)
    assert len(json.dumps(result)) < 100_000
    assert time.monotonic() - start < 20
