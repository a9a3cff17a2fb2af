"""Nothing of ours is on the hosts: before the first run, after check mode, and after everything was removed."""

import pytest

testinfra_hosts = ["ansible://pppoe_servers", "ansible://pppoe_clients"]

OURS = [
    "/etc/ppp/pppoe-server",
    "/etc/ppp/peers/uplink",
    "/etc/dialtone-pppoe",
    "/etc/systemd/system/pppoe-server@default.service",
    "/etc/systemd/system/pppoe-access@default.service",
    "/etc/systemd/system/pppoe-client@uplink.service",
    "/etc/systemd/system/dialtone-pppoe-masquerade@default.service",
    "/etc/sysctl.d/60-dialtone-pppoe.conf",
    "/etc/udev/rules.d/60-dialtone-pppoe.rules",
    "/etc/rc.local",
    "/usr/local/libexec/dialtone-pppoe",
    "/usr/local/sbin/pppoe-server-ctl",
    "/run/pppoe-server",
]


@pytest.mark.parametrize("path", OURS)
def test_no_file(host, path):
    assert not host.file(path).exists


def test_no_process(host):
    # pgrep -f would find the shell that runs it.
    assert host.run("pgrep -x pppoe-server; pgrep -x pppd").stdout == ""


def test_no_forwarding(host):
    assert host.file("/proc/sys/net/ipv4/ip_forward").content_string == "0\n"


def test_no_link(host):
    assert host.run("ip -o link show type ppp").stdout == ""
