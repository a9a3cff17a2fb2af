# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site of a server's FreeRADIUS that ends and changes sessions on request. Private to this collection. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _disconnect as _radius_disconnect

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._radius._settings import RadiusSettings

PORT = 3799
#: What may tell which session is meant, in the order in which the program has it.
MARKS = ("Acct-Session-Id", "Framed-IP-Address", "User-Name", "Calling-Station-Id", "NAS-Port-Id")
#: What a session keeps until its end.
FIXED = (
    "Session-Timeout",
    "Idle-Timeout",
    "Acct-Interim-Interval",
    "Framed-Route",
    "Framed-MTU",
    "MS-Primary-DNS-Server",
    "MS-Secondary-DNS-Server",
)

_SITE = """\
server pppoe_disconnect {{
    listen {{
        type = coa
        ipaddr = {address}
        port = {port}
        clients = pppoe_disconnect
    }}
    recv-coa {{
        # What cannot be changed while a session lives.
        if ((&Packet-Type == CoA-Request) && ({fixed})) {{
            update reply {{
                &Error-Cause := Unsupported-Attribute
            }}
            reject
        }}
        pppoe_disconnect {{
            fail = 1
            invalid = 1
            userlock = 1
            notfound = 1
            noop = 1
            updated = 1
        }}
        if (notfound) {{
            update reply {{
                &Error-Cause := Session-Context-Not-Found
            }}
            reject
        }}
        elsif (invalid) {{
            update reply {{
                &Error-Cause := Multiple-Session-Selection-Unsupported
            }}
            reject
        }}
        elsif (noop) {{
            update reply {{
                &Error-Cause := Unsupported-Extension
            }}
            reject
        }}
        elsif (userlock) {{
            update reply {{
                &Error-Cause := Invalid-Attribute-Value
            }}
            reject
        }}
        elsif (updated) {{
            update reply {{
                &Error-Cause := Missing-Attribute
            }}
            reject
        }}
        elsif (!ok) {{
            update reply {{
                &Error-Cause := Resources-Unavailable
            }}
            reject
        }}
    }}
    send-coa {{
        ok
    }}
}}
"""


def marks() -> str:
    """What the program gets of a request, in FreeRADIUS's syntax; ``-`` for each that it does not have."""
    return " ".join(f"%{{%{{{name}}}:--}}" for name in (*MARKS, *_radius_disconnect.RATES))


def configuration(settings: RadiusSettings) -> str:
    """The site and who may ask it."""
    clients = "".join(
        f'\tclient from{number} {{\n\t\tipaddr = {network}\n\t\tsecret = "{settings.disconnect_secret}"\n\t}}\n'
        for number, network in enumerate(settings.disconnect_from, 1)
    )
    fixed = " || ".join(f"&{name}" for name in FIXED)
    site = _SITE.format(address=settings.nas_address or "*", port=PORT, fixed=fixed)
    return f"clients pppoe_disconnect {{\n{clients}}}\n{site}"
