"""Nothing is left on the members but the package."""

from __future__ import annotations

testinfra_hosts = ["ansible://pppoe_servers"]


def test_nothing_is_left(host):
    assert host.run("ls /etc/l2tpns/startup-config /etc/l2tpns/users /etc/l2tpns/ip_pool").stdout == ""
    assert not host.file("/etc/systemd/system/l2tpns.service.d").exists
    assert not host.service("l2tpns").is_running
    assert not host.service("l2tpns").is_enabled
    metrics = "/var/lib/dialtone-pppoe /usr/local/libexec/dialtone-pppoe /var/lib/node-exporter/*"
    assert host.run(f"ls -d {metrics}").stdout == ""
    assert "pppoe-server-metrics" not in host.check_output("systemctl list-unit-files --no-pager")
    assert "tun0" not in host.check_output("ip link")
