"""What neighbors hear of a new address."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _arp
from ansible_collections.dialtone.pppoe.tests.support import router


def test_the_frame():
    frame = _arp.frame(b"\2\0\0\0\0\7", "192.0.2.7")
    assert len(frame) == 60
    assert frame[:14] == b"\xff" * 6 + b"\2\0\0\0\0\7" + b"\x08\x06"
    assert frame[14:22] == b"\0\1\x08\0\6\4\0\2"
    assert frame[22:42] == (b"\2\0\0\0\0\7" + socket.inet_aton("192.0.2.7")) * 2


SEND = """
import sys
sys.path.insert(0, sys.argv[1])
import _arp
_arp.announce("one", "192.0.2.7")
"""


@pytest.mark.skipif(bool(router.why_not()) or not shutil.which("ip"), reason="no namespace can be made here")
def test_a_neighbor_learns_it(tmp_path):
    host, neighbor = router.Namespace(), router.Namespace()
    try:
        host.sh(f"ip link add one type veth peer name two netns {neighbor.process.pid}; ip link set one up")
        neighbor.sh("ip link set two up; ip addr add 192.0.2.1/24 dev two")
        neighbor.sh("ip neigh add 192.0.2.7 lladdr 02:00:00:00:00:99 nud stale dev two")
        (tmp_path / "_arp.py").write_text(Path(_arp.__file__).read_text())
        subprocess.run([*host.into, "python3", "-c", SEND, str(tmp_path)], check=True)
        mac = host.sh("ip -br link show one").split()[2]
        assert f"192.0.2.7 dev two lladdr {mac}" in neighbor.sh("ip neigh show")
    finally:
        host.close()
        neighbor.close()
