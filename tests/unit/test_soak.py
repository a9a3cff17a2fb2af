"""The parts of `make soak` are those of its own folder: another folder on its path has files of the same names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

ASK = """
import importlib.util, runpy
for part in runpy.run_path("tests/soak/__main__.py")["PARTS"]:
    print(importlib.util.find_spec(part).origin)
"""


def test_each_part_is_found():
    done = subprocess.run([sys.executable, "-c", ASK], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert {str(Path(line).parent) for line in done.stdout.splitlines()} == {str(REPOSITORY / "tests" / "soak")}
