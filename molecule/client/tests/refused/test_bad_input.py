"""Each bad input ends the run with an error that names it, before anything has changed on the host."""

import pytest

testinfra_hosts = ["ansible://client-bookworm"]
ONE = {"name": "one", "interface": "eth0", "username": "cmz", "secret": "hidden-secret"}


def two(**changes):
    return [ONE, {**ONE, "name": "two", **changes}]


CASES = [
    ([{**ONE, "interface": "eth9"}], "interface: this host has no interface 'eth9'. It has: bridge, eth0, eth1, far"),
    ([{**ONE, "interface": "port"}], "interface: 'port' is a port of 'bridge'"),
    ([{**ONE, "mtu": 1493}], "mtu: 1493 is out of range. Give 128 to 1492 (eth0 has an MTU of 1500"),
    ([{**ONE, "dns": ["8.8.8.8", "google"]}], "dns: 'google' is not the address of a name server"),
    ([{**ONE, "demand_idle": 60, "boot": False}], "demand_idle: 60, but with boot=false"),
    (two(), "two connections have a default route with the same metric (given: 0, 0)"),
    (two(name="one", default_route=False), "two connections have the same name (given: one, one)"),
    (two(route_metric=1, link_interface="a/b"), "link_interface: 'a/b' is not a valid interface name"),
    (
        two(route_metric=1, startup="rc_local", user_control=True),
        "user_control: only root can stop what rc.local has started",
    ),
]


@pytest.fixture(scope="module", autouse=True)
def bridge(host):
    host.check_output(
        "ip link add bridge type bridge && ip link add port type veth peer name far && ip link set port master bridge"
    )
    yield
    host.check_output("ip link delete bridge && ip link delete port")


@pytest.mark.parametrize(("connections", "message"), CASES)
def test_refused_before_anything_changes(host, site, connections, message):
    result = site("client-bookworm", pppoe_client_connections=connections)
    assert result.returncode != 0
    assert message in " ".join(result.stdout.split())
    assert " changed=0 " in result.stdout
    assert "hidden-" not in result.stdout
