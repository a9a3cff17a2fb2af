"""A lab with a server, a client that dials as often as it is asked to, and a host behind the server."""

from __future__ import annotations

import json
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import stage
from measure import HERE, Result, play, say

NAME = "bench"
ACCOUNTS = 100
#: Packages that a host installs before it is measured.
PACKAGES = "ppp iperf3"

#: Dials FIRST to LAST at once, and prints the seconds until each has its address. The sessions stay up.
DIAL = """
import json, subprocess, sys, time
first, last, patience = map(int, sys.argv[1:4])
began, seconds, processes, log, null = time.monotonic(), {}, {}, "/run/bench.{}".format, subprocess.DEVNULL
numbers = range(first, last + 1)
for number in numbers:
    open(log(number), "w").close()
    words = "plugin pppoe.so nic-eth0 noauth noipdefault nodefaultroute maxfail 1"
    words += " " + sys.argv[4]
    processes[number] = subprocess.Popen(
        ["pppd", *words.split(), "user", f"bench{number}", "logfile", log(number), "nodetach"],
        stdin=null, stdout=null, stderr=null, start_new_session=True,
    )
left = list(numbers)
while left and time.monotonic() - began < patience:
    for number in left:
        if "local  IP address" in open(log(number)).read():
            seconds[number] = time.monotonic() - began
    left = [number for number in left if number not in seconds and processes[number].poll() is None]
    time.sleep(0.02)
print(json.dumps(sorted(seconds.values())))
"""


class Network:
    """The lab, once the server serves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def serve(self, **variables) -> tuple[float, list[Result]]:
        """Run site.yml; its wall time in seconds and the results of its tasks."""
        accounts = [{"name": f"bench{number}", "secret": "secret"} for number in range(1, ACCOUNTS + 1)]
        server = {
            "pppoe_server_interfaces": ["eth1"],
            "pppoe_server_outside_interface": "eth0",
            "pppoe_server_local_address": "192.168.10.109",
            "pppoe_server_pool": ["192.168.10.110+140"],
            "pppoe_server_accounts": accounts,
            **variables,
        }
        groups = {"pppoe_servers": {"hosts": {"server": {}}, "vars": server}, "pppoe_clients": {"hosts": {}}}
        hosts = self.folder / "hosts.json"
        hosts.write_text(json.dumps({"all": {"children": groups}}))
        return play([str(hosts), str(stage.connections(NAME))], str(stage.SITE))

    def on(self, host: str, command: str) -> str:
        """Run a shell command on a host; what it says."""
        return stage.on_host(NAME, host, command)

    def dial(self, first: int, last: int, patience: int = 60, options: str = "lcp-restart 1") -> list[float]:
        """Dial with these accounts at once; the seconds until each that came up had its address.

        ``options``: more options of pppd.
        """
        words = f"{first} {last} {patience} {shlex.quote('lcp-max-configure 30 ' + options)}"
        said = self.on("client", f"python3 -c {shlex.quote(DIAL)} {words}")
        return json.loads(said.strip().splitlines()[-1])

    def hang_up(self) -> None:
        self.on("client", "pkill pppd; while pgrep pppd >/dev/null; do sleep 0.1; done")
        self.on("server", "while pgrep -x pppd >/dev/null; do sleep 0.1; done")

    def on_wire(self, *command: str) -> subprocess.Popen:
        """Start a program of this machine in the lab's namespace."""
        words = [stage.LAB, "exec", NAME, "--", *command]
        return subprocess.Popen(words, cwd=stage.REPOSITORY, stdout=subprocess.PIPE, text=True)


@contextmanager
def network() -> Iterator[Network]:
    """The lab with a server that serves; it is removed in the end."""
    if stage.hosts_of(NAME) is not None:
        raise stage.StageError(f"a lab {NAME} is there already; remove it first: tests/lab/lab down {NAME}")
    stage.lab("up", str((HERE / "topology.yml").relative_to(stage.REPOSITORY)), "--name", NAME)
    try:
        with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
            made = Network(Path(folder))
            for host in ("client", "internet"):
                made.on(host, f"apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq install {PACKAGES}")
            made.on("client", 'for i in $(seq 100); do echo "bench$i * secret *"; done >>/etc/ppp/chap-secrets')
            seconds, _results = made.serve()
            say(f"the server is set up: {seconds:.1f} s")
            yield made
    finally:
        stage.lab("down", NAME)
