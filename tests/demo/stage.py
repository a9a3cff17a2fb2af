"""The lab and the playbooks, as commands of this machine. Shared by the demo and the bench."""

from __future__ import annotations

import json
import os
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grid

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


def show(demo: Callable[[], int], ends: str) -> int:
    """Run a demo, and give its exit status. ``ends``: the command that ends what it leaves up."""
    try:
        return demo()
    except StageError as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\ndemo: interrupted; {ends} ends what is up", file=sys.stderr)
        return 130


class Clock:
    """When the demo began, and its headings."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def title(self, text: str) -> None:
        print(f"\n==== {text} ({self.seconds:.0f} s)", flush=True)


def environment(**more: str) -> dict[str, str]:
    """Our settings for Ansible, none of the user's, and compiled files kept, as they are for users."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONDONTWRITE"))}
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


def playbook_command(name: str, playbook: Path = SITE, inventory: Path = INVENTORY) -> list[str]:
    """The user's command: the sample inventory unchanged, and beside it how to reach the hosts of the lab."""
    return [program("ansible-playbook"), "-i", str(inventory), "-i", str(connections(name)), str(playbook)]


def typed(command: list[str]) -> str:
    """The command as one would type it."""
    return " ".join([f"ANSIBLE_CONFIG={CONFIG}", *command])


def bring_up(name: str, topology: Path, image: str | None, target: str) -> None:
    """Make the lab, or take the one that is up if it is whole. `target`: the Makefile's, whose `-down` removes it."""
    hosts = hosts_of(name)
    if hosts is None:
        choice = ["--image", image] if image else []
        lab("up", str(topology.relative_to(REPOSITORY)), "--name", name, *choice)
        return
    dead = [host for host, (_, state) in hosts.items() if state.startswith("stopped")]
    others = [host for host, (used, _) in hosts.items() if image and used != image]
    if dead:
        raise StageError(f"a lab {name} is there, but without power: {', '.join(dead)}. Remove it: make {target}-down")
    if others:
        raise StageError(f"a lab {name} is up with another image than {image}. Remove it first: make {target}-down")
    print(f"The lab {name} is up already and is used as it is. For a new one: make {target}-down {target}")


def run_playbook(
    name: str, target: str, host: str, playbook: Path = SITE, inventory: Path = INVENTORY, *words: str
) -> None:
    """Say the command and run it in the user's sight; `host` is one to log in to if it fails."""
    command = [*playbook_command(name, playbook, inventory), *words]
    print("$", typed(command), flush=True)
    if shown(command) != 0:
        reach = f"make lab-ssh LAB={name} HOST={host}" if name != "demo" else f"make lab-ssh HOST={host}"
        raise StageError(f"{playbook.name} failed; see above. The lab is up: {reach}, make {target}-down")


def conclude(
    parts: dict[str, list[grid.Row]], clock: Clock, more: tuple[str, ...] = (), checks: int = 0, note: str = ""
) -> int:
    """Print the table and a note, say what is wrong with it and `more` of that; the exit code.

    `checks` is how many more were made.
    """
    wrong = [*grid.failures(parts), *more]
    print(f"{grid.table(parts)}\n")
    if note:
        print(f"{note}\n")
    if wrong:
        print("demo: this is not as it should be:", *wrong, sep="\n  ", file=sys.stderr)
        return 1
    print(f"All {grid.count(parts) + checks} checks hold, after {clock.seconds:.0f} s.\n")
    return 0


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


def module(name: str, host: str, words: str) -> dict[str, Any]:
    """What a module of ours returns on a host: `words` are its name and its parameters."""
    what, _, parameters = words.partition(" ")
    command = [program("ansible"), "-i", str(connections(name)), host, "-o", "-m", f"dialtone.pppoe.{what}"]
    command += ["-a", parameters] if parameters else []
    asked = subprocess.run(command, cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=False)
    head, arrow, answer = asked.stdout.partition("=>")
    if "SUCCESS" not in head or not arrow:
        raise StageError(f"{what}: {' '.join((asked.stdout + asked.stderr).split())}")
    return json.loads(answer)
