# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The attributes that pppd's RADIUS plugin is to know. Private to this collection. Pure.

ppp comes without a dictionary, and FreeRADIUS's cannot be read by it: it has other words for vendors and flags
(pppd/plugins/radius/dict.c). An attribute that is not listed here is not in the file of ``radattr.so`` either.
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

# RFC 2865, 2866, 2869, 3162, 4818, 6911; 227 and 228 are pppd's own.
_STANDARD = """
User-Name 1 string
User-Password 2 string
CHAP-Password 3 string
NAS-IP-Address 4 ipaddr
NAS-Port 5 integer
Service-Type 6 integer
Framed-Protocol 7 integer
Framed-IP-Address 8 ipaddr
Framed-IP-Netmask 9 ipaddr
Filter-Id 11 string
Framed-MTU 12 integer
Framed-Compression 13 integer
Reply-Message 18 string
Framed-Route 22 string
State 24 string
Class 25 string
Session-Timeout 27 integer
Idle-Timeout 28 integer
Termination-Action 29 integer
Called-Station-Id 30 string
Calling-Station-Id 31 string
NAS-Identifier 32 string
Proxy-State 33 string
Acct-Status-Type 40 integer
Acct-Delay-Time 41 integer
Acct-Input-Octets 42 integer
Acct-Output-Octets 43 integer
Acct-Session-Id 44 string
Acct-Authentic 45 integer
Acct-Session-Time 46 integer
Acct-Input-Packets 47 integer
Acct-Output-Packets 48 integer
Acct-Terminate-Cause 49 integer
Acct-Multi-Session-Id 50 string
Acct-Input-Gigawords 52 integer
Acct-Output-Gigawords 53 integer
Event-Timestamp 55 date
CHAP-Challenge 60 string
NAS-Port-Type 61 integer
Port-Limit 62 integer
Connect-Info 77 string
Message-Authenticator 80 string
Acct-Interim-Interval 85 integer
NAS-Port-Id 87 string
Framed-Pool 88 string
Framed-Interface-Id 96 ifid
Framed-IPv6-Prefix 97 ipv6prefix
Framed-IPv6-Route 99 string
Framed-IPv6-Pool 100 string
Delegated-IPv6-Prefix 123 ipv6prefix
Framed-IPv6-Address 168 ipv6addr
DNS-Server-IPv6-Address 169 ipv6addr
Session-Octets-Limit 227 integer
Octets-Direction 228 integer
"""
_VENDORS = {
    "Microsoft 311": """
MS-CHAP-Response 1 string
MS-CHAP-Error 2 string
MS-MPPE-Encryption-Policy 7 integer
MS-MPPE-Encryption-Types 8 integer
MS-CHAP-Domain 10 string
MS-CHAP-Challenge 11 string
MS-CHAP-MPPE-Keys 12 string
MS-MPPE-Send-Key 16 string
MS-MPPE-Recv-Key 17 string
MS-CHAP2-Response 25 string
MS-CHAP2-Success 26 string
MS-Primary-DNS-Server 28 ipaddr
MS-Secondary-DNS-Server 29 ipaddr
MS-Primary-NBNS-Server 30 ipaddr
MS-Secondary-NBNS-Server 31 ipaddr
""",
    "WISPr 14122": """
WISPr-Bandwidth-Max-Up 7 integer
WISPr-Bandwidth-Max-Down 8 integer
""",
    "Mikrotik 14988": """
Mikrotik-Rate-Limit 8 string
Mikrotik-Address-List 19 string
""",
    "Roaring-Penguin 10055": """
RP-Upstream-Speed-Limit 1 integer
RP-Downstream-Speed-Limit 2 integer
""",
}
_VALUES = """
NAS-Port-Type Ethernet 15
Service-Type Framed-User 2
Framed-Protocol PPP 1
"""


def names() -> list[str]:
    """All attributes, in the order of the file."""
    texts = [_STANDARD, *_VENDORS.values()]
    return [line.split()[0] for text in texts for line in text.splitlines() if line]


def text() -> str:
    """The file."""
    lines = [_layout_header.LINE.rstrip()]
    lines += [f"ATTRIBUTE {line}" for line in _STANDARD.split("\n") if line]
    lines += [f"VALUE {line}" for line in _VALUES.split("\n") if line]
    for vendor, attributes in _VENDORS.items():
        lines.append(f"VENDOR {vendor}")
        lines += [f"ATTRIBUTE {line} {vendor.split()[0]}" for line in attributes.split("\n") if line]
    return "".join(line + "\n" for line in lines)
