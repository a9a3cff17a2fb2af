# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Router solicitations and advertisements (RFC 4861, RFC 8106) of a session's link. Private to this collection. Pure.

No library: what there is (scapy) is as large as the system below it, is no package of every host's Python, and dissects
whatever it is given, which is more than a program that hears customers ought to do.
"""

from __future__ import annotations

import ipaddress
import struct
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _prefixes as _ipv6_prefixes

SOLICITATION, ADVERTISEMENT = 133, 134
#: What only a neighbour can send: a router would have taken one from it.
HOP_LIMIT = 255
#: Seconds: between two advertisements that nobody asked for, and how long we are a router by one.
INTERVAL, ROUTER_LIFETIME = 600, 1800
_OTHER_CONFIGURATION = 0x40
_AUTONOMOUS = 0x40
_PREFIX, _MTU, _DNS = 3, 5, 25

Prefix = _ipv6_prefixes.Prefix


def is_solicitation(message: bytes, source: str, hop_limit: int) -> bool:
    """Whether an ICMPv6 message is a valid router solicitation (RFC 4861, 6.1.1). The kernel has checked its sum."""
    if len(message) < 8 or message[0] != SOLICITATION or message[1] != 0 or hop_limit != HOP_LIMIT:
        return False
    if not (source == "::" or ipaddress.IPv6Address(source.partition("%")[0]).is_link_local):
        return False
    at = 8
    while at < len(message):
        # An option's length is in units of 8 bytes, the two of its head included.
        if at + 2 > len(message) or not message[at + 1] or at + 8 * message[at + 1] > len(message):
            return False
        at += 8 * message[at + 1]
    return True


def advertisement(
    prefix: Prefix | None,
    mtu: int,
    dns: t.Sequence[ipaddress.IPv6Address] = (),
    former: t.Iterable[Prefix] = (),
    router: bool = True,
) -> bytes:
    """An advertisement without its sum, which the kernel sets.

    The flag O says that DHCPv6 has more, for which routers of customers wait (RFC 7084, WPD-4); M is not set, since
    addresses are made from the prefix. The prefix is not on link, so that what nobody has in it does not go back and
    forth. ``former``: prefixes that are not the customer's any more. ``router``: whether we are one for him.
    """
    lifetime = ROUTER_LIFETIME if router else 0
    found = struct.pack("!BBHBBHII", ADVERTISEMENT, 0, 0, 64, _OTHER_CONFIGURATION, lifetime, 0, 0)
    found += b"".join(_prefix(one, 0, 0) for one in former if one != prefix)
    if prefix is not None:
        found += _prefix(prefix, _ipv6_prefixes.VALID, _ipv6_prefixes.PREFERRED)
    found += struct.pack("!BBHI", _MTU, 1, 0, mtu)
    if dns:
        found += struct.pack("!BBHI", _DNS, 1 + 2 * len(dns), 0, ROUTER_LIFETIME)
        found += b"".join(one.packed for one in dns)
    return found


def _prefix(prefix: Prefix, valid: int, preferred: int) -> bytes:
    head = struct.pack("!BBBBIII", _PREFIX, 4, prefix.prefixlen, _AUTONOMOUS, valid, preferred, 0)
    return head + prefix.network_address.packed
