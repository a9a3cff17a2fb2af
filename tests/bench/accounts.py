"""chap_user: many accounts, against ansible.builtin.copy of the finished file, and against a loop of lineinfile."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import stage
from measure import chosen, median, peak_memory, play, say, table

sys.path.insert(0, str(stage.REPOSITORY / ".build" / "collections"))

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account_file, _batch

MANY = int(chosen("ACCOUNTS", alone="100000", in_whole="20000"))
SIZES = (1_000, 10_000, MANY)
REPETITIONS = 3
LOOP, SCALED = 200, 2_000
STATES = ("empty file", "unchanged", "one changed")


def accounts(count: int, changed: int | None = None) -> list[dict]:
    """So many accounts, each with an address of its own; one of them may have another secret."""
    return [
        {
            "name": f"customer{number:06}",
            "secret": f"secret-{number:06}" if number != changed else "another",
            "addresses": [f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"],
        }
        for number in range(count)
    ]


def secrets_file(users: list[dict]) -> str:
    """The finished file."""
    return "".join(f"{user['name']} * {user['secret']} {user['addresses'][0]}\n" for user in users)


def playbook(folder: Path, name: str, tasks: list[dict], variables: list[str] = ()) -> str:
    """Write a playbook for this machine."""
    path = folder / f"{name}.yml"
    plays = [
        {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars_files": list(variables),
            "tasks": tasks,
        }
    ]
    path.write_text(json.dumps(plays))
    return str(path)


def chap_user(path: Path, users: str, state: str) -> dict:
    return {"name": state, "dialtone.pppoe.chap_user": {"path": str(path), "users": "{{ " + users + " }}"}}


def from_csv(path: Path, source: Path, state: str) -> dict:
    return {"name": state, "dialtone.pppoe.chap_user": {"path": str(path), "src": str(source)}}


def copy(path: Path, source: Path, state: str) -> dict:
    return {"name": state, "ansible.builtin.copy": {"src": str(source), "dest": str(path), "mode": "0600"}}


class Bench:
    """Files and playbooks for one number of accounts, in a folder."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        for name, users in (("users", accounts(count)), ("one_changed", accounts(count, count // 2))):
            (folder / f"{name}.json").write_text(json.dumps({name: users}))
            (folder / f"{name}.txt").write_text(secrets_file(users))
            rows = [f"{user['name']},{user['secret']},{user['addresses'][0]}" for user in users]
            (folder / f"{name}.csv").write_text("\n".join(["name,secret,addresses", *rows, ""]))
        target = folder / "chap-secrets"
        self.target = target
        self.ours = playbook(
            folder,
            "ours",
            [
                chap_user(target, "users", STATES[0]),
                chap_user(target, "users", STATES[1]),
                chap_user(target, "one_changed", STATES[2]),
            ],
            [str(folder / "users.json"), str(folder / "one_changed.json")],
        )
        self.csv = playbook(
            folder,
            "csv",
            [
                from_csv(target, folder / "users.csv", STATES[0]),
                from_csv(target, folder / "users.csv", STATES[1]),
                from_csv(target, folder / "one_changed.csv", STATES[2]),
            ],
        )
        self.theirs = playbook(
            folder,
            "theirs",
            [
                copy(target, folder / "users.txt", STATES[0]),
                copy(target, folder / "users.txt", STATES[1]),
                copy(target, folder / "one_changed.txt", STATES[2]),
            ],
        )

    def times(self, path: str) -> dict[str, float]:
        """Seconds of each task, which began with no file."""
        self.target.unlink(missing_ok=True)
        results = play([], path)[1]
        expected = {STATES[0]: True, STATES[1]: False, STATES[2]: True}
        if {result.task: result.changed for result in results} != expected:
            raise stage.StageError(f"{path} has changed other than {expected}: {results}")
        return {result.task: result.seconds for result in results}


def against_copy(folder: Path) -> None:
    """100,000 accounts in each state, as a ratio to copy."""
    bench = Bench(folder, MANY)
    size = (folder / "users.txt").stat().st_size
    say(f"\nchap_user, {MANY:,} accounts ({size / 1e6:.1f} MB), against ansible.builtin.copy of the finished file")
    playbooks = {"copy": bench.theirs, "src": bench.csv, "users": bench.ours}
    times: dict[str, list[dict[str, float]]] = {name: [] for name in playbooks}
    for number in range(REPETITIONS):
        for name, path in playbooks.items():
            # Most of it is what Ansible takes for a variable of that size, so once is enough.
            if name != "users" or number == 0:
                times[name].append(bench.times(path))
        say(f"  {number + 1} of {REPETITIONS} done")
    rows = [("file before", "copy", "chap_user src", "ratio", "chap_user users", "ratio")]
    for state in STATES:
        copied, *ours = (median([one[state] for one in times[name]]) for name in playbooks)
        cells = [cell for mine in ours for cell in (f"{mine:.1f} s", f"{mine / copied:.1f}")]
        rows.append((state, f"{copied:.1f} s", *cells))
    say(table(rows))


def sent(folder: Path, users: list[dict]) -> tuple[str, float]:
    """The accounts in a file as the action plugin sends it, and the seconds that it takes to read them from CSV."""
    rows = [f"{user['name']},{user['secret']},{user['addresses'][0]}" for user in users]
    text = "\n".join(["name,secret,addresses", *rows, ""])
    began = time.process_time()
    entries, places = _account_file.rows(text, "customers.csv", "csv")
    content = _batch.encode(entries, places.__getitem__).dump()
    seconds = time.process_time() - began
    path = folder / "accounts"
    path.write_bytes(content)
    return str(path), seconds


def growth(folder: Path) -> None:
    """What Ansible does not do: processor time and memory as the number of accounts grows."""
    say("\nchap_user by itself: microseconds of processor time an account, which grow if the cost is not linear")
    of_memory = ("peak memory", "over none", "times file", "other order")
    rows: list[tuple[str, ...]] = [("accounts", "file", "reading CSV", *STATES, "other order", *of_memory)]
    target = folder / "chap-secrets"
    base = None
    for count in (1, *SIZES):
        target.unlink(missing_ok=True)
        steps = [accounts(count), accounts(count), accounts(count, count // 2), accounts(count)[::-1]]
        runs = []
        for users in steps:
            path, reading = sent(folder, users)
            runs.append((*peak_memory("chap_user", {"path": str(target), "src": path}), reading))
        *usual, other = (memory for _seconds, memory, _reading in runs)
        peak = max(usual)
        size = target.stat().st_size
        if base is None:
            base = peak
            continue
        more = peak - base
        times = [median([reading for *_others, reading in runs]), *(seconds for seconds, *_others in runs)]
        cells = [f"{seconds / count * 1e6:.2f}" for seconds in times]
        memory = [f"{peak / 1e6:.0f} MB", f"{more / 1e6:.0f} MB", f"{more / size:.1f}", f"{other / 1e6:.0f} MB"]
        rows.append((f"{count:,}", f"{size / 1e6:.2f} MB", *cells, *memory))
    say(table(rows))


def against_loop(folder: Path) -> None:
    """One call for 2,000 accounts, and a loop of lineinfile over 200, times ten."""
    say(f"\n{SCALED:,} accounts: one chap_user, against a loop of lineinfile over {LOOP}, times {SCALED // LOOP}")
    users = accounts(SCALED)
    (folder / "many.json").write_text(json.dumps({"many": users}))
    (folder / "few.json").write_text(json.dumps({"few": users[:LOOP]}))
    ours = playbook(folder, "one", [chap_user(folder / "chap-secrets", "many", "one")], [str(folder / "many.json")])
    line = {
        "path": str(folder / "lines"),
        "create": True,
        "mode": "0600",
        "regexp": "^{{ item.name }} ",
        "line": "{{ item.name }} * {{ item.secret }} {{ item.addresses[0] }}",
    }
    task = {
        "name": "loop",
        "ansible.builtin.lineinfile": line,
        "loop": "{{ few }}",
        "loop_control": {"label": "{{ item.name }}"},
    }
    theirs = playbook(folder, "loop", [task], [str(folder / "few.json")])
    (folder / "chap-secrets").unlink(missing_ok=True)
    mine = play([], ours)[1][0].seconds
    loop = play([], theirs)[1][0].seconds * SCALED / LOOP
    say(
        table(
            [
                ("", "seconds", "ratio"),
                ("chap_user", f"{mine:.1f}", "1"),
                ("lineinfile", f"{loop:.0f}", f"{loop / mine:.0f}"),
            ]
        )
    )


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="dialtone-bench-"))
    try:
        growth(folder)
        against_copy(folder)
        against_loop(folder)
    finally:
        shutil.rmtree(folder)
