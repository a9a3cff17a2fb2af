"""The lab and the playbooks, as commands of this machine. Shared by the demo and the bench."""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LAB = REPOSITORY / "tests" / "lab" / "lab"
TOPOLOGY = REPOSITORY / "tests" / "lab" / "topologies" / "guide.yml"
INVENTORY = Path("inventory.example.yml")
SITE = Path("playbooks/site.yml")
CONFIG = Path("tests/demo/ansible.cfg")
PROGRAMS = Path(".venv/bin")
QUIET = 5.0


class StageError(Exception):
    """Something that was started has failed; the text says what, for a person."""


def environment(**more: str) -> dict[str, str]:
    """Our settings for Ansible, and none of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    color = "true" if sys.stdout.isatty() else "false"
    return {**kept, "ANSIBLE_CONFIG": str(REPOSITORY / CONFIG), "ANSIBLE_FORCE_COLOR": color, **more}


def program(name: str) -> str:
    """A program of the Python environment that tools/setup makes."""
    return str(PROGRAMS / name)


def lab(*words: str) -> None:
    """Run a lab command; it shows its own progress."""
    if subprocess.run([LAB, *words], cwd=REPOSITORY, check=False).returncode != 0:
        raise StageError(f"tests/lab/lab {' '.join(words)} failed; see above")


def hosts_of(name: str) -> dict[str, tuple[str, str]] | None:
    """Image and state of each host of a lab, None if there is no such lab."""
    asked = subprocess.run([LAB, "status", name], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        return None
    # Columns are two blanks apart: HOST KIND IMAGE PID MANAGEMENT ADDRESSES STATE.
    lines = [re.split(r"\s{2,}", line) for line in asked.stdout.splitlines()[1:]]
    return {words[0]: (words[2], words[-1]) for words in lines}


def connections(name: str) -> Path:
    """The inventory that says how to reach the hosts of a lab."""
    return Path(".lab") / name / "connections.yml"


def playbook_command(name: str, playbook: Path = SITE) -> list[str]:
    """The user's command: the sample inventory unchanged, and beside it how to reach the hosts of the lab."""
    return [program("ansible-playbook"), "-i", str(INVENTORY), "-i", str(connections(name)), str(playbook)]


def shown(command: list[str]) -> int:
    """Run a command, show what it says, and that it is alive when it says nothing; its exit code."""
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    began = time.monotonic()
    with process, selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(QUIET):
                print(f"    ... at work for {time.monotonic() - began:.0f} s", flush=True)
            elif output := os.read(process.stdout.fileno(), 65536):
                sys.stdout.write(output.decode(errors="replace"))
                sys.stdout.flush()
            else:
                return process.wait()


def on_host(name: str, host: str, *command: str) -> str:
    """What a command on a host of a lab says, on both its outputs."""
    done = subprocess.run(
        ["ssh", "-F", f".lab/{name}/ssh_config", host, *command],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == 255:
        raise StageError(f"{host} cannot be reached: {' '.join(done.stdout.split())}")
    return done.stdout
