"""The start of an instance, killed at each of its commands: the next one repairs what is left."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TEST = "tests/unit/plugins/module_utils/_scripts/test_pppoe_server_instance_faults.py"
PYTHON = REPOSITORY / ".venv" / "bin" / "python"


def main(_seconds: float, _chance: random.Random) -> None:
    done = subprocess.run(
        [str(PYTHON) if PYTHON.exists() else sys.executable, "-m", "pytest", "-q", "-s", TEST, "-k", "killed_anywhere"],
        cwd=REPOSITORY,
        env={**os.environ, "DIALTONE_KILL_STEPS": "1"},
        check=False,
    )
    assert done.returncode == 0, "a start that was killed was not repaired"
