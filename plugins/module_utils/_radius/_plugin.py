# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of pppd's plugin ``radius.so``. Private to this collection. Pure.

The plugin reads them at the first login of each session, and whatever it does not like there shows to the customer as
a wrong password. So what is written is held against the plugin's own grammar first (pppd/plugins/radius/config.c).
"""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _radius as _layout_radius

# Those of a program that is only there for pppd; no daemon of the user's has them.
AUTHENTICATION_PORT, ACCOUNTING_PORT = 21812, 21813
# What the script that begins sessions gives to each.
_SESSION = "Acct-Multi-Session-Id="
_STRINGS = ("nas_identifier", "servers", "dictionary", "mapfile", "seqfile", "nologin", "default_realm")
_NUMBERS = ("login_tries", "login_timeout", "radius_timeout", "radius_retries")
_NEEDED = ("authserver", "acctserver", *_STRINGS[1:5], "radius_timeout", "radius_retries")
#: The longest value of an ``avpair``: a longer one overruns a buffer of pppd (pppd/plugins/radius/avpair.c).
MOST_VALUE = 63
#: The longest line that is read whole, and the longest secret of which nothing is cut off.
_LINE, _SECRET = 511, 48


def client_file(nas_identifier: str) -> str:
    """pppd talks to this host only: while it waits for an answer it hears nothing else, and is hung up."""
    text = _layout_header.LINE + (
        "auth_order radius\n"
        "login_tries 4\n"
        "login_timeout 60\n"
        "nologin /etc/nologin\n"
        f"nas_identifier {nas_identifier}\n"
        f"authserver 127.0.0.1:{AUTHENTICATION_PORT}\n"
        f"acctserver 127.0.0.1:{ACCOUNTING_PORT}\n"
        f"servers {_layout_radius.SERVERS}\n"
        f"dictionary {_layout_radius.DICTIONARY}\n"
        f"mapfile {_layout_radius.PORT_MAP}\n"
        f"seqfile {_layout_radius.SEQUENCE}\n"
        "radius_timeout 5\n"
        "radius_retries 2\n"
    )
    problem = grammar_problem(text)
    if problem:
        raise Failed(f"{_layout_radius.CLIENT}: {problem}.")
    return text


def grammar_problem(text: str) -> str | None:
    """What the plugin would read otherwise than it is meant; ``None`` if there is nothing."""
    if not text.endswith("\n"):
        return "the last line has no end, so its last character would be cut off"
    seen: dict[str, str] = {}
    for number, line in enumerate(text[:-1].split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        problem = _line_problem(line, seen)
        if problem:
            return f"line {number}: {problem}"
    missing = [name for name in _NEEDED if name not in seen]
    return f"{', '.join(missing)} is missing" if missing else None


def _line_problem(line: str, seen: dict[str, str]) -> str | None:
    name, _blank, value = line.partition(" ")
    if len(line.encode()) > _LINE:
        return f"it is longer than {_LINE} bytes"
    if line != line.strip():
        return "a blank at an end of it would belong to the value"
    if not value or value != value.strip():
        return f"{name} has no value, or more than one blank before it"
    if name in seen:
        return f"{name} stands there twice, and the second one would count"
    seen[name] = value
    if name in _NUMBERS:
        return None if value.isascii() and value.isdigit() and int(value) > 0 else f"{name} is not a number above 0"
    if name in ("authserver", "acctserver"):
        return _servers_problem(value)
    if name == "auth_order":
        return None if value in ("radius", "local", "radius,local", "local,radius") else f"unknown order {value}"
    return None if name in _STRINGS else f"there is no option {name}"


def _servers_problem(value: str) -> str | None:
    places = value.split(",")
    if len(places) > 8:
        return "there are more than 8 servers, which would overrun the plugin's list"
    for place in places:
        _host, colon, port = place.rpartition(":")
        if not colon or not port.isdigit() or not 0 < int(port) < 65536:
            return f"{place!r} is not a server and port"
    return None


def servers_file(secret: str) -> str:
    if len(secret) > _SECRET or not secret.isalnum():
        raise Failed("The secret between pppd and FreeRADIUS is not as this module makes it.")
    return f"{_layout_header.LINE}127.0.0.1 {secret}\n"


def secret_of(servers_text: str | None) -> str | None:
    """The secret that stands in the file, if it is one that can stay."""
    for line in (servers_text or "").splitlines():
        words = line.split()
        if words[:1] == ["127.0.0.1"] and len(words) == 2 and words[1].isalnum() and 16 <= len(words[1]) <= _SECRET:
            return words[1]
    return None


def option_lines(ac_name: str | None) -> list[str]:
    """pppd's options for the sessions of an instance. The variable is for the script that begins them."""
    return [
        "plugin radius.so",
        f"radius-config-file {_layout_radius.CLIENT}",
        "plugin radattr.so",
        f"set DIALTONE_RADIUS={ac_name or '-'}",
    ]


def sessions(processes: t.Iterable[_processes.Process], exists: t.Callable[[str], bool]) -> list[int]:
    """The pppds that have logged in by RADIUS, of instances that are still there (``exists``: their options file)."""
    return [
        process.pid
        for process in processes
        if any(word.startswith(_SESSION) for word in process.argv)
        and exists(_processes.after(process.argv, "file") or "")
    ]
