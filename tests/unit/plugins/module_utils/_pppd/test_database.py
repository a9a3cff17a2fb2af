from __future__ import annotations

import fcntl
import struct

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _database as _pppd_database


def database(chains: dict[int, list[tuple[bytes, bytes, int]]], hash_size: int = 131) -> bytes:
    """A database as tdb.c lays it out: header, table of chains, records."""
    heads = [0] * hash_size
    offset = 168 + 4 * (hash_size + 1)
    body = b""
    for bucket, records in chains.items():
        following = 0
        for key, data, magic in reversed(records):
            at = offset + len(body)
            body += struct.pack("=6I", following, len(key) + len(data) + 4, len(key), len(data), 0, magic) + key + data
            body += struct.pack("=I", len(key) + len(data) + 28)
            following = at
        heads[bucket] = following
    header = b"TDB file\n".ljust(32, b"\0") + struct.pack("=III", 0x26011967, hash_size, 0)
    return header.ljust(168, b"\0") + struct.pack(f"={hash_size + 1}I", 0, *heads) + body


USED, DEAD = 0x26011999, 0xFEE1DEAD
SERVER = b"ORIG_UID=0;DEVICE=/dev/pts/1;PPPD_PID=7;IFNAME=ppp0;PEERNAME=cmz;IPREMOTE=192.0.2.2;"

DATABASES = [
    (b"", {}),
    (b"not a database", {}),
    (database({}), {}),
    (database({3: [(b"pppd7", SERVER, USED)]}),
     {7: {"ORIG_UID": "0", "DEVICE": "/dev/pts/1", "PPPD_PID": "7", "IFNAME": "ppp0", "PEERNAME": "cmz",
          "IPREMOTE": "192.0.2.2"}}),
    # The keys by which pppd's multilink looks its record up are records too.
    (database({3: [(b"pppd7", b"IFNAME=ppp0;", USED), (b"IFNAME=ppp0", b"pppd7", USED)]}), {7: {"IFNAME": "ppp0"}}),
    (database({3: [(b"pppd7", b"A=1;", DEAD), (b"pppd8", b"A=2;", USED)], 130: [(b"pppd9", b"A=3;", USED)]}),
     {8: {"A": "2"}, 9: {"A": "3"}}),
    (database({3: [(b"pppd7", SERVER, USED)]})[:-60], {}),
    (database({3: [(b"pppd7", SERVER, USED)]})[:700], {}),
    (database({}, hash_size=4)[:170], {}),
]  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), DATABASES)
def test_parse(content, expected):
    found = _pppd_database.parse(content)
    assert {pid: {name: found[pid].get(name) for name in values} for pid, values in expected.items()} == expected
    assert found.keys() == expected.keys()


def test_a_chain_that_runs_in_a_circle_ends():
    content = bytearray(database({3: [(b"pppd7", b"A=1;", USED)]}))
    (head,) = struct.unpack_from("=I", content, 168 + 4 * 4)
    struct.pack_into("=I", content, head, head)
    assert _pppd_database.parse(bytes(content)) == {7: {"A": "1"}}


VARIABLES = [
    ("", {}),
    ("IFNAME=ppp0;", {"IFNAME": "ppp0"}),
    ("IFNAME=ppp0;PEERNAME=a;b=c;IPLOCAL=192.0.2.1;", {"IFNAME": "ppp0", "PEERNAME": "a;b=c", "IPLOCAL": "192.0.2.1"}),
    ("IFNAME=ppp0;PEERNAME=x;IFNAME=ppp9;", {"IFNAME": "ppp0", "PEERNAME": "x"}),
    ("PEERNAME=a=b;", {"PEERNAME": "a=b"}),
    ("PEERNAME=;", {"PEERNAME": ""}),
]


@pytest.mark.parametrize(("text", "expected"), VARIABLES)
def test_parse_variables(text, expected):
    assert _pppd_database.parse_variables(text) == expected


def test_the_first_database_there_is_is_read(monkeypatch, tmp_path):
    path = tmp_path / "pppd2.tdb"
    path.write_bytes(database({3: [(b"pppd7", b"A=1;", USED)]}))
    monkeypatch.setattr(_pppd_database, "PATHS", (str(tmp_path / "missing"), str(path)))
    assert _pppd_database.variables() == {7: {"A": "1"}}


def test_without_a_database(monkeypatch, tmp_path):
    monkeypatch.setattr(_pppd_database, "PATHS", (str(tmp_path / "missing"),))
    assert _pppd_database.variables() == {}


def test_a_lock_that_is_held_for_long_does_not_stop_the_reader(monkeypatch, tmp_path):
    path = tmp_path / "pppd2.tdb"
    path.write_bytes(database({3: [(b"pppd7", b"A=1;", USED)]}))
    monkeypatch.setattr(_pppd_database, "PATHS", (str(path),))

    def held(_handle, _operation):
        raise BlockingIOError(11, "held")

    monkeypatch.setattr(fcntl, "lockf", held)
    monkeypatch.setattr(_pppd_database.time, "sleep", lambda _seconds: None)
    assert _pppd_database.variables() == {7: {"A": "1"}}
