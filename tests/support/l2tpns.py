"""l2tpns on hosts made of namespaces: an access wire, a core wire with a RADIUS centre, members, and customers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from ansible_collections.dialtone.pppoe.tests.support import radius_centre
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tests" / "lab"))
from dialtone_lab.customers import Customers

PACKAGES = ("l2tpns", "libcli1.10")
CACHE = Path(os.environ.get("DIALTONE_LAB_CACHE") or Path.home() / ".cache" / "dialtone-lab") / "l2tpns"
CENTRE, SECRET = "192.168.5.2", "secret-of-both"
#: What a member's /usr/local gets: the machine itself need not have l2tpns.
INSTALL = (
    "cp {cache}/usr/sbin/l2tpns {cache}/usr/sbin/nsctl /usr/local/sbin;"
    "cp -P {cache}/usr/lib/*/libcli.so* /usr/local/lib; ldconfig 2>/dev/null || true;"
    "mkdir -p /run/systemd/system"
)
SYSTEMCTL = Path(__file__).with_name("l2tpns_systemctl.py")


def why_not() -> str:
    """Why there can be no l2tpns here; empty if there can."""
    if radius_centre.why_not():
        return radius_centre.why_not()
    if not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun"
    return _fetched()


def _fetched() -> str:
    """Have the packages unpacked in the lab's cache, without installing them: they would begin to serve."""
    if (CACHE / "usr/sbin/l2tpns").exists():
        return ""
    if shutil.which("apt-get") is None:
        return "no apt-get to fetch l2tpns with"
    folder = CACHE.with_name(f"l2tpns.{os.getpid()}")
    folder.mkdir(parents=True)
    done = subprocess.run(["apt-get", "download", *PACKAGES], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(folder)
        return f"l2tpns cannot be fetched: {done.stderr.strip()}"
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    if CACHE.exists():
        shutil.rmtree(folder)
    else:
        folder.rename(CACHE)
    return ""


class Member(lab.Namespace):
    """A host that runs l2tpns; its module is run as on any host."""

    def __init__(self, collections: Path, number: int, wires: lab.Namespace) -> None:
        super().__init__(lab.PRIVATE, mounts=True)
        self.collections, self.number, self.wires = collections, number, wires
        self.address = f"192.168.5.{10 + number}"
        plug(wires, self, f"acc{number}", "eth1", "access")
        plug(wires, self, f"core{number}", "eth0", "core")
        self.sh(f"ip addr add {self.address}/24 dev eth0; {INSTALL.format(cache=CACHE)}")
        # As the package netbase brings it: l2tpns looks for BGP's port in it.
        self.write("/etc/services", "bgp\t179/tcp\n")
        self.sh(f"cp {SYSTEMCTL} /usr/local/sbin/systemctl; chmod 755 /usr/local/sbin/systemctl")

    def module(self, name: str = "pppoe_l2tpns", check: bool = False, **parameters: object) -> dict:
        """Run a module once."""
        arguments = dict(parameters, _ansible_check_mode=check, _ansible_diff=True, _ansible_remote_tmp="/tmp")
        done = subprocess.run(
            [*self.into, sys.executable, "-c", lab.RUN, str(self.collections), name],
            input=json.dumps(arguments) + "\n", capture_output=True, text=True,
            env=dict(os.environ, PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        )  # fmt: skip
        lines = done.stdout.splitlines()
        assert len(lines) > 1, done.stderr
        return json.loads(lines[-2])

    @property
    def pid(self) -> int:
        return int(self.sh("cat /run/l2tpns.pid 2>/dev/null || echo 0"))

    @property
    def runs(self) -> bool:
        return os.path.exists(f"/proc/{self.pid}") if self.pid else False

    def log(self) -> str:
        return self.sh("cat /run/l2tpns.log", check=False)

    def kill(self) -> None:
        """What a power cut is to the others: no word, and the wires are dead."""
        self.sh(f"kill -9 {self.pid}; rm -f /run/l2tpns.pid")

    def cut(self, wire: str, state: str) -> None:
        """Pull a wire ("acc" or "core"), or plug it in: ``down`` or ``up``."""
        self.wires.sh(f"ip link set {wire}{self.number} {state}")

    def close(self) -> None:
        if self.runs:
            subprocess.run(["kill", "-9", str(self.pid)])
        super().close()


def plug(wires: lab.Namespace, host: lab.Namespace, port: str, interface: str, bridge: str) -> None:
    """A wire from an interface of a host to one of the two switches."""
    wires.sh(
        f"ip link add {port} type veth peer name {interface} netns {host.process.pid};"
        f"ip link set {port} master {bridge} up"
    )
    host.sh(f"ip link set {interface} up")


def until(what: t.Callable[[], t.Any], seconds: float = 30.0) -> t.Any:
    """Wait for it to be true."""
    deadline = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


class Network:
    """Everything, made with the first member; ``member()`` makes another one."""

    def __init__(self, collections: Path, folder: Path, accounts: int) -> None:
        self.collections, self.folder = collections, folder
        self.wires = lab.Namespace()
        self.wires.sh("ip link add access type bridge; ip link add core type bridge")
        self.wires.sh("ip link set access up; ip link set core up")
        self.customers_host = lab.Namespace()
        plug(self.wires, self.customers_host, "homes", "lan", "access")
        self.members: list[Member] = []
        self.centre = radius_centre.Centre(collections)
        plug(self.wires, self.centre.host, "centre", "core0", "core")
        self.centre.host.sh(f"ip addr del {lab.ROUTER}/24 dev eth0; ip addr add {CENTRE}/24 dev core0")
        self.name = f"l2tpns-{os.getpid()}"
        subprocess.run(["ip", "netns", "attach", self.name, str(self.customers_host.process.pid)], check=True)
        self.customers = Customers(folder, "lan", self.name)
        self._accounts(accounts)

    def _accounts(self, count: int) -> None:
        clients = [
            {
                "name": f"m{n}",
                "address": f"192.168.5.{10 + n}",
                "secret": "secret-of-both",
                "message_authenticator": False,
            }
            for n in (1, 2)
        ]
        home = {"home": {"pool": "main", "attributes": {}}}
        done = self.centre.module(clients=clients, pools={"main": [f"10.50.8.1+{count + 350}"]}, groups=home)
        assert not done.get("failed"), done["msg"]
        rows = [f"('u{n}', 'Cleartext-Password', ':=', 'pw{n}')" for n in range(1, count + 1)]
        groups = [f"('u{n}', 'home')" for n in range(1, count + 1)]
        self.centre.sql(
            f"INSERT INTO radcheck (username, attribute, op, value) VALUES {', '.join(rows)};"
            f"INSERT INTO radusergroup (username, groupname) VALUES {', '.join(groups)};"
        )
        self.centre.start()

    def member(self) -> Member:
        made = Member(self.collections, len(self.members) + 1, self.wires)
        self.members.append(made)
        return made

    def close(self) -> None:
        self.customers.end()
        subprocess.run(["ip", "netns", "del", self.name], check=True)
        for one in (*self.members, self.centre, self.customers_host, self.wires):
            one.close()
