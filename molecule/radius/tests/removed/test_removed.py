"""Nothing of RADIUS is left on a concentrator, or of ours on a centre but the database."""

from __future__ import annotations

import pytest

testinfra_hosts = ["ansible://pppoe_servers", "ansible://pppoe_radius_servers"]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/ppp/pppoe-server-radius",
        "/etc/systemd/system/pppoe-server-radius.service",
        "/etc/systemd/system/pppoe-server-disconnect.socket",
        "/etc/systemd/system/pppoe-server-disconnect@.service",
        "/run/pppoe-server-radius",
        "/run/pppoe-server-radius.disconnect",
        "/etc/freeradius/pppoe-radius",
        "/etc/systemd/system/freeradius.service.d",
        "/etc/systemd/system/pppoe-radius-upkeep.service",
        "/etc/systemd/system/pppoe-radius-upkeep.timer",
    ],
)
def test_no_file(host, path):
    assert not host.file(path).exists


def test_records_that_no_centre_took_are_kept(host):
    # The centres were removed before the last sessions ended.
    kept = host.run("ls -A /var/lib/pppoe-server-radius").stdout.split()
    assert [name for name in kept if not name.startswith("detail")] == []


def test_no_process(host):
    assert host.run("pgrep -x freeradius").stdout == ""
