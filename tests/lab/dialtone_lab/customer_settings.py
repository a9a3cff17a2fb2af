"""How a customer who needs no host dials and pings, and what becomes of the pings. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from . import ppp

NOWHERE = "0.0.0.0"  # noqa: S104  # in IPCP, "give me one"


@dataclass
class Settings:
    """How a customer dials and what it does then.

    `username` may have `{number}` in it, that of the customer. `methods` are those it accepts, best first.
    `service` and `ac_name` are asked for as in discovery; "" takes any.
    `redial` is the pause in seconds after a session that it did not end itself, None for none. `echo_interval` 0 sends
    no LCP echoes. `address` is the one it asks for. `vlan` 0 is none. `ipv6`: it speaks IPv6CP, and asks for a prefix.
    """

    username: str = "cmz"
    secret: str = "cmz"
    methods: tuple[str, ...] = ("chap", "pap")
    service: str = ""
    ac_name: str = ""
    mru: int = 1492
    address: str = NOWHERE
    redial: float | None = None
    echo_interval: float = 10.0
    echo_failure: int = 2
    vlan: int = 0
    ipv6: bool = False


@dataclass
class Pings:
    """The pings that a customer has sent to the other end of its link; `answered` has one mark a ping."""

    interval: float = 0.0
    due: float = 0.0
    to: str = ""
    answered: list[bool] = field(default_factory=list)

    @property
    def report(self) -> dict[str, int]:
        """How many were sent and answered, and how many in a row were not at the most."""
        row = most = 0
        for each in self.answered:
            row = 0 if each else row + 1
            most = max(most, row)
        return {"sent": len(self.answered), "answered": sum(self.answered), "row": most}


def settings(values: dict[str, Any]) -> Settings:
    """Settings from JSON; a name that there is not is an error."""
    unknown = sorted(set(values) - set(asdict(Settings())))
    if unknown:
        raise ValueError(f"no such setting: {', '.join(unknown)}; there is: {', '.join(asdict(Settings()))}")
    found = Settings(**values)
    found.methods = tuple(found.methods)
    wrong = [method for method in found.methods if method not in ppp.METHODS]
    if wrong or not found.methods:
        raise ValueError(f"methods: {', '.join(wrong) or 'none'}; give some of {', '.join(ppp.METHODS)}")
    return found
