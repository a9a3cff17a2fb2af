"""A host with many sessions, made of namespaces, and what our programs cost there."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _program
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_instance

HERE = Path(__file__).resolve().parent
COLLECTIONS = HERE.parents[1] / ".build" / "collections"
# /proc shows processes of others to nobody but root, as on a host that is closed.
PREPARE = """
set -e
mount -o remount,hidepid=2 /proc
mount -t tmpfs none /run
mkdir -p /run/ppp.etc/pppoe-server /run/local /run/state
mount --bind /run/ppp.etc /etc/ppp
touch /etc/ppp/pppoe-server/default.options
exec "$@"
"""
MODULE = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
from ansible.module_utils.testing import patch_module_args
name = "ansible_collections.dialtone.pppoe.plugins.modules." + sys.argv[2]
arguments = dict(json.loads(sys.argv[3]), _ansible_diff=True, _ansible_remote_tmp="/tmp")
with patch_module_args(arguments):
    importlib.import_module(name).main()
"""
METRICS = """
import sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics_main
_metrics_main.STATE = "/run/state"
_metrics_main.main("default", "/run")
"""
# As pppoe-server shows itself: a process that listens for discovery.
SERVER = """#!/bin/bash
exec -a /run/scripts/pppoe-server {python} -S -c '
import socket, time
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x8863))
wire.bind(("lo", 0x8863))
time.sleep(3600)
' "$@"
"""
MANAGER = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _configuration, _kernel, _manager
os.makedirs("/run/pppoe-server", exist_ok=True)
manager = _manager.Manager(_configuration.Places(), True)
manager.observe(_kernel.Addresses().every())
sessions = manager.book.sessions.values()
manager.room.make("default")
print(json.dumps({"up": sum(one.up for one in sessions), "accounts": len({one.account for one in sessions} - {None})}))
"""


@dataclass(frozen=True)
class Cost:
    """What a program has said, how many processes it has started, itself among them, and its seconds of processor."""

    said: str
    processes: int
    seconds: float

    @property
    def result(self) -> dict[str, Any]:
        return json.loads(self.said.strip().splitlines()[-1])


class Host:
    def __init__(self, process: subprocess.Popen) -> None:
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        self.into = ["nsenter", "-t", child, "-n", "-m", "-p"]

    def run(self, *words: str) -> Cost:
        before, begun = self._last_pid(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([*self.into, *words], capture_output=True, text=True, check=False)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
        assert done.returncode == 0, done.stdout + done.stderr
        # Process IDs are given in turn, and nothing else begins there.
        return Cost(done.stdout, self._last_pid() - before - 1, seconds)

    def module(self, name: str, **parameters: Any) -> Cost:
        return self.run(sys.executable, "-c", MODULE, str(COLLECTIONS), name, json.dumps(parameters))

    def python(self, text: str) -> Cost:
        return self.run(sys.executable, "-c", text, str(COLLECTIONS))

    def install(self) -> None:
        """Put the scripts of a server there, a pool, and a stand-in for pppoe-server."""
        files = {
            "/run/scripts/instance": _pppoe_server_instance.instance_script().decode(),
            "/run/scripts/pppoe-server": SERVER.format(python=sys.executable),
            "/etc/ppp/pppoe-server/default.options": "set DIALTONE_SINGLE_SESSION=replace\n",
            "/etc/ppp/pppoe-server/default.pool": "10.0.0.2\n10.0.0.3\n",
        }
        programs = _program.files("/run/scripts", sys.executable)
        files.update({path: text.decode() for path, text in programs.items()})
        write = 'mkdir -p "${1%/*}" && printf "%s" "$2" >"$1" && chmod 755 "$1"'
        for path, text in files.items():
            self.run("sh", "-c", write, "-", path, text)

    def instance(self, *words: str) -> Cost:
        """Have the script of the instances do something."""
        return self.run("env", "PPPOE_SERVER_SCRIPTS=/run/scripts", "sh", "/run/scripts/instance", *words)

    def reload(self) -> Cost:
        """Start a daemon of the instance ``default`` in the place of the one there is."""
        options = ["-O", "/etc/ppp/pppoe-server/default.options", "-N", "5000"]
        return self.instance("start", "default", "lo", "--", "/run/scripts/pppoe-server", *options)

    def _last_pid(self) -> int:
        words = [*self.into, "sh", "-c", "echo $$"]
        return int(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


@contextmanager
def sessions(count: int):
    """A host with so many sessions."""
    words = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--propagation", "private"]
    crowd = [sys.executable, "-S", str(HERE / "crowd.py"), str(count)]
    with subprocess.Popen(
        [*words, "sh", "-c", PREPARE, "-", *crowd],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"},
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "ready\n", "no sessions can be made here"
            yield Host(process)
        finally:
            process.stdin.close()
