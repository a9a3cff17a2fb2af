"""What the tests of all scenarios share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def playbook(request):
    """``playbook(name, *arguments)`` runs a playbook as a user would; the finished process, all in ``stdout``."""

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [
                "ansible-playbook",
                "--inventory=" + request.config.getoption("--ansible-inventory"),
                *arguments,
                str(REPOSITORY / "playbooks" / f"{name}.yml"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".build" / "collections"),
                # Molecule asks for colours, which tests would have to read.
                "ANSIBLE_FORCE_COLOR": "false",
                "ANSIBLE_NOCOLOR": "true",
            },
        )

    return run


@pytest.fixture
def site(playbook):
    """``site(host, *words, **variables)`` runs playbooks/site.yml on a host, with more words on its command line."""
    return lambda host, *words, **variables: playbook(
        "site", "--limit=" + host, "--extra-vars=" + json.dumps(variables), *words
    )


@pytest.fixture
def lab(request):
    """``lab("cut", "server", "eth1")`` runs tests/lab/lab on the lab of this scenario."""
    name = Path(request.config.getoption("--ansible-inventory")).parent.name

    def run(verb: str, *words: str) -> None:
        command = [sys.executable, str(REPOSITORY / "tests" / "lab" / "lab"), verb, name, *words]
        subprocess.run(command, check=True, timeout=300, stdout=subprocess.DEVNULL)

    return run


@pytest.fixture
def until():
    """``until(question, seconds)`` waits for the first true answer, and gives it."""

    def wait(question, seconds: float = 90.0):
        deadline = time.monotonic() + seconds
        while True:
            answer = question()
            if answer or time.monotonic() > deadline:
                return answer
            time.sleep(1)

    return wait
