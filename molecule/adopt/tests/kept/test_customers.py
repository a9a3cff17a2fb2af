"""The customers who were online when the server was taken over have noticed nothing."""

import re

testinfra_hosts = ["ansible://pppoe_clients"]


def test_no_ping_was_lost(host):
    assert host.service("pings").is_running
    host.check_output("systemctl kill --signal=INT pings; while systemctl -q is-active pings; do sleep 0.1; done")
    counts = re.search(r"(\d+) packets transmitted, (\d+) received", host.file("/var/tmp/pings").content_string)
    sent, received = map(int, counts.groups())
    assert sent > 100
    # The last one may have been on its way.
    assert sent - received <= 1
