#!/usr/bin/env python3
"""A systemctl for tests: it keeps the state of units in files and runs their commands, as systemd would."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

UNITS = Path("/etc/systemd/system")
STATE = Path("/run/fake-systemd")
LOADED = STATE / "loaded"
ACTIVE = STATE / "active"


def values(path: Path, key: str) -> list[str]:
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split("=", 1)[1] for line in lines if line.startswith(key + "=")]


def commands(unit: str, key: str) -> int:
    for command in values(LOADED / unit, key):
        rc = subprocess.run(shlex.split(command.lstrip("-"))).returncode
        if rc and not command.startswith("-"):
            print(f"Job for {unit} failed.", file=sys.stderr)
            return rc
    return 0


def links(unit: str) -> list[Path]:
    targets = " ".join(values(UNITS / unit, "WantedBy")).split()
    return [UNITS / (target + ".wants") / unit for target in targets]


def daemon_reload() -> int:
    shutil.rmtree(LOADED, ignore_errors=True)
    LOADED.mkdir(parents=True)
    for path in (*UNITS.glob("*.service"), *UNITS.glob("*.timer")):
        if path.is_file():
            shutil.copy(path, LOADED / path.name)
    return 0


def enable(unit: str) -> int:
    for link in links(unit):
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(UNITS / unit)
    return 0


def disable(unit: str) -> int:
    for link in links(unit):
        link.unlink()
        if not any(link.parent.iterdir()):
            link.parent.rmdir()
    return 0


def start(unit: str) -> int:
    if (ACTIVE / unit).exists():
        return 0
    if not (LOADED / unit).exists():
        print(f"Failed to start {unit}: Unit {unit} not found.", file=sys.stderr)
        return 5
    rc = commands(unit, "ExecStart")
    if rc == 0:
        (ACTIVE / unit).touch()
    return rc


def stop(unit: str) -> int:
    commands(unit, "ExecStop")
    (ACTIVE / unit).unlink(missing_ok=True)
    return 0


def is_active(unit: str) -> int:
    active = (ACTIVE / unit).exists()
    print("active" if active else "inactive")
    return 0 if active else 3


def is_enabled(unit: str) -> int:
    enabled = any(link.is_symlink() for link in links(unit))
    print("enabled" if enabled else "disabled")
    return 0 if enabled else 1


def restart(unit: str) -> int:
    return stop(unit) or start(unit)


VERBS = {
    "enable": enable,
    "disable": disable,
    "start": start,
    "stop": stop,
    "restart": restart,
    "is-active": is_active,
    "is-enabled": is_enabled,
}


def main() -> int:
    ACTIVE.mkdir(parents=True, exist_ok=True)
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    with open(STATE / "log", "a") as log:
        log.write(" ".join(words) + "\n")
    verb, rest = words[0], words[1:]
    if verb == "status":
        print("the last words of " + rest[0])
        return 3
    if verb == "daemon-reload":
        return daemon_reload()
    if verb == "reload":
        return commands(rest[0], "ExecReload")
    return VERBS[verb](rest[0])


if __name__ == "__main__":
    sys.exit(main())
