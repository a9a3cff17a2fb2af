# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sessions
short_description: Connected PPPoE clients as hosts
version_added: 0.1.0
description:
  - Reads the live sessions of PPPoE servers with M(dialtone.pppoe.pppoe_session_info), and adds each session as a host,
    so that a playbook can run against all connected clients.
  - The servers are hosts of the inventory sources before this one. They are queried by a separate playbook run, which
    uses the settings of C(ansible.cfg) and the environment, but not users, passwords and vaults that are given on the
    command line.
  - The file's name must end in C(pppoe_sessions.yml) or C(pppoe_sessions.yaml).
  - The name of a host is O(prefix) and the account, such as C(session@cmz). Since variables belong to the name of a
    host, whichever source defines them, the prefix prevents that an account has the name of one of your hosts or
    groups.
  - Characters of an account other than letters, digits and C(_ . @ + -) are written as in a URL, C(%2F) for a slash. An
    account with several sessions has hosts with their addresses, C(session@cmz#192.168.10.2), and a session without an
    account is named by its address alone, C(session@#192.168.10.2).
  - Its variables are C(ansible_host) (the client's address), C(pppoe_user), C(pppoe_address), C(pppoe_server) (the
    server's name in the inventory), and C(pppoe_session) with all details of the session, also its IPv6
    prefixes. Their values come from clients and servers, and are never evaluated as templates.
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [dialtone.pppoe.sessions]
  servers:
    description: Host pattern of the servers.
    type: str
    default: pppoe_servers
  sources:
    description: The inventory sources with the servers. Default are those before this one.
    type: list
    elements: path
  become:
    description: Whether to become root on the servers, which is required to read the accounts of sessions.
    type: bool
    default: true
  require_all:
    description:
      - Whether to fail if a server does not answer. Otherwise there is a warning, and the clients of the other servers
        are listed.
    type: bool
    default: false
  prefix:
    description:
      - What the name of each host begins with. Choose one with which no other host and no group begins.
      - It has letters, digits and C(_ . @ + -), and begins with a letter or digit.
    type: str
    default: session@
  group:
    description: The group of all these hosts.
    type: str
    default: pppoe_sessions
notes:
  - An entry of O(keyed_groups) needs a O(keyed_groups[].prefix), or its leading separator. Without, a customer could
    choose a group of yours by the name of his account.
requirements:
  - The servers must be reachable when the inventory is read. If that takes long, use O(cache).
seealso:
  - module: dialtone.pppoe.pppoe_session_info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
# online.pppoe_sessions.yml, used as: ansible-playbook -i inventory.yml -i online.pppoe_sessions.yml reboot_routers.yml
plugin: dialtone.pppoe.sessions
# A group for each server, such as on_gate.
keyed_groups:
  - key: pppoe_server
    prefix: "on"
# Clients are reached through their server.
compose:
  ansible_ssh_common_args: "'-o ProxyJump=root@' ~ pppoe_server"
# Query the servers at most once in five minutes.
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/pppoe_sessions
cache_timeout: 300
"""

import ipaddress
import json
import os
import re
import subprocess
import sys
import tempfile
import typing as t
from collections import Counter

from ansible import constants as C
from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text

#: Set for the playbook that asks the servers, whose inventory may have this very source in it.
ASKING = "DIALTONE_PPPOE_ASKS_FOR_SESSIONS"

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]*\Z")
# What is neither a pattern for hosts nor a way to another folder stays; playbooks name files by their hosts.
_UNSAFE = re.compile(r"[^\w.@+-]")
#: A longer name of an account is left out of its host's, since files are named by hosts.
MOST_LETTERS = 200

Row = dict[str, t.Any]


def playbook(servers: str, become: bool, answer: str) -> list[dict[str, t.Any]]:
    """The playbook that writes the sessions of all servers to the file ``answer``."""
    rows = "{{ hostvars | dialtone.pppoe.host_rows(ansible_play_hosts_all, 'pppoe_online', ['sessions']) | to_json }}"
    return [
        {
            "name": "Ask PPPoE servers for their sessions",
            "hosts": servers,
            "gather_facts": False,
            "become": become,
            "tasks": [
                {"name": "Ask", "dialtone.pppoe.pppoe_session_info": {}, "register": "pppoe_online"},
                {
                    "name": "Write what they say",
                    "ansible.builtin.copy": {"content": rows, "dest": answer, "mode": "0600"},
                    "delegate_to": "localhost",
                    "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
                    "become": False,
                    "check_mode": False,
                    "run_once": True,
                },
            ],
        }
    ]


def escaped(text: str) -> str:
    """The text with what a pattern, a path or a template is made of as in a URL; no two texts become the same."""
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode("utf-8", "replace")), text)


def valid(rows: t.Any) -> tuple[list[Row], list[str]]:
    """The customers' sessions among what servers have said, and the servers that have said something else.

    A server that is not what it seems to be must not get further than its own sessions.
    """
    found, odd = [], []
    for row in rows if isinstance(rows, list) else []:
        # The name of its host is the controller's own (host_rows).
        if not isinstance(row, dict) or not isinstance(row.get("host"), str):
            continue
        if row.get("role") != "server" or not row.get("address"):
            continue
        if _is_address(row["address"]) and isinstance(row.get("username"), (str, type(None))):
            found.append({key: value for key, value in row.items() if isinstance(value, _PLAIN)})
        elif row["host"] not in odd:
            odd.append(row["host"])
    return found, odd


_PLAIN = (str, int, float, type(None))


def _is_address(value: t.Any) -> bool:
    try:
        return isinstance(value, str) and str(ipaddress.IPv4Address(value)) == value
    except ValueError:
        return False


def named(sessions: list[Row], taken: t.Container[str], prefix: str = "session@") -> list[tuple[str, Row]]:
    """Each session with its host's name; ``taken`` are names that other hosts and groups have.

    ``#`` comes before what is not the account, and is escaped in accounts, so that nobody's account is the name of
    another session.
    """
    times = Counter(session["username"] for session in sessions)
    found: dict[str, Row] = {}
    for session in sessions:
        account = escaped(session["username"] or "")
        account = "" if len(account) > MOST_LETTERS else account
        name = prefix + account
        if not account or times[session["username"]] > 1 or name in taken:
            name = f"{name}#{session['address']}"
        # The same account and address on two servers, which do not know of each other.
        if name in found:
            name = f"{name}#{escaped(session['host'])}"
        base, number = name, 2
        while name in found or name in taken:
            name, number = f"{base}#{number}", number + 1
        found[name] = session
    return list(found.items())


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "dialtone.pppoe.sessions"

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith(("pppoe_sessions.yml", "pppoe_sessions.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        if ASKING in os.environ:
            return
        self._check_options()
        sessions, odd = valid(self._rows(self.get_cache_key(path), cache))
        for host in odd:
            self.display.warning(f"{host} has returned sessions without a valid address or account; they are left out.")
        group = inventory.add_group(self._sanitize_group_name(self.get_option("group")))
        taken = {*inventory.hosts, *inventory.groups, *C.LOCALHOST}
        for name, session in named(sessions, taken, self.get_option("prefix")):
            inventory.add_host(name, group=group)
            variables = {
                "ansible_host": session["address"],
                "pppoe_user": session["username"],
                "pppoe_address": session["address"],
                "pppoe_server": session["host"],
                "pppoe_session": {key: value for key, value in session.items() if key != "host"},
            }
            for key, value in variables.items():
                inventory.set_variable(name, key, value)
            strict = self.get_option("strict")
            self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)

    def _check_options(self) -> None:
        prefix = self.get_option("prefix")
        if not _PREFIX.match(prefix):
            raise AnsibleParserError(
                f"prefix: {prefix!r} does not begin with a letter or digit, or has other characters than letters, "
                "digits and _ . @ + -. Without a prefix, a customer could choose the name of another host."
            )
        for entry in self.get_option("keyed_groups") or []:
            leading = self.get_option("leading_separator") and entry.get("separator", "_")
            if not (leading or entry.get("prefix")):
                raise AnsibleParserError(
                    "keyed_groups: an entry without a prefix lets a customer choose the name of the group. Give it one."
                )

    def _sanitize_group_name(self, name: str) -> str:
        return str(super()._sanitize_group_name(escaped(name)))

    def _rows(self, key: str, cache: bool) -> list[Row]:
        caching = self.get_option("cache")
        if caching and cache and key in self._cache:
            known: list[Row] = self._cache[key]
            return known
        rows = self._ask()
        if caching:
            self._cache[key] = rows
        return rows

    def _ask(self) -> list[Row]:
        servers = self.get_option("servers")
        # Of a folder, each file is a source that was processed, and the folder itself is one without a name.
        sources = self.get_option("sources") or [source for source in self.inventory.processed_sources if source]
        if not sources:
            raise AnsibleParserError("No inventory source comes before this one: name those of the servers in sources.")
        with tempfile.TemporaryDirectory(prefix="pppoe-sessions-") as folder:
            answer, play = os.path.join(folder, "answer.json"), os.path.join(folder, "play.yml")
            with open(play, "w", encoding="utf-8") as handle:
                json.dump(playbook(servers, self.get_option("become"), answer), handle)
            inventories = [word for source in sources for word in ("-i", source)]
            said = subprocess.run(
                [sys.executable, "-m", "ansible", "playbook", *inventories, play],
                env={**os.environ, ASKING: "1", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            ).stdout
            if not os.path.exists(answer):
                raise AnsibleParserError(
                    f"No host of {servers!r} in {', '.join(sources)} has reported its sessions:\n{said.strip()}"
                )
            with open(answer, encoding="utf-8") as handle:
                rows: list[Row] = json.load(handle)
        self._report_silent_servers([row for row in rows if "problem" in row])
        return rows

    def _report_silent_servers(self, silent: list[Row]) -> None:
        problems = [
            f"{row['host']} has not reported its sessions: {_text.printable(str(row['problem']))}" for row in silent
        ]
        if problems and self.get_option("require_all"):
            raise AnsibleParserError("\n".join(problems))
        for problem in problems:
            self.display.warning(problem)
