"""A RADIUS centre of the tests' own: PostgreSQL and FreeRADIUS on a host made of namespaces."""

from __future__ import annotations

import glob
import json
import os
import subprocess
import sys
import time
import typing as t
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.dialtone.pppoe.tests.support import router as lab

FOLDER = "/etc/freeradius/pppoe-radius"
SERVICE = f"PGSERVICEFILE={FOLDER}/pg_service.conf"


def why_not() -> str:
    """Why there can be no centre here; empty if there can."""
    if lab.why_not():
        return lab.why_not()
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        return "postgresql is not installed"
    for path in ("/usr/sbin/freeradius", "/usr/bin/radclient", "/usr/lib/freeradius/rlm_sql_postgresql.so"):
        if not os.path.exists(path):
            return f"there is no {path}"
    return ""


LISTEN = """
import socket, sys
port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
port.bind(("127.0.0.1", int(sys.argv[1])))
port.settimeout(10)
print("ready", flush=True)
while True:
    print(port.recv(4096).hex(), flush=True)
"""


class Packets:
    def __init__(self, lines: t.IO[str]) -> None:
        self._lines = lines

    def next(self) -> bytes:
        return bytes.fromhex(self._lines.readline())


class Centre(lab.Router):
    """The host; its PostgreSQL runs from the beginning, FreeRADIUS after ``start``."""

    def __init__(
        self, collections: Path, module: str = "pppoe_radius", database: bool = True, size: str = "256m"
    ) -> None:
        """Without ``database`` there is no PostgreSQL: another host has it. ``size``: of its file system in memory."""
        super().__init__(collections, module)
        self.collections = collections
        root = f"/proc/{self.host.process.pid}/root"
        for name in ("freeradius", "postgresql-common", "pam.d", "security", "shadow", "ssl"):
            subprocess.run(["cp", "-a", f"/etc/{name}", f"{root}/etc/"], check=True)
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.postgres: subprocess.Popen[bytes] | None = None
        self.freeradius: subprocess.Popen[bytes] | None = None
        self.host.sh(
            "install -d -o freerad -g freerad /run/freeradius;"
            "mount -t tmpfs none /var/log; install -d -o freerad -g freerad /var/log/freeradius"
        )
        if not database:
            return
        self.host.sh(
            # Of a size, so that it can be filled up.
            f"install -d /run/postgresql /run/pg; mount -t tmpfs -o size={size} none /run/pg;"
            "chown postgres:postgres /run/postgresql /run/pg;"
            # Locales of the machine, and its copy of the programs' settings.
            f"runuser -u postgres -- {programs}/initdb -D /run/pg/data -A scram-sha-256 --auth-local=peer -U postgres"
            " -E UTF8 --no-locale >/dev/null"
        )
        self.postgres_command = [
            *self.host.into, "runuser", "-u", "postgres", "--", f"{programs}/postgres", "-D", "/run/pg/data",
            "-k", "/run/postgresql", "-c", "listen_addresses=*", "-c", "fsync=off",
        ]  # fmt: skip
        self.start_database()

    def run_module(self, name: str, **parameters: object) -> dict:
        """Run another module once."""
        arguments = dict(parameters, _ansible_check_mode=False, _ansible_remote_tmp="/tmp")
        done = subprocess.run(
            [*self.host.into, sys.executable, "-c", lab.RUN, str(self.collections), name],
            input=json.dumps(arguments) + "\n", capture_output=True, text=True,
        )  # fmt: skip
        return json.loads(done.stdout.splitlines()[-2])

    def start_database(self) -> None:
        self.postgres = subprocess.Popen(
            self.postgres_command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        self._wait("runuser -u postgres -- psql -Atc 'select 1'")

    def stop_database(self) -> None:
        if self.postgres is not None:
            self.host.sh("kill -INT $(head -1 /run/pg/data/postmaster.pid)", check=False)
            self.postgres.wait()
            self.postgres = None

    def start(self) -> None:
        """Run FreeRADIUS as its unit does."""
        environment = dict(os.environ, PGSERVICEFILE=f"{FOLDER}/pg_service.conf")
        environment.pop("HOME", None)
        debug = os.environ.get("RADIUS_DEBUG")
        self.freeradius = subprocess.Popen(
            [*self.host.into, "freeradius", *(["-fxx"] if debug else ["-f"]), "-d", FOLDER],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
        self._wait("grep -q 'Ready to process requests' /var/log/freeradius/radius.log")

    def stop(self) -> None:
        if self.freeradius is not None:
            self.freeradius.terminate()
            self.freeradius.wait()
            self.freeradius = None
            self.host.sh("rm -f /var/log/freeradius/radius.log")

    def sql(self, statements: str) -> str:
        """What statements print, as FreeRADIUS's own user."""
        answer = subprocess.run(
            [*self.host.into, "env", SERVICE, "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "service=pppoe_radius"],
            input=statements, capture_output=True, text=True,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        return answer.stdout.strip()

    def ask(self, attributes: str, kind: str = "auth", secret: str = "secret-of-gate1", wait: int = 2) -> str:  # noqa: S107
        """What radclient prints of the answer to a packet."""
        port = {"auth": 1812, "acct": 1813}[kind]
        if kind == "auth":
            attributes += ",Message-Authenticator=0x00"
        answer = subprocess.run(
            [*self.host.into, "radclient", "-x", "-r", "1", "-t", str(wait), f"127.0.0.1:{port}", kind, secret],
            input=attributes, capture_output=True, text=True,
        )  # fmt: skip
        return (answer.stdout + answer.stderr).partition("Received ")[2]

    @contextmanager
    def listening(self, port: int) -> t.Iterator[Packets]:
        """What comes to a port of this host while somebody listens there, who answers nothing."""
        listener = [*self.host.into, sys.executable, "-c", LISTEN, str(port)]
        process = subprocess.Popen(listener, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            yield Packets(process.stdout)
        finally:
            process.kill()
            process.wait()

    def _wait(self, command: str) -> None:
        for _attempt in range(600):
            if subprocess.run([*self.host.into, "sh", "-c", command], capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        raise AssertionError(f"never: {command}")

    def close(self) -> None:
        self.stop()
        self.stop_database()
        super().close()
