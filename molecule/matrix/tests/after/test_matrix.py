"""What the roles have made of each Debian."""

import json

import pytest

testinfra_hosts = ["ansible://all"]

#: What each has to bring, or the matrix would not cover what it says.
PYTHONS = {"bullseye": "3.9", "bookworm": "3.11", "trixie": "3.13", "sid": "3.14"}


@pytest.fixture
def variables(host):
    return host.ansible.get_variables()


@pytest.fixture
def link(host):
    """The one end of a session that has dialled: its name, our address and the peer's."""
    links = json.loads(host.check_output("ip -j -4 addr show"))
    ends = {entry["ifname"]: entry["addr_info"][0] for entry in links if entry["ifname"].startswith("ppp")}
    assert len(ends) == 2, "one customer has dialled in, and this host has dialled out"
    return next((name, end["local"], end["address"]) for name, end in ends.items() if not end["local"].endswith(".0.1"))


def test_it_has_the_python_that_it_is_here_for(host, variables):
    version = host.check_output("python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'")
    assert version == PYTHONS[variables["inventory_hostname"]]


@pytest.mark.parametrize("unit", ["pppoe-server@default", "pppoe-client@uplink"])
def test_the_unit_runs_and_starts_at_boot(host, unit):
    assert host.service(unit).is_running
    assert host.service(unit).is_enabled


def test_no_unit_has_failed(host):
    assert host.check_output("systemctl --failed --no-legend --plain") == ""


def test_the_server_answers_a_padi(host, variables):
    answer = host.check_output("timeout 20 pppoe-discovery -I eth2")
    assert f"Access-Concentrator: {variables['dials']}\n" in answer


def test_it_has_dialled(host, variables, link):
    _name, ours, theirs = link
    assert not ours.startswith(variables["net"])
    assert ours.rpartition(".")[0] == theirs.rpartition(".")[0]
    assert theirs.endswith(".0.1")


@pytest.fixture
def way_out(host, link):
    """An address that is reached through the session for once; its answers have to come back that way too."""
    name, ours, _theirs = link
    host.check_output(f"ip route add 8.8.8.8 dev {name} src {ours}")
    yield "8.8.8.8"
    host.check_output(f"ip route del 8.8.8.8 dev {name}")


def test_the_internet_answers_through_the_session(host, way_out):
    assert "ttl=63" in host.check_output(f"ping -n -c 1 -W 5 {way_out}")


def test_the_kernel_carries_the_sessions(host):
    devices = [line.split()[2] for line in host.file("/proc/net/pppoe").content_string.splitlines()[1:]]
    assert sorted(devices) == ["eth1", "eth2"]


def test_secrets_are_root_s_alone(host):
    for name in ("chap-secrets", "pap-secrets"):
        secrets = host.file(f"/etc/ppp/{name}")
        assert (secrets.user, secrets.group, secrets.mode) == ("root", "root", 0o600)
