"""Nothing of IPv6 is left, but for the table, so that customers get the same prefixes again."""

from __future__ import annotations

testinfra_hosts = ["ansible://pppoe_servers", "ansible://pppoe_clients"]


def is_server(host):
    return "pppoe_servers" in host.ansible.get_variables()["group_names"]


def test_nothing_is_left(host):
    if not is_server(host):
        assert host.run("ls -A /etc/systemd/network").stdout == ""
        assert host.check_output("ip -6 -o addr show dev home0 scope global; ip -6 route show type unreachable") == ""
        assert not host.service("systemd-networkd").is_running
        return
    assert host.run("pgrep -f libexec/dialtone-pppoe/[p]ppoe-server-ipv6").stdout == ""
    assert host.check_output("for protocol in 139 140 141; do ip -6 route show proto $protocol; done") == ""
    assert host.file("/proc/sys/net/ipv6/conf/all/forwarding").content_string == "0\n"
    assert host.run("ls -d /etc/systemd/system/*ipv6* /etc/systemd/system/*.wants/*ipv6*").stdout == ""


def test_the_table_stays(host):
    if is_server(host):
        assert " cmz\n" in host.file("/var/lib/pppoe-server/default.prefixes").content_string
