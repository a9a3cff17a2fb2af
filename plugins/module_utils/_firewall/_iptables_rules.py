# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules in the words of iptables: making, reading and comparing them. Private to this collection. Pure."""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses._ranges import Source
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _rules as _firewall_rules
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import Comparison
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

# By hook of a rule: the table, the chain, and whether it has to come before the rules of others.
PLACES = {
    "raw": ("raw", "PREROUTING", False),
    "prerouting": ("nat", "PREROUTING", False),
    "postrouting": ("nat", "POSTROUTING", False),
    "clamp": ("mangle", "FORWARD", False),
    "input": ("filter", "INPUT", True),
    "forward": ("filter", "FORWARD", True),
}
ICMP_TYPES = {"ip": ("icmp", "--icmp-type", "8"), "ip6": ("icmp6", "--icmpv6-type", "128")}
# In the order in which iptables prints them.
STATES = ("invalid", "new", "related", "established")

SCRIPT = """\
#!/bin/sh
# start: adds the rules that are missing; stop: removes them; rules of others are never touched.
set -f
comment='{comment}'

# A rule without the comment is one made by hand, and does as well.
start() {{
    "$1" -w -t "$2" -C "$4" $5 -m comment --comment "$comment" -j $6 2>/dev/null ||
        "$1" -w -t "$2" -C "$4" $5 -j $6 2>/dev/null ||
        "$1" -w -t "$2" -C "$4" ${{7:-$5}} -j $6 2>/dev/null ||
        "$1" -w -t "$2" "$3" "$4" $5 -m comment --comment "$comment" -j $6 || failed=1
}}

stop() {{
    while "$1" -w -t "$2" -D "$4" $5 -m comment --comment "$comment" -j $6 2>/dev/null; do :; done
}}

case "$1" in
start | stop) act=$1 ;;
*) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
failed=0
{rules}exit "$failed"
"""


@dataclass(frozen=True)
class IptablesRule:
    """A rule: its table, chain, and the words of its matches and its target. ``first``: it goes before all others."""

    table: str
    chain: str
    matches: tuple[str, ...]
    target: tuple[str, ...]
    family: str = "ip"

    @property
    def first(self) -> bool:
        return self.table == "filter"

    @property
    def broader(self) -> IptablesRule:
        """The rule of the tutorials, which does the same for every source; any other rule is its own."""
        if self.target[0] != "MASQUERADE" or "-o" not in self.matches:
            return self
        at = self.matches.index("-o")
        return replace(self, matches=self.matches[at : at + 2])

    def spec(self, comment: str | None) -> list[str]:
        """The words of iptables after ``-A CHAIN``."""
        note = [] if comment is None else ["-m", "comment", "--comment", comment]
        return [*self.matches, *note, "-j", *self.target]

    def line(self, comment: str | None) -> str:
        """The rule as text."""
        note = [] if comment is None else ["-m", "comment", "--comment", f'"{comment}"']
        six = ["-6"] if self.family == "ip6" else []
        return " ".join((*six, "-t", self.table, "-A", self.chain, *self.matches, *note, "-j", *self.target))


@dataclass(frozen=True)
class ListedRule:
    """A line of ``iptables -S``: the rule, the comment it bears, and the words that delete exactly it."""

    rule: IptablesRule
    comment: str | None
    spec: tuple[str, ...]

    @property
    def line(self) -> str:
        return self.rule.line(self.comment)


def render(rule: _firewall_rules.Rule) -> IptablesRule:
    """A rule in the words that ``iptables -S`` prints, in its order."""
    table, chain, _first = PLACES[rule.hook]
    found: list[str] = []
    ranges: list[str] = []
    for option, side, value in (("-s", "--src-range", rule.source), ("-d", "--dst-range", rule.destination)):
        if isinstance(value, Source) and value.network() is None:
            ranges += ["-m", "iprange", side, str(value)]
        elif value:
            found += _turned(option, _with_prefix(str(value)))
    for option, name in (("-i", rule.in_interface), ("-o", rule.out_interface)):
        if name:
            found += [option, name.replace("*", "+")]
    return IptablesRule(table, chain, (*found, *_protocol(rule), *ranges, *_state(rule)), _target(rule), rule.family)


def _with_prefix(address: str) -> str:
    return address if "/" in address else address + "/32"


def _turned(option: str, value: str) -> list[str]:
    return ["!", option, value[1:]] if value.startswith("!") else [option, value]


def _protocol(rule: _firewall_rules.Rule) -> list[str]:
    if rule.verdict == "clamp":
        return ["-p", "tcp", "-m", "tcp", "--tcp-flags", "SYN,RST", "SYN"]
    found = _turned("-p", rule.protocol) if rule.protocol else []
    if rule.port:
        found += ["-m", rule.protocol, *_turned("--dport", rule.port.replace("-", ":"))]
    if rule.icmp_type:
        match, option, _number = ICMP_TYPES[rule.family]
        # echo-request is the only one that is ever asked for.
        number = rule.icmp_type.replace("echo-request", ICMP_TYPES[rule.family][2])
        found += ["-m", match, *_turned(option, number)]
    return found


def _state(rule: _firewall_rules.Rule) -> list[str]:
    found = ["-m", "addrtype", "--dst-type", "LOCAL"] if rule.local else []
    found += ["-m", "rpfilter", "--invert"] if rule.spoofed else []
    if rule.states:
        states = ",".join(state.upper() for state in STATES if state in rule.states)
        found += ["-m", "conntrack", "--ctstate", states]
    if rule.status:
        found += ["-m", "conntrack", *_turned("--ctstate", rule.status.upper())]
    return found


def _target(rule: _firewall_rules.Rule) -> tuple[str, ...]:
    if rule.verdict == "masquerade":
        return ("MASQUERADE", *(("--random-fully",) if rule.random else ()))
    if rule.verdict == "dnat":
        return ("DNAT", "--to-destination", rule.to)
    if rule.verdict == "clamp":
        return ("TCPMSS", "--clamp-mss-to-pmtu")
    return (rule.verdict.upper(),)


def parse(table: str, text: str, keep: t.Callable[[str], bool] = bool, family: str = "ip") -> list[ListedRule]:
    """The rules that ``iptables -t TABLE -S`` printed; chains and policies are left out.

    Only lines that ``keep`` says yes to are taken apart, which is what costs time.
    """
    found = []
    for line in text.splitlines():
        if not line.startswith("-A ") or not keep(line):
            continue
        tokens = shlex.split(line)
        if len(tokens) > 2:
            found.append(_listed(table, tokens[1], tokens[2:], family))
    return found


def _listed(table: str, chain: str, spec: list[str], family: str) -> ListedRule:
    rest = list(spec)
    noted = None
    if "--comment" in rest[:-1]:
        at = rest.index("--comment")
        noted = rest[at + 1]
        start = at - 2 if rest[at - 2 : at] == ["-m", "comment"] else at
        del rest[start : at + 2]
    at = rest.index("-j") if "-j" in rest else len(rest)
    return ListedRule(IptablesRule(table, chain, tuple(rest[:at]), tuple(rest[at + 1 :]), family), noted, tuple(spec))


def compared(wanted: list[IptablesRule], listed: list[ListedRule], mark: str) -> tuple[Comparison, list[IptablesRule]]:
    """Wanted rules against all that are there, and those to add: one of ours for each, unless there is an equal one."""
    ours = [one for one in listed if one.comment == mark]
    enough = [*wanted, *(rule.broader for rule in wanted)]
    by_hand = [one for one in listed if one.comment is None and one.rule in enough]
    kept: list[IptablesRule] = []
    surplus = []
    for one in ours:
        if one.rule in wanted and one.rule not in kept:
            kept.append(one.rule)
        else:
            surplus.append(one.line)
    served = kept + [one.rule for one in by_hand]
    add = [rule for rule in wanted if rule not in served and rule.broader not in served]
    after = tuple(rule.line(mark) for rule in kept + add)
    equal = tuple(dict.fromkeys(one.line for one in by_hand))
    return Comparison(tuple(one.line for one in ours), after, bool(add), tuple(surplus), equal), add


def ip6_program(program: str) -> str:
    """The program for IPv6 that belongs to one of iptables."""
    directory, slash, name = program.rpartition("/")
    return directory + slash + name.replace("iptables", "ip6tables", 1)


def script_line(program: str, rule: IptablesRule) -> str:
    """A line of the script that loads and unloads rules at boot; every word in it has been validated."""
    command = ip6_program(program) if rule.family == "ip6" else program
    matches, target, broad = (" ".join(words) for words in (rule.matches, rule.target, rule.broader.matches))
    more = f" '{broad}'" if broad != matches else ""
    return f"\"$act\" {command} {rule.table} {'-I' if rule.first else '-A'} {rule.chain} '{matches}' '{target}'{more}"


def script(program: str, rules: t.Sequence[IptablesRule], mark: str) -> str:
    """The shell script that loads and unloads the rules at boot."""
    # A rule that goes first is put before those put there already, so the last of them begins.
    ordered = [rule for rule in rules if not rule.first] + [rule for rule in rules if rule.first][::-1]
    lines = "".join(script_line(program, rule) + "\n" for rule in ordered)
    return _layout_header.headed(SCRIPT).format(comment=mark, rules=lines)
