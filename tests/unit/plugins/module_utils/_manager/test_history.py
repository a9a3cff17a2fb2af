"""Who had which address when, kept on the server: records, and what is made of them after a power cut."""

from __future__ import annotations

import ipaddress
import os
import sqlite3
import struct
import subprocess
import sys
import time

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _book, _history

OWN = os.getpid()
_delegated = ipaddress.IPv6Network


def session(pid: int = OWN, started: int = 100, address: str = "10.0.0.2", **more):
    values = {"instance": "default", "session_id": "7", "mac": "02:00:00:00:00:0A", "interface": "ppp0"}
    return _book.Session(pid, started, 0.0, address=address, **{"account": "ann", **values, **more})


@pytest.fixture
def history(tmp_path):
    made = []

    def make(days: int = 30, path: str = "history.db"):
        one = _history.History(f"{tmp_path}/sub/{path}", str(tmp_path), lambda instance: days)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


def rows(tmp_path, columns: str) -> list[tuple]:
    database = sqlite3.connect(f"{tmp_path}/sub/history.db")
    try:
        return database.execute(f"SELECT {columns} FROM session ORDER BY rowid").fetchall()
    finally:
        database.close()


def finish(history, *gone, living=()):
    """What the manager does when interfaces go."""
    history._links.gone = lambda: list(gone)
    history.flush(lambda: set(living))
    history.close()


def test_a_session_from_its_start_to_its_end(history, tmp_path):
    one = history()
    one.up(session())
    one.flush(lambda: {(OWN, 100)})
    finish(one, _history.Gone("ppp0", 1000, 2000))
    assert rows(tmp_path, "instance, account, address, mac, interface, session_id, bytes_in, bytes_out, cause") == [
        ("default", "ann", "10.0.0.2", "02:00:00:00:00:0a", "ppp0", 7, 1000, 2000, None)
    ]
    ((start, stop),) = rows(tmp_path, "start, stop")
    assert start <= stop <= time.time()
    assert os.stat(tmp_path / "sub" / "history.db").st_mode & 0o777 == 0o600


@pytest.mark.parametrize("reason", [None, "ann has dialled again"])
def test_the_cause_that_pppd_has_told(history, tmp_path, monkeypatch, reason):
    """Of two that end, one has logged it; a reason of the manager counts, and nothing is looked for then."""
    asked = []
    monkeypatch.setattr(_history, "LOOK", 0.1)
    monkeypatch.setattr(_history._exits, "look", lambda pids, since: asked.append(pids) or {OWN: "Idle-Timeout"})
    one = history()
    one.up(session())
    one.up(session(pid=1, address="10.0.0.3", interface="ppp1"))
    one.flush(lambda: {(OWN, 100), (1, 100)})
    if reason:
        one.ends(session(), reason)
    one._links.gone = lambda: [_history.Gone("ppp0", 1, 2), _history.Gone("ppp1", 1, 2)]
    one.flush(set)
    deadline = time.monotonic() + 20
    while (not asked or one._store._unknown) and time.monotonic() < deadline:
        time.sleep(0.05)
    one.close()
    assert asked == [{1} if reason else {1, OWN}]
    assert rows(tmp_path, "cause") == [(reason or "Idle-Timeout",), (None,)]


def test_nothing_is_opened_where_no_history_is_kept(history, tmp_path):
    one = history(days=0)
    one.up(session())
    assert one.flush(set) is False
    assert one.fileno() is None
    assert not (tmp_path / "sub").exists()


def test_the_manager_says_why_it_hung_up(history, tmp_path):
    one = history()
    one.up(session())
    one.flush(lambda: {(OWN, 100)})
    one.ends(session(), "ann has dialled again")
    finish(one, _history.Gone("ppp0", 0, 0))
    assert rows(tmp_path, "cause") == [("ann has dialled again",)]


def test_a_session_that_was_up_for_a_moment_only_is_kept_too(history, tmp_path):
    one = history()
    one.up(session(account=None))
    one._links.gone = lambda: [_history.Gone("ppp0", 1, 2)]
    finish(one, _history.Gone("ppp0", 1, 2))
    assert rows(tmp_path, "account, bytes_in, stop IS NULL") == [(None, 1, 0)]


def test_the_account_is_looked_for_until_pppd_has_said_it(history, tmp_path):
    one = history()
    one.up(session(account=None))
    one._links.gone = list
    assert one.flush(lambda: {(OWN, 100)}) is True
    (tmp_path / "pppd2.tdb").write_bytes(b"pppd%dIFNAME=ppp0;PEERNAME=bob;ORIG_UID=0;\0" % OWN)
    tdb = _history._names.accounts({OWN}, str(tmp_path))
    one._beginnings[0].session.account = tdb.get(OWN, "bob")
    assert one.flush(lambda: {(OWN, 100)}) is False
    one.close()
    assert rows(tmp_path, "account") == [("bob",)]


@pytest.mark.parametrize(
    ("booted", "living", "stop", "cause"),
    [
        ("this", {(OWN, 100)}, None, None),
        ("this", set(), 2000, _history.UNSEEN),
        ("another", {(OWN, 100)}, 2000, _history.BOOT),
    ],
)
def test_what_was_open_when_the_manager_begins(history, tmp_path, booted, living, stop, cause):
    database = _history.open_database(f"{tmp_path}/sub/history.db")
    boot = _history.boot() if booted == "this" else booted
    with database:
        database.execute("UPDATE mark SET boot = ?, time = 2000", (boot,))
        _history._Begin((boot, OWN, 100, "default", "ann", "10.0.0.2", "", "eth1", "ppp0", 7, 1000)).write(database)
    database.close()
    one = history()
    one._links = _history.Links()
    finish(one, living=living)
    assert rows(tmp_path, "stop, cause") == [(stop, cause)]


def test_a_manager_that_begins_again_records_a_session_once(history, tmp_path):
    for _life in range(2):
        one = history()
        one.up(session())
        finish(one, living={(OWN, 100)})
    assert rows(tmp_path, "stop") == [(None,)]


def test_an_interface_that_another_session_has_now_closes_the_former(history, tmp_path):
    one = history()
    one.up(session())
    one.flush(lambda: {(OWN, 100), (OWN, 200)})
    one.up(session(started=200, address="10.0.0.3"))
    finish(one)
    assert rows(tmp_path, "address, cause, stop IS NULL") == [
        ("10.0.0.2", _history.UNSEEN, 0),
        ("10.0.0.3", None, 1),
    ]


def test_old_records_are_deleted_but_not_open_ones(history, tmp_path):
    database = _history.open_database(f"{tmp_path}/sub/history.db")
    now = int(time.time())
    with database:
        for pid, stop in ((1, now - 31 * 86400), (2, now - 29 * 86400), (OWN, None)):
            database.execute(
                "INSERT INTO session (boot, pid, started, instance, address, interface, start, stop)"
                " VALUES (?, ?, 100, 'default', '10.0.0.2', ?, 1, ?)",
                (_history.boot(), pid, f"ppp{pid}", stop),
            )
    database.close()
    one = history(days=30)
    one._links = _history.Links()
    one._links.gone = list
    one.flush(lambda: {(OWN, 100)})
    deadline = time.monotonic() + 20
    while not one._store.instances and time.monotonic() < deadline:
        time.sleep(0.01)
    one._store._deleted = 0.0
    finish(one, living={(OWN, 100)})
    assert [pid for (pid,) in rows(tmp_path, "pid")] == [2, OWN]


def test_what_cannot_be_written_now_is_written_later(history, tmp_path, monkeypatch):
    monkeypatch.setattr(_history, "AGAIN", 0.01)
    (tmp_path / "sub").write_text("a file where the folder is to be")
    one = history()
    one.up(session())
    one._links.gone = list
    one.flush(lambda: {(OWN, 100)})
    time.sleep(0.05)
    (tmp_path / "sub").unlink()
    one.close()
    assert rows(tmp_path, "account") == [("ann",)]


def link(kind: int, *attributes: tuple[int, bytes], family: int = 0) -> bytes:
    body = struct.pack("=BxHiII", family, 1, 5, 0, 0)
    for number, value in attributes:
        body += struct.pack("=HH", 4 + len(value), number) + value + bytes(-len(value) % 4)
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


COUNTS = struct.pack("=24Q", 1, 2, 300, 400, *range(20))


@pytest.mark.parametrize(
    ("message", "gone"),
    [
        (link(17, (3, b"ppp3\0"), (23, COUNTS)), [("ppp3", 300, 400)]),
        (link(16, (3, b"ppp3\0"), (23, COUNTS)), []),
        (link(17, (3, b"eth3\0"), family=7), []),
        (link(17, (3, b"ppp3\0")), [("ppp3", None, None)]),
        (
            link(17, (3, b"ppp1\0"), (23, COUNTS)) + link(17, (3, b"ppp2\0"), (23, COUNTS)),
            [("ppp1", 300, 400), ("ppp2", 300, 400)],
        ),
        (b"", []),
        (link(17, (3, b"ppp3\0"))[:20], [("", None, None)][:0]),
    ],
)
def test_links_that_go(message, gone):
    assert _history.removed(_netlink.messages(message)[0]) == gone


@pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")
def test_the_kernel_tells_the_bytes_of_a_link_that_goes():
    program = (
        "import subprocess, sys; sys.path[:0] = [sys.argv[1]]\n"
        "from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _history\n"
        "subprocess.run('ip link add ppp7 type veth peer name ppp8; ip addr add 10.9.9.9/24 dev ppp7;'"
        "'ip link set ppp8 up; ip link set ppp7 up; ip neigh add 10.9.9.8 lladdr 02:00:00:00:00:01 dev ppp7',"
        " shell=True, check=True)\n"
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'ppp7')\n"
        "s.sendto(bytes(1000), ('10.9.9.8', 9)); links = _history.Links()\n"
        "subprocess.run('ip link del ppp7', shell=True, check=True)\n"
        "print(*(one for one in links.gone() if one.interface == 'ppp7'))"
    )
    root = next(path for path in sys.path if path.endswith("collections"))
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", program, root], capture_output=True, text=True, check=True
    )
    assert "interface='ppp7'" in done.stdout
    assert int(done.stdout.split("sent=")[1].split(")")[0]) >= 1000


PREFIX, OTHER = _delegated("2001:db8:100::/56"), _delegated("2001:db8:200::/56")


def prefixes(tmp_path) -> list[tuple]:
    database = sqlite3.connect(f"{tmp_path}/sub/history.db")
    try:
        return database.execute("SELECT pid, prefix, stop IS NULL FROM prefix ORDER BY rowid").fetchall()
    finally:
        database.close()


def test_prefixes_of_a_session(history, tmp_path):
    """Before the session itself is recorded, twice, one that it loses, and another session's."""
    one = history()
    one.prefix(session(), PREFIX, True)
    one.flush(lambda: {(OWN, 100), (1, 100)})
    one.prefix(session(), PREFIX, True)
    one.prefix(session(), OTHER, True)
    one.prefix(session(), OTHER, False)
    one.prefix(session(pid=1), OTHER, True)
    one.up(session())
    one._links.gone = list
    one.flush(lambda: {(OWN, 100), (1, 100)})
    finish(one, _history.Gone("ppp0", 1, 2))
    assert prefixes(tmp_path) == [(OWN, str(PREFIX), 0), (OWN, str(OTHER), 0), (1, str(OTHER), 1)]


def test_prefixes_end_with_sessions_whose_end_was_not_seen(history, tmp_path):
    one = history()
    one.up(session())
    one.prefix(session(), PREFIX, True)
    one._links.gone = list
    one.flush(lambda: {(OWN, 100)})
    one.close()
    later = history()
    later.up(session(started=200))
    later.flush(set)
    later.close()
    assert prefixes(tmp_path) == [(OWN, str(PREFIX), 0)]


def test_without_history_no_prefix_is_recorded(history, tmp_path):
    one = history(days=0)
    one.prefix(session(), PREFIX, True)
    assert one.flush(set) is False
