"""Nothing of IPv6 is left, but for the table, so that customers get the same prefixes again."""

from __future__ import annotations

testinfra_hosts = ["ansible://pppoe_servers"]


def test_nothing_is_left(host):
    assert host.run("pgrep -f libexec/dialtone-pppoe/[p]ppoe-server-ipv6").stdout == ""
    assert host.check_output("for protocol in 139 140 141; do ip -6 route show proto $protocol; done") == ""
    assert host.file("/proc/sys/net/ipv6/conf/all/forwarding").content_string == "0\n"
    assert host.run("ls -d /etc/systemd/system/*ipv6* /etc/systemd/system/*.wants/*ipv6*").stdout == ""


def test_the_table_stays(host):
    assert " cmz\n" in host.file("/var/lib/pppoe-server/default.prefixes").content_string
