"""pppoe_discovery_info on the wires of namespaces, with real access concentrators of rp-pppoe and a rude one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = [
    pytest.mark.skipif(bool(lab.why_not()), reason=f"no host can be made here: {lab.why_not()}"),
    pytest.mark.skipif(shutil.which("pppoe-server") is None, reason="pppoe-server is not installed"),
]
GATE, ROGUE = "02:00:00:00:01:01", "02:00:00:00:01:02"

# Answers each PADI but the first few with the frames of its arguments, hexadecimal, in which US, THEM and UNIQ stand
# for what they say.
RUDE = """
import socket, sys, time
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x8863))
wire.bind((sys.argv[1], 0x8863))
print("ready", flush=True)
for number in range(1000):
    padi = wire.recv(2000)
    if number < int(sys.argv[2]):
        continue
    at = padi.index(b"\\x01\\x03\\x00\\x08")
    words = {"US": padi[6:12].hex(), "THEM": wire.getsockname()[4].hex(), "UNIQ": padi[at : at + 12].hex()}
    for frame in sys.argv[3:]:
        for word, value in words.items():
            frame = frame.replace(word, value)
        wire.send(bytes.fromhex(frame))
        time.sleep(0.001)
"""


class Wire:
    """A host with eth0 on a switch, and others on the same switch."""

    def __init__(self) -> None:
        self.router = lab.Router(COLLECTIONS, "pppoe_discovery_info")
        self.host = self.router.host
        self.switch = lab.Namespace()
        self.others: list[lab.Namespace] = []
        self.running: list[subprocess.Popen] = []
        self.host.sh("ip link del eth0")
        self.switch.sh("ip link add br0 type bridge; ip link set br0 up")
        self.plug(self.host, "eth0", "02:00:00:00:00:01")

    def plug(self, host: lab.Namespace, interface: str, mac: str) -> None:
        """Put an interface of a host on the switch."""
        port = f"port{len(self.others)}"
        self.switch.sh(
            f"ip link add {port} type veth peer name {interface} address {mac} netns {host.process.pid};"
            f"ip link set {port} master br0 up"
        )
        host.sh(f"ip link set {interface} up")

    def other(self, mac: str) -> lab.Namespace:
        made = lab.Namespace()
        self.others.append(made)
        self.plug(made, "eth0", mac)
        return made

    def access_concentrator(self, mac: str, *arguments: str, interface: str = "eth0") -> lab.Namespace:
        """rp-pppoe's, on a host of its own."""
        made = self.other(mac)
        if interface != "eth0":
            made.sh(f"ip link add link eth0 name {interface} type vlan id {interface.partition('.')[2]}")
            made.sh(f"ip link set {interface} up")
        self._start(made, "pppoe-server", "-F", "-I", interface, *arguments)
        made.sh("for i in 1 2 3 4 5 6 7 8 9; do grep -q ' 8863 ' /proc/net/packet && break; sleep 0.3; done")
        return made

    def rude(self, mac: str, *frames: str, deaf_to: int = 0) -> None:
        process = self._start(self.other(mac), sys.executable, "-c", RUDE, "eth0", str(deaf_to), *frames)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"

    def _start(self, host: lab.Namespace, *command: str) -> subprocess.Popen:
        process = subprocess.Popen([*host.into, *command], stdout=subprocess.PIPE, text=True)
        self.running.append(process)
        return process

    def ask(self, check: bool = False, **parameters: object) -> dict:
        return self.router.module(check=check, **{"interfaces": ["eth0"], "timeout": 1, **parameters})

    def close(self) -> None:
        for process in self.running:
            process.kill()
            process.communicate()
        for one in (*self.others, self.switch):
            one.close()
        self.router.close()


@pytest.fixture
def wire():
    made = Wire()
    yield made
    made.close()


@pytest.fixture
def two(wire):
    wire.access_concentrator(GATE, "-C", "gate", "-S", "fast", "-S", "slow")
    wire.access_concentrator(ROGUE, "-C", "rogue")
    return wire


def answered(result: dict) -> dict:
    """What each has said, by name."""
    return {one["ac_name"]: one for one in result["access_concentrators"]}


@pytest.mark.parametrize("check", [False, True])
def test_all_who_answer_are_listed(two, check):
    result = two.ask(check=check)
    assert (result["changed"], result["count"], result["silent"], result["rogues"]) == (False, 2, [], [])
    gate, rogue = answered(result)["gate"], answered(result)["rogue"]
    assert 0 < gate.pop("milliseconds") < 1000
    assert gate == {
        "interface": "eth0", "mac": GATE, "ac_name": "gate", "services": ["fast", "slow"], "cookie": True,
        "relayed": False, "max_payload": None, "errors": [], "problems": [], "answers": 3, "allowed": None,
    }  # fmt: skip
    assert (rogue["mac"], rogue["services"], rogue["problems"]) == (ROGUE, [""], [])


def test_a_service_is_asked_for(two):
    assert set(answered(two.ask(service_name="slow"))) == {"gate"}
    assert two.ask(service_name="none such", attempts=2)["silent"] == [{"interface": "eth0", "padis": 2}]


def test_rogues(two):
    result = two.ask(allowed=[{"ac_name": "gate", "mac": GATE.upper()}, {"ac_name": "rogue", "mac": GATE}])
    assert {name: one["allowed"] for name, one in answered(result).items()} == {"gate": True, "rogue": False}
    assert [one["mac"] for one in result["rogues"]] == [ROGUE]
    assert len(two.ask(allowed=[])["rogues"]) == 2


def test_it_stops_once_enough_have_answered(two):
    began = time.monotonic()
    assert two.ask(timeout=60, stop_after=2)["count"] == 2
    assert time.monotonic() - began < 30


def test_a_lost_padi_is_repeated(wire):
    wire.rude(GATE, "US THEM 8863 11 07 0000 0018 0101 0000 UNIQ 0102 0004 67617465", deaf_to=1)
    result = wire.ask(timeout=7, stop_after=1)
    assert (answered(result)["gate"]["answers"], result["count"]) == (1, 1)
    # Of seven seconds, the second PADI is sent after one and the third after three.
    assert 1000 <= answered(result)["gate"]["milliseconds"] < 3000
    assert wire.ask(timeout=0.2, attempts=1)["count"] == 1


def test_a_vlan_is_a_wire_of_its_own(wire):
    if "Unknown device type" in wire.host.sh("ip link add link eth0 name eth0.9 type vlan id 9 2>&1", check=False):
        pytest.skip("this machine's kernel has no VLANs")
    wire.access_concentrator(GATE, "-C", "untagged")
    wire.access_concentrator(ROGUE, "-C", "tagged", interface="eth0.7")
    wire.host.sh("ip link add link eth0 name eth0.7 type vlan id 7; ip link set eth0.7 up")
    wire.host.sh("ip link add link eth0 name eth0.8 type vlan id 8; ip link set eth0.8 up")
    result = wire.ask(interfaces=["eth0", "eth0.7", "eth0.8", "eth0"])
    assert [(one["interface"], one["ac_name"]) for one in result["access_concentrators"]] == [
        ("eth0", "untagged"),
        ("eth0.7", "tagged"),
    ]
    assert [one["interface"] for one in result["silent"]] == ["eth0.8"]


def test_malformed_answers_are_told(wire):
    head = "US THEM 8863 11 07 0000"
    wire.rude(
        ROGUE,
        f"{head} ffff 0101 0000 UNIQ 0102 0004 65766c",
        f"{head} 0010 0101 0000 UNIQ",
        f"{head} 0018 0101 0000 UNIQ 0102 0004 1b5b324a",
        "US THEM 8863 11",
        "US THEM 8863 11 09 0000 0000",
        f"{head} 0010 0101 0000 0103 0008 0000000000000000",
    )
    wire.access_concentrator(GATE, "-C", "gate")
    result = wire.ask(attempts=1, allowed=[{"ac_name": "gate"}])
    assert {one["ac_name"]: len(one["problems"]) for one in result["access_concentrators"]} == {
        None: 4,
        r"\x1b[2J": 0,
        "gate": 0,
    }
    assert {one["mac"] for one in result["rogues"]} == {ROGUE}


def test_a_flood_ends(wire):
    wire.rude(ROGUE, *["US THEM 8863 11 07 0000 0014 0101 0000 UNIQ 0102 0000"] * 1200)
    result = wire.ask(timeout=60, attempts=1)
    assert (result["count"], result["access_concentrators"][0]["answers"]) == (1, 1000)
    assert "after 1000 answers" in str(result["warnings"])


@pytest.mark.parametrize(
    ("made", "parameters", "message"),
    [
        ("", {"interfaces": ["eth9"]}, "interfaces: this host has no interface 'eth9'. It has: client0, eth0,"),
        ("ip link set eth0 down", {}, "interfaces: eth0 is down. Bring it up: ip link set eth0 up."),
        ("ip link add br1 type bridge; ip link set eth0 master br1", {}, "eth0 is a port of br1. Use br1"),
        (
            "ip tuntap add tun0 mode tun; ip link set tun0 up",
            {"interfaces": ["tun0"]},
            "tun0 is not an Ethernet interface",
        ),
        ("", {"allowed": [{}]}, "allowed[0]: it has neither ac_name nor mac. Give ac_name, mac, or both."),
        ("", {"interfaces": []}, "interfaces: no interface is given."),
    ],
)
def test_bad_input(wire, made, parameters, message):
    if made:
        wire.host.sh(made)
    result = wire.ask(**parameters)
    assert result["failed"] is True
    assert message in result["msg"]


def test_no_carrier_is_a_warning(wire):
    wire.switch.sh("ip link set port0 down")
    result = wire.ask(timeout=0.2)
    assert result["silent"] == [{"interface": "eth0", "padis": 3}]
    assert "eth0 has no carrier: is its cable plugged in?" in str(result["warnings"])


def test_without_the_right_to_ask(wire):
    command = [*wire.host.into, "capsh", "--drop=cap_net_raw", "--", "-c", 'exec "$0" "$@"', sys.executable, "-c"]
    if shutil.which("capsh") is None:
        pytest.skip("capsh is not installed")
    script = lab.RUN.replace("for line in sys.stdin:", 'for line in [\'{"interfaces": ["eth0"]}\']:')
    answer = subprocess.run(
        [*command, script, str(COLLECTIONS), "pppoe_discovery_info"], capture_output=True, text=True, check=False
    )
    assert "A raw socket needs root, or CAP_NET_RAW: run the task with become." in answer.stdout
