# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs and units that a server's RADIUS needs on its host. Private to this collection. Pure."""

from __future__ import annotations

import re

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _radius as _layout_radius
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _disconnect as _radius_disconnect

# The first record of a boot says that no session of before lives, so that one which a power cut ended is closed. It is
# in the buffer before FreeRADIUS runs, and so before every session's own. Its form is that of rlm_detail.
_BOOT = """\
#!/bin/sh
{head}#
# Run before FreeRADIUS starts: its folders, and the record Accounting-On if this is the first time since the boot.
set -eu
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
install -d -o {user} -g {user} -m 0700 {buffer} {run}
[ ! -e {run}.boot ] || exit 0
now=$(date +%s)
file={buffer}/detail-$(date -d "@$now" +%Y%m%d:%H)
read -r boot </proc/sys/kernel/random/boot_id
{{
    date -d "@$now" '+%a %b %e %H:%M:%S %Y'
    printf '\\tAcct-Status-Type = Accounting-On\\n\\tAcct-Session-Id = "%s"\\n' "$boot"
    printf '\\tNAS-IP-Address = %s\\n\\tNAS-Identifier = "%s"\\n' {nas_address} {nas_identifier}
    date -u -d "@$now" '+%tEvent-Timestamp = "%b %e %Y %H:%M:%S UTC"'
    printf '\\tTimestamp = %s\\n\\n' "$now"
}} >>"$file"
chown {user}:{user} "$file"
: >{run}.boot
"""

_UNIT = """\
{head}[Unit]
Description=RADIUS of the PPPoE access concentrator
Documentation=man:radiusd(8)
After=network.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=all
ExecStartPre={boot}
ExecStart={program} -f -d {folder}
Restart=always
RestartSec=1
NoNewPrivileges=true
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
"""

_SOCKET = """\
{head}[Unit]
Description=Requests of RADIUS servers to end or change PPPoE sessions

[Socket]
ListenStream={queue}
SocketMode=0660
SocketGroup={user}
Accept=yes
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
"""

_SERVICE = """\
{head}[Unit]
Description=Request of a RADIUS server to end or change a PPPoE session
CollectMode=inactive-or-failed

[Service]
ExecStart={program}
StandardInput=socket
StandardOutput=socket
StandardError=journal
"""

# FreeRADIUS's own process, for each request: it only hands over what it was asked.
_ASK = """\
#!{interpreter} -IS
{head}#
# pppoe-server-disconnect-ask TYPE SESSION-ID ADDRESS USER MAC PORT RATES..., each - if it is not given: asks root's
# service.
import socket
import sys

words = ["" if word == "-" else word.replace("\\0", "").replace("\\n", "") for word in sys.argv[1:]]
try:
    with socket.socket(socket.AF_UNIX) as queue:
        queue.settimeout(7)
        queue.connect("{queue}")
        queue.sendall(("\\0".join(words) + "\\n").encode("utf-8", "surrogateescape"))
        answer = queue.makefile().readline()
    sys.exit(int(answer))
except (OSError, ValueError):
    sys.exit(2)
"""

_IMPORT = re.compile(
    r"^from ansible_collections\.dialtone\.pppoe\.plugins\.module_utils\.(?:_manager|_plans) import ", re.MULTILINE
)
_PATH = """\
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "manager"))
"""
_FUTURE = "from __future__ import annotations\n"


def files(program: str, user: str, nas_address: str, nas_identifier: str) -> list[_files.File]:
    """What every server with RADIUS needs. ``program``: FreeRADIUS, ``user``: whom it runs as."""
    buffer, run = _layout_radius.BUFFER, _layout_radius.RUN
    boot = _BOOT.format(
        head=_layout_header.LINE,
        user=user,
        buffer=buffer,
        run=run,
        nas_address=nas_address,
        nas_identifier=nas_identifier,
    )
    unit = _UNIT.format(
        head=_layout_header.LINE, boot=_layout_radius.BOOT, program=program, folder=_layout_radius.FOLDER
    )
    return [
        _files.File(_layout_radius.BOOT, boot.encode(), 0o755, program=True),
        _files.File(_layout_radius.unit_path(_layout_radius.UNIT), unit.encode()),
    ]


def disconnect_files(user: str, interpreter: str, wanted: bool) -> list[_files.File]:
    """What ends sessions on request; nothing of it unless it is ``wanted``."""
    queue = _layout_radius.DISCONNECT_QUEUE
    texts = {
        _layout_radius.ASK: _ASK.format(head=_layout_header.LINE, interpreter=interpreter, queue=queue),
        _layout_radius.DISCONNECT: _disconnect_program(interpreter),
        _layout_radius.unit_path(_layout_radius.DISCONNECT_SOCKET): _SOCKET.format(
            head=_layout_header.LINE, queue=queue, user=user
        ),
        _layout_radius.unit_path(_layout_radius.DISCONNECT_SERVICE): _SERVICE.format(
            head=_layout_header.LINE, program=_layout_radius.DISCONNECT
        ),
    }
    programs = (_layout_radius.ASK, _layout_radius.DISCONNECT)
    return [
        _files.File(
            path, text.encode() if wanted else None, 0o755 if path in programs else 0o644, program=path in programs
        )
        for path, text in texts.items()
    ]


def _disconnect_program(interpreter: str) -> str:
    # Where a module runs, this is in an archive.
    loader = _radius_disconnect.__spec__.loader
    source: str = loader.get_source(_radius_disconnect.__name__)  # type: ignore[union-attr]
    before, future, after = source.partition(_FUTURE)
    return f"#!{interpreter} -IB\n{_layout_header.LINE}{before}{future}\n{_PATH}{_IMPORT.sub('import ', after)}"
