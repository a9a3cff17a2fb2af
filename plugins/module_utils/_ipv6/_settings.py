# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance gives its customers of IPv6, as a file. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import json
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _prefixes as _ipv6_prefixes

#: Below the folder of instances: settings, and the accounts that have a prefix of their own.
ENDING, ACCOUNTS_ENDING = ".ipv6", ".ipv6-accounts"


@dataclass(frozen=True)
class Settings:
    """``slot``: the number by which routes say that they are of this instance (``_routes``).

    ``prefixes``: where each session has a /64 from. ``delegated``: what customers' routers have prefixes of
    ``delegated_length`` from. ``dns``: the servers that are announced.
    """

    slot: int
    prefixes: tuple[_ipv6_prefixes.Prefix, ...] = ()
    delegated: tuple[_ipv6_prefixes.Prefix, ...] = ()
    delegated_length: int = 56
    dns: tuple[ipaddress.IPv6Address, ...] = ()

    @property
    def pools(self) -> tuple[_ipv6_prefixes.Pool, _ipv6_prefixes.Pool]:
        """Of framed and of delegated prefixes."""
        return (
            _ipv6_prefixes.Pool(self.prefixes, _ipv6_prefixes.FRAMED_LENGTH),
            _ipv6_prefixes.Pool(self.delegated, self.delegated_length),
        )


def text(settings: Settings) -> bytes:
    """The file."""
    values = {key: _plain(value) for key, value in vars(settings).items()}
    return (json.dumps(values, indent=1, sort_keys=True) + "\n").encode()


def _plain(value: t.Any) -> t.Any:
    return [str(one) for one in value] if isinstance(value, tuple) else value


def read(content: bytes) -> Settings:
    """From the file; ``ValueError`` for what is none."""
    try:
        values = json.loads(content)
        return Settings(
            int(values["slot"]),
            tuple(map(_ipv6_prefixes.Prefix, values["prefixes"])),
            tuple(map(_ipv6_prefixes.Prefix, values["delegated"])),
            int(values["delegated_length"]),
            tuple(map(ipaddress.IPv6Address, values["dns"])),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None
