"""Accounts of sessions from pppd's database, as its bytes lie on the disk."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _names
from ansible_collections.dialtone.pppoe.tests.support.programs import calls

IN_USE, FREE = 0x26011999, 0xD9FEE666


def record(pid, variables, magic=IN_USE):
    key = b"pppd%d" % pid
    data = variables + b"\0"
    return struct.pack("=6I", 0, len(key) + len(data), len(key), len(data), 0, magic) + key + data + bytes(8)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], {}),
        ([record(7, b"DEVICE=eth1;PEERNAME=cmz;IFNAME=ppp0;"), record(8, b"PEERNAME=bob;")], {7: "cmz", 8: "bob"}),
        ([record(7, b"DEVICE=eth1;IFNAME=ppp0;")], {}),
        ([record(77, b"PEERNAME=another;")], {}),
        # What another process of this pid had is freed, but its text is there.
        ([record(7, b"PEERNAME=cmz;"), record(7, b"PEERNAME=former;", FREE)], {7: "cmz"}),
        ([record(7, b"PEERNAME=former;", FREE)], {}),
        # Names that look like records.
        ([record(7, b"PEERNAME=cmz;"), record(9, b"PEERNAME=pppd7PEERNAME=x;")], {7: "cmz"}),
        (
            [record(7, b"PEERNAME=cmz;"), record(9, b"PEERNAME=" + struct.pack("=I", IN_USE) + b"pppd7PEERNAME=x;")],
            {7: "cmz"},
        ),
        ([record(7, b"PEERNAME=a;b\n\x1b[2J;IFNAME=ppp0;")], {7: "a;b^J^[[2J"}),
        ([record(7, b"PEERNAME=cmz;")[12:]], {}),
        ([record(7, b"PEERNAME=cmz;")[:30]], {}),
    ],
)
def test_accounts(tmp_path, records, expected):
    (tmp_path / "pppd2.tdb").write_bytes(b"".join(records))
    assert _names.accounts({7, 8}, str(tmp_path)) == expected


def test_the_file_is_gone_through_once(tmp_path):
    """Whatever the number of sessions; once for each of 4,000 took seconds in which nobody could dial."""
    costs = []
    for count in (100, 1000):
        text = b"".join(record(pid, b"PEERNAME=a;") for pid in range(1, count + 1))
        (tmp_path / "pppd2.tdb").write_bytes(text)
        costs.append(calls(lambda pids=range(1, count + 1): _names.accounts(pids, str(tmp_path))) / count)
    assert costs[1] <= costs[0]
