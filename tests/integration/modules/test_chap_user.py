from __future__ import annotations

import json
import multiprocessing
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible.module_utils import basic
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _secrets_file
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.modules import chap_user
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

# Has the module tell how it was called: ansible-core up to 2.20 always does, later ones with INJECT_INVOCATION.
TELL = {"_ansible_inject_invocation": True} if "inject_invocation" in basic.PASS_VARS else {}
GUIDE = "# Secrets for authentication using CHAP\n# client\tserver\tsecret\t\t\tIP addresses\n"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file to somebody else")


def mode(path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.fixture
def secrets(tmp_path):
    """The secrets file of the guide, before anything is done to it."""
    path = tmp_path / "chap-secrets"
    path.write_text(GUIDE)
    path.chmod(0o600)
    return path


@pytest.fixture
def apply(run_module):
    """Runs the module in check mode, for real, and again, and holds the three results against each other."""

    def state(path: Path):
        return (path.read_bytes(), mode(path)) if path.exists() else None

    def run(parameters: dict) -> dict:
        path = Path(parameters["path"])
        before = state(path)
        predicted = run_module("chap_user", parameters, check=True)
        assert state(path) == before
        done = run_module("chap_user", parameters)
        assert not done.get("failed"), done["msg"]
        for name in ("changed", "added", "updated", "removed", "total", "diff"):
            assert predicted[name] == done[name], name
        assert done["changed"] == (state(path) != before)
        again = run_module("chap_user", parameters)
        assert not again["changed"]
        assert again["diff"]["before"] == again["diff"]["after"] == ""
        return done

    return run


def test_the_accounts_of_the_guide(apply, secrets):
    users = [
        {"name": "cmz", "secret": "cmz"},
        {"name": "cmz2", "secret": "cmz2", "addresses": ["192.168.10.3"]},
    ]
    done = apply({"users": users, "path": str(secrets)})
    assert secrets.read_text() == GUIDE + "cmz * cmz *\ncmz2 * cmz2 192.168.10.3\n"
    # A secret that is also a name is not struck out of the names.
    assert done["added"] == ["cmz", "cmz2"]
    assert (done["added_count"], done["total"], done["path"]) == (2, 2, str(secrets))
    assert done["diff"]["after"].splitlines()[2:] == ["cmz * (secret) *", "cmz2 * (secret) 192.168.10.3"]


def test_one_account_from_its_coming_to_its_going(apply, secrets):
    one = {"name": "cmz", "path": str(secrets)}
    assert apply(dict(one, secret="first"))["added"] == ["cmz"]
    assert apply(dict(one, secret="second"))["updated"] == ["cmz"]
    assert apply(dict(one, secret="third", update_secret="on_create"))["changed"] is False
    assert apply(dict(one, secret="second", addresses=["10.0.0.1"]))["updated"] == ["cmz"]
    assert apply(dict(one, secret="s", server="pppoe"))["added"] == ["cmz"]
    assert secrets.read_text() == GUIDE + "cmz * second 10.0.0.1\ncmz pppoe s *\n"
    assert apply(dict(one, state="absent"))["removed"] == ["cmz"]
    assert apply(dict(one, state="absent", server="pppoe"))["removed"] == ["cmz"]
    assert secrets.read_text() == GUIDE


def test_exclusive_keeps_the_comments_and_nobody_else(apply, secrets):
    secrets.write_text(GUIDE + "old * x *\ncmz * cmz *\n# end\ncmz * again *\n")
    done = apply({"users": [{"name": "cmz", "secret": "cmz"}], "exclusive": True, "path": str(secrets)})
    assert secrets.read_text() == GUIDE + "cmz * cmz *\n# end\n"
    assert (done["removed"], done["updated"], done["total"]) == (["old"], ["cmz"], 1)


def test_a_line_that_does_not_count_is_reported(apply, secrets, monkeypatch):
    # In a process that has loaded parts of the controller, Ansible prints warnings instead of returning them.
    said = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, text, **_more: said.append(text))
    secrets.write_text("cmz * old *\ncmz * older *\n")
    apply({"name": "cmz", "secret": "new", "path": str(secrets)})
    assert any("'cmz': line 1 counts, not line 2" in text for text in said)
    assert secrets.read_text() == "cmz * new *\ncmz * older *\n"


def test_addresses_of_accounts_are_told_for_the_pool_to_leave_them_out(apply, run_module, secrets):
    secrets.write_text("hand * x 10.0.0.9\ncmz * x 10.0.0.8\n")
    users = [{"name": "cmz", "secret": "x", "addresses": ["10.0.0.3"]}, {"name": "b", "secret": "x"}]
    parameters = {"users": users, "path": str(secrets), "list_fixed_addresses": True}
    expected = (["10.0.0.3"], ["10.0.0.9"])
    predicted = run_module("chap_user", parameters, check=True)
    assert (predicted["fixed_addresses"], predicted["other_fixed_addresses"]) == expected
    done = apply(parameters)
    assert (done["fixed_addresses"], done["other_fixed_addresses"]) == expected
    assert apply(dict(parameters, exclusive=True))["other_fixed_addresses"] == []
    assert "fixed_addresses" not in run_module("chap_user", {"users": users, "path": str(secrets)})


def test_an_address_that_a_pool_still_hands_out_is_reported(run_module, secrets, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, text, **_more: said.append(text))
    monkeypatch.setattr(_pool_files, "CONFIGURATION", str(tmp_path))
    (tmp_path / "vlan7.pool").write_text("10.0.0.2\n10.0.0.3\n")
    parameters = {"name": "cmz", "secret": "x", "addresses": ["10.0.0.3"], "path": str(secrets)}
    # A prediction may be followed by a run that takes it out of the pool first.
    run_module("chap_user", parameters, check=True)
    assert said == []
    run_module("chap_user", parameters)
    assert len(said) == 1
    assert "10.0.0.3 of 'cmz' (vlan7)" in said[0]
    run_module("chap_user", dict(parameters, addresses=["10.0.0.4"]))
    assert len(said) == 1


def test_pap_secrets_hold_passwords_as_pppd_compares_them(apply, tmp_path):
    for name, expected in (("chap-secrets", b'cmz * "p\xc3\xa9" *\n'), ("pap-secrets", b"cmz * pM-CM-) *\n")):
        apply({"name": "cmz", "secret": "pé", "path": str(tmp_path / name)})
        assert (tmp_path / name).read_bytes() == expected


def test_a_new_file_is_closed_to_others(apply, tmp_path):
    path = tmp_path / "chap-secrets"
    before = os.umask(0)
    try:
        apply({"name": "cmz", "secret": "cmz", "path": str(path)})
    finally:
        os.umask(before)
    assert mode(path) == 0o600


def test_a_file_that_needs_no_account_is_not_made(apply, tmp_path):
    path = tmp_path / "chap-secrets"
    assert apply({"name": "cmz", "state": "absent", "path": str(path)})["changed"] is False
    assert not path.exists()


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o640, 0o600), (0o4755, 0o700), (0o400, 0o400)])
@pytest.mark.parametrize("secret", ["cmz", "other"])
def test_the_mode_loses_what_others_may(apply, secrets, before, after, secret):
    secrets.write_text("cmz * cmz *\n")
    secrets.chmod(before)
    done = apply({"name": "cmz", "secret": secret, "path": str(secrets)})
    assert mode(secrets) == after
    assert done["changed"] == (before != after or secret != "cmz")
    if before != after:
        assert done["diff"]["before"].startswith(f"(mode {before:04o})\n")
        assert done["diff"]["after"].startswith(f"(mode {after:04o})\n")


@AS_ROOT
def test_the_owner_stays(apply, secrets):
    os.chown(secrets, 12345, 54321)
    apply({"name": "cmz", "secret": "cmz", "path": str(secrets), "backup": True})
    assert [(p.stat().st_uid, p.stat().st_gid) for p in secrets.parent.iterdir()] == [(12345, 54321)] * 2


def test_a_symbolic_link_stays_one(apply, secrets, tmp_path):
    link = tmp_path / "elsewhere" / "chap-secrets"
    link.parent.mkdir()
    link.symlink_to(secrets)
    apply({"name": "cmz", "secret": "cmz", "path": str(link)})
    assert link.is_symlink()
    assert secrets.read_text() == GUIDE + "cmz * cmz *\n"
    assert list(link.parent.iterdir()) == [link]


def test_a_backup_is_the_file_before_and_closed_to_others(run_module, secrets):
    secrets.chmod(0o644)
    parameters = {"name": "cmz", "secret": "cmz", "path": str(secrets), "backup": True}
    assert "backup_file" not in run_module("chap_user", parameters, check=True)
    copy = Path(run_module("chap_user", parameters)["backup_file"])
    assert (copy.read_text(), mode(copy)) == (GUIDE, 0o600)
    assert "backup_file" not in run_module("chap_user", parameters)
    assert set(secrets.parent.iterdir()) == {secrets, copy}


HUGE = _secrets_file.MOST_BYTES + 1

REFUSALS = [
    ({"name": "*", "secret": "hush"}, "name: '*' would match every name"),
    ({"name": "a\nb", "secret": "hush"}, "name: contains a newline"),
    ({"name": "a"}, "secret: is missing"),
    ({"name": "a", "secret": ""}, "secret: is empty"),
    ({"name": "a", "secret": "@/hush"}, "secret: begins with '@/'"),
    ({"name": "a", "secret": "hush", "addresses": ["dsl.example"]}, "addresses[0]: 'dsl.example' is not an address"),
    ({"name": "a", "secret": "hush", "exclusive": True}, "exclusive: would remove every account but this one"),
    ({"users": [], "exclusive": True}, "users: is empty"),
    ({"users": [{"name": "a", "secret": "hush"}, {"secret": "hush"}]}, "users[1].name: is missing"),
    ({"users": [{"name": "a", "secret": "hush"}] * 2}, "users[1]: the account 'a' is already listed in users[0]"),
    (
        {"users": [{"name": name, "secret": "hush", "addresses": ["10.0.0.1"]} for name in "ab"]},
        "users[1].addresses: 10.0.0.1 is already the address of 'a' (users[0])",
    ),
    ({"users": [{"name": "a", "secert": "hush"}]}, "users.secert"),
    ({"users": ["hush"]}, "dictionary"),
    ({"users": [{"name": "a", "secret": "hush", "state": "gone"}]}, "state must be one of"),
    ({"name": "a", "secret": "hush", "users": []}, "mutually exclusive"),
    ({"users": [], "state": "absent"}, "mutually exclusive"),
    ({}, "one of the following is required: name, users"),
]


@pytest.mark.parametrize(("parameters", "message"), REFUSALS)
def test_refused_before_anything_is_written(run_module, secrets, parameters, message):
    secrets.write_text("old * hush *\n")
    for check in (True, False):
        asked = dict(parameters, path=str(secrets), backup=True, **TELL)
        result = run_module("chap_user", asked, check=check)
        assert result["failed"]
        assert message in result["msg"]
        assert "hush" not in json.dumps(result)
    assert secrets.read_text() == "old * hush *\n"
    assert list(secrets.parent.iterdir()) == [secrets]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.mkdir(), "is a directory"),
        (os.mkfifo, "is no regular file"),
        (lambda path: path.write_bytes(b"\x7fELF" + bytes(1000)), "is no text file: it has 1000 NUL bytes"),
        (lambda path: (path.touch(), os.truncate(path, HUGE)), "more than 64 MiB"),
        (lambda path: path.write_text("cmz * 'hush *\nbob * x *\n"), "line 1 of"),
    ],
)
def test_a_path_that_is_no_secrets_file(run_module, tmp_path, make, message):
    path = tmp_path / "chap-secrets"
    make(path)
    for check in (True, False):
        result = run_module("chap_user", {"name": "a", "secret": "hush", "path": str(path)}, check=check)
        assert result["failed"]
        assert message in result["msg"]
        assert "hush" not in json.dumps(result)


def test_exclusive_removes_no_more_than_half_unless_it_is_said(apply, run_module, secrets):
    old = "".join(f"old{number} * x *\n" for number in range(4))
    secrets.write_text(old)
    asked = {"path": str(secrets), "exclusive": True, "users": [{"name": "old0", "secret": "x"}]}
    for check in (True, False):
        result = run_module("chap_user", asked, check=check)
        assert "of the 4 accounts in" in result["msg"]
        assert "it would remove 3 that are not listed, more than half." in result["msg"]
        assert result["msg"].endswith("set max_removals=3.")
    assert "more than max_removals, 2." in run_module("chap_user", {**asked, "max_removals": 2})["msg"]
    assert run_module("chap_user", {**asked, "max_removals": -1})["msg"].startswith("max_removals: -1 is less than 0")
    assert secrets.read_text() == old
    # Who is named does not count, nor does who is added.
    users = [*asked["users"], {"name": "old1", "state": "absent"}, {"name": "new", "secret": "x"}]
    assert apply({**asked, "users": users})["removed"] == ["old1", "old2", "old3"]
    secrets.write_text(old)
    assert apply({**asked, "max_removals": 3})["removed_count"] == 3


def test_exclusive_counts_nobody_in_the_file_that_debian_brings(apply, tmp_path):
    path = tmp_path / "pap-secrets"
    path.write_text('*\tgate\t""\t*\nguest\tgate\t"*"\t-\nroot\tgate\t"*"\t-\n')
    apply({"path": str(path), "exclusive": True, "users": [{"name": "a", "secret": "x"}]})
    assert path.read_text() == "a * x *\n"


def test_without_the_rights_of_root_it_says_what_to_do(run_module, secrets, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(_secrets_file, "read", refuse)
    result = run_module("chap_user", {"name": "a", "secret": "hush", "path": str(secrets)})
    assert result["msg"].endswith("cannot be read: Permission denied. Run the task as root: become: true.")


OLD = (
    b"# Secrets of the former server\r\n"
    b"bob * hush#1 10.0.0.5 # VIP\r\n"
    b"carl\t*\thush\t10.0.0.2\t512/2048\r\n"
    b"dora gate hush *\r\n"
    b"jos\xe9 * hush * -- idle 60\r\n"
)


def test_an_old_file_is_warned_of_and_keeps_what_is_not_managed(apply, secrets, monkeypatch):
    warnings: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, text: warnings.append(text))
    secrets.write_bytes(OLD)
    users = [{"name": "bob", "secret": "hush#2"}, {"name": "carl", "secret": "hush", "addresses": ["10.0.0.3"]}]
    done = apply({"users": [*users, {"name": "dora", "state": "absent"}], "path": str(secrets)})
    assert secrets.read_bytes().splitlines() == [
        b"# Secrets of the former server", b'bob * "hush#2" * # VIP', b"carl\t*\thush\t10.0.0.3\t512/2048".replace(
            b"3\t5", b"3 5"), *OLD.splitlines()[3:],
    ]  # fmt: skip
    said = " ".join(warnings)
    for part in (
        "is removed with the change",
        "'dora' for 'gate' (line 4)",
        "'512/2048' (line 3)",
        "'josM-i' (line 5)",
    ):
        assert part in said
    assert "hush" not in json.dumps(done) + said


@pytest.mark.parametrize("content", [b"bob * pw *\rcarl * y *\r", "bob * pw *\n".encode("utf-16")])
def test_a_file_of_another_system_is_refused_and_keeps_its_bytes(run_module, secrets, content):
    secrets.write_bytes(content)
    for state in ("present", "absent"):
        asked = {"name": "bob", "secret": "x" if state == "present" else None, "state": state, "path": str(secrets)}
        result = run_module("chap_user", asked)
        assert "Convert it: " in result["msg"]
    assert secrets.read_bytes() == content


def test_without_pppd_installed_a_prediction_is_possible_and_a_run_is_not(run_module, tmp_path):
    parameters = {"name": "a", "secret": "hush", "path": str(tmp_path / "ppp" / "chap-secrets")}
    assert run_module("chap_user", parameters, check=True)["changed"]
    result = run_module("chap_user", parameters)
    assert result["failed"]
    assert "Install ppp first" in result["msg"]
    assert not list(tmp_path.iterdir())


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
