# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pppoe-server-options that somebody has written, in parameters. Private to this collection. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _option_words as _adopt_option_words
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _options as _server_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _unmanaged as _server_unmanaged

BOM = b"\xef\xbb\xbf"
_METHODS = {
    "require-chap": "chap",
    "+chap": "chap",
    "require-pap": "pap",
    "+pap": "pap",
    "require-mschap-v2": "mschap-v2",
    "+mschap-v2": "mschap-v2",
    "require-mschap": "mschap",
    "+mschap": "mschap",
    "require-eap": "eap",
}
# What the peer is allowed to ask for, or how this host presents itself: without effect where it only asks.
_WITHOUT_EFFECT = re.compile(r"refuse-|-chap\Z|-pap\Z|-mschap")
_RADIUS_CONFIG = "radius-config-file"
_OF_RADIUS = ("radius-avpair", "avpair", "map-to-ifname", "map-to-ttyname", "realms-config-file")
# Ansible would run what stands between these, once they are in an inventory.
_TEMPLATE = re.compile(r"\{[{%#]")


@dataclass
class OptionsFile:
    """``authentication``: each method that is asked for, as pppd's options name it, in their order.

    ``required``: whether clients must authenticate, ``None`` if no option says. ``name``: the server's own, for the
    second column of the secrets files. ``plugins``: those that may decide who gets in. ``others``: options for the
    parameter ``options``. ``dropped``: an option, and the reason why it cannot be kept. ``broken``: what pppd cannot
    read, in words; ``base``: plugins of /etc/ppp/options, which go on to hold. ``of_radius``: options of the plugins
    for RADIUS, with their values; ``radius_config``: the file that one of them names.
    """

    authentication: list[str] = field(default_factory=list)
    required: bool | None = None
    login: bool = False
    name: str | None = None
    dns_servers: list[str] = field(default_factory=list)
    lcp_echo_interval: int = 0
    lcp_echo_failure: int = 0
    sizes: list[str] = field(default_factory=list)
    plugins: list[str] = field(default_factory=list)
    base_plugins: list[str] = field(default_factory=list)
    of_radius: list[str] = field(default_factory=list)
    radius_config: str | None = None
    others: list[str] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def read(content: bytes, base: bytes = b"") -> OptionsFile:
    """The options of each session; ``base``: those of /etc/ppp/options, which pppd reads before."""
    found = OptionsFile()
    for words in _adopt_option_words.options(_lines(base, found, "/etc/ppp/options")):
        # Whatever else stands there goes on to hold for each session.
        if words[0] == "plugin" and len(words) == 2 and not _server_unmanaged.carries_sessions(words[1]):
            found.base_plugins.append(words[1])
        elif words[0].startswith("lcp-echo-") or words[0] in (*_METHODS, "auth", "noauth", "login", "name"):
            _take(found, words)
    of_base = found.name
    for words in _adopt_option_words.options(_lines(content, found, "")):
        _take(found, words)
    if found.name != of_base:
        found.others.append(f"name {_quoted(found.name or '')}")
    if not found.plugins:
        # They belong to a plugin of /etc/ppp/options.
        named = [f"{_RADIUS_CONFIG} {_quoted(found.radius_config)}"] if found.radius_config else []
        found.others += [*named, *found.of_radius]
    return found


def asks_radius(found: OptionsFile) -> bool:
    """Whether its customers are in RADIUS by its own options, rather than by those of all sessions."""
    here, base = (map(_server_unmanaged.plugin_name, plugins) for plugins in (found.plugins, found.base_plugins))
    return "radius" in here and "radius" not in base


def _lines(content: bytes, found: OptionsFile, path: str) -> list[list[str]]:
    """The words of each line; those behind a quotation without an end are none to pppd either."""
    lines: list[list[str]] = []
    if content.startswith(BOM):
        found.broken.append(f"{path or '{path}'} begins with a byte order mark, which pppd takes for an option")
        content = content[len(BOM) :]
    try:
        for line in _words.lines(content):
            lines.append([word.decode("utf-8", "replace") for word in line.words])
    except _words.UnclosedQuote as error:
        found.broken.append(f"line {error.line} of {path or '{path}'}: a quotation mark is not closed")
    return lines


def _take(found: OptionsFile, words: list[str]) -> None:
    first, value = words[0], words[-1]
    if first in _METHODS:
        method = _METHODS[first]
        found.required = True
        if method not in found.authentication:
            found.authentication.append(method)
    elif first in ("auth", "noauth"):
        found.required = first == "auth"
    elif first == "login":
        found.login = True
    elif first == "name" and len(words) == 2:
        found.name = value
    elif first == "plugin" and len(words) == 2 and not _server_unmanaged.carries_sessions(value):
        found.plugins.append(value)
    elif first in ("ms-dns", "dns-addr"):
        # pppd keeps the first and the last (options.c setdnsaddr).
        found.dns_servers = [*found.dns_servers[:1], value]
    elif first == "lcp-echo-interval" and value.isdigit():
        found.lcp_echo_interval = int(value)
    elif first == "lcp-echo-failure" and value.isdigit():
        found.lcp_echo_failure = int(value)
    elif first == _RADIUS_CONFIG and len(words) == 2:
        found.radius_config = value
    elif first in _OF_RADIUS:
        found.of_radius.append(" ".join(words))
    elif first in ("mtu", "mru"):
        found.sizes.append(" ".join(words))
    elif not _WITHOUT_EFFECT.match(first):
        _take_other(found, words)


def _quoted(word: str) -> str:
    return _words.quote(word.encode("utf-8", "replace")).decode()


def _take_other(found: OptionsFile, words: list[str]) -> None:
    try:
        text = " ".join(map(_quoted, words))
    except ValueError as error:
        found.dropped.append((words[0], f"{str(error).capitalize()}."))
        return
    if _TEMPLATE.search(text):
        found.dropped.append((text, "Ansible would take it for a template."))
        return
    try:
        _server_options.check_option(text)
    except Refused as error:
        found.dropped.append((text, error.fix))
        return
    found.others.append(text)
