from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _status as _server_status

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
OPTIONS = "/etc/ppp/pppoe-server/default.options"


def process(pid, parent, line):
    return _processes.Process(pid, parent, tuple(line.split()))


def test_an_instance_is_its_daemon_and_its_sessions():
    daemon = process(10, 1, f"/usr/sbin/pppoe-server -F -I eth1 -O {OPTIONS} -o 0 -p /run/p")
    found = processes.of_instance(
        [
            process(12, 10, f"/usr/sbin/pppoe-server -F -I eth1 -O {OPTIONS} -o 0 -p /run/p"),  # not yet a pppd
            daemon,
            process(11, 1, "/usr/sbin/pppoe-server -F -I eth2 -O /etc/ppp/pppoe-server/other.options"),
            process(30, 10, f"pppd plugin pppoe.so nic-eth1 rp_pppoe_sess 1:02:00:00:00:00:01 file {OPTIONS} 1.1.1.1:"),
            process(20, 1, f"/usr/sbin/pppd nodetach file {OPTIONS}"),  # its daemon is gone
            process(21, 11, "/usr/sbin/pppd file /etc/ppp/pppoe-server/other.options"),
            process(22, 1, "/usr/sbin/pppd call uplink"),
            process(40, 1, f"vi {OPTIONS}"),
            process(41, 1, "/usr/sbin/pppoe-server -O"),
        ],
        OPTIONS,
    )  # fmt: skip
    assert found == processes.Running(daemon, (20, 30))


@pytest.mark.parametrize(
    ("line", "own"),
    [
        ("pppoe-server -I eth1 -o 12 -p /run/pool", "pppoe-server -I eth1"),
        ("pppoe-server -I eth1 -p /run/pool", "pppoe-server -I eth1 -p /run/pool"),
        ("pppoe-server", "pppoe-server"),
    ],
)
def test_own_command(line, own):
    assert processes.own_command(line.split()) == own.split()


@ROOT
@pytest.mark.parametrize(("user", "counts"), [(0, True), (65534, False)])
def test_what_another_user_calls_his_process_is_nothing_to_us(user, counts):
    with subprocess.Popen(["pppoe-server", "60"], executable="/bin/sleep", user=user, cwd="/") as fake:
        try:
            assert (fake.pid in [process.pid for process in _processes.every()]) is counts
            assert (fake.pid in _server_status._processes()) is counts
        finally:
            fake.kill()
