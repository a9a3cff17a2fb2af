"""What the run of all parts says of parts that fail."""

from __future__ import annotations

from pathlib import Path

import all as everything
import pytest


@pytest.fixture(name="run")
def fixture_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run parts that are shell commands; give the exit code."""
    monkeypatch.setattr(everything, "LOGS", tmp_path / "logs")

    def run(**commands: str) -> int:
        parts = [everything.Part(name, ["sh", "-c", text]) for name, text in commands.items()]
        monkeypatch.setattr(everything, "parts", lambda: parts)
        return everything.main([])

    return run


#: Fails, and says why, until a file is there.
ONCE = "test -e {0} || {{ touch {0}; echo 'fatal: [a]: lost'; exit 2; }}"


@pytest.mark.parametrize(
    ("commands", "code", "expected"),
    [
        ({"good": "echo 1 passed"}, 0, ["good passed 0 s 1 passed"]),
        (
            {"bad": "echo 'E   assert 1 == 2'; false"},
            1,
            ["bad FAILED in run 2 0 s", "bad, run 1:", "E assert 1 == 2"],
        ),
        ({"once": ONCE}, 0, ["once passed in run 2 0 s", "once, run 1:", "fatal: [a]: lost"]),
        (dict.fromkeys("abcd", "false"), 1, ["a FAILED 0 s", "d, run 1:"]),
    ],
)
def test_result(run, capsys, tmp_path, commands, code, expected):
    assert run(**{name: text.format(tmp_path / "there") for name, text in commands.items()}) == code
    printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in expected if line not in printed] == []


def test_what_is_shown_of_a_failure():
    lines = ["ok: [a]", "FAILED - RETRYING: [a]: Wait", *["fine"] * 60, "fatal: [b]: refused", *["detail"] * 30]
    assert everything.wrong(lines) == ["fatal: [b]: refused", *["detail"] * everything.AFTER]
    assert everything.wrong(["x"] * 100) == ["x"] * everything.SHOWN
