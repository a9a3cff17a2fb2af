# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a dial failed, from the words in pppd's log. Private to this collection.

The words are those of ppp 2.4.9 to 2.5.3: plugins/pppoe/discovery.c and plugin.c, chap.c, upap.c, eap.c, auth.c,
fsm.c, lcp.c, ipcp.c, sys-linux.c.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """Why: a word for playbooks, a sentence for people. A ``final`` one does not change by trying again."""

    reason: str
    sentence: str
    final: bool = False


# What the plugin says once it has a session (discovery.c waitForPADS).
SESSION = "PPP session is "

# An attempt ends with one of these; without persist, a log holds one attempt. A PADT may arrive when it has ended.
_END = re.compile(
    r"^(?:Connection terminated\.|Unable to complete PPPoE Discovery.*)$"
    r"(?:\n(?:Connection terminated\.|Modem hangup)$)*",
    re.MULTILINE,
)

# The first that an attempt has counts: what comes further down is said in addition to what stands above.
_RULES: tuple[tuple[str, str, str, bool], ...] = (
    (
        r"(?:CHAP|MS-CHAP|PAP) authentication failed(?:: (?P<said>.*))?$",
        "account_refused",
        "The server refused the account {username!r}{said}: the username or the secret is wrong, or the server does "
        "not have the account.",
        True,
    ),
    (
        r"EAP: peer reports authentication failure",
        "account_refused",
        "The server refused the account {username!r}: the username or the secret is wrong, or the server does not "
        "have the account.",
        True,
    ),
    (
        # What a pppd with the option `login` says to an account that has proved itself but has no system user.
        r"LCP terminated by peer \(Authentication failed\)",
        "account_refused",
        "The server refused the account {username!r} though it did not say that the secret is wrong: its own log "
        "says why.",
        True,
    ),
    (
        r"(?:No CHAP secret found for authenticating us|peer refused to authenticate)",
        "no_secret",
        "This host has no secret for the account {username!r} in /etc/ppp/chap-secrets or pap-secrets, or the server "
        "asks for a method of authentication that pppd here does not do, or that the option authentication leaves out.",
        True,
    ),
    (
        r"(?:error sending pppoe packet|Can't get MTU for [^:]*|Failed to create PPPoE (?:discovery )?socket|"
        r"Failed to connect PPPoE socket|Can't open socket for pppoe|Failed to bind to interface [^:]*): (?P<said>.*)$",
        "interface",
        "pppd cannot use {interface}{said}.",
        False,
    ),
    (
        r"^PAD[OS]: (?P<kind>Service-Name|System|Generic)-Error: (?P<said>.*)$",
        "refused",
        "An access concentrator answers on {interface}, but refuses a session{said}.",
        False,
    ),
    (
        r"Timeout waiting for PADS",
        "refused",
        "An access concentrator answers on {interface}, but gives no session (no PADS to our PADR).",
        False,
    ),
    (
        r"Timeout waiting for PADO",
        "no_answer",
        "No access concentrator answers on {interface}{asked} (no PADO to our PADI).",
        False,
    ),
    (
        r"(?:(?:LCP|IPCP) terminated by peer \((?P<said>.*remote IP address.*)\)|Could not determine local IP address|"
        r"IPCP: timeout sending Config-Requests|IPCP terminated by peer)",
        "no_address",
        "The server took the account {username!r}, but gave no address{said}.",
        False,
    ),
    (
        r"LCP terminated by peer(?: \((?P<said>.*)\))?$",
        "hung_up",
        "The server ended the session{said}.",
        False,
    ),
    (
        r"LCP: timeout sending Config-Requests",
        "silent",
        "An access concentrator on {interface} gave a session, but its PPP does not answer (LCP).",
        False,
    ),
    (
        r"No response to \d+ echo-requests",
        "silent",
        "The server fell silent: it no longer answers the LCP echo requests.",
        False,
    ),
    (r"No response to PAP authenticate-requests", "silent", "The server does not answer to the account (PAP).", False),
    (
        # The session is gone before pppd has taken it up (sys-linux.c generic_establish_ppp).
        r"(?:Modem hangup|Couldn't get channel number|Couldn't attach to channel \d+)",
        "hung_up",
        "The server hung up (PADT): its own log may say why.",
        False,
    ),
)
_COMPILED = [(re.compile(rule[0], re.MULTILINE), *rule[1:]) for rule in _RULES]


def asked(ac_name: str | None, service_name: str | None) -> list[str]:
    """The AC name and the service that were insisted on, in words."""
    return [f"{what} {name!r}" for what, name in (("AC", ac_name), ("service", service_name)) if name]


def verdict(log: str, username: str, interface: str, asked: t.Sequence[str] = ()) -> Verdict | None:
    """What the last attempt that says anything says; ``asked`` are the AC name and service that were insisted on."""
    for attempt in reversed(_attempts(log)):
        for pattern, reason, sentence, final in _COMPILED:
            match = pattern.search(attempt)
            if match:
                said = match.groupdict().get("said")
                words = {
                    "username": username,
                    "interface": interface,
                    "said": f" ({said.strip()})" if said else "",
                    "asked": f" to the request for {' and '.join(asked)}" if asked else "",
                }
                return Verdict(reason, sentence.format(**words), final)
    return None


def _attempts(log: str) -> list[str]:
    """The log cut after each attempt's end; what belongs to an end may follow it (the statistics, for one)."""
    cuts = [match.end() for match in _END.finditer(log)]
    return [log[start:end] for start, end in zip([0, *cuts], [*cuts, len(log)])]
