from __future__ import annotations

import os

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_sources as _server_startup_sources
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _takeover as _server_takeover

RC_LOCAL = "/etc/rc.local"


def source(script: str, path: str = "/etc/cron.d/x", unit: str | None = None, active: bool = True):
    """A source from one line of a script."""
    line = _server_startup_lines.lines(script.encode(), path)[0]
    return _server_startup_sources.StartupSource(line, unit, active)


UNIT = "/etc/systemd/system/pppoe.service"


@pytest.mark.parametrize(
    ("sources", "units"),
    [
        ([], []),
        ([source("pppoe-server -I eth1", RC_LOCAL)], []),
        ([source("pppoe-server -I eth2")], []),
        ([source("pppoe-server -I eth1", active=False)], []),
        ([source("exit 0\npppoe-server -I eth1")], []),
        ([source("pppoe-server -I eth1", UNIT, "pppoe.service")], ["pppoe.service"]),
        ([source("pppoe-server -I eth2", UNIT, "pppoe.service")], []),
        ([source("pppoe-server -I eth1", UNIT, "pppoe.service", active=False)], []),
    ],
)
def test_units_to_disable(sources, units):
    assert _server_takeover.units_to_disable(sources, ["eth1"], RC_LOCAL) == units


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([source("pppoe-server -I eth1")], "line 1 of /etc/cron.d/x would start a second daemon: 'pppoe-server"),
        ([source("pppoe-server -I eth1; reboot")], "line 1 of /etc/cron.d/x would start a second daemon"),
        ([source("pppoe-server -I eth1 -I eth2")], "serves eth1, eth2 with one daemon"),
        ([source("pppoe-server -I $X")], "line 1 of /etc/cron.d/x starts a pppoe-server and cannot be read literally"),
        ([source("pppoe-server -I eth1", "/etc/init.d/pppoe", "pppoe.service")],
         "line 1 of /etc/init.d/pppoe .*or disable pppoe.service"),
        ([source("pppoe-server -I eth1", "/root/x.sh", "pppoe.service")],
         r"line 1 of /root/x.sh \(unit pppoe.service\) would start .* disable pppoe.service"),
        ([source("reboot; pppoe-server -I eth1", UNIT, "pppoe.service")], "does more than that"),
        ([source("systemctl start pppoe", RC_LOCAL), source("pppoe-server -I eth1", UNIT, "pppoe.service", False)],
         "line 1 of /etc/rc.local starts pppoe.service"),
    ],
)  # fmt: skip
def test_refused(sources, words):
    with pytest.raises(Refused, match=words):
        _server_takeover.units_to_disable(sources, ["eth1"], RC_LOCAL)


def test_only_texts_are_opened(tmp_path):
    script, program, large, fifo = (tmp_path / name for name in ("script", "program", "large", "fifo"))
    script.write_bytes(b"#!/bin/sh\n")
    program.write_bytes(b"\x7fELF\0\0")
    large.write_bytes(b" " * (_server_startup_sources.MOST_BYTES + 1))
    os.mkfifo(fifo)
    found = [_server_startup_sources.opened(str(path)) for path in (script, program, large, fifo, tmp_path)]
    assert found == [b"#!/bin/sh\n", None, None, None, None]
    assert _server_startup_sources.opened(str(tmp_path / "none")) is None
