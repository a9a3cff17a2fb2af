"""How long a customer is away, by event: two servers of one name on one wire, and a router that learns where he is.

The customer is a host with our client; he has the same address at both servers, and dials `first`, which answers first.
He is away as long as a ping from the router has no answer. OUTAGES_CUSTOMERS: how many wait while
both servers boot; OUTAGES_ROWS=4: no more than the first four rows.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stage
from measure import HERE, chosen, play, record, say, table

sys.path.insert(0, str(stage.REPOSITORY / "tests" / "lab"))

from dialtone_lab import cli, labs

NAME = "bench-outages"
ADDRESS = "192.168.30.7"
MANY = int(os.environ.get("OUTAGES_CUSTOMERS", "200"))
#: How many of the events happen; the last is that both servers lose their power.
ROWS = int(chosen("OUTAGES_ROWS", alone="12", in_whole="4"))
#: Seconds between two pings, without an answer after which somebody is away, with answers after which he is back.
INTERVAL, AWAY, BACK = 0.05, 0.3, 4.0
#: Seconds after which he is away for good, and that are watched for an event that nobody should notice.
PATIENCE, WATCH = 180.0, 20.0
#: Prints the time of each answer.
PROBE = """
import os, select, socket, struct, sys, time
wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
number, mark = 0, os.getpid() & 0xFFFF
while True:
    number = (number + 1) & 0xFFFF
    body = struct.pack("!BBHHH", 8, 0, 0, mark, number)
    total = sum(struct.unpack("!4H", body))
    total = ~((total >> 16) + (total & 0xFFFF)) & 0xFFFF
    try:
        wire.sendto(body[:2] + struct.pack("!H", total) + body[4:], (sys.argv[1], 0))
    except OSError:
        pass
    end = time.monotonic() + float(sys.argv[2])
    while select.select([wire], [], [], max(end - time.monotonic(), 0))[0]:
        packet, (sender, _port) = wire.recvfrom(2000)
        if sender == sys.argv[1] and packet[20] == 0 and packet[24:26] == struct.pack("!H", mark):
            print(time.monotonic(), flush=True)
"""
ROUTER = """
log stderr { error, fatal };
router id 192.168.5.1;
protocol device {}
protocol kernel { ipv4 { export all; }; }
protocol ospf v2 { ipv4 { import all; }; area 0 { interface "*" { hello 1; dead 4; }; }; }
"""
SERVER = {
    "pppoe_server_interfaces": ["eth1"],
    "pppoe_server_nat": False,
    "pppoe_server_local_address": "192.168.10.1",
    "pppoe_server_ac_name": "gate",
    "pppoe_server_networks": ["192.168.30.0/24"],
    "pppoe_server_accounts": [
        {"name": "cmz", "secret": "cmz"},
        {"name": "home", "secret": "home", "addresses": [ADDRESS]},
    ],
    "pppoe_server_routing": {"ospf": {"interfaces": ["eth0"], "hello": 1, "dead": 4}},
}
SERVERS = {
    "first": {"pppoe_server_pool": [f"192.168.10.2+{MANY}"]},
    "second": {"pppoe_server_pool": [f"192.168.20.2+{MANY}"], "pppoe_server_pado_delay": 300},
}
AT = {"first": "192.168.5.109", "second": "192.168.5.110"}


def gateway(*words: str) -> list[str]:
    return [str(stage.LAB), "exec", NAME, "--gateway", "wan", "--", *words]


class Pings:
    """From the router to the customer."""

    def __init__(self) -> None:
        self.answers: list[float] = []
        words = gateway(sys.executable, "-c", PROBE, ADDRESS, str(INTERVAL))
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.answers.append(float(line))

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def gap(self, since: float) -> tuple[float, float]:
        """The longest time without an answer since then, and for how long he has answered now."""
        times = [since, *(one for one in self.answers if one > since), time.monotonic()]
        gaps = [(later - earlier, later) for earlier, later in zip(times, times[1:])]
        long = [(length, end) for length, end in gaps if length > AWAY]
        return (max(long)[0], time.monotonic() - long[-1][1]) if long else (0.0, time.monotonic() - since)

    def outage(self, event: Callable[[], Any], noticed: bool = True) -> float:
        """For how long he is away because of an event. ``noticed``: wait until he has been away."""
        began = time.monotonic()
        event()
        happened = time.monotonic()
        while time.monotonic() - happened < PATIENCE:
            time.sleep(0.2)
            length, back = self.gap(began)
            if back >= BACK and (length if noticed else time.monotonic() - happened >= WATCH):
                return length
        raise stage.StageError(f"the customer is not back after {PATIENCE:.0f} s")


class Lab:
    """Servers, the customer, and the router."""

    def __init__(self) -> None:
        self.customers = labs.customers(labs.find(cli.state_root(), NAME), "lan")
        (stage.REPOSITORY / ".lab" / NAME / "bird.conf").write_text(ROUTER)
        here = stage.REPOSITORY / ".lab" / NAME
        subprocess.run(gateway("bird", "-c", f"{here}/bird.conf", "-s", f"{here}/bird.ctl"), check=True)
        self.set_up()
        self.pings = Pings()

    def set_up(self, **client: Any) -> None:
        """Run site.yml. ``client``: more options of the connection."""
        connection = {"name": "isp", "interface": "eth0", "username": "home", "secret": "home", **client}
        groups = {
            "pppoe_servers": {"hosts": SERVERS, "vars": SERVER},
            "pppoe_clients": {"hosts": {"home": {"pppoe_client_connections": [connection]}}},
        }
        with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
            hosts = Path(folder) / "hosts.json"
            hosts.write_text(json.dumps({"all": {"children": groups}}))
            play([str(hosts), str(stage.connections(NAME))], str(stage.SITE))

    def on(self, host: str, command: str) -> str:
        return stage.on_host(NAME, host, command)

    def is_at(self) -> str | None:
        """The server that the router leads to."""
        done = subprocess.run(gateway("ip", "route", "show", ADDRESS), capture_output=True, text=True, check=True)
        return next((name for name, address in AT.items() if f"via {address} " in done.stdout), None)

    def runs(self, server: str) -> bool:
        try:
            answer = self.on(server, "systemctl is-active pppoe-server@default bird; birdc show ospf neighbors || :")
        except stage.StageError:
            return False
        return answer.split()[:2] == ["active", "active"] and "192.168.5.1" in answer

    def back_to_first(self) -> None:
        """Both servers run, and he is at the first."""
        for server in AT:
            until(lambda server=server: self.runs(server), f"{server} does not run")
        time.sleep(2)
        if self.is_at() != "first":
            self.on("second", "pkill -x pppd")
        until(lambda: self.is_at() == "first" and self.pings.gap(time.monotonic() - BACK)[0] == 0, "he is not there")

    def addressed(self) -> float:
        """When he got the address that he has, or had before he went back to the first; seconds since 1970."""
        shown = self.on("home", "journalctl -u pppoe-client@isp -o short-unix -g 'local  IP address' --no-pager")
        times = [float(line.split()[0]) for line in shown.splitlines() if line[:1].isdigit()]
        return times[-2 if len(times) > 1 else -1]

    def power_cut(self, server: str = "first") -> None:
        stage.lab("kill", NAME, server)

    def boot(self, server: str = "first") -> None:
        stage.lab("start", NAME, server)

    def wire(self, question: str, nic: str) -> None:
        stage.lab(question, NAME, "first", nic)


def until(what: Callable[[], Any], problem: str, seconds: float = PATIENCE) -> float:
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > seconds:
            raise stage.StageError(f"{problem} after {seconds:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - began


@dataclass(frozen=True)
class Event:
    """``undo``: what makes it as it was, if it does not become so by itself. ``noticed``: whether he is away by it."""

    what: str
    act: Callable[[Lab], Any]
    undo: Callable[[Lab], Any] = lambda _lab: None
    noticed: bool = True

    def happen(self, lab: Lab) -> float:
        """For how long he is away; afterwards everything is as before."""
        length = lab.pings.outage(lambda: self.act(lab), self.noticed)
        self.undo(lab)
        lab.back_to_first()
        return length


def on_first(command: str) -> Callable[[Lab], str]:
    return lambda lab: lab.on("first", command)


def cut_for(lab: Lab, seconds: float) -> None:
    lab.wire("cut", "eth0")
    time.sleep(seconds)
    lab.wire("join", "eth0")


STOP = Event(
    "systemctl stop pppoe-server@default",
    on_first("systemctl stop pppoe-server@default"),
    on_first("systemctl start pppoe-server@default"),
)
POWER_CUT = Event("power cut", Lab.power_cut, Lab.boot)
EVENTS = (
    Event("his session is hung up by the server", on_first("pkill -x pppd")),
    STOP,
    POWER_CUT,
    Event("clean reboot", on_first("systemd-run -q --on-active=1 systemctl reboot")),
    Event("access wire cut", lambda lab: lab.wire("cut", "eth1"), lambda lab: lab.wire("join", "eth1")),
    Event("uplink cut for 10 s", lambda lab: cut_for(lab, 10)),
    Event("pppoe-server killed", on_first("pkill -9 -x pppoe-server"), noticed=False),
    Event("session manager killed", on_first("kill -9 $(cut -d' ' -f1 /run/pppoe-server/manager.pid)"), noticed=False),
    Event("BIRD killed", on_first("pkill -9 -x bird"), noticed=False),
)


def events(lab: Lab) -> Iterator[tuple[str, float]]:
    """Each event with the seconds for which the customer was away."""
    for event in EVENTS:
        began = time.time()
        yield event.what, event.happen(lab)
        if event is STOP:
            yield "the same, until he has his address at the other", lab.addressed() - began
    lab.set_up(lcp_echo_interval=1)
    lab.back_to_first()
    yield "power cut, lcp_echo_interval 1", POWER_CUT.happen(lab)


def both(lab: Lab) -> dict[str, float]:
    """Both servers lose their power with all customers; when all are back."""
    lab.customers.dial(count=MANY, at_once=20, username="cmz", secret="cmz", redial=1, echo_interval=4, echo_failure=3)
    lab.customers.wait(count=MANY, seconds=PATIENCE)
    for server in AT:
        lab.power_cut(server)
    time.sleep(20)
    began = time.monotonic()
    threads = [threading.Thread(target=lab.boot, args=(server,)) for server in AT]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    until(lambda: lab.customers.ask("status", count=MANY)["states"].get("up", 0) > 0, "nobody is back")
    first = time.monotonic() - began
    until(lambda: lab.customers.ask("status", count=MANY)["states"].get("up") == MANY, "some are not back")
    found = {"boot and the first is back": first, "all are back": time.monotonic() - began}
    names = {each["ac_name"] for each in lab.customers.status(count=MANY)}
    if names != {"gate"}:
        raise stage.StageError(f"the customers are at {names}")
    return found


@contextmanager
def made() -> Iterator[Lab]:
    if stage.hosts_of(NAME) is not None:
        raise stage.StageError(f"a lab {NAME} is there already; remove it first: tests/lab/lab down {NAME}")
    stage.lab("up", str((HERE / "outages_topology.yml").relative_to(stage.REPOSITORY)), "--name", NAME)
    try:
        lab = Lab()
        try:
            yield lab
        finally:
            lab.pings.end()
    finally:
        stage.lab("down", NAME)


def main() -> None:
    with made() as lab:
        lab.back_to_first()
        found = []
        for what, seconds in itertools.islice(events(lab), min(ROWS, 11)):
            say(f"  {what}: {seconds:.1f} s")
            found.append((what, seconds))
        many = both(lab) if ROWS > 11 else {}
    say("\nevent at the server of a customer: for how long he is away")
    say(table([("event", "away"), *((what, f"{seconds:.1f} s") for what, seconds in found)]))
    if many:
        say(f"\nboth servers lose their power; {MANY} customers wait")
        say(table([("", "after the power is back"), *((what, f"{seconds:.1f} s") for what, seconds in many.items())]))
    record("outages", dict(found))
    record("both", many)
