"""What the guide's server has to be, on its files and in its kernel."""

import pytest

testinfra_hosts = ["ansible://pppoe_servers"]


@pytest.mark.parametrize("package", ["pppoe", "ppp", "iptables"])
def test_package(host, package):
    assert host.package(package).is_installed


def test_options(host):
    options = host.file("/etc/ppp/pppoe-server/default.options")
    assert options.mode == 0o644
    lines = options.content_string.splitlines()
    for line in (
        "auth",
        "require-chap",
        "lcp-echo-interval 10",
        "lcp-echo-failure 2",
        "ms-dns 202.106.0.20",
        "ms-dns 8.8.8.8",
    ):
        assert line in lines
    assert "login" not in lines


def test_accounts(host):
    secrets = host.file("/etc/ppp/chap-secrets")
    assert (secrets.user, secrets.group, secrets.mode) == ("root", "root", 0o600)
    accounts = [line.split() for line in secrets.content_string.splitlines() if line and not line.startswith("#")]
    assert ["cmz", "*", "cmz", "*"] in accounts
    assert ["cmz2", "*", "cmz2", "192.168.10.3"] in accounts
    assert "# Secrets for authentication using CHAP" in secrets.content_string


def test_the_pool_is_the_guide_s_but_for_the_fixed_address(host):
    pool = host.file("/etc/ppp/pppoe-server/default.pool").content_string.split()
    assert pool == [f"192.168.10.{last}" for last in range(2, 22) if last != 3]


def test_the_daemon_hands_out_that_pool_alone(host):
    # The daemon started with the living sessions' addresses taken out; those are of the pool, or the fixed one.
    offered = set(host.file("/run/pppoe-server/default.pool").content_string.split())
    assert "192.168.10.3" not in offered
    assert offered <= set(host.file("/etc/ppp/pppoe-server/default.pool").content_string.split())


def test_it_waits_for_clients_on_the_inside_interface(host):
    index = int(host.file("/sys/class/net/eth1/ifindex").content_string)
    sockets = [line.split() for line in host.file("/proc/net/packet").content_string.splitlines()[1:]]
    assert [socket[4] for socket in sockets if socket[3] == "8863"] == [str(index)]


def test_forwarding_now_and_at_boot(host):
    assert host.file("/proc/sys/net/ipv4/ip_forward").content_string == "1\n"
    assert "net.ipv4.ip_forward = 1\n" in host.file("/etc/sysctl.d/60-dialtone-pppoe.conf").content_string
