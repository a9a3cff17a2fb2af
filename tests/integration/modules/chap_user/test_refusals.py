from __future__ import annotations

import json
import os

import pytest
from ansible.module_utils import basic
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _secrets_file
from ansible_collections.dialtone.pppoe.tests.support.secrets_file import TELL

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
        (lambda path: path.write_bytes(b"\x7fELF" + bytes(1000)), "is not a text file: it has 1000 NUL bytes"),
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
