"""chap_user as a task of a playbook, where its action plugin reads ``src`` and sends many accounts as a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

MANY = 700


def row(number: int, secret: str = "hunter2") -> dict:  # noqa: S107
    return {
        "name": f"user{number}",
        "secret": f"{secret}-{number}",
        "addresses": [f"10.0.{number >> 8}.{number & 255}"],
    }


def csv(rows: list[dict]) -> str:
    lines = [f"{one['name']},{one['secret']},{' '.join(one['addresses'])}\n" for one in rows]
    return "name,secret,addresses\n" + "".join(lines)


def lines(rows: list[dict]) -> str:
    return "".join(f"{one['name']} * {one['secret']} {' '.join(one['addresses'])}\n" for one in rows)


@pytest.fixture
def play(tmp_path):
    """Runs tasks of chap_user, each of which may fail; the results in their order, and all that was printed."""
    (tmp_path / "files").mkdir()

    def run(*tasks: dict) -> tuple[list[dict], str]:
        plays = [
            {
                "hosts": "localhost",
                "gather_facts": False,
                "vars": {"ansible_python_interpreter": sys.executable},
                "module_defaults": {"dialtone.pppoe.chap_user": {"path": str(tmp_path / "chap-secrets")}},
                "tasks": [{"ignore_errors": True, **task} for task in tasks],
            }
        ]
        for number, task in enumerate(plays[0]["tasks"]):
            task["register"] = f"r{number}"
        results = ", ".join(f"r{number}" for number in range(len(tasks)))
        copy = {"content": "{{ [" + results + "] | to_json }}", "dest": str(tmp_path / "results.json"), "mode": "0600"}
        plays[0]["tasks"].append({"ansible.builtin.copy": copy, "diff": False, "no_log": True})
        (tmp_path / "play.yml").write_text(json.dumps(plays))
        (tmp_path / "pass").write_text("vault")
        environment = dict(
            os.environ,
            ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS),
            ANSIBLE_INJECT_INVOCATION="true",
            ANSIBLE_LOCAL_TEMP=str(tmp_path / "local"),
            ANSIBLE_REMOTE_TMP=str(tmp_path / "remote"),
        )
        playbook = str(Path(sys.executable).with_name("ansible-playbook"))
        command = [playbook, "-i", "localhost,", "-c", "local", "-vvvv", "--diff", "play.yml"]
        command += ["--vault-password-file", "pass"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        # Nothing of what was sent is left on either side.
        for folder in ("local", "remote"):
            assert not [path for path in (tmp_path / folder).rglob("*") if path.is_file()]
        return json.loads((tmp_path / "results.json").read_text()), output

    return run


def task(**parameters) -> dict:
    return {"dialtone.pppoe.chap_user": parameters}


def test_many_accounts_from_a_file(play, tmp_path):
    rows = [row(number) for number in range(MANY)]
    new = [*rows[:9], row(9, "hunter2-new"), *rows[10:]]
    (tmp_path / "files" / "all.csv").write_text(csv(rows))
    (tmp_path / "new.json").write_text(json.dumps(new))
    sealed = VaultLib([("default", VaultSecret(b"vault"))]).encrypt(csv(rows[:2]))
    (tmp_path / "sealed.csv").write_bytes(sealed)
    results, output = play(
        dict(task(src="all.csv"), check_mode=True),
        task(src="all.csv"),
        task(src="all.csv"),
        task(src="new.json", backup=True),
        task(src="sealed.csv", users=[{"name": "more", "secret": "hunter2"}], exclusive=True, max_removals=MANY - 2),
        task(users=rows),
    )
    assert [result["changed"] for result in results] == [True, True, False, True, True, True]
    assert [result["added_count"] for result in results] == [MANY, MANY, 0, 0, 1, MANY - 2]
    assert results[0]["diff"] == results[1]["diff"]
    assert results[1]["added"] == [f"user{number}" for number in range(100)]
    assert results[3]["updated"] == ["user9"]
    assert results[4]["removed_count"] == MANY - 2
    assert results[1]["invocation"]["module_args"]["users"] == f"({MANY} entries)"
    backup = Path(results[3]["backup_file"])
    assert (backup.read_text(), backup.stat().st_mode & 0o777) == (lines(rows), 0o600)
    kept = set((tmp_path / "chap-secrets").read_text().splitlines(keepends=True))
    assert kept == {*lines(rows).splitlines(keepends=True), "more * hunter2 *\n"}
    assert "+user0 * (secret) 10.0.0.0" in output
    assert "hunter2" not in output


def test_nothing_is_applied_if_a_row_is_bad(play, tmp_path):
    bad = {
        "bad.csv": csv([row(0), row(1), dict(row(2), addresses=["nonsense"])]),
        "twice.csv": csv([*(row(number) for number in range(MANY)), row(7)]),
        "latin.csv": "name,secret\njos\xe9,hunter2\n".encode("latin-1"),
        "bad.json": json.dumps([row(0), {"name": "x", "secret": ""}]),
        "odd.txt": "name,secret\na,hunter2\n",
        "empty.csv": "",
        "none.csv": "name,secret\n",
    }
    for name, text in bad.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "chap-secrets").write_text("old * hunter2 *\n")
    messages = {
        "bad.csv": "bad.csv:4.addresses[0]: 'nonsense' is not an address",
        "twice.csv": f"twice.csv:{MANY + 2}: the account 'user7' is already listed in twice.csv:9",
        "latin.csv": "src: latin.csv is not text in UTF-8.",
        "bad.json": "bad.json[1].secret: is empty",
        "odd.txt": "set src_format to csv or json",
        "empty.csv": "src: empty.csv is empty.",
        "none.csv": "every account would be removed",
        "missing.csv": "src: missing.csv cannot be read",
    }
    results, output = play(*(task(src=name, exclusive=True) for name in messages), task(src="odd.txt", name="a"))
    for result, message in zip(results, messages.values()):
        assert result["failed"]
        assert message in result["msg"]
    assert "mutually exclusive" in results[-1]["msg"]
    assert (tmp_path / "chap-secrets").read_text() == "old * hunter2 *\n"
    assert "hunter2" not in output


def test_a_list_that_was_cut_off_removes_nobody(play, tmp_path):
    """A batch of more than 500 goes as a file, a shorter one as parameters."""
    rows = [row(number) for number in range(3 * MANY)]
    whole = csv(rows)
    cut = whole[: whole.index(f"user{MANY - 1},") + 20]
    for name, text in {"all.csv": whole, "cut.csv": cut, "line.csv": cut.rpartition("\n")[0] + "\n"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "few.csv").write_text(csv(rows[:9]))
    results, output = play(
        task(src="all.csv", exclusive=True),
        task(src="cut.csv", exclusive=True),
        dict(task(src="line.csv", exclusive=True), check_mode=True),
        task(src="line.csv", exclusive=True),
        task(src="few.csv", exclusive=True, max_removals=9),
    )
    counts = f"of the {3 * MANY} accounts in {tmp_path}/chap-secrets it would remove"
    assert f"cut.csv:{MANY + 1}: the last line does not end with a newline" in results[1]["msg"]
    for result in results[2:4]:
        assert f"exclusive: {counts} {2 * MANY + 1} that are not listed, more than half." in result["msg"]
        assert f"set max_removals={2 * MANY + 1}." in result["msg"]
    assert f"{counts} {3 * MANY - 9} that are not listed, more than max_removals, 9." in results[4]["msg"]
    assert (tmp_path / "chap-secrets").read_text() == lines(rows)
    assert "hunter2" not in output
