# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What does source NAT, and how it is asked: the protocols of backends, and the runner of their commands. Private."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed


@dataclass(frozen=True)
class Comparison:
    """Our rules, as they are and as they should be, in lines of text.

    ``missing``: rules must be loaded. ``surplus``: rules to take away afterwards.
    ``equal``: rules made by hand that do the same as one of ours.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    missing: bool
    surplus: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return self.missing or bool(self.surplus)


@dataclass(frozen=True)
class Loading:
    """What brings the rules of a backend back at boot: a file, the command that loads it, the one that unloads."""

    path: str
    text: str
    start: tuple[str, ...]
    stop: tuple[str, ...]


class Holder(t.Protocol):
    """A place that rules of ours stand in, for one request; only the last four change anything."""

    name: str  # as a result calls it
    label: str  # as a message calls it
    program: str | None  # the command's path, None where it is not installed

    def present(self) -> tuple[str, ...]:
        """Our rules that are there now."""

    def compare(self) -> Comparison:
        """Our rules that are there against those wanted."""

    def load(self) -> None:
        """Bring in what is missing."""

    def clean(self, surplus: tuple[str, ...]) -> None:
        """Take away the surplus of a comparison."""

    def undo(self, before: tuple[str, ...]) -> None:
        """After a failed load: take away what it brought."""

    def remove(self) -> None:
        """Take away all our rules."""


class Backend(Holder, t.Protocol):
    """One way to do source NAT; ``name`` is as the parameter "backend" calls it."""

    def probe(self) -> str:
        """Why this host cannot have the wanted rules this way; empty if it can. Leaves nothing behind."""

    def remembered(self) -> bool:
        """Whether an earlier run made this backend the one that loads the rules at boot."""

    def loading(self) -> Loading | None:
        """What brings the wanted rules back at boot; ``None`` if the backend does so by itself."""


class BackendError(Failed):
    """A program refused what its probe had allowed; the text has its own words."""


class NoBackend(Failed):
    """No way to do source NAT works on this host. ``missing``: one of those asked for is not even installed."""

    def __init__(self, tried: list[dict[str, t.Any]], missing: bool) -> None:
        answers = "; ".join("{program}: {answer}".format(**one) for one in tried)
        super().__init__(
            f"This host cannot do source NAT. Tried {answers}. "
            "Start firewalld, or install nftables or iptables in a version that works with this kernel."
        )
        self.result = {"tried": tried}
        self.missing = missing


# Runs a command, with a file of that text as its last word if there is any: exit status, output, errors.
Run = t.Callable[[t.Sequence[str], t.Optional[str]], "tuple[int, str, str]"]


class CachingRunner:
    """A ``Run`` that asks nft and iptables each question once, until something is changed.

    Listing ten thousand rules of others takes as long as all the rest of a run.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._answers: dict[tuple[str, ...], tuple[int, str, str]] = {}

    def __call__(self, command: t.Sequence[str], data: str | None) -> tuple[int, str, str]:
        if not asks(command):
            if not tries(command):
                self.forget()
            return self._run(command, data)
        question = tuple(command)
        if question not in self._answers:
            self._answers[question] = self._run(command, data)
        return self._answers[question]

    def forget(self) -> None:
        """Something else, such as systemd, has changed rules."""
        self._answers.clear()


def asks(command: t.Sequence[str]) -> bool:
    """Whether a command of nft or iptables only lists rules or tells its version."""
    nft = command[0].rpartition("/")[2] == "nft"
    return "list" in command[1:4] if nft else command[0] != "unshare" and ("-S" in command or command[-1] == "-V")


def tries(command: t.Sequence[str]) -> bool:
    """Whether a command leaves the rules of this host as they are, whatever it does."""
    return command[0] == "unshare" or command[1] == "-c"


def words(out: str, err: str, status: int) -> str:
    """The answer of a program that failed, on one line."""
    lines = [line.strip() for line in (err or out).splitlines()]
    # Not the marks below a faulty word, nor "# Warning: iptables-legacy tables present".
    kept = [line for line in lines if not set(line) <= set("^~ ") and not line.startswith("#")]
    return "; ".join(kept) or f"exit status {status}"
