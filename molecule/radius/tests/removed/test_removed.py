"""Nothing of RADIUS is left on a concentrator."""

from __future__ import annotations

import pytest

testinfra_hosts = ["ansible://pppoe_servers"]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/ppp/pppoe-server-radius",
        "/etc/systemd/system/pppoe-server-radius.service",
        "/etc/systemd/system/pppoe-server-disconnect.socket",
        "/etc/systemd/system/pppoe-server-disconnect@.service",
        "/var/lib/pppoe-server-radius",
        "/run/pppoe-server-radius",
        "/run/pppoe-server-radius.disconnect",
    ],
)
def test_no_file(host, path):
    assert not host.file(path).exists


def test_no_process(host):
    assert host.run("pgrep -x freeradius").stdout == ""
