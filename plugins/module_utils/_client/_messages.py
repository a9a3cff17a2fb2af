# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pppd's messages that end a dial, and what each of them means. Private to this collection. Pure.

The words are those of ppp 2.4.9 to 2.5.3: plugins/pppoe/discovery.c, if.c, common.c and plugin.c, chap.c, chap_ms.c,
upap.c, eap.c, auth.c, fsm.c, lcp.c, ipcp.c, ccp.c, main.c, sys-linux.c. What pppd only logs with ``debug`` is not here.
"Terminating connection due to lack of activity." is not either: a link that dials on demand ends so all the time.
"""

from __future__ import annotations

import re
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text

#: What the plugin says once it has a session (discovery.c waitForPADS).
SESSION = "PPP session is "
#: What pppd says once the server has taken the account (auth.c auth_withpeer_success, network_phase).
AUTHENTICATED = re.compile(r"authentication succeeded|^peer from calling number|^local  IP address", re.MULTILINE)
#: What the server may say of a refused account before pppd says that it is refused (upap.c, eap.c PRINTMSG).
REMOTE_MESSAGE = re.compile(r"^Remote message: (?P<said>.*)$", re.MULTILINE)


class LogMessage(t.NamedTuple):
    """A pattern of pppd's words, with the server's own in ``said``, and its meaning: a word and a sentence.

    A ``final`` one does not change by trying again. The sentence has places for ``username``, ``interface``, ``said``
    (in parentheses), ``asked`` and ``more``.
    """

    pattern: str
    reason: str
    sentence: str
    final: bool = False

    def search(self, attempt: str) -> re.Match[str] | None:
        # Most runs have no log to read, so nothing is compiled beforehand.
        return re.search(self.pattern, attempt, re.MULTILINE)


_INTERFACE = LogMessage(
    r"^(?:error (?:sending|receiving) pppoe packet|Can't get (?:MTU|hardware address) for [^:]*"
    r"|Failed to create PPPoE (?:discovery )?socket|Failed to connect PPPoE socket"
    r"|Can't (?:open socket|set socket options) for pppoe|Failed to bind to interface [^:]*"
    r"|Could not get interface index for [^:]*|Can't use interface [^:]*|select \(waitForPAD[OS]\)"
    r"): (?:\d+ )?(?P<said>.*)$",
    "interface",
    "pppd cannot use {interface}{said}.",
)

#: While there is no session. The first that an attempt has counts.
DISCOVERY = (
    _INTERFACE,
    LogMessage(
        r"^Cannot create raw socket -- (?P<said>.*?)\.?$|^Interface \S+ (?P<said2>not Ethernet)$"
        r"|^Linux kernel (?P<said3>does not support PPPoE)",
        "interface",
        "pppd cannot use {interface}{said}.",
    ),
    LogMessage(
        r"^PAD[OS]: (?P<kind>(?:Service-Name|System|Generic)-Error): (?P<said>.*)$",
        "refused",
        "An access concentrator answers on {interface}, but refuses a session{said}.",
    ),
    LogMessage(
        r"^(?:Ignoring PADO packet (?P<said>.*)|(?P<said2>Bogus PPPoE length field \((?P<length>\d+)\))"
        r"|(?P<said3>Invalid PPPoE (?:version|type|packet length|tag length).*))$",
        "refused",
        "An access concentrator answers on {interface}, but with a packet that pppd ignores{said}.{more}",
    ),
    LogMessage(
        r"^Timeout waiting for PADS",
        "refused",
        "An access concentrator answers on {interface}, but gives no session (no PADS to our PADR).",
    ),
    LogMessage(
        r"^Timeout waiting for PADO",
        "no_answer",
        "No access concentrator answers on {interface}{asked} (no PADO to our PADI).",
    ),
)

#: In a session. The first that an attempt has counts: what comes further down is the consequence of what is above.
IN_SESSION = (
    _INTERFACE,
    LogMessage(
        r"^(?:No CHAP secret found for authenticating us|No secret found for PAP login"
        r"|eap required to authenticate us but no suitable secrets|Can't open (?:chap secret|PAP password) file)"
        r"|peer refused to authenticate",
        "no_secret",
        "This host has no secret for the account {username!r} in /etc/ppp/chap-secrets or pap-secrets, or the server "
        "asks for a method of authentication that pppd here does not do, or that the option authentication leaves "
        "out{more}.",
        True,
    ),
    LogMessage(
        r"^(?P<said>(?:CHAP|PAP|EAP) authentication failed due to [Pp]rotocol-[Rr]eject)",
        "authentication",
        "The server rejects the authentication that it has asked for, before it has decided on the account "
        "{username!r}{said}.",
    ),
    LogMessage(
        r"^MS-CHAPv2 (?P<said>mutual authentication failed|Success packet is badly formed)",
        "authentication",
        "The server took the account {username!r}, but did not prove that it knows the secret{said}: it may be another "
        "server than it seems.",
        True,
    ),
    LogMessage(
        r"^(?:(?:MS-)?CHAP authentication failed: |Unknown MS-CHAP authentication failure: )(?P<said>.*)$"
        r"|^(?:CHAP|PAP) authentication failed$|^EAP: peer reports authentication failure",
        "account_refused",
        "The server refused the account {username!r}{said}{more}.",
        True,
    ),
    LogMessage(
        # What a pppd with the option `login` says to an account that has proved itself but has no system user.
        r"^LCP terminated by peer \((?:Authentication failed|login failed)\)",
        "account_refused",
        "The server refused the account {username!r} though it did not say that the secret is wrong: its own log "
        "says why.",
        True,
    ),
    LogMessage(
        r"^(?:No response to (?P<method>PAP) authenticate-requests|(?P<method2>EAP): (?:timeout waiting for Request"
        r" from peer|no response to Requests|too many Requests sent)|(?P<method3>CHAP) authentication timed out)",
        "silent",
        "The authentication was not finished in time: the server does not answer to the account {username!r}{said}.",
    ),
    LogMessage(
        r"^(?:(?:LCP|IPCP) terminated by peer \((?P<said>.*remote IP address.*)\)"
        r"|IPCP terminated by peer(?: \((?P<said2>.*)\))?"
        r"|(?P<said3>Could not determine local IP address|Peer refused to agree to (?:our|his) IP address"
        r"|Peer is not authorized to use remote address \S*)|IPCP: timeout sending Config-Requests)",
        "no_address",
        "The server took the account {username!r}, but gave no address{said}.",
    ),
    LogMessage(
        r"^(?P<said>Interface configuration failed|Interface failed to come up"
        r"|Interface index \d+ failed to get renamed by a pre-up script)",
        "no_address",
        "The server gave an address, but this host could not set it on the link{said}: the lines before it in the log "
        "say why.",
    ),
    LogMessage(
        r"^LCP terminated by peer(?: \((?P<said>.*)\))?$",
        "hung_up",
        "The server ended the session{said}{more}.",
    ),
    LogMessage(
        r"^LCP: timeout sending Config-Requests",
        "silent",
        "An access concentrator on {interface} gave a session, but its PPP does not answer (LCP).",
    ),
    LogMessage(
        r"^Received Protocol-Reject for LCP!",
        "silent",
        "An access concentrator on {interface} gave a session, but it rejects PPP's own protocol (LCP).",
    ),
    LogMessage(
        r"^Serial line is looped back\.",
        "interface",
        "The packets of the session come back as they were sent: there is a loop behind {interface}.",
    ),
    LogMessage(
        r"^No response to \d+ echo-requests",
        "silent",
        "The server fell silent: it no longer answers the LCP echo requests.",
    ),
    LogMessage(
        r"^(?P<said>(?:MPPE|Refusing MPPE|Too many MPPE)\b.*?)\.?$",
        "hung_up",
        "This host ended the session, since its options in /etc/ppp ask for encryption that the server does not "
        "do{said}.",
    ),
    LogMessage(
        r"^(?P<said>Connect time expired|Traffic limit reached)",
        "hung_up",
        "This host ended the session, as its options in /etc/ppp ask for{said}.",
    ),
    LogMessage(
        r"^(?:Couldn't (?:create new ppp unit|rename interface [^:]*|create ppp interface [^:]*|retrieve PPP unit id"
        r"|attach to PPP unit \d+|attach to interface unit \d+|connect to interface unit \d+|open /dev/ppp"
        r"|set MRRU)|ioctl\(PPPIOCGUNIT\)): (?P<said>.*)$",
        "interface",
        "pppd cannot make the link's interface{said}.",
    ),
    LogMessage(r"^Fatal signal (?P<said>\d+)", "not_started", "pppd crashed with a signal{said}."),
    LogMessage(
        # The session is gone before pppd has taken it up (sys-linux.c ppp_generic_establish).
        r"^(?:Modem hangup|Couldn't get channel number|Couldn't reopen /dev/ppp|Couldn't attach to channel \d+)",
        "hung_up",
        "The server hung up (PADT){more}: its own log may say why.",
    ),
)

# What a server says when all it says is that it did not work: pppd's own servers by CHAP and PAP, and RFC 2759.
_EMPTY_WORDS = re.compile(
    r"(?:E=691\b.*|Access denied|Login incorrect|(?:Authentication|Login) (?:failed|failure|error)|)\.?\Z",
    re.IGNORECASE,
)
#: Microsoft's codes (RFC 2433, section 8; RFC 2759, section 6) as sentences.
_CODES = {
    "646": "it may not log in at this hour",
    "647": "it is disabled",
    "648": "its password has expired",
    "649": "it may not dial in",
    "709": "its password could not be changed",
}
# The first bytes of a PPPoE packet, 0x11 and its code, where its length is looked for: a tag of four bytes is before.
_BEHIND_A_TAG = range(0x1107, 0x11A8)


def more_on_account(said: str) -> str:
    """What can be added to a refused account: the code as a sentence, or the usual cause if the server names none."""
    code = re.match(r"E=(\d+)", said)
    if code and code.group(1) in _CODES:
        return f": {_CODES[code.group(1)]}"
    usual = ": the username or the secret is wrong, or the server does not have the account"
    return usual if _EMPTY_WORDS.match(said) else ""


def more_on_length(length: str | None) -> str:
    """Where a bogus length comes from, if it is that of a packet with a VLAN tag."""
    if length is None or int(length) not in _BEHIND_A_TAG:
        return ""
    return " It has a VLAN tag: name that VLAN in vlan, or have the packets come without one."


_VISIBLE = re.compile(r"(M-)?(\^[@-_?]|[ -~\t])", re.DOTALL)


def readable(words: str) -> str:
    """The words of a server as one printable line; pppd's ``M-C`` for bytes above 127 is read if it is UTF-8.

    Source: ``pppd/utils.c`` vslprintf ``%v``. Control characters stay as pppd spells them, ``^X``.
    """
    if "M-" in words and words.isascii():
        raw = bytearray()
        for high, shown in _VISIBLE.findall(words):
            byte = ord(shown[1]) ^ 0x40 if high and len(shown) == 2 else ord(shown[0])
            raw += bytes([byte | 0x80]) if high else shown.encode()
        with suppress(UnicodeDecodeError):
            words = raw.decode("utf-8")
    shown = _text.escaped(words.strip())
    return shown if len(shown) <= 300 else shown[:300] + "…"
