# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What names of instances and of interfaces look like, and which links are those of customers. Private; pure.

The kernel allows more in the name of an interface (net/core/dev.c, dev_valid_name); what is allowed here cannot mean
anything to a shell, nft, iptables, udev or systemd.
"""

from __future__ import annotations

import re

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
#: A connection is also a word of pppd's command line, where a leading ``-`` would be an option.
CONNECTION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,31}")
INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}")
#: With the label of an alias, such as ``eth0:1``.
INTERFACE_OR_ALIAS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}")
#: A name that we give to a link, or that stands in a unit.
LINK = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")
#: A link that pppd numbers by itself. Whoever dials first has ppp0, so it is a customer's unless the contrary is said.
NUMBERED = re.compile(r"ppp[0-9]+")


def check_name(name: str) -> None:
    """Refuse what is no name of an instance."""
    if not NAME.fullmatch(name):
        raise Refused("name", f"{name!r} is not an instance name.", "Use 1 to 32 of the characters A-Z a-z 0-9 _ -.")


def check_interface(parameter: str, name: str) -> None:
    """Refuse what is not the name of one interface."""
    if not INTERFACE.fullmatch(name):
        raise Refused(
            parameter,
            f"{name!r} is not the name of an interface.",
            "Give one name of up to 15 characters out of A-Z a-z 0-9 _ . @ -, and no pattern.",
        )


def check_number(parameter: str, value: int, least: int, most: int, unit: str = "") -> int:
    """Refuse a number that is out of range."""
    if not least <= value <= most:
        raise Refused(parameter, f"{value} is out of range.", f"Give {least} to {most}{unit and ' ' + unit}.")
    return value


def mac(parameter: str, text: str) -> str:
    """An Ethernet address as the kernel writes it, from any of ``02:0A:…``, ``2:a:…``, ``02-0a-…``, ``020a.…``."""
    parts = re.split("[:-]", text.strip().lower())
    digits = "".join(part.zfill(2) for part in parts) if len(parts) == 6 else "".join(parts).replace(".", "")
    if not re.fullmatch("[0-9a-f]{12}", digits) or len(set(re.findall("[:.-]", text))) > 1:
        raise Refused(parameter, f"{text!r} is not an Ethernet address.", 'Write it in quotes, as "02:64:74:00:01:02".')
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def is_numbered(name: str) -> bool:
    """Whether pppd chose this name of a link."""
    return NUMBERED.fullmatch(name) is not None
