# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sessions
short_description: The customers who are connected now, as hosts
version_added: 0.1.0
description:
  - Asks PPPoE servers for their live sessions, with M(dialtone.pppoe.pppoe_session_info), and makes each session a
    host, so that a playbook can run against whoever is connected.
  - The servers are hosts of the inventory sources that come before this one, and are reached as any playbook reaches
    them. A playbook of its own does that, run with the settings of C(ansible.cfg) and of the environment; what the
    command line says of users, passwords and vaults does not reach it.
  - The file's name must end in C(pppoe_sessions.yml) or C(pppoe_sessions.yaml).
  - A host is named by its account, as C(ACCOUNT@ADDRESS) if the account has several sessions, or if another host or
    C(localhost) has that name. Without an account it is named by its address, and so it is where the account has other
    characters than letters, digits and C(_ . @ + -), or begins with one of these.
  - Its variables are C(ansible_host) (the customer's address), C(pppoe_user), C(pppoe_address), C(pppoe_server) (the
    server's name in the inventory), and C(pppoe_session) with all that is known of the session.
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
    description: Which hosts are the servers, as a pattern.
    type: str
    default: pppoe_servers
  sources:
    description: The inventory sources that have the servers. By default those that come before this one.
    type: list
    elements: path
  become:
    description: Whether to become root on the servers, who alone can read whose sessions there are.
    type: bool
    default: true
  require_all:
    description:
      - Whether it is an error if a server does not answer. Otherwise there is a warning, and the customers of the
        others are listed.
    type: bool
    default: false
  group:
    description: The group that all of them are in.
    type: str
    default: pppoe_sessions
requirements:
  - The servers must be within reach when the inventory is read. Where that takes long, use O(cache).
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
# Customers are reached by way of their server.
compose:
  ansible_ssh_common_args: "'-o ProxyJump=root@' ~ pppoe_server"
# Ask the servers once in five minutes.
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/pppoe_sessions
cache_timeout: 300
"""

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

#: Set for the playbook that asks the servers, whose inventory may have this very source in it.
ASKING = "DIALTONE_PPPOE_ASKS_FOR_SESSIONS"

# What is neither a pattern for hosts nor a way to another folder: playbooks name files by their hosts.
_PLAIN = re.compile(r"[^\W_][\w.@+-]{0,252}\Z")

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


def named(rows: list[Row], taken: t.Container[str]) -> list[tuple[str, Row]]:
    """Each session with its host's name; ``taken`` are names that other hosts have."""
    sessions = [row for row in rows if row.get("role") == "server" and row.get("address")]
    times = Counter(session["username"] for session in sessions)
    found: dict[str, Row] = {}
    for session in sessions:
        account = session["username"] or ""
        name = account if _PLAIN.match(account) else session["address"]
        if times[name] > 1 or name in taken:
            name = f"{name}@{session['address']}"
        # The same account and address on two servers, which do not know of each other.
        if name in found:
            name = f"{name}@{session['host']}"
        number = 2
        while name in found or name in taken:
            name, number = f"{name.partition('#')[0]}#{number}", number + 1
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
        rows = self._rows(self.get_cache_key(path), cache)
        group = inventory.add_group(self._sanitize_group_name(self.get_option("group")))
        taken = {*inventory.hosts, *inventory.groups, *C.LOCALHOST}
        for name, session in named(rows, taken):
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
                    f"No host of {servers!r} in {', '.join(sources)} has told its sessions:\n{said.strip()}"
                )
            with open(answer, encoding="utf-8") as handle:
                rows: list[Row] = json.load(handle)
        self._tell_of_silent_servers([row for row in rows if "problem" in row])
        return rows

    def _tell_of_silent_servers(self, silent: list[Row]) -> None:
        problems = [f"{row['host']} has not told its sessions: {row['problem']}" for row in silent]
        if problems and self.get_option("require_all"):
            raise AnsibleParserError("\n".join(problems))
        for problem in problems:
            self.display.warning(problem)
