"""The steps of a Molecule scenario and their times, out of what it prints."""

from __future__ import annotations

import re

MATRIX = re.compile(r"➜ discovery: scenario test matrix: (.+)")
BEGAN = re.compile(r"INFO +\S+ ➜ (\w+): Executing$")
ENDED = re.compile(r"INFO +\S+ ➜ (\w+): Executed: ")


class Steps:
    """Takes each line with the time when it came, in seconds of any clock."""

    def __init__(self) -> None:
        self.names: list[str] = []
        #: What each took, in the order of the sequence; the last one may not have ended.
        self.times: list[tuple[str, float]] = []
        self.began: float | None = None

    def hear(self, line: str, now: float) -> None:
        """A line without colours."""
        if matrix := MATRIX.search(line):
            self.names = matrix[1].strip().split(", ")
        elif began := BEGAN.search(line.rstrip()):
            self.began = now
            number = len(self.times)
            self.times.append((self.names[number] if number < len(self.names) else began[1], 0.0))
        elif ENDED.search(line) and self.began is not None:
            self.times[-1] = (self.times[-1][0], now - self.began)
            self.began = None

    @property
    def summary(self) -> str:
        """All in one line, such as ``create 41 s, check 20 s``; a step that did not end has no time."""
        return ", ".join(f"{name} {f'{seconds:.0f} s' if seconds else '…'}" for name, seconds in self.times)
