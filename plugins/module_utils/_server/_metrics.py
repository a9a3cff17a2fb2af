# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that have an instance's metrics written, as text. Private to this collection. Pure."""

from __future__ import annotations

import re

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _names, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics_program as _server_metrics_program

PROGRAM = _server_metrics_program.PATHS[0]
UNITS = _systemd.UNITS
# What neither a unit nor a shell takes for anything else.
_DIRECTORY = re.compile(r"/[A-Za-z0-9._/+-]{1,200}\Z")

_SERVICE = """\
[Unit]
Description=Metrics of the PPPoE access concentrator {name}

[Service]
Type=oneshot
ExecStart={program} {name} {directory}{engine}
Nice=10
"""
_TIMER = """\
[Unit]
Description=Metrics of the PPPoE access concentrator {name}, every {interval} seconds

[Timer]
OnActiveSec=0
OnUnitActiveSec={interval}
AccuracySec=1

[Install]
WantedBy=timers.target
"""


def check(name: str, directory: str, interval: int) -> None:
    """Refuse what a unit could not have in it."""
    _names.check_name(name)
    if not _DIRECTORY.match(directory):
        raise Refused(
            "directory",
            f"{directory!r} is not a plain absolute path.",
            "Use the directory that node_exporter reads (--collector.textfile.directory).",
        )
    _names.check_number("interval", interval, 5, 86400, "seconds")


def timer_name(name: str) -> str:
    return f"pppoe-server-metrics@{name}.timer"


def units(name: str) -> tuple[str, str]:
    """The paths of the service and of the timer."""
    return f"{UNITS}/pppoe-server-metrics@{name}.service", f"{UNITS}/{timer_name(name)}"


def prom(directory: str, name: str) -> str:
    """The file that the program writes."""
    return f"{directory}/pppoe_server_{name}.prom"


def files(name: str, directory: str, interval: int, interpreter: str, engine: str = "rp-pppoe") -> list[_files.File]:
    """``interpreter``: the Python that runs the program."""
    service, timer = units(name)
    word = "" if engine == "rp-pppoe" else f" {engine}"
    values = {"name": name, "directory": directory, "interval": interval, "program": PROGRAM, "engine": word}
    return [
        *_server_metrics_program.files(interpreter),
        _files.File(service, (_layout_header.LINE + _SERVICE.format(**values)).encode()),
        _files.File(timer, (_layout_header.LINE + _TIMER.format(**values)).encode()),
    ]


def directory_of(service: bytes | None) -> str | None:
    """The folder that a service of ours writes to, ``None`` if there is no such service."""
    match = re.search(rb"^ExecStart=\S+ \S+ (\S+)( l2tpns)?$", service or b"", re.MULTILINE)
    return match.group(1).decode() if match else None
