"""What adopt.yml has written, and that it has changed nothing."""

from pathlib import Path

import pytest
import yaml

testinfra_hosts = ["ansible://pppoe_servers"]


@pytest.fixture
def text(request):
    inventory = Path(request.config.getoption("--ansible-inventory"))
    return (inventory / "host_vars" / "server" / "pppoe_server.yml").read_text()


def test_variables(text):
    assert yaml.safe_load(text) == {
        "pppoe_server_interfaces": ["eth1"],
        "pppoe_server_outside_interface": "eth0",
        "pppoe_server_nat_sources": ["0.0.0.0/0"],
        "pppoe_server_local_address": "192.168.10.109",
        "pppoe_server_pool": ["192.168.10.2-192.168.10.21"],
        "pppoe_server_system_login": True,
        "pppoe_server_dns_servers": ["202.106.0.20", "8.8.8.8"],
        "pppoe_server_lcp_echo_interval": 10,
        "pppoe_server_lcp_echo_failure": 2,
    }


@pytest.mark.parametrize(
    "words",
    [
        "2 live sessions, 3 accounts.",
        "# - No system account: cmz3.",
        "# - The server no longer hands out 192.168.10.3 of cmz2.",
        "# - The rule 'iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE' is there after a reboot too.",
        "# - Each customer needs a system account on this host, besides its own (login).",
        "line 3 of /etc/rc.local no longer does.",
        '#   - {name: "cmz2", addresses: ["192.168.10.3"], secret: "{{ vault_cmz2_secret }}"}',
    ],
)
def test_findings(text, words):
    assert words in text


def test_nothing_has_changed(host):
    before = host.file("/var/tmp/before/daemon").content_string
    assert host.check_output("pidof pppoe-server") == before.strip()
    assert not host.file("/etc/ppp/pppoe-server").exists
    assert host.run("cmp /etc/rc.local /var/tmp/before/rc.local").rc == 0
