from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _padt

OWN = b"\x02\0\0\0\0\x01"


@pytest.mark.parametrize(
    ("session", "head"),
    [
        ("7:02:00:00:00:00:0a", "02000000000a 020000000001 8863 11a7 0007 0000"),
        # pppd writes no leading zeros (pppd/plugins/pppoe/plugin.c).
        ("65534:2:0:0:0:0:ff", "0200000000ff 020000000001 8863 11a7 fffe 0000"),
    ],
)
def test_frame(session, head):
    frame = _padt.frame(OWN, session)
    assert (frame[:20], len(frame)) == (bytes.fromhex(head), 60)


def test_an_interface_that_is_gone_needs_none():
    assert _padt.send(["no-such-nic 7:02:00:00:00:00:01\n"]) is True
    assert _padt.send([]) is True
