"""pppoe_server with the real rp-pppoe, on a host made of namespaces: all that needs no session."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = [
    pytest.mark.skipif(bool(lab.why_not()), reason=f"no host can be made here: {lab.why_not()}"),
    pytest.mark.skipif(shutil.which("pppoe-server") is None, reason="pppoe-server is not installed"),
]

# Sends one PADI and prints the name of the access concentrator that answers (RFC 2516, 5.1 and 5.2).
PADI = """
import socket, struct, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x8863))
wire.bind((sys.argv[1], 0x8863))
wire.settimeout(3)
wire.send(b"\\xff" * 6 + wire.getsockname()[4] + struct.pack("!HBBHHHH", 0x8863, 0x11, 9, 0, 4, 0x0101, 0))
frame = wire.recv(2000)
length, = struct.unpack("!H", frame[22:24])
assert frame[15] == 7 and frame[20:22] == b"\\x01\\x02", frame
print(frame[24 : 24 + length].decode())
"""


# Many PADIs, each from another MAC address.
FLOOD = (
    PADI.partition("wire.send")[0]
    + """
for number in range(int(sys.argv[2])):
    source = b"\\x02\\xf1" + struct.pack("!I", number)
    try:
        wire.send(b"\\xff" * 6 + source + struct.pack("!HBBHHHH", 0x8863, 0x11, 9, 0, 4, 0x0101, 0))
    except OSError:
        pass  # the wire is full
"""
)


class Server:
    """An instance of a name that nothing else on this machine has, on eth0; a client is at the other end of it."""

    def __init__(self) -> None:
        self.router = lab.Router(COLLECTIONS, "pppoe_server")
        _client, self.other_end = self.router.ends()
        self.router.host.sh("mkdir /etc/ppp")
        self.parameters = {
            "name": f"test{os.getpid()}",
            "interfaces": ["eth0"],
            "local_address": "10.9.0.1",
            "pool": ["10.9.0.2+20"],
            "startup": "rc_local",
            # The kernels of many machines that run these tests have none.
            "require_kernel_ppp": False,
            "kernel_mode": "never",
        }

    def run(self, **changes) -> dict:
        """Predict first, see that this changed nothing, then do it: both have to tell the same."""
        parameters = {**self.parameters, **changes}
        etc, pid = self.router.etc(), self.pid()
        predicted = self.router.module(check=True, **parameters)
        assert (self.router.etc(), self.pid()) == (etc, pid)
        done = self.router.module(**parameters)
        for result in (predicted, done):
            result.pop("invocation", None)
        assert predicted == done
        return done

    def pid(self) -> str:
        return self.router.host.sh(
            f"pgrep -f '^/usr/sbin/pppoe-server .*{self.parameters['name']}.options'", check=False
        )

    def answers(self) -> str:
        asked = [*self.other_end.into, sys.executable, "-c", PADI, "outside0"]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


@pytest.fixture
def server():
    made = Server()
    yield made
    made.router.module(name=made.parameters["name"], state="absent")
    made.router.close()


def test_from_nothing_to_nothing(server):
    before = server.router.etc()
    started = server.run(ac_name="gate")
    assert (started["applied"], started["addresses"], started["kernel_mode"]) == ("started", 20, False)
    assert server.answers() == "gate"
    assert server.run(ac_name="gate")["changed"] is False

    # At boot, rc.local does the same.
    server.router.host.sh(f"kill {server.pid()}")
    assert server.answers() == ""
    server.router.host.sh("/etc/rc.local")
    server.router.host.sh("for i in 1 2 3 4 5 6 7 8 9; do grep -q ' 8863 ' /proc/net/packet && break; sleep 0.3; done")
    assert server.answers() == "gate"
    assert server.run(ac_name="gate")["changed"] is False

    assert server.run(state="absent")["applied"] == "stopped"
    assert server.answers() == ""
    assert server.router.etc() == before
    assert server.run(state="absent")["changed"] is False


@pytest.mark.parametrize(
    ("changes", "on_change", "applied", "replaced"),
    [
        ({"ac_name": "other"}, "live", "live", True),
        ({"pool": ["10.9.0.2+30"]}, "live", "live", True),
        ({"ac_name": "other"}, "when_idle", "restarted", True),
        ({"ac_name": "other"}, "restart", "restarted", True),
        ({"ac_name": "other"}, "never", "pending", False),
        ({"dns_servers": ["8.8.8.8"], "options": ["idle 600"]}, "restart", "none", False),
    ],
)
def test_changes(server, changes, on_change, applied, replaced):
    server.run(ac_name="gate")
    pid = server.pid()
    changes = {"ac_name": "gate", **changes}
    result = server.run(on_change=on_change, **changes)
    assert (result["changed"], result["applied"]) == (True, applied)
    assert (server.pid() != pid) is replaced
    assert server.answers() == ("other" if applied != "pending" and "other" in changes.values() else "gate")
    # What is pending stays so, and changes nothing.
    again = server.run(on_change=on_change, **changes)
    assert (again["changed"], again["applied"]) == (False, "pending" if applied == "pending" else "none")


def test_present_starts_nothing_and_stopped_ends_it(server):
    assert server.run(state="present")["applied"] == "none"
    assert server.answers() == ""
    assert server.run()["applied"] == "started"
    assert server.run(state="stopped")["applied"] == "stopped"
    assert server.answers() == ""
    assert server.run(state="stopped")["changed"] is False


def test_what_pppoe_server_does_not_accept_is_refused_before_anything_is_written(server):
    before = server.router.etc()
    server.router.replace("pppoe-server", "#!/bin/sh\necho 'Illegal service-name' >&2\nexit 1\n")
    result = server.router.module(**server.parameters)
    assert result["failed"] is True
    assert "Illegal service-name" in result["msg"]
    assert server.router.etc() == before


def test_rc_local_of_the_user_keeps_its_lines(server):
    script = "#!/bin/sh -e\n# mine\ntouch /run/mine\nexit 0\n"
    server.router.host.sh(f"printf '{script}' >/etc/rc.local; chmod 700 /etc/rc.local")
    before = server.router.etc()
    server.run()
    lines = server.router.host.sh("cat /etc/rc.local").splitlines()
    assert lines[:3] == script.splitlines()[:3]
    assert lines[-1] == "exit 0"
    assert any("pppoe-server-instance start" in line for line in lines[3:-1])
    server.run(state="absent")
    assert server.router.etc() == before


BY_HAND = "pppoe-server -I eth0 -L 10.9.0.1 -R 10.9.0.2 -N 20 -C by-hand"


@pytest.fixture
def by_hand(server):
    """A daemon that somebody has started, who has put the same line into rc.local."""
    server.router.host.sh(BY_HAND)
    server.router.host.sh(f"printf '#!/bin/sh\\n%s\\nexit 0\\n' '{BY_HAND}' >/etc/rc.local; chmod 700 /etc/rc.local")
    assert server.answers() == "by-hand"
    yield server
    server.router.host.sh("pkill -f -- '-C by-han[d]'", check=False)


def test_a_daemon_started_by_hand_is_taken_over(by_hand):
    result = by_hand.run(ac_name="gate")
    assert (result["changed"], result["applied"]) == (True, "live")
    assert by_hand.answers() == "gate"
    assert by_hand.router.host.sh("pgrep -f -- '-C by-han[d]'", check=False) == ""
    assert by_hand.run(ac_name="gate")["changed"] is False
    # At boot one daemon starts, and it is ours.
    lines = by_hand.router.host.sh("cat /etc/rc.local").splitlines()
    assert lines[:2] == ["#!/bin/sh", ": # taken over by dialtone.pppoe: " + BY_HAND]
    assert by_hand.router.host.sh("stat -c %a /etc/rc.local").strip() == "700"


@pytest.mark.parametrize(
    ("changes", "applied"),
    [({"on_change": "never"}, "pending"), ({"state": "present"}, "pending"), ({"state": "stopped"}, "none")],
)
def test_a_daemon_started_by_hand_is_left_alone(by_hand, changes, applied):
    assert by_hand.run(**changes)["applied"] == applied
    assert by_hand.answers() == "by-hand"


def test_a_second_daemon_started_by_hand_goes(server):
    server.run(ac_name="gate")
    server.router.host.sh(BY_HAND)
    assert server.run(ac_name="gate")["applied"] == "live"
    assert server.router.host.sh("pgrep -f -- '-C by-han[d]'", check=False) == ""
    assert server.answers() == "gate"


def test_a_line_of_rc_local_that_does_more_is_refused(server):
    server.router.host.sh(f"printf '%s; true; echo\\n' '{BY_HAND}' >/etc/rc.local")
    failed = server.router.module(**server.parameters)
    assert failed["failed"] is True
    assert "line 1 of /etc/rc.local would start a second daemon at boot" in failed["msg"]


def test_a_line_of_rc_local_that_cannot_be_read_does_not_keep_an_instance(server):
    server.run()
    server.router.host.sh("echo 'pppoe-server -I $WIRE' >>/etc/rc.local")
    failed = server.router.module(**server.parameters)
    assert failed["failed"] is True
    assert "cannot be read literally" in failed["msg"]
    assert server.run(state="absent")["applied"] == "stopped"
    assert server.router.host.sh("cat /etc/rc.local").splitlines() == ["#!/bin/sh", "pppoe-server -I $WIRE"]


def test_two_runs_at_once_leave_what_one_of_them_wants(server):
    """Two controllers, or two of their users: each changes something else, and nothing is a mixture of both."""
    server.run()
    wanted = [{"pool": ["10.9.0.2+30"]}, {"lcp_echo_interval": 11}, {"ac_name": "other"}]
    words = [*server.router.host.into, sys.executable, "-c", lab.RUN, str(COLLECTIONS), "pppoe_server"]
    runs = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ)
        for _each in wanted
    ]
    for run, changes in zip(runs, wanted):
        arguments = {**server.parameters, **changes, "_ansible_check_mode": False, "_ansible_diff": True}
        run.stdin.write(json.dumps({**arguments, "_ansible_remote_tmp": "/tmp"}) + "\n")
        run.stdin.flush()
    said = [json.loads(run.communicate()[0].splitlines()[-2]) for run in runs]
    assert [result["msg"] for result in said if result.get("failed")] == []
    again = [server.router.module(check=True, **{**server.parameters, **changes}) for changes in wanted]
    assert [result["changed"] for result in again].count(False) == 1
    assert len(server.pid().split()) == 1


def test_a_flood_of_padis_takes_no_process_and_no_memory(server):
    """And who dials after it is answered."""
    server.run(ac_name="gate")
    pid = server.pid().strip()
    before = server.router.host.sh(f"grep VmData /proc/{pid}/status")
    flood = [*server.other_end.into, sys.executable, "-c", FLOOD, "outside0", "5000"]
    subprocess.run(flood, check=True)
    assert server.answers() == "gate"
    assert server.pid().strip() == pid
    assert server.router.host.sh(f"cat /proc/{pid}/task/{pid}/children") == ""
    assert server.router.host.sh(f"grep VmData /proc/{pid}/status") == before
