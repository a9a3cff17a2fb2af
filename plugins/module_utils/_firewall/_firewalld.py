# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT by a running firewalld, through firewall-cmd. Private to this collection.

What rules of zones cannot say (one interface, both directions of the MSS) stands in direct rules, found by their
comment. But with its nftables backend firewalld drops what direct rules accept, so that what is let through stands in
a policy of our own. A policy begins to act by a reload, which throws away whatever firewalld has in its runtime only.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from contextlib import suppress
from xml.etree import ElementTree

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _rules as _firewall_rules
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import (
    BackendError,
    Comparison,
    Loading,
    Run,
    words,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables_rules import render
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import (
    FirewallRequest,
    firewalld_comment,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._files import read
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

PERMANENT = "--permanent"
PLACES: tuple[tuple[str, ...], ...] = ((), (PERMANENT,))
DIRECTORY, VENDOR = "/etc/firewalld", "/usr/lib/firewalld"
# firewalld's limit for names of policies is 18 (functions.py max_policy_name_len).
LONGEST = 18
BOUND = re.compile(r"put (\S+) into zone (\S+)\.")
NO_RELOAD = (
    "firewalld has settings in its runtime that the reload which a new policy takes would throw away: {}. Make them "
    "permanent with 'firewall-cmd --runtime-to-permanent', or drop them with 'firewall-cmd --reload', and run again."
)


def policy_name(owner: str) -> str:
    """The name of our policy."""
    name = "dialtone-" + owner
    return name if len(name) <= LONGEST else "dialtone-" + hashlib.sha256(owner.encode()).hexdigest()[:9]


def direct_rules(request: FirewallRequest) -> list[str]:
    """The direct rules of a request, as ``--get-all-rules`` lists them."""
    found = []
    for rule in map(render, _firewall_rules.rules(request)):
        family = "ipv6" if rule.family == "ip6" else "ipv4"
        found.append(shlex.join((family, rule.table, rule.chain, "0", *rule.spec(firewalld_comment(request.owner)))))
    return found


def rich_rules(request: FirewallRequest) -> list[str]:
    """The rules of our policy. A range is several networks here; answers and forwarded ports pass firewalld anyway."""
    if request.own_sources:
        return [f'rule family="ipv6" source address="{network}" accept' for network in request.networks6]
    found = []
    for rule in _firewall_rules.admission(request):
        if rule.states or rule.status:
            continue
        networks = [""] if rule.source is None else [f' source address="{net}"' for net in rule.source.networks()]
        family = "ipv6" if rule.family == "ip6" else "ipv4"
        found += [f'rule family="{family}"{network} accept' for network in networks]
    return found


def parse_policy(text: str) -> dict[str, list[str]]:
    """What ``--info-policy`` printed, by key; rich rules are under ``rules``."""
    found: dict[str, list[str]] = {"rules": []}
    for line in text.splitlines():
        key, colon, value = line.strip().partition(":")
        if line.startswith("\t"):
            found["rules"].append(line.strip())
        elif colon and line.startswith("  "):
            found[key] = value.split()
    return found


def runtime_only(runtime: str, permanent: str) -> list[str]:
    """Of what ``--list-all-zones`` (or the like) printed of both, the lines that only the runtime has.

    Interfaces are left out: firewalld keeps them over a reload.
    """
    later = _blocks(permanent)
    return [
        f"{name} {line}" for name, lines in _blocks(runtime).items() for line in sorted(lines - later.get(name, set()))
    ]


def _blocks(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    name = ""
    for line in text.splitlines():
        if line and not line[0].isspace():
            name = line.split(" ")[0]
            found[name] = set()
        elif line.strip() and not line.strip().startswith("interfaces:"):
            # Services, ports and the like have no order.
            key, colon, value = line.strip().partition(":")
            found[name].add(
                line.strip() if line.startswith("\t") else f"{key}{colon} {' '.join(sorted(value.split()))}"
            )
    return found


def same_settings(one: bytes, other: bytes) -> bool:
    """Whether two files of a zone say the same, whatever the order."""
    return _settings(one) == _settings(other)


def _settings(text: bytes) -> list[str]:
    root = ElementTree.fromstring(text)  # noqa: S314 - files of /etc and /usr/lib that only root writes
    return sorted("".join(ElementTree.tostring(child, encoding="unicode").split()) for child in root)


class Firewalld:
    """The firewalld of this host; see ``_backend.Backend``."""

    name = "firewalld"
    label = "firewall-cmd"

    def __init__(self, run: Run, program: str | None, request: FirewallRequest) -> None:
        self.program = program
        self._run = run
        self._request = request
        self._policy = policy_name(request.owner)
        self._mark = firewalld_comment(request.owner)
        self._answers: dict[tuple[str, ...], str] = {}
        self._state = self._answer("--state") if program else "not installed"

    @property
    def running(self) -> bool:
        return self._state == ""

    def probe(self) -> str:
        return self._state

    def remembered(self) -> bool:
        return self.running and bool(self.present())

    def loading(self) -> Loading | None:
        """None: firewalld itself keeps what is permanent."""
        return None

    def present(self) -> tuple[str, ...]:
        if not self.running:
            return ()
        now, later = (self._lines(*place) for place in PLACES)
        return (
            *(line for line in now if line in later),
            *(f"runtime only: {line}" for line in now if line not in later),
            *(f"permanent only: {line}" for line in later if line not in now),
        )

    def compare(self) -> Comparison:
        before = self.present()
        after = tuple(self._wanted_lines()) if self.running else ()
        equal = tuple(f"firewalld zone {zone}: masquerade" for zone in self._masquerading_zones())
        return Comparison(before, after, sorted(before) != sorted(after), (), equal)

    def loss(self) -> str:
        """Why our rules would cost settings of others that are not permanent; empty if they cost none."""
        if sorted(self._policy_lines(self.present())) == sorted(self._policy_lines(tuple(self._wanted_lines()))):
            return ""
        lost = []
        for question in ("--list-all-zones", "--list-all-policies"):
            lost += runtime_only(self._ask(question), self._ask(PERMANENT, question))
        direct = [self._ask(*place, "--direct", "--get-all-rules").splitlines() for place in PLACES]
        lost += [line for line in direct[0] if line not in direct[1] and self._mark not in line]
        lost = [line for line in lost if not line.startswith(self._policy + " ")]
        return NO_RELOAD.format("; ".join(lost[:5])) if lost else ""

    def load(self) -> None:
        wanted = self._wanted_lines()
        anew = sorted(self._policy_lines(self.present())) != sorted(self._policy_lines(tuple(wanted)))
        zone, unbound = self._zone()
        self._make_direct(direct_rules(self._request))
        if anew:
            self._delete_policy()
            if rich_rules(self._request):
                self._make_policy(zone, unbound)
            self._must("--reload")

    def _make_direct(self, rules: list[str]) -> None:
        for place in PLACES:
            there = [line for line in self._ask(*place, "--direct", "--get-all-rules").splitlines() if self._mine(line)]
            for rule in rules:
                if rule not in there:
                    self._must(*place, "--direct", "--add-rule", *shlex.split(rule))
            for line in there:
                if line not in rules:
                    self._must(*place, "--direct", "--remove-rule", *shlex.split(line))

    def _make_policy(self, zone: str, unbound: bool) -> None:
        policy = f"--policy={self._policy}"
        self._must(PERMANENT, f"--new-policy={self._policy}")
        description = _layout_header.sentence()
        if unbound:
            for place in PLACES:
                self._must(*place, f"--zone={zone}", f"--add-interface={self._request.out_interface}")
            description += f" It put {self._request.out_interface} into zone {zone}."
        self._must(PERMANENT, policy, f"--set-description={description}")
        self._must(PERMANENT, policy, "--add-ingress-zone=ANY")
        self._must(PERMANENT, policy, f"--add-egress-zone={zone}")
        for rule in rich_rules(self._request):
            self._must(PERMANENT, policy, f"--add-rich-rule={rule}")

    def clean(self, surplus: tuple[str, ...]) -> None:
        """Nothing is ever left over: all is made anew."""

    def undo(self, before: tuple[str, ...]) -> None:
        if before != self.present():
            self.remove()

    def remove(self) -> None:
        self._make_direct([])
        bound = self._bound_by_us()
        if self._delete_policy():
            self._must("--reload")
        self._tidy(bound[1] if bound else None)

    def _tidy(self, zone: str | None) -> None:
        """Remove the files that firewalld leaves of what is gone, and that were not there before."""
        old = os.path.join(DIRECTORY, "policies", self._policy + ".xml.old")
        direct = os.path.join(DIRECTORY, "direct.xml")
        found = [old]
        text = read(direct) or b""
        if not any(word in text for word in (b"<rule", b"<chain", b"<passthrough")):
            found.append(direct)
        if self._mark.encode() in (read(direct + ".old") or b""):
            found.append(direct + ".old")
        if zone:
            path = os.path.join(DIRECTORY, "zones", zone + ".xml")
            mine, vendor = read(path), read(os.path.join(VENDOR, "zones", zone + ".xml"))
            if mine and vendor and same_settings(mine, vendor):
                found += [path, path + ".old"]
        for path in found:
            with suppress(FileNotFoundError):
                os.unlink(path)

    @staticmethod
    def _policy_lines(lines: tuple[str, ...]) -> list[str]:
        return [line for line in lines if "direct " not in line.partition(": ")[0] and not line.startswith("direct ")]

    def _wanted_lines(self) -> list[str]:
        found = ["direct " + rule for rule in direct_rules(self._request)]
        zone, unbound = self._zone()
        rules = rich_rules(self._request)
        if rules:
            found += [f"policy {self._policy}: ANY to {zone}", *(f"policy {self._policy}: {rule}" for rule in rules)]
        if rules and (unbound or self._bound_by_us()):
            found.append(f"zone {zone}: interface {self._request.out_interface}")
        return found

    def _lines(self, *place: str) -> list[str]:
        found = [
            "direct " + line
            for line in self._ask(*place, "--direct", "--get-all-rules").splitlines()
            if self._mine(line)
        ]
        info = self._ask(*place, f"--info-policy={self._policy}")
        if info:
            policy = parse_policy(info)
            ways = " ".join(policy["ingress-zones"]), " ".join(policy["egress-zones"])
            found.append("policy {}: {} to {}".format(self._policy, *ways))
            found += [f"policy {self._policy}: {rule}" for rule in policy["rules"]]
        bound = self._bound_by_us()
        if bound and bound[0] in self._ask(*place, f"--zone={bound[1]}", "--list-interfaces").split():
            found.append(f"zone {bound[1]}: interface {bound[0]}")
        return found

    def _mine(self, line: str) -> bool:
        tokens = shlex.split(line)
        return "--comment" in tokens[:-1] and tokens[tokens.index("--comment") + 1] == self._mark

    def _zone(self) -> tuple[str, bool]:
        """The zone of the outside interface, and whether it is there only because it is in no other."""
        interface = self._request.out_interface
        if not interface:
            return "ANY", False
        bound = self._bound_by_us()
        if bound and bound[0] == interface and bound[1] == self._ask("--get-default-zone"):
            return bound[1], True
        for place in PLACES:
            zone = self._ask(*place, f"--get-zone-of-interface={interface}")
            if zone:
                return zone, False
        return self._ask("--get-default-zone"), True

    def _bound_by_us(self) -> tuple[str, str] | None:
        """The interface that we put into a zone, and the zone: a policy acts for interfaces that are in one only."""
        bound = BOUND.search(self._ask(PERMANENT, f"--policy={self._policy}", "--get-description"))
        return (bound[1], bound[2]) if bound else None

    def _masquerading_zones(self) -> list[str]:
        if not self.running or not self._request.translate:
            return []
        zone = self._zone()[0]
        return [zone] if self._ask(f"--zone={zone}", "--query-masquerade") == "yes" else []

    def _delete_policy(self) -> bool:
        """Whether there was one."""
        bound = self._bound_by_us()
        if bound:
            self._must(PERMANENT, f"--zone={bound[1]}", f"--remove-interface={bound[0]}")
            # A reload keeps the zones of interfaces.
            self._answer(f"--zone={bound[1]}", f"--remove-interface={bound[0]}")
        if self._policy not in self._ask(PERMANENT, "--get-policies").split():
            return self._policy in self._ask("--get-policies").split()
        self._must(PERMANENT, f"--delete-policy={self._policy}")
        return True

    def _ask(self, *arguments: str) -> str:
        """What firewall-cmd prints; nothing if it says no."""
        if arguments not in self._answers:
            rc, out, _err = self._run([str(self.program), *arguments], None)
            self._answers[arguments] = out.strip("\n") if rc == 0 else ""
        return self._answers[arguments]

    def _answer(self, *arguments: str) -> str:
        """What firewall-cmd says where it refuses; empty where it does so."""
        self._answers.clear()
        rc, out, err = self._run([str(self.program), *arguments], None)
        return words(out, err, rc) if rc != 0 else ""

    def _must(self, *arguments: str) -> None:
        answer = self._answer(*arguments)
        if answer:
            raise BackendError(f"firewall-cmd failed: {answer}")
