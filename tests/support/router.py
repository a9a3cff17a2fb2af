"""A router between two networks, made of namespaces of the tests' own, that a module can be run on.

Its /etc, /run and /usr/local are its own: nothing that a module does there reaches the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

CLIENT, CLIENT_GATEWAY = "192.168.10.3", "192.168.10.109"
ROUTER, OUTSIDE = "192.168.5.109", "192.168.5.1"

PRIVATE = """
set -e
mount -t tmpfs none /run
mkdir -p /run/lock /run/tools /run/etc/systemd/system/multi-user.target.wants
touch /run/etc/systemd/system/multi-user.target.wants/ssh.service
cd /etc
cp -a alternatives group hosts ld.so.cache nsswitch.conf passwd protocols /run/etc
mount --bind /run/etc /etc
cd /
mkdir -p /run/local/upper /run/local/work
mount -t overlay none -o lowerdir=/usr/local,upperdir=/run/local/upper,workdir=/run/local/work /usr/local
mount -t sysfs none /sys
echo ready
exec sleep infinity
"""

# Runs the module once for each line of parameters, each time in a process of its own.
RUN = """
import importlib, json, os, sys
sys.path.insert(0, sys.argv[1])
from ansible.module_utils.testing import patch_module_args
module = importlib.import_module("ansible_collections.dialtone.pppoe.plugins.modules." + sys.argv[2])
for line in sys.stdin:
    if os.fork() == 0:
        with patch_module_args(json.loads(line)):
            module.main()
    os.wait()
    print("done", flush=True)
"""

SERVER = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
listener = socket.create_server((sys.argv[1], 7), family=family)
print("ready", flush=True)
connection, peer = listener.accept()
print(peer[0], connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
"""

DIAL = """
import socket, sys
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)
print(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
"""

# By a socket that the kernel makes an echo request of, whatever programs the machine has.
PING = """
import socket, sys
six = ":" in sys.argv[1]
kind = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, socket.IPPROTO_ICMP)
ping = socket.socket(kind[0], socket.SOCK_DGRAM, kind[1])
ping.settimeout(2)
ping.sendto(bytes([128 if six else 8, 0, 0, 0, 0, 0, 0, 1]), (sys.argv[1], 0))
ping.recv(100)
"""


def why_not() -> str:
    """Why no router can be made here; empty if one can."""
    if os.geteuid() != 0:
        return "namespaces need root"
    for tool in ("unshare", "nsenter", "ip"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    answer = subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True, text=True)
    return answer.stderr.strip()


class Namespace:
    """A network namespace, with mounts of its own if it is to be the router."""

    def __init__(self, script: str = "echo ready; exec sleep infinity", mounts: bool = False) -> None:
        kinds = ["-n", "-m", "--propagation", "private"] if mounts else ["-n"]
        self.process = subprocess.Popen(["unshare", *kinds, "sh", "-c", script], stdout=subprocess.PIPE, text=True)
        self.into = ["nsenter", "-t", str(self.process.pid), "-n", *(["-m"] if mounts else [])]
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"
        self.sh("ip link set lo up; sysctl -qw net.ipv4.tcp_timestamps=0")

    def sh(self, command: str, check: bool = True) -> str:
        answer = subprocess.run([*self.into, "sh", "-c", command], capture_output=True, text=True)
        assert not check or answer.returncode == 0, answer.stderr
        return answer.stdout

    def write(self, path: str, text: str) -> None:
        """A file as this namespace sees it, where it has mounts of its own."""
        Path(f"/proc/{self.process.pid}/root{path}").write_text(text)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


class Router:
    """client - ppp0, router, eth0 - outside. The interface called ppp0 is half of a veth pair."""

    def __init__(self, collections: Path, module: str = "masquerade", umask: int = -1) -> None:
        self.host = Namespace(PRIVATE, mounts=True)
        self.others: list[Namespace] = []
        self.runner = subprocess.Popen(
            [*self.host.into, sys.executable, "-c", RUN, str(collections), module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ, PATH="/run/tools:" + os.environ["PATH"]),
            umask=umask,
        )
        self.host.sh(
            "ip link add eth0 type veth peer name outside0; ip link add ppp0 mtu 1400 type veth peer name client0;"
            f"ip addr add {ROUTER}/24 dev eth0; ip addr add {CLIENT_GATEWAY}/24 dev ppp0;"
            "ip link set eth0 up; ip link set ppp0 up; sysctl -qw net.ipv4.ip_forward=1"
        )

    def ends(self) -> tuple[Namespace, Namespace]:
        """The client and the host outside. The latter has no way back to the client's network."""
        client, outside = Namespace(), Namespace()
        self.others += [client, outside]
        self.host.sh(
            f"ip link set client0 netns {client.process.pid}; ip link set outside0 netns {outside.process.pid}"
        )
        client.sh(
            f"ip addr add {CLIENT}/24 dev client0; ip link set client0 up; ip route add default via {CLIENT_GATEWAY}"
        )
        outside.sh(f"ip addr add {OUTSIDE}/24 dev outside0; ip link set outside0 up")
        return client, outside

    def module(self, check: bool = False, **parameters: object) -> dict:
        """Run the router's module here, and give its result."""
        arguments = dict(parameters, _ansible_check_mode=check, _ansible_diff=True, _ansible_remote_tmp="/tmp")
        assert self.runner.stdin
        assert self.runner.stdout
        self.runner.stdin.write(json.dumps(arguments) + "\n")
        self.runner.stdin.flush()
        lines = list(iter(self.runner.stdout.readline, "done\n"))
        assert lines, "the module said nothing"
        return json.loads(lines[-1])

    def machine(self, command: str) -> str:
        """Run a command in the router's network with the tools of the machine, whatever ``replace`` made of them."""
        into = ["nsenter", "-t", str(self.host.process.pid), "-n"]
        return subprocess.run([*into, "sh", "-c", command], capture_output=True, text=True, check=True).stdout

    def replace(self, program: str, script: str | None) -> None:
        """Make a program of this router another one, or, with ``None``, one that is not installed."""
        path = os.path.realpath(shutil.which(program) or f"/usr/sbin/{program}")
        if script is None:
            self.host.sh(f"mount --bind /dev/null {path}")
            return
        self.host.sh(f"cat > /run/tools/.{program} <<'EOF'\n{script}EOF\n")
        self.host.sh(f"chmod 755 /run/tools/.{program}; mount --bind /run/tools/.{program} {path}")

    def boot_with_systemd(self, systemctl: Path) -> None:
        """From here on, this router believes that it was booted with systemd."""
        self.host.sh("mkdir -p /run/systemd/system")
        self.host.sh(f"cp {systemctl} /run/tools/systemctl; chmod 755 /run/tools/systemctl")

    def etc(self) -> str:
        """Every file of /etc with its mode, owner and content."""
        return self.host.sh(
            "cd /etc; find . -printf '%p %m %u %l\n' | sort; find . -type f | sort | xargs -d '\n' sha256sum"
        )

    def close(self) -> None:
        self.runner.kill()
        self.runner.communicate()
        for one in (*self.others, self.host):
            one.close()


def dialled(caller: Namespace, called: Namespace, address: str, port: int = 7, at: str = "") -> str:
    """Whom ``called`` sees when ``caller`` dials this address; empty if nobody comes. ``at``: where it listens."""
    listener = [*called.into, sys.executable, "-c", SERVER, at or address]
    server = subprocess.Popen(listener, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        assert server.stdout.readline()
        dial = [*caller.into, sys.executable, "-c", DIAL, address, str(port)]
        done = subprocess.run(dial, capture_output=True, text=True)
        return "" if done.returncode else server.stdout.read().split()[0]
    finally:
        server.kill()
        server.wait()


def pings(caller: Namespace, address: str) -> bool:
    """Whether this address answers an echo request."""
    caller.sh("sysctl -qw net.ipv4.ping_group_range='0 0'")
    return subprocess.run([*caller.into, sys.executable, "-c", PING, address], capture_output=True).returncode == 0


def connection(client: Namespace, outside: Namespace) -> tuple[str, int, int]:
    """Whom the outside sees when the client dials, and the segment sizes that the outside and the client settle on."""
    server = subprocess.Popen([*outside.into, sys.executable, "-c", SERVER, OUTSIDE], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        server.stdout.readline()
        dial = subprocess.run([*client.into, sys.executable, "-c", DIAL, OUTSIDE, "7"], capture_output=True, text=True)
        if dial.returncode:
            return dial.stderr.strip().splitlines()[-1], 0, 0
        peer, segment = server.stdout.read().split()
        return peer, int(segment), int(dial.stdout)
    finally:
        server.kill()
        server.wait()
