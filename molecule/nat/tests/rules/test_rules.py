"""Where the rules are, and that those of others are as they were."""

from __future__ import annotations

import re

import pytest

testinfra_hosts = ["ansible://pppoe_servers"]
MARK = "dialtone.pppoe default"
UNIT = "dialtone-pppoe-masquerade@default.service"


def saved(text):
    """Rules of iptables-save by table and chain, without ours."""
    found, table = {}, ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line
        elif line.startswith("-A ") and MARK not in line:
            found.setdefault((table, line.split()[1]), []).append(line)
    return found


@pytest.fixture
def name(host):
    return host.ansible.get_variables()["inventory_hostname"]


@pytest.fixture
def backend(host):
    return host.ansible.get_variables().get("backend", "iptables-legacy")


def test_one_backend_has_them(host, backend):
    found = {
        "nftables": host.run("nft list table ip dialtone_pppoe_default").succeeded,
        "iptables": f'"{MARK}"' in host.run("iptables-nft-save").stdout,
        "iptables-legacy": f'"{MARK}"' in host.run("iptables-legacy-save").stdout,
        "firewalld": f"{MARK} firewalld" in host.run("firewall-cmd --direct --get-all-rules").stdout,
    }
    assert [one for one, there in found.items() if there] == [backend]


def test_what_brings_them_back(host, backend):
    if backend != "firewalld":
        unit = host.service(UNIT)
        assert unit.is_running
        assert unit.is_enabled
    else:
        assert not host.file(f"/etc/systemd/system/{UNIT}").exists
        now, permanent = (
            host.check_output(f"firewall-cmd {place} --direct --get-all-rules") for place in ("", "--permanent")
        )
        assert permanent == now


def test_rules_of_others(host, name):
    if name in ("ipt", "gate"):
        program = "iptables-nft" if name == "ipt" else "iptables-legacy"
        before, now = saved(host.file("/var/tmp/firewall").content_string), saved(host.check_output(f"{program}-save"))
        assert {chain: now[chain] for chain in before} == before
    elif name == "nft":
        chain = host.check_output("nft list chain inet filter forward").splitlines()
        rules = [line.strip() for line in chain if line.startswith("\t\t")]
        assert [line for line in rules if MARK not in line] == [
            "type filter hook forward priority filter; policy drop;",
            "ip saddr 10.66.0.0/16 drop",
            'iifname "br-office" oifname "eth0" accept',
        ]
        assert MARK in rules[-1]
    elif name == "fwd":
        assert host.check_output("firewall-cmd --zone=external --query-port=8443/tcp") == "yes"
        assert "10.66.0.0/16" in host.check_output("firewall-cmd --direct --get-all-rules")


def test_links_of_customers(host):
    links = re.findall(r"^\d+: (ppp\d+)[:@]", host.check_output("ip -o link show"), re.MULTILINE)
    assert links
    for link in links:
        assert host.file(f"/proc/sys/net/ipv4/conf/{link}/rp_filter").content_string == "1\n"
        assert host.file(f"/proc/sys/net/ipv6/conf/{link}/disable_ipv6").content_string == "1\n"
        for setting in ("accept_ra", "accept_redirects", "accept_source_route"):
            assert host.file(f"/proc/sys/net/ipv6/conf/{link}/{setting}").content_string == "0\n"
        assert host.run(f"ip -6 addr show dev {link}").stdout == ""


def test_the_uplink_is_no_customer_s(host, name):
    if name == "gate":
        assert host.file("/proc/sys/net/ipv6/conf/ppp-uplink/disable_ipv6").content_string == "0\n"
