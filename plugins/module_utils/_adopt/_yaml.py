# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The unmanaged servers of a host, as a file of variables. Private to this collection. Pure.

It runs on the controller, with what a managed host sent: every value is data. See the filter ``adopted``.
"""

from __future__ import annotations

import json
import re
import textwrap
import typing as t

#: The variables that the module gives, each with the type of its value.
VARIABLES: t.Mapping[str, type] = {
    "pppoe_server_name": str,
    "pppoe_server_interfaces": list,
    "pppoe_server_outside_interface": str,
    "pppoe_server_nat": bool,
    "pppoe_server_nat_sources": list,
    "pppoe_server_local_address": str,
    "pppoe_server_pool": list,
    "pppoe_server_authentication": str,
    "pppoe_server_system_login": bool,
    "pppoe_server_dns_servers": list,
    "pppoe_server_lcp_echo_interval": int,
    "pppoe_server_lcp_echo_failure": int,
    "pppoe_server_options": list,
    "pppoe_server_ac_name": str,
    "pppoe_server_service_names": list,
    "pppoe_server_sessions_per_mac": int,
    "pppoe_server_startup": str,
    "pppoe_server_radius": dict,
}
_RADIUS = "pppoe_server_radius"
HEADINGS = {
    "refused": "To be solved first, as site.yml is refused or leaves customers without a connection:",
    "problem": "Wrong now, and not fixed by site.yml:",
    "change": "What site.yml would change:",
    "stays": "What site.yml leaves unchanged:",
}
MOST_ACCOUNTS = 20
_PREFIX = "pppoe_server_"
_WIDTH = 112
# What Jinja evaluates, and what begins a tag in YAML is inside quotation marks anyway.
_TEMPLATE = re.compile(r"\{[{%#]|[}%#]\}")
_VARIABLE = re.compile(r"vault_\w+\Z", re.ASCII)
_SECRET = re.compile(r"\{\{ (vault_\w+) \}\}", re.ASCII)


def document(result: t.Mapping[str, t.Any], host: str) -> str:
    """The text of the file. ``KeyError``, ``TypeError`` or ``ValueError`` for what the module does not return."""
    servers, findings = result["servers"], result.get("findings", [])
    lines = ["---", *_comment(host, "")]
    if not servers:
        lines.append("# No unmanaged pppoe-server was found.")
    lines += _findings(findings)
    if len(servers) == 1:
        lines += [*_server(servers[0]), *_variables(servers[0]["variables"])]
    elif servers:
        lines += _instances(servers)
    return "\n".join(lines) + "\n"


def _instances(servers: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """Several daemons of one host, each an entry of the role's list."""
    given = [server["variables"] for server in servers]
    # A host has one set of RADIUS servers, which no instance has.
    radius = next(({_RADIUS: one[_RADIUS]} for one in given if one.get(_RADIUS)), {})
    lines = [*_variables(radius), "pppoe_server_instances:"]
    for server in servers:
        own = {name: value for name, value in server["variables"].items() if name != _RADIUS}
        variables = _variables({"pppoe_server_name": own["pppoe_server_name"], **own})
        entry = [line[len(_PREFIX) :] if line.startswith(_PREFIX) else line for line in variables]
        lines += [*_server(server), *(f"{'  ' if index else '- '}{line}" for index, line in enumerate(entry))]
    return lines


def _server(server: t.Mapping[str, t.Any]) -> list[str]:
    """The comments on a daemon."""
    process = f"Process {int(server['pid'])}" if server["pid"] is not None else "Not running"
    sessions, accounts = int(server["live_sessions"]), server["accounts"]
    return [
        *_comment(f"{process}: {' '.join(map(str, server['command']))}", "  "),
        f"# {sessions} live sessions, {len(accounts)} accounts.",
        *_findings(server["findings"]),
        *_accounts(accounts),
    ]


def _comment(value: t.Any, indent: str, first: str = "") -> list[str]:
    """Lines of a comment: printable ASCII and nothing else."""
    plain = "".join(character if " " <= character <= "~" else "?" for character in str(value))
    wrapped = textwrap.wrap(plain, _WIDTH, break_long_words=True, break_on_hyphens=False) or [""]
    return [f"# {first if index == 0 else indent}{line}".rstrip() for index, line in enumerate(wrapped)]


def _findings(findings: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    lines: list[str] = []
    for kind, heading in HEADINGS.items():
        mine = [finding for finding in findings if finding["kind"] == kind]
        lines += ["#", f"# {heading}"] if mine else []
        for finding in mine:
            lines += _comment(f"{finding['text']} {finding['why']}", "  ", "- ")
    return lines


def _accounts(accounts: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    named = [account for account in accounts if account["name"] != "*"]
    if not named:
        return []
    lines = [
        "#",
        "# To keep accounts in the inventory from now on, list them with the secrets in a vault:",
        "# pppoe_server_accounts:",
    ]
    for account in named[:MOST_ACCOUNTS]:
        variable = str(account["variable"])
        if not _VARIABLE.match(variable):
            raise ValueError(f"{variable!r} is not a variable of a vault")
        addresses = "[{}]".format(", ".join(map(text, account["addresses"])))
        lines.append(f'#   - {{name: {text(account["name"])}, addresses: {addresses}, secret: "{{{{ {variable} }}}}"}}')
    if len(named) > MOST_ACCOUNTS:
        more = len(named) - MOST_ACCOUNTS
        lines.append(f"#   and {more} more; see the result of dialtone.pppoe.pppoe_unmanaged_server_info.")
    return lines


def _variables(variables: t.Mapping[str, t.Any]) -> list[str]:
    lines: list[str] = []
    for name, value in variables.items():
        kind = VARIABLES.get(name)
        if kind is None:
            raise ValueError(f"{name!r} is not a variable of the role")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError(f"the value of {name} is no {kind.__name__}")
        if isinstance(value, dict):
            lines += [f"{name}:", *_radius(value)]
        elif isinstance(value, bool):
            lines.append(f"{name}: {'true' if value else 'false'}")
        elif isinstance(value, list):
            lines += [f"{name}:", *(f"- {text(item)}" for item in value)] if value else [f"{name}: []"]
        else:
            lines.append(f"{name}: {value if isinstance(value, int) else text(value)}")
    return lines


def _radius(value: t.Mapping[str, t.Any]) -> list[str]:
    """The servers, each with a variable of a vault as its secret, and the names of the host."""
    lines = ["  servers:"]
    for server in value["servers"]:
        secret = _SECRET.fullmatch(server["secret"])
        if not secret:
            raise ValueError("the secret of a RADIUS server is no variable of a vault")
        port = f", port: {int(server['port'])}" if "port" in server else ""
        lines.append(f'  - {{address: {text(server["address"])}{port}, secret: "{{{{ {secret[1]} }}}}"}}')
    for name in ("nas_identifier", "nas_address"):
        if name in value:
            lines.append(f"  {name}: {text(value[name])}")
    return lines


def text(value: t.Any) -> str:
    """A text as YAML has it in double quotes; bare where it is plain, ``!unsafe`` where Ansible would evaluate it."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    # JSON escapes control characters, quotation marks and all that is not ASCII, which YAML reads alike.
    quoted = json.dumps(value.encode("utf-8", "replace").decode("utf-8"))
    return "!unsafe " + quoted if _TEMPLATE.search(value) else quoted
