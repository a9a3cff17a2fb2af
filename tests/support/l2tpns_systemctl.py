#!/usr/bin/env python3
"""A systemctl for l2tpns.service alone: runs what the unit's drop-in says, and l2tpns in the background."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

DROP_IN = Path("/etc/systemd/system/l2tpns.service.d/dialtone-pppoe.conf")
PID, ENABLED, LOG = Path("/run/l2tpns.pid"), Path("/run/l2tpns.enabled"), Path("/run/l2tpns.log")


def values(key: str) -> list[str]:
    lines = DROP_IN.read_text().splitlines() if DROP_IN.exists() else []
    return [line.split("=", 1)[1] for line in lines if line.startswith(key + "=")]


def pid() -> int:
    found = int(PID.read_text()) if PID.exists() else 0
    command = Path(f"/proc/{found}/cmdline")
    return found if found and command.exists() and b"l2tpns" in command.read_bytes() else 0


def start() -> None:
    if pid():
        return
    for folder in values("RuntimeDirectory"):
        Path("/run", folder).mkdir(mode=0o700, exist_ok=True)
    for command in values("ExecStartPre"):
        words = shlex.split(command.lstrip("-"))
        subprocess.run(words, check=not command.startswith("-"), stderr=subprocess.DEVNULL)
    with LOG.open("a") as log:
        process = subprocess.Popen(
            ["/usr/local/sbin/l2tpns"], start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=dict(os.environ, LD_LIBRARY_PATH="/usr/local/lib"),
        )  # fmt: skip
    PID.write_text(str(process.pid))


def stop() -> None:
    if pid():
        kind = (values("KillSignal") or ["SIGTERM"])[0]
        os.kill(pid(), getattr(signal, kind))
        deadline = time.monotonic() + 20
        while pid() and time.monotonic() < deadline:
            time.sleep(0.05)
        if pid():
            os.kill(pid(), signal.SIGKILL)
    PID.unlink(missing_ok=True)
    after()


def after() -> None:
    for command in values("ExecStopPost"):
        subprocess.run(shlex.split(command.lstrip("-")))


def show() -> None:
    state, enabled = "active" if pid() else "inactive", "enabled" if ENABLED.exists() else "disabled"
    print(f"Id=l2tpns.service\nActiveState={state}\nUnitFileState={enabled}\nNeedDaemonReload=no\nMainPID={pid()}")


verb = sys.argv[1]
if verb in ("start", "restart"):
    if verb == "restart":
        stop()
    start()
elif verb == "stop":
    stop()
elif verb == "died":
    after()
elif verb == "reload":
    os.kill(pid(), signal.SIGHUP)
elif verb == "enable":
    ENABLED.touch()
elif verb == "disable":
    ENABLED.unlink(missing_ok=True)
elif verb == "show":
    show()
