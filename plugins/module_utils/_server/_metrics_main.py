# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that a timer runs: ``PROGRAM NAME DIRECTORY`` writes DIRECTORY/pppoe_server_NAME.prom.

Private to this collection. It needs nothing but Python's own library. What sessions and dials have done it asks the
session manager, the causes of ends and the refusals it takes from the journal, and RADIUS servers it asks itself.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _counters as _manager_counters
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _upstream as _radius_upstream
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _exposition as _server_exposition
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics_l2tpns as _server_metrics_l2tpns
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _open_folder as _server_open_folder
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _status as _server_status
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _totals as _server_totals

STATE = _server_open_folder.TOTALS
MANAGER = "/run/pppoe-server"
RADIUS, RADIUS_UNIT = "/etc/ppp/pppoe-server-radius/radiusd.conf", "pppoe-server-radius.service"
#: Seconds to wait for the session manager, and between two looks for its answer.
PATIENCE, POLL = 5.0, 0.02
_NOTHING = _server_exposition.Cluster(0, None)
_RADIUS_OPTION = re.compile(r"^plugin \S*radius\.so", re.MULTILINE)


def main(name: str, directory: str, engine: str = "") -> None:
    """Count, and write the file."""
    os.makedirs(STATE, exist_ok=True)
    os.chmod(STATE, 0o755)  # noqa: S103
    state = f"{STATE}/{name}.json"
    try:
        totals = _server_totals.Totals(**json.loads(_server_status.text(state)))
    except (ValueError, TypeError):
        totals = _server_totals.Totals()
    totals, text = (_of_l2tpns if engine == _server_metrics_l2tpns.ENGINE else _of_instance)(name, totals)
    _server_open_folder.write(state, json.dumps(vars(totals)))
    _server_open_folder.write(f"{directory}/pppoe_server_{name}.prom", text)


def _of_l2tpns(name: str, totals: _server_totals.Totals) -> tuple[_server_totals.Totals, str]:
    found, cluster = _server_metrics_l2tpns.found(name)
    # What does not answer has not lost what was counted.
    totals = _server_totals.counted(totals, found.sessions, ()) if cluster else totals
    readings = _server_exposition.Readings(None, _server_metrics_l2tpns.radius(), cluster or _NOTHING)
    return totals, _server_exposition.exposition(found, totals, False, readings)


def _of_instance(name: str, totals: _server_totals.Totals) -> tuple[_server_totals.Totals, str]:
    found = _server_status.status(name)
    messages = _journal(name, f"pppoe-server@{name}.service")
    totals = _server_totals.counted(totals, found.sessions, (text for _pid, text in messages))
    counts = _counts(name)
    if counts is not None:
        totals = _server_totals.with_ends(totals, counts, messages)
    radius = _radius(name, totals)
    drained, readings = _server_status.is_drained(name), _server_exposition.Readings(counts, radius)
    return totals, _server_exposition.exposition(found, totals, drained, readings)


def _counts(name: str) -> _manager_counters.Counts | None:
    """What the session manager has counted; of one that does not answer, what it has written before.

    It knows of an instance from the first dial on. Before that there is nothing to count.
    """
    asked, path = time.monotonic_ns(), f"{MANAGER}/counters"
    with suppress(OSError):
        queue = os.open(f"{MANAGER}/ask", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.write(queue, f"count {asked}\n".encode())
        finally:
            os.close(queue)
        deadline = time.monotonic() + PATIENCE
        while _manager_counters.asked(_server_status.text(path)) < asked and time.monotonic() < deadline:
            time.sleep(POLL)
    text = _server_status.text(path)
    nothing = _manager_counters.Counts(0) if _manager_counters.asked(text) >= asked else None
    return _manager_counters.read(text).get(name, nothing)


def _radius(name: str, totals: _server_totals.Totals) -> dict[str, float | None]:
    """The RADIUS servers of the instance, and how long each took to answer; counts what they left without an answer."""
    if not _RADIUS_OPTION.search(_server_status.text(f"{_server_status.CONFIGURATION}/{name}.options")):
        return {}
    servers = [one for one in _radius_upstream.servers(_server_status.text(RADIUS)) if not one.tls]
    messages = _journal(f"{name}.radius", RADIUS_UNIT)
    for server, number in _radius_upstream.failures((text for _pid, text in messages), servers).items():
        totals.radius_failed[server] = totals.radius_failed.get(server, 0) + number
    return {one.name: _radius_upstream.seconds(one) for one in servers}


def _journal(cursor: str, unit: str) -> list[_server_totals.JournalMessage]:
    """What the processes of a unit have written since the last call. ``cursor``: of the file that has the place."""
    words = ["journalctl", "--quiet", "--output=json", "--output-fields=MESSAGE,_PID"]
    try:
        # No module is there when the timer runs this.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            [*words, f"--cursor-file={STATE}/{cursor}.cursor", f"_SYSTEMD_UNIT={unit}"],
            stdout=subprocess.PIPE,
            check=False,
            timeout=60,
            errors="replace",
        )
        return messages(done.stdout)
    except (OSError, subprocess.TimeoutExpired):
        return []


def messages(journal: str) -> list[_server_totals.JournalMessage]:
    """The messages of journalctl's JSON, which has numbers in the place of a text that a terminal would act on."""
    found = []
    for line in journal.splitlines():
        try:
            entry: t.Any = json.loads(line)
            text = entry.get("MESSAGE")
            text = text if isinstance(text, str) else bytes(text).decode("utf-8", "replace")
            found.append(_server_totals.JournalMessage(int(entry.get("_PID", 0)), text))
        except (ValueError, TypeError, AttributeError):
            continue  # too long a message is null
    return found
