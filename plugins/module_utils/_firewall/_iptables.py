# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT as rules of iptables, found again by their comment. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _rules as _firewall_rules
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import (
    BackendError,
    Comparison,
    Loading,
    Run,
    words,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables_rules import (
    IptablesRule,
    ListedRule,
    compared,
    ip6_program,
    parse,
    render,
    script,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import FirewallRequest, comment
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._files import read

#: The commands that a host may have; of those that work on the same tables, the first is taken.
IPTABLES = ("iptables", "iptables-legacy", "iptables-nft")
# The tables that an owner may have rules in, now or from an earlier run, by family of its request.
TABLES = {"ip": ("nat", "mangle", "filter"), "ip6": ()}
GUARDED_TABLES = {"ip": ("nat", "mangle", "filter"), "ip6": ("filter",)}
IPV6_TABLES: dict[str, tuple[str, ...]] = {"ip": (), "ip6": ("raw", "mangle")}
# Name the legacy tables of this network namespace; asking iptables-legacy itself would create them.
LEGACY_TABLES = {"ip": "/proc/net/ip_tables_names", "ip6": "/proc/net/ip6_tables_names"}


class IptablesRules:
    """Rules of ours in the tables of one iptables command; see ``_backend.Holder``."""

    def __init__(self, run: Run, label: str, program: str | None, rules: t.Sequence[IptablesRule], mark: str) -> None:
        self.name = "iptables"
        self.label = label
        self.program = program
        self.rules = list(rules)
        self.mark = mark
        self.tables: t.Mapping[str, tuple[str, ...]] = TABLES
        self._run = run
        self.flavour = self._flavour()

    def _flavour(self) -> str:
        """Which tables in the kernel this command works on; before 1.8 there was only one kind."""
        if self.program is None:
            return ""
        rc, out, _err = self._run([self.program, "-V"], None)
        if rc != 0:
            return self.label
        return "nf_tables" if "nf_tables" in out else "legacy"

    def present(self) -> tuple[str, ...]:
        return tuple(one.line for one in self._ours())

    def compare(self) -> Comparison:
        return compared(self.rules, self._listed(), self.mark)[0]

    def load(self) -> None:
        add = compared(self.rules, self._listed(), self.mark)[1]
        # A rule that goes first is put before those put there already, so the last of them begins.
        for rule in [rule for rule in add if not rule.first] + [rule for rule in add if rule.first][::-1]:
            self._must(rule.family, rule.table, "-I" if rule.first else "-A", rule.chain, *rule.spec(self.mark))

    def clean(self, surplus: tuple[str, ...]) -> None:
        # Equal lines are equal rules: it is the same which of two duplicates goes.
        by_line = {one.line: one for one in self._ours()}
        for line in surplus:
            self._delete(by_line[line])

    def undo(self, before: tuple[str, ...]) -> None:
        for one in self._ours():
            if one.line not in before:
                self._delete(one)

    def remove(self) -> None:
        for one in self._ours():
            self._delete(one)

    def _ours(self) -> list[ListedRule]:
        return [one for one in self._listed() if one.comment == self.mark]

    def _listed(self) -> list[ListedRule]:
        """Our rules, and those made by hand that equal one of them."""
        enough = [*self.rules, *(rule.broader for rule in self.rules)]
        by_hand = {" ".join(("-A", rule.chain, *rule.spec(None))) for rule in enough}
        found = []
        for family, tables in self.tables.items():
            for table in tables:
                text = self.listing(table, family)
                found.extend(parse(table, text, lambda line: self.mark in line or line in by_hand, family))
        return found

    def listing(self, table: str, family: str = "ip") -> str:
        """The rules of a table, ours and others'; nothing where there is none."""
        if self.program is None or table not in self._existing_tables(family):
            return ""
        rc, out, _err = self._run([self._command(family), "-w", "-t", table, "-S"], None)
        return out if rc == 0 else ""

    def _existing_tables(self, family: str) -> tuple[str, ...]:
        if self.flavour == "nf_tables":
            return ("filter", "nat", "mangle", "raw")
        try:
            with open(LEGACY_TABLES[family], encoding="ascii") as handle:
                return tuple(handle.read().split())
        except FileNotFoundError:
            return ()

    def _command(self, family: str) -> str:
        return ip6_program(str(self.program)) if family == "ip6" else str(self.program)

    def _delete(self, one: ListedRule) -> None:
        self._must(one.rule.family, one.rule.table, "-D", one.rule.chain, *one.spec)

    def _must(self, family: str, table: str, *arguments: str) -> None:
        rc, out, err = self._run([self._command(family), "-w", "-t", table, *arguments], None)
        if rc != 0:
            raise BackendError(f"{self.label} failed: {words(out, err, rc)}")


class Iptables(IptablesRules):
    """One of the iptables commands of a host; see ``_backend.Backend``."""

    def __init__(self, run: Run, label: str, program: str | None, request: FirewallRequest, directory: str) -> None:
        rules = [render(rule) for rule in _firewall_rules.rules(request)]
        super().__init__(run, label, program, rules, comment(request.owner))
        if request.kind == "client":
            self.tables = GUARDED_TABLES
        elif request.families == ("ip6",):
            self.tables = IPV6_TABLES
        self._path = f"{directory}/{request.stem}.sh"

    def probe(self) -> str:
        if self.program is None:
            return "not installed"
        apart = self._apart()
        # In a network namespace of its own the rules are really made, and vanish with it. Nothing less tells: on a
        # kernel without nf_tables, iptables-nft lists empty tables, and passes -C and --test, as if all were well.
        listing = ["-t", "nat", "-S"]
        checks = [("ip", listing)]
        if apart:
            checks = [
                (rule.family, ["-t", rule.table, "-A", rule.chain, *rule.spec(self.mark)]) for rule in self._samples()
            ]
        for family, arguments in checks:
            rc, out, err = self._run([*apart, self._command(family), "-w", *arguments], None)
            if rc != 0:
                return words(out, err, rc)
        if apart and self.flavour == "nf_tables":
            # The kernel of the host is the same, but a table of its own may be one that iptables-nft cannot read.
            rc, out, err = self._run([self.program, "-w", *listing], None)
            return words(out, err, rc) if rc != 0 else ""
        return ""

    def _apart(self) -> list[str]:
        rc, _out, _err = self._run(["unshare", "-n", "true"], None)
        return ["unshare", "-n"] if rc == 0 else []

    def _samples(self) -> list[IptablesRule]:
        """One rule of each kind: they differ in nothing else that a kernel may lack."""
        options = {tuple(word for word in rule.spec(None) if word.startswith("-")): rule for rule in self.rules}
        return list(options.values())

    def remembered(self) -> bool:
        return f'"$act" {self.program} '.encode() in (read(self._path) or b"")

    def loading(self) -> Loading | None:
        text = script(self.program or "iptables", self.rules, self.mark)
        return Loading(self._path, text, ("/bin/sh", self._path, "start"), ("/bin/sh", self._path, "stop"))
