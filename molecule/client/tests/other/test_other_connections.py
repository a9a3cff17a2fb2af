"""A third connection, to a server made by hand: why a dial fails, a VLAN, dialling on demand."""

import json

import pytest

testinfra_hosts = ["ansible://client-bookworm", "ansible://client-trixie"]
THIRD = {
    "name": "third",
    "interface": "eth0",
    "vlan": 7,
    "ac_name": "rogue",
    "username": "r",
    "secret": "r",
    "default_route": False,
    "boot": False,
    "timeout": 40,
}
ABSENT = {"name": "third", "state": "absent"}


def module(host, parameters):
    return host.ansible("dialtone.pppoe.pppoe_client", json.dumps(parameters), check=False)


@pytest.fixture(scope="module", autouse=True)
def rogue(host):
    """A server with one slot on VLAN 7 of the rogue host; it accepts the address of nobody called noaddress."""
    rogue = host.get_host("ansible://rogue", ansible_inventory=host.backend.ansible_inventory)
    rogue.check_output(
        "command -v pppoe-server >/dev/null || apt-get install -y -qq pppoe >/dev/null 2>&1; modprobe -q pppoe;"
        " printf 'auth\\nrequire-chap\\n' >/root/options;"
        " printf 'r * r *\\nnoaddress * x -\\n' >/etc/ppp/chap-secrets;"
        " [ -e /sys/class/net/eth0.7 ] || ip link add link eth0 name eth0.7 type vlan id 7; ip link set eth0.7 up;"
        " pppoe-server -I eth0.7 -C rogue -L 192.168.30.1 -R 192.168.30.2 -N 1 -O /root/options -X /run/rogue.pid"
    )
    yield rogue
    rogue.run("kill $(head -n 1 /run/rogue.pid)")


@pytest.fixture
def third(host):
    def run(**changes):
        return module(host, {**THIRD, **changes})

    yield run
    module(host, ABSENT)
    assert not host.file("/sys/class/net/eth0.7").exists


FAILURES = [
    ({"ac_name": "nobody"}, "no_answer", "No access concentrator answers on eth0.7 to the request for AC 'nobody'"),
    ({"secret": "wrong"}, "account_refused", "The server refused the account 'r' (Access denied)"),
    ({"username": "noaddress", "secret": "x"}, "no_address", "took the account 'noaddress', but gave no address"),
    ({"authentication": ["pap"]}, "no_secret", "or that the option authentication leaves out"),
]


@pytest.mark.parametrize(("changes", "reason", "sentence"), FAILURES)
def test_why_a_dial_fails(third, changes, reason, sentence):
    result = third(**changes)
    assert result["failed"]
    assert (result["reason"], sentence in result["msg"]) == (reason, True), result["msg"]


def test_no_free_slot(host, third):
    other = "client-trixie" if host.check_output("hostname") == "client-bookworm" else "client-bookworm"
    other = host.get_host(f"ansible://{other}", ansible_inventory=host.backend.ansible_inventory)
    assert module(other, THIRD)["address"] == "192.168.30.2"
    result = third()
    assert result["reason"] == "refused", result["msg"]
    assert "An access concentrator answers on eth0.7, but refuses a session" in result["msg"]
    module(other, ABSENT)


def test_on_demand_with_users_and_a_peculiar_secret(host, third, until):
    made = third(demand_idle=4, boot=True, link_interface="ppp-third")
    assert (made["address"], made["interface"]) == ("192.168.30.2", "ppp-third")
    assert until(lambda: not host.file("/run/pppoe-client-third.dns").exists, 30)
    # It sleeps: there is no session, the unit waits for traffic, and that is no reason to dial anew.
    assert host.service("pppoe-client@third").is_running
    again = third(demand_idle=4, boot=True, link_interface="ppp-third")
    assert (again["changed"], again["asleep"], again["address"]) == (False, True, None)
    # Traffic wakes it.
    assert until(lambda: host.run("ping -c 1 -W 2 192.168.30.1").succeeded, 30)
    assert "192.168.30.2 peer 192.168.30.1/32" in host.check_output("ip -4 -o addr show dev ppp-third")
