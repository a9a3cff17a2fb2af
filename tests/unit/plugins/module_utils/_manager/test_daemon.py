"""A daemon is another process, with packet sockets of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _daemon

_SOCKETS = """
import os, socket, sys
kept = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW), socket.socket(socket.AF_UNIX)]
if os.getpriority(os.PRIO_PROCESS, 0) > -10: os.nice(-10)
print("ready", flush=True)
sys.stdin.readline()
print(*(one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for one in kept))
os.execvp("sh", ["sh", "-c", "nice"]) if os.fork() == 0 else os.wait()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: packet sockets")
def test_what_comes_waits_and_children_have_no_precedence():
    with subprocess.Popen(
        [sys.executable, "-c", _SOCKETS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        _daemon.prepare(process.pid)
        said = re.findall(r"-?\d+", process.communicate("\n")[0])
    packets, others, nice = map(int, said)
    assert packets == 2 * _daemon.ROOM
    assert others < packets
    assert nice == 0


def test_one_that_has_ended_is_no_error():
    process = subprocess.Popen(["true"])
    process.wait()
    _daemon.prepare(process.pid)
