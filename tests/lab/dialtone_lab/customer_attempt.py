"""What one dial of a customer has come to. Private to the customer."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import ppp
from .customer_settings import NOWHERE


@dataclass
class Attempt:
    """What a dial has come to so far."""

    ac: bytes = ppp.BROADCAST
    ac_name: str = ""
    session_id: int = 0
    method: str | None = None
    wanted: dict[int, dict[int, bytes]] = field(default_factory=dict)
    asked: dict[int, int] = field(default_factory=dict)
    acked: set[tuple[int, str]] = field(default_factory=set)
    heard: set[int] = field(default_factory=set)
    padr: ppp.Pairs = field(default_factory=list)
    peer: str = NOWHERE
