# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pppoe-server-options that somebody has written, in parameters. Private to this collection. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _options as _server_options

_AUTHENTICATION = {
    "require-chap": "chap",
    "+chap": "chap",
    "require-pap": "pap",
    "+pap": "pap",
    "require-mschap-v2": "mschap-v2",
    "+mschap-v2": "mschap-v2",
    "require-mschap": "",
    "+mschap": "",
    "require-eap": "",
}
_ONE_ARGUMENT = ("ms-dns", "dns-addr", "lcp-echo-interval", "lcp-echo-failure", "mtu", "mru", "plugin")
# Those that stand on a line with others in the files of tutorials; of what is not listed, the rest of the line is
# taken for arguments.
_ALONE = {
    "auth",
    "noauth",
    "login",
    "lock",
    "nolock",
    "crtscts",
    "nocrtscts",
    "modem",
    "local",
    "debug",
    "nodetach",
    "proxyarp",
    "noproxyarp",
    "nobsdcomp",
    "nodeflate",
    "noccp",
    "noaccomp",
    "nopcomp",
    "novj",
    "novjccomp",
    "noipx",
    "noipv6",
    "default-asyncmap",
    "hide-password",
    "show-password",
    "nodefaultroute",
    "ipcp-accept-remote",
    "ipcp-accept-local",
    "persist",
    "nopersist",
    "ktune",
    "noktune",
    "nomppe",
    "silent",
    "usepeerdns",
    "sync",
}
# Ansible would run what stands between these, once they are in an inventory.
_TEMPLATE = re.compile(r"\{[{%#]")


@dataclass
class Options:
    """``authentication``: each method that is accepted, ``""`` for one that the server cannot be given.

    ``others``: options for the parameter ``options``. ``dropped``: an option, and the reason why it cannot be kept.
    """

    authentication: list[str] = field(default_factory=list)
    noauth: bool = False
    login: bool = False
    dns_servers: list[str] = field(default_factory=list)
    lcp_echo_interval: int = 0
    lcp_echo_failure: int = 0
    sizes: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)


def read(content: bytes, base: bytes = b"") -> Options:
    """The options of each session; ``base``: those of /etc/ppp/options, which pppd reads before.

    ``_words.UnclosedQuote`` for a file that pppd does not read as it looks.
    """
    found = Options()
    for words in _options(base):
        # Whatever else stands there goes on to hold for each session.
        if words[0].startswith("lcp-echo-") or words[0] in _AUTHENTICATION:
            _take(found, words)
    for words in _options(content):
        _take(found, words)
    return found


def _options(content: bytes) -> t.Iterator[list[str]]:
    for line in _words.lines(content):
        words = [word.decode("utf-8", "replace") for word in line.words]
        while words:
            first = words[0]
            alone = first in _ALONE or first in _AUTHENTICATION or first.startswith(("refuse-", "-chap", "-pap"))
            count = 1 if alone else 2 if first in _ONE_ARGUMENT else len(words)
            yield words[:count]
            words = words[count:]


def _take(found: Options, words: list[str]) -> None:
    first, value = words[0], words[-1]
    if first in _AUTHENTICATION:
        found.authentication.append(_AUTHENTICATION[first])
    elif first in ("auth", "noauth"):
        found.noauth = first == "noauth"
    elif first == "login":
        found.login = True
    elif first in ("ms-dns", "dns-addr"):
        # pppd keeps the first and the last (options.c setdnsaddr).
        found.dns_servers = [*found.dns_servers[:1], value]
    elif first == "lcp-echo-interval" and value.isdigit():
        found.lcp_echo_interval = int(value)
    elif first == "lcp-echo-failure" and value.isdigit():
        found.lcp_echo_failure = int(value)
    elif first in ("mtu", "mru"):
        found.sizes.append(" ".join(words))
    elif not first.startswith(("refuse-", "-chap", "-pap")):
        _take_other(found, words)


def _take_other(found: Options, words: list[str]) -> None:
    text = b" ".join(_words.quote(word.encode("utf-8", "replace")) for word in words).decode()
    if _TEMPLATE.search(text):
        found.dropped.append((text, "Ansible would take it for a template."))
        return
    try:
        _server_options.check_option(text)
    except Refused as error:
        found.dropped.append((text, error.fix))
        return
    found.others.append(text)
