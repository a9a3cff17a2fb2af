"""The topology file: what is accepted, and the error for each mistake."""

from pathlib import Path

import pytest
from dialtone_lab import topology
from dialtone_lab.errors import TopologyError

TOPOLOGIES = Path(topology.__file__).resolve().parent.parent / "topologies"

SMALL = """
segments:
  lan: {}
  wan: {gateway: 192.168.5.1/24}
hosts:
  server:
    interfaces:
      eth0: {segment: wan, address: 192.168.5.109/24, gateway: 192.168.5.1}
      eth1: {segment: lan}
  client:
    kind: container
    image: trixie
    memory: 512
    interfaces:
      eth0: {segment: lan, address: 192.168.10.80/24, mac: "02:00:00:00:00:99"}
"""

# (what of SMALL is replaced, by what, what the error says)
MISTAKES = [
    ("hosts:", "host:", "topology: 'host' is no key here; known are defaults, hosts, segments"),
    ("lan: {}", "Lan: {}", "segments: 'Lan' is no usable name"),
    ("lan: {}", "access-network: {}", "segments: 'access-network' is no usable name"),
    ("lan: {}", "mgmt: {}", "segments: 'mgmt' is the lab's own management segment"),
    ("lan: {}", "lan: {}\n  lan: {}", "line 4: 'lan' is given twice; keep one"),
    ("lan: {}", "lan: {vlan: 5}", "segments.lan: 'vlan' is no key here; known are gateway"),
    (
        "{gateway: 192.168.5.1/24}",
        "{gateway: 192.168.5.1}",
        "segments.wan.gateway: '192.168.5.1' must be an address with its prefix length, for example 192.168.5.1/24",
    ),
    ("{gateway: 192.168.5.1/24}", "{gateway: {a: b}}", "segments.wan.gateway: {'a': 'b'} must be an address or a list"),
    ("kind: container", "kind: qemu", "hosts.client.kind: 'qemu' is not known; use one of uml, container"),
    ("image: trixie", "image: jessie", "hosts.client.image: 'jessie' is not known; use one of bullseye"),
    ("image: trixie", "kernel: sid", "hosts.client.kernel: 'sid' is not known; use one of trixie, forky"),
    ("memory: 512", "memory: 512M", "hosts.client.memory: '512M' must be a number of MiB from 128 to 8192"),
    ("memory: 512", "memory: true", "hosts.client.memory: True must be a number"),
    ("memory: 512", "memory: 64", "hosts.client.memory: 64 must be a number of MiB from 128 to 8192"),
    (
        "eth1: {segment: lan}",
        "eth1: {segment: dmz}",
        "hosts.server.interfaces.eth1.segment: 'dmz' is not known; use one of lan, wan",
    ),
    ("eth1: {segment: lan}", "eth1: {}", "hosts.server.interfaces.eth1.segment: None is not known"),
    ("eth1: {segment: lan}", "eth1:", "hosts.server.interfaces.eth1: None must be a mapping"),
    ("eth1: {segment: lan}", "mgmt0: {segment: lan}", "'mgmt0' belongs to the lab"),
    ("eth1: {segment: lan}", "ethernet12: {segment: lan}", "hosts.server.interfaces: 'ethernet12' is no usable name"),
    ("192.168.10.80/24", "192.168.10.80", "hosts.client.interfaces.eth0.address: '192.168.10.80' must be an address"),
    ("192.168.10.80/24", "192.168.10.380/24", "'192.168.10.380/24' is no address"),
    ("192.168.10.80/24", "172.31.0.5/16", "overlaps the lab's management network 172.31.99.0/24"),
    (
        "192.168.5.109/24",
        "192.168.5.1/24",
        "hosts.server.interfaces.eth0.address: '192.168.5.1' is already taken on segment wan by segments.wan.gateway",
    ),
    ("02:00:00:00:00:99", "00:00:00:00:00:99", "hosts.client.interfaces.eth0.mac: '00:00:00:00:00:99' is no locally"),
    (
        "02:00:00:00:00:99",
        "02:64:74:00:01:02",
        "'02:64:74:00:01:02' is already taken on segment lan by hosts.server.interfaces.eth1.mac",
    ),
    (
        "gateway: 192.168.5.1}\n      eth1",
        "gateway: 10.0.0.1}\n      eth1",
        "hosts.server.interfaces.eth0.gateway: '10.0.0.1' is not in 192.168.5.0/24",
    ),
    (
        "gateway: 192.168.5.1}\n      eth1",
        "gateway: 192.168.5.1/24}\n      eth1",
        "'192.168.5.1/24' is no address; write for example 192.168.5.1, without prefix length",
    ),
    ("eth1: {segment: lan}", "eth1: {segment: lan, gateway: 10.0.0.1}", "'10.0.0.1' needs an address on the same"),
    (
        "eth1: {segment: lan}",
        "eth1: {segment: lan, address: 10.0.0.2/8, gateway: 10.0.0.1}",
        "hosts.server: ['eth0', 'eth1'] each have a gateway; a host has one at most",
    ),
    ("hosts:", "hosts: [", "not YAML"),
]


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES)
def test_mistakes_are_told_with_key_value_and_mend(old, new, message):
    assert old in SMALL
    with pytest.raises(TopologyError) as raised:
        topology.load(SMALL.replace(old, new))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "[]", "hosts: {}", "segments: {lan: {}}", "segments: {lan: {}}\nhosts: {}"])
def test_an_empty_lab_is_refused(text):
    with pytest.raises(TopologyError):
        topology.load(text)


def test_defaults_are_filled_in():
    server, client = topology.load(SMALL).hosts
    assert (server.kind, server.image, server.memory) == ("uml", "bookworm", 256)
    assert (client.kind, client.image, client.memory) == ("container", "trixie", 512)
    assert [nic.mac for nic in server.all_interfaces] == ["02:64:74:00:01:00", "02:64:74:00:01:01", "02:64:74:00:01:02"]
    assert [nic.mac for nic in client.interfaces] == ["02:00:00:00:00:99"]
    assert [host.management_address for host in (server, client)] == ["172.31.99.11", "172.31.99.12"]
    assert topology.load(SMALL).suites == ("bookworm", "trixie")


@pytest.mark.parametrize(
    ("text", "kernels"),
    [
        (SMALL, ("forky",)),
        (SMALL + "defaults: {kernel: trixie}", ("trixie",)),
        (SMALL.replace("    kind: container\n", "    kernel: trixie\n"), ("forky", "trixie")),
        (SMALL + "defaults: {kind: container}", ()),
    ],
)
def test_the_kernels_of_a_lab_are_those_of_its_uml_hosts(text, kernels):
    assert topology.load(text).kernels == kernels


@pytest.mark.parametrize(
    ("defaults", "image", "expected"),
    [
        ("", None, ["bookworm", "trixie"]),
        ("", "sid", ["sid", "trixie"]),
        ("defaults: {image: bullseye}", None, ["bullseye", "trixie"]),
        ("defaults: {image: bullseye}", "sid", ["sid", "trixie"]),
    ],
)
def test_the_image_is_chosen_for_hosts_that_pin_none(defaults, image, expected):
    assert [host.image for host in topology.load(SMALL + defaults, image).hosts] == expected


def test_defaults_are_checked_too():
    with pytest.raises(TopologyError, match=r"hosts\.server\.kind: 'vm' is not known"):
        topology.load(SMALL + "defaults: {kind: vm}")


def test_what_is_written_down_is_read_back():
    import json

    loaded = topology.load(SMALL + "defaults: {kernel: trixie}")
    assert topology.load(json.dumps(topology.dump(loaded))) == loaded


def test_a_host_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(TopologyError, match="no host 'router' in this lab; it has server, client"):
        topology.load(SMALL).host("router")


@pytest.mark.parametrize("path", sorted(TOPOLOGIES.glob("*.yml")), ids=lambda path: path.name)
def test_shipped_topologies_are_good(path):
    assert topology.load(path.read_text()).hosts
