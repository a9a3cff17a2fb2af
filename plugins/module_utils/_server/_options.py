# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""More options of pppd for the sessions of an instance, as a user may give them. Private to this collection. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

# How pppd is told the addresses of both ends.
_ADDRESSES = re.compile(r"[0-9.]*:[0-9.]*\Z")

# Options that contradict what the server or a parameter does: the options, and what to do instead.
_CONTRADICTIONS = (
    ("noauth", "It would admit clients without a password."),
    ("auth require-chap require-pap require-mschap require-mschap-v2 require-eap +chap +pap", "Use authentication."),
    ("refuse-chap refuse-pap refuse-mschap refuse-mschap-v2 refuse-eap -chap -pap", "Use authentication."),
    ("login", "Use system_login."),
    ("show-password", "The log would have the secrets of clients."),
    ("detach nodetach updetach up_sdnotify", "pppoe-server waits for the end of each pppd."),
    ("persist demand maxfail holdoff", "A server does not dial."),
    ("file call plugin pty connect notty socket record unit ifname rp_pppoe_sess", "pppoe-server sets it itself."),
    ("ms-dns dns-addr", "Use dns_servers."),
    ("noipv6 +ipv6 ipv6", "Use ipv6."),
    ("mtu", "Use mtu."),
    ("mru", "Use mru."),
    ("lcp-echo-interval", "Use lcp_echo_interval."),
    ("lcp-echo-failure", "Use lcp_echo_failure."),
    ("ipcp-accept-remote ipcp-accept-local", "A client could take any address it likes."),
)
_INSTEAD = {option: fix for options, fix in _CONTRADICTIONS for option in options.split()}


def parsed(parameters: t.Mapping[str, t.Any]) -> tuple[tuple[bytes, ...], ...]:
    """The words of each of ``options``, or ``Refused``."""
    options = tuple(_option(index, line) for index, line in enumerate(parameters["options"]))
    for index, words in enumerate(options):
        if words[0] == b"ip-up-script" and parameters["single_session"] != "allow":
            raise Refused(
                f"options[{index}]",
                "single_session={} has a script there itself.".format(parameters["single_session"]),
                "Put yours into /etc/ppp/ip-up, which that script calls.",
            )
        if words[0] == b"ip-up-script" and parameters["radius"]:
            raise Refused(
                f"options[{index}]",
                "radius has a script there itself, which sets routes.",
                "Put yours into /etc/ppp/ip-up, which that script calls.",
            )
    return options


def check_option(line: str) -> None:
    """``Refused`` for what may not stand in ``options``."""
    _option(0, line)


def _option(index: int, line: str) -> tuple[bytes, ...]:
    parameter = f"options[{index}]"
    try:
        words = [] if re.search("[\0\r\n]", line) else _words.words(line.encode("utf-8"))
    except _words.UnclosedQuote:
        raise Refused(parameter, f"{line!r} has an unclosed quotation mark.", "Close it.") from None
    if not words:
        raise Refused(parameter, f"{line!r} is not a pppd option.", "Give one, such as 'idle 600'.")
    first = words[0].decode("utf-8", "replace")
    if _ADDRESSES.match(first):
        raise Refused(parameter, f"'{first}' sets addresses.", "Use the parameters local_address and pool.")
    if first in _INSTEAD:
        raise Refused(parameter, f"'{first}' is not for this list.", _INSTEAD[first])
    # To pppd a line's end is white space like any other: an option would hide behind another one.
    for word in (word.decode("utf-8", "replace") for word in words[1:]):
        if word in _INSTEAD or _ADDRESSES.match(word):
            raise Refused(parameter, f"'{word}' follows '{first}' there.", "Put each option in a separate entry.")
    return tuple(words)
