from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.tests.support.secrets_file import GUIDE, mode


@pytest.fixture
def secrets(tmp_path):
    """The secrets file of the guide, before anything is done to it."""
    path = tmp_path / "chap-secrets"
    path.write_text(GUIDE)
    path.chmod(0o600)
    return path


@pytest.fixture
def apply(run_module):
    """Runs the module in check mode, for real, and again, and holds the three results against each other."""

    def state(path: Path):
        return (path.read_bytes(), mode(path)) if path.exists() else None

    def run(parameters: dict) -> dict:
        path = Path(parameters["path"])
        before = state(path)
        predicted = run_module("chap_user", parameters, check=True)
        assert state(path) == before
        done = run_module("chap_user", parameters)
        assert not done.get("failed"), done["msg"]
        for name in ("changed", "added", "updated", "removed", "total", "diff"):
            assert predicted[name] == done[name], name
        assert done["changed"] == (state(path) != before)
        again = run_module("chap_user", parameters)
        assert not again["changed"]
        assert again["diff"]["before"] == again["diff"]["after"] == ""
        return done

    return run
