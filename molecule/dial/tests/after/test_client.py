"""What the guide checks on the client after it has dialled."""

import re

import pytest

testinfra_hosts = ["ansible://pppoe_clients"]


@pytest.fixture
def account(host):
    connections = host.ansible.get_variables()["pppoe_client_connections"]
    return connections[0]["username"]


def test_link(host, account):
    links = host.check_output("ip -4 -o addr show").splitlines()
    ours = [line for line in links if "peer 192.168.10.109" in line]
    assert len(ours) == 1
    address = re.search(r"inet (\S+) peer", ours[0])[1]
    if account == "cmz2":
        assert address == "192.168.10.3"
    else:
        assert address in {f"192.168.10.{last}" for last in range(2, 22) if last != 3}


def test_mtu(host):
    assert " mtu 1492 " in host.check_output("ip -o link show type ppp")


def test_default_route(host):
    assert host.check_output("ip -4 route show default").startswith("default dev ppp0")


@pytest.mark.parametrize("address", ["192.168.5.1", "8.8.8.8"])
def test_the_internet_answers_one_hop_further(host, address):
    # The gateway's answers leave it with a TTL of 64, and the server takes one off.
    answer = host.check_output(f"ping -c 1 -W 5 {address}")
    assert "ttl=63" in answer


def test_the_server_end_answers_over_the_link(host):
    assert "ttl=64" in host.check_output("ping -c 1 -W 5 -I ppp0 192.168.10.109")


def test_dns(host, account):
    servers = re.findall(r"^nameserver (\S+)$", host.file("/etc/resolv.conf").content_string, re.MULTILINE)
    assert servers == (["202.106.0.20", "8.8.8.8"] if account == "cmz2" else ["114.114.114.114", "8.8.8.8"])


@pytest.mark.parametrize("name", ["chap-secrets", "pap-secrets"])
def test_secrets_are_root_s_alone(host, account, name):
    secrets = host.file(f"/etc/ppp/{name}")
    assert (secrets.user, secrets.group, secrets.mode) == ("root", "root", 0o600)
    lines = [line.split() for line in secrets.content_string.splitlines()]
    assert [words for words in lines if words[:1] == [account]]


def test_the_secret_is_in_no_other_file(host, account):
    # cmz's secret is its name, so what is looked for is what only the secrets files may hold: the name beside itself.
    line = f"{account}[[:blank:]]+[^[:blank:]]+[[:blank:]]+{account}"
    found = host.run(f"grep -rlE '{line}' /etc /run /var/log 2>/dev/null")
    assert sorted(found.stdout.split()) == ["/etc/ppp/chap-secrets", "/etc/ppp/pap-secrets"]
