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
def site(request):
    """``site(host, *words, **variables)`` runs playbooks/site.yml as a user would, with more words on its command line;
    the finished process, all in ``stdout``."""

    def run(host: str, *words: str, **variables) -> subprocess.CompletedProcess:
        return subprocess.run(
            [
                "ansible-playbook",
                "--inventory=" + request.config.getoption("--ansible-inventory"),
                "--limit=" + host,
                "--extra-vars=" + json.dumps(variables),
                *words,
                str(REPOSITORY / "playbooks" / "site.yml"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".build" / "collections")},
        )

    return run


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
