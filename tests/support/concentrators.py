"""Access concentrators of one network, in namespaces: a real session manager and a real BIRD each, and a router.

A customer is a namespace with a wire to each concentrator. A session is a process in the place of pppd, and the end of
that wire in the place of a PPP link.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _program as _manager_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _bird, _settings
from ansible_collections.dialtone.pppoe.tests.support import router, server_scripts

OWN = {
    "engine": "bird",
    "table": 88,
    "router_id": None,
    "ipv6": False,
    "ospf": {"interfaces": ["eth0"], "area": "0", "hello": 1, "dead": 4, "password": None},
    "bgp": None,
    "aggregates": [],
    "proxy_arp": [],
}
AS = {"as_number": 65001, "neighbors": [{"address": "10.99.0.9", "as_number": None, "password": "s3cret"}]}
ROUTER = """\
log stderr all;
router id 10.99.0.9;
protocol device {}
protocol kernel { ipv4 { export all; }; }
protocol kernel { ipv6 { export all; }; }
"""
ROUTER_OSPF = """\
protocol ospf v2 { ipv4 { import all; }; area 0 { interface "eth0" { hello 1; dead 4; }; }; }
protocol ospf v3 { ipv6 { import all; }; area 0 { interface "eth0" { hello 1; dead 4; }; }; }
"""
ROUTER_BGP = """\
protocol bgp { local as 65001; neighbor range 10.99.0.0/24 as 65001; password "s3cret"; dynamic name "ac";
  ipv4 { import all; }; direct; }
"""


def why_not() -> str:
    """Why there can be no such network here; empty if there can."""
    return router.why_not() or ("" if shutil.which("bird") else "bird is not installed")


class Bird:
    """BIRD with a configuration, in a namespace. ``into``: the words that lead there."""

    def __init__(self, into: list[str], folder: Path, text: str) -> None:
        self._into, self._folder = into, folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "bird.conf").write_text(text)
        self.start()

    def start(self) -> None:
        words = ["bird", "-f", "-c", str(self._folder / "bird.conf"), "-s", str(self._folder / "bird.ctl")]
        with open(self._folder / "bird.log", "ab") as log:
            self._process = subprocess.Popen([*self._into, *words], stderr=log, stdout=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def ask(self, *words: str) -> str:
        done = subprocess.run(
            ["birdc", "-s", str(self._folder / "bird.ctl"), *words], capture_output=True, text=True, check=False
        )
        return done.stdout


class Concentrator:
    """One of them. ``number``: 1 to 8, the last part of its address."""

    def __init__(self, stack: ExitStack, folder: Path, number: int, parameters: dict) -> None:
        folder.mkdir()
        stack.enter_context(server_scripts.made(folder))
        self.folder, self.number = folder, number
        self.pid = (folder / "network").read_text()
        self.sessions: dict[str, subprocess.Popen[bytes]] = {}
        stack.callback(self._close)
        (folder / "announced").write_text("table 88\n")
        (folder / "etc" / "default.options").write_text("")
        self._parameters = parameters
        self.bird: Bird | None = None

    def begin(self) -> None:
        """With its wire to the router there."""
        self.sh("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv6.conf.all.forwarding=1")
        settings = _settings.settings({**self._parameters, "router_id": f"10.99.0.{self.number}"})
        text = _bird.text(settings)
        self.bird = Bird(
            server_scripts.inside(self.folder), self.folder, "log stderr all;\nprotocol device {}\n" + text
        )
        self.manager()

    def manager(self, word: str = "ensure") -> None:
        done = server_scripts.run(self.folder, "scripts/" + _manager_program.PROGRAM, word, shell=sys.executable)
        assert done.returncode == 0, done.stderr

    def sh(self, command: str, check: bool = True) -> str:
        words = server_scripts.inside(self.folder, "sh", "-c", command)
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def pppd(self, link: str, address: str) -> None:
        """The process of a session whose link comes next."""
        words = ["-c", "read _", f"10.0.0.1:{address}", "rp_pppoe_sess", "7:02:00:00:00:00:07"]
        words += ["file", f"{self.folder}/etc/default.options"]
        begin = server_scripts.inside(self.folder, "bash", "-c", 'exec -a "$0" sh "${@:1}"', "pppd", *words)
        process = self.sessions[link] = subprocess.Popen(begin, stdin=subprocess.PIPE)
        while not Path(f"/proc/{process.pid}/cmdline").read_bytes().startswith(b"pppd\0"):
            time.sleep(0.005)
        server_scripts.interface_pid(self.folder, link, process.pid)

    def hang_up(self, link: str) -> None:
        """As when pppd has heard of the end: the link goes."""
        self.sh(f"ip link del {link}")
        process = self.sessions.pop(link)
        process.kill()
        process.wait()

    def _close(self) -> None:
        if self.bird is not None:
            self.bird.kill()
        for process in self.sessions.values():
            process.kill()
            process.wait()


class Customer:
    """``address``: the same wherever the customer dials."""

    def __init__(self, network: Network, address: str) -> None:
        self.address, self._network = address, network
        self.number = address.rpartition(".")[2]
        self.own = router.Namespace()
        network.stack.callback(self.own.close)
        self.own.sh(f"ip addr add {address}/32 dev lo; sysctl -qw net.ipv4.conf.all.rp_filter=0")

    def dial(self, server: Concentrator) -> None:
        """A session begins; whoever had one before has not heard that it is over."""
        link, end = f"ppp{self.number}", f"to{server.number}"
        server.pppd(link, self.address)
        # Without ARP, a packet goes to the address of its own interface, which both ends have in common.
        mac = f"02:00:00:00:00:{int(self.number):02x}"
        server.sh(
            f"ip link add {link} address {mac} type veth peer name {end} address {mac} netns {self.own.process.pid};"
            f"ip link set {link} arp off"
        )
        self.own.sh(f"ip link set {end} up arp off; ip route replace default dev {end}")
        server.sh(f"ip addr add 10.0.0.1 peer {self.address}/32 dev {link} label {link}; ip link set {link} up")

    def leave(self, server: Concentrator) -> None:
        """Nothing comes over this wire any more, but the server does not know."""
        self.own.sh(f"ip link set to{server.number} down")


class Network:
    """Concentrators at a router, which learns the addresses of customers and has the internet behind it."""

    def __init__(self, folder: Path, count: int = 2, routing: str = ROUTER_OSPF, **parameters: object) -> None:
        self.stack = ExitStack()
        try:
            self._make(folder, count, routing, {**OWN, **parameters})
        except BaseException:
            self.stack.close()
            raise

    def _make(self, folder: Path, count: int, routing: str, parameters: dict) -> None:
        self.router = router.Namespace()
        self.stack.callback(self.router.close)
        self.router.sh("ip link add eth0 type bridge; ip addr add 10.99.0.9/24 dev eth0; ip link set eth0 up")
        self.router.sh(
            "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.ping_group_range='0 0'"
        )
        (folder / "router").mkdir()
        self.concentrators = [
            Concentrator(self.stack, folder / f"ac{number}", number, parameters) for number in range(1, count + 1)
        ]
        for one in self.concentrators:
            self.router.sh(f"ip link add ac{one.number} type veth peer name eth0 netns {one.pid}")
            self.router.sh(f"ip link set ac{one.number} master eth0 up")
            one.sh(f"ip addr add 10.99.0.{one.number}/24 dev eth0; ip link set eth0 up")
            one.sh("ip route add default via 10.99.0.9")
            one.begin()
        self.bird = Bird(self.router.into, folder / "router", ROUTER + routing)
        self.stack.callback(self.bird.kill)

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_what: object) -> None:
        self.stack.close()

    def leads_to(self, prefix: str) -> list[str]:
        """The concentrators that the router sends packets to for a prefix."""
        family = "-6" if ":" in prefix else "-4"
        words = self.router.sh(f"ip {family} route show {prefix}").split()
        return [word for before, word in zip(words, words[1:]) if before == "via"]

    def reaches(self, customer: Customer) -> bool:
        done = subprocess.run(
            [*self.router.into, sys.executable, "-c", router.PING.replace("settimeout(2)", "settimeout(0.2)"),
             customer.address],
            capture_output=True, check=False,
        )  # fmt: skip
        return done.returncode == 0

    def cut(self, server: Concentrator) -> None:
        """The wire from a concentrator to the router is cut, as by a power cut."""
        self.router.sh(f"ip link set ac{server.number} nomaster down")

    def join(self, server: Concentrator) -> None:
        self.router.sh(f"ip link set ac{server.number} master eth0 up")


def until(what, seconds: float = 60.0) -> float | None:
    """The seconds until something is so; ``None`` if it does not become so."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        with suppress(AssertionError):
            if what():
                return time.monotonic() - begin
        time.sleep(0.05)
    return None
