# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What FreeRADIUS at a centre logs of concentrators whose secret differs. Private to this collection. Pure.

It gives them no answer (RFC 2865, 3; RFC 5997, 4.2), so that only its log tells them from those that are out of reach.
FreeRADIUS 3.0 and 3.2.
"""

from __future__ import annotations

import re
import time
from email.utils import parsedate

#: As much of the log's end as has to be read: a concentrator that has no answer asks every few seconds.
TAIL = 1 << 18
#: Seconds after which a line is history.
RECENT = 3600
_READY = " : Info: Ready to process requests"
_LINE = re.compile(r"(.{24}) : .*\(Shared secret is incorrect\.\)")
_CLIENT = re.compile(r"\bfrom client ([A-Za-z0-9._-]+)")


def wrong_secrets(text: str, now: float) -> dict[str, str]:
    """The clients that have another secret than the FreeRADIUS that runs, with the local time of the last packet."""
    found = {}
    for line in text.rpartition(_READY)[2].splitlines():
        said, client = _LINE.match(line), _CLIENT.search(line)
        # As asctime(3), in no language but English; the first line may begin anywhere.
        moment = parsedate(said.group(1)) if said else None
        if said and client and moment and now - time.mktime(moment) < RECENT:
            found[client.group(1)] = said.group(1)
    return found
