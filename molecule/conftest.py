"""What the tests of all scenarios share."""

from __future__ import annotations

import json
import os
import subprocess
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
