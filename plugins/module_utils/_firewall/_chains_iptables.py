# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains as ``iptables -S`` lists them, read into the structure of ``_chains``. Private; pure."""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._chains import UNKNOWN, ChainRule, Match, Ruleset

_CANNOT_SAY = Match(UNKNOWN, ("?",))
_DROPS = ("DROP", "REJECT", "TARPIT", "CHAOS", "DELUDE", "STEAL")
_ENDS = {"ACCEPT": "accept", "RETURN": "return", "QUEUE": "queue", "NFQUEUE": "queue"}
_FIELDS = {
    "-s": "saddr",
    "-d": "daddr",
    "-i": "iif",
    "-o": "oif",
    "-p": "protocol",
    "--ctstate": "state",
    "--state": "state",
    "--src-range": "saddr",
    "--dst-range": "daddr",
    "--dport": "port",
    "--dports": "port",
    "--mark": "mark",
    "--ctdir": "direction",
    "--dst-type": "type",
    "--icmp-type": "icmp",
    "--pkt-type": "type",
}
# Matches that say nothing but by their options.
_SILENT = (
    *("comment", "tcp", "udp", "icmp", "conntrack", "state", "iprange", "multiport", "mark", "connmark"),
    *("addrtype", "pkttype"),
)
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp"}


def ruleset(text: str) -> Ruleset:
    """All chains of a table, with the policy of ``FORWARD``."""
    chains: dict[str, list[ChainRule]] = {}
    policies = {}
    for line in text.splitlines():
        words = _words(line)
        if words[:1] == ["-N"]:
            chains.setdefault(words[1], [])
        elif words[:2] == ["-P", "FORWARD"]:
            chains.setdefault("FORWARD", [])
            policies["FORWARD"] = "drop" if words[2] in _DROPS else "accept"
        elif words[:1] == ["-A"]:
            rules = chains.setdefault(words[1], [])
            rules.append(_rule(len(rules), words[2:], line))
    return Ruleset(
        {name: [_known(rule, chains) for rule in rules] for name, rules in chains.items()},
        policies,
    )


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        # iptables does not quote the name of a chain.
        return line.split()


def _known(rule: ChainRule, chains: t.Container[str]) -> ChainRule:
    """Targets that are no chains (``LOG``, ``MARK``, ...) leave a packet where it is."""
    target = rule.verdict.partition(" ")[2]
    return rule if not target or target in chains else ChainRule(rule.index, "", rule.matches, rule.text)


def _rule(index: int, words: list[str], text: str) -> ChainRule:
    matches: list[Match] = []
    verdict, negated, at = "", False, 0
    while at < len(words):
        word = words[at]
        argument = words[at + 1] if at + 1 < len(words) else ""
        if word == "!":
            negated, at = True, at + 1
            continue
        if word in ("-j", "-g"):
            verdict = _verdict(word, argument)
            break
        if (word == "-m" and argument in _SILENT) or word == "--comment":
            at += 2
        elif word == "--tcp-flags":
            compared = words[at + 2 : at + 3]
            syn = "SYN" in argument.split(",") and compared == ["SYN"]
            matches.append(Match("syn", ("true",), negated) if syn else _CANNOT_SAY)
            at += 3
        elif word == "-f":
            # Conntrack puts fragments together before any chain sees them.
            matches.append(Match("number", ("false",), negated))
            at += 1
        elif word in _FIELDS:
            matches.append(Match(_FIELDS[word], _values(word, argument), negated))
            at += 2
        else:
            matches.append(_CANNOT_SAY)
            at += 1 + (not argument.startswith("-") and argument != "!")
        negated = False
    return ChainRule(index, verdict, tuple(matches), text)


def _verdict(option: str, target: str) -> str:
    if target in _DROPS:
        return "drop"
    if target in _ENDS:
        return _ENDS[target]
    return f"{'jump' if option == '-j' else 'goto'} {target}"


def _values(option: str, argument: str) -> tuple[str, ...]:
    if option in ("-i", "-o"):
        return (argument[:-1] + "*" if argument.endswith("+") else argument,)
    if option in ("--ctstate", "--state"):
        return tuple(argument.lower().split(","))
    if option in ("--dport", "--dports"):
        return tuple(port.replace(":", "-") for port in argument.split(","))
    if option == "-p":
        return (_PROTOCOLS.get(argument, "*" if argument in ("all", "0") else argument),)
    if option == "--mark":
        value = argument.partition("/")[0]
        return (str(int(value, 0)),)
    return (argument.lower(),)
