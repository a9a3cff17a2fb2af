"""Customers of a demo's lab, who need no host; and what a centre's package need not do."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import stage

PREPARE = Path("molecule/radius/prepare.yml")


def spare(name: str, inventory: Path) -> None:
    """Let FreeRADIUS's package not make parameters that nothing here uses; and customers of a former run hang up."""
    command = [*stage.playbook_command(name, PREPARE, inventory)]
    if subprocess.run(command, cwd=stage.REPOSITORY, env=stage.environment(), stdout=subprocess.DEVNULL).returncode:
        raise stage.StageError(f"{PREPARE} failed")
    ask(name, "hang_up")
    ask(name, "wait", state="ended", seconds=20)


def ask(name: str, question: str, **settings: Any) -> dict[str, Any]:
    """Ask the customers on segment lan (tests/lab/README.md)."""
    words = [f"{key}={value}" for key, value in settings.items()]
    command = [str(stage.LAB), "customers", name, "lan", question, *words]
    done = subprocess.run(command, cwd=stage.REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise stage.StageError(f"customers: {question} {' '.join(words)}: {(done.stderr or done.stdout).strip()}")
    answer: dict[str, Any] = json.loads(done.stdout or "{}")
    return answer
