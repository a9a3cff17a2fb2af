"""Ordinary users start and stop the connection that they may, and read nothing of it."""

import pytest

testinfra_hosts = ["ansible://pppoe_clients"]


@pytest.fixture
def as_user(host):
    host.run("id joe || useradd joe")
    return lambda command: host.run("su joe -s /bin/sh -c %s </dev/null", command)


def test_the_link_that_users_may_control(host, as_user):
    assert as_user("systemctl stop pppoe-client@one").succeeded
    assert not host.service("pppoe-client@one").is_running
    assert host.run("ip link show dev ppp-one").failed
    assert as_user("systemctl start pppoe-client@one").succeeded
    assert "peer 192.168.10.109" in host.check_output("ip -4 -o addr show dev ppp-one")


@pytest.mark.parametrize(
    "command",
    [
        "systemctl stop pppoe-client@two",
        "systemctl disable pppoe-client@one",
        "cat /etc/ppp/chap-secrets",
        "cat /etc/ppp/peers/one",
        "cat /run/pppoe-client-one.log",
        "cat /etc/ppp/pppoe-client/one.up",
    ],
)
def test_what_users_may_not(as_user, command):
    assert as_user(command).failed
