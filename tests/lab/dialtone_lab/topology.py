"""The topology file: which hosts a lab has, of what kind, and which segments they are wired to.

Pure: text in, frozen dataclasses or a TopologyError out. See README.md for the format.
"""

import ipaddress
import re
from dataclasses import dataclass

import yaml

from .errors import TopologyError

KINDS = ("uml", "container")
# The Debian releases whose user-mode-linux a host may have for its kernel.
KERNELS = ("trixie", "forky")
SUITES = ("bullseye", "bookworm", "trixie", "forky", "sid")
MANAGEMENT_NETWORK = ipaddress.ip_network("172.31.99.0/24")
MANAGEMENT_NIC = "mgmt0"
FIRST_MANAGEMENT_HOST = 11
MAX_HOSTS = 200
# A bridge is called br-SEGMENT and Linux allows 15 characters for the name of an interface.
SEGMENT_NAME = re.compile(r"[a-z][a-z0-9-]{0,11}")
HOST_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
NIC_NAME = re.compile(r"[a-z][a-z0-9]{0,7}")
MAC = re.compile(r"[0-9a-f][26ae](:[0-9a-f]{2}){5}")


@dataclass(frozen=True)
class Interface:
    """One network interface of a host. `address` has a prefix length; both may be None."""

    name: str
    segment: str
    mac: str
    address: str | None = None
    gateway: str | None = None


@dataclass(frozen=True)
class Host:
    """One host. `index` counts from 0 in the order of the file; `memory` is in MiB."""

    name: str
    index: int
    kind: str
    image: str
    kernel: str
    memory: int
    interfaces: tuple[Interface, ...]

    @property
    def management_address(self) -> str:
        """Its address on the management segment, without prefix length."""
        return str(MANAGEMENT_NETWORK[FIRST_MANAGEMENT_HOST + self.index])

    @property
    def management_interface(self) -> Interface:
        """The interface that ssh comes in by."""
        return Interface(
            MANAGEMENT_NIC,
            "mgmt",
            mac_address(self.index, 0),
            f"{self.management_address}/{MANAGEMENT_NETWORK.prefixlen}",
        )

    @property
    def all_interfaces(self) -> tuple[Interface, ...]:
        """Management first, then those of the topology."""
        return (self.management_interface, *self.interfaces)


@dataclass(frozen=True)
class Segment:
    """One broadcast domain. `gateway` holds the addresses that answer on it beside the hosts."""

    name: str
    gateway: tuple[str, ...] = ()


@dataclass(frozen=True)
class Topology:
    """A whole lab, checked."""

    segments: tuple[Segment, ...]
    hosts: tuple[Host, ...]

    def host(self, name: str) -> Host:
        """The host of that name, or a TopologyError that lists those there are."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise TopologyError(f"no host {name!r} in this lab; it has {', '.join(h.name for h in self.hosts)}")

    @property
    def suites(self) -> tuple[str, ...]:
        """The images it needs, each once."""
        return tuple(dict.fromkeys(host.image for host in self.hosts))

    @property
    def kernels(self) -> tuple[str, ...]:
        """The kernels it needs, each once."""
        return tuple(dict.fromkeys(host.kernel for host in self.hosts if host.kind == "uml"))


def mac_address(host_index: int, nic_index: int) -> str:
    """A fixed, locally administered MAC address; 64:74 is "dt"."""
    return f"02:64:74:00:{host_index + 1:02x}:{nic_index:02x}"


def fail(where: str, value: object, fix: str) -> TopologyError:
    """An error that names key, value and fix."""
    return TopologyError(f"{where}: {value!r} {fix}")


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice: YAML would quietly take the last."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise TopologyError(f"line {key_node.start_mark.line + 1}: {key!r} is given twice; keep one")
            seen.add(key)
        return super().construct_mapping(node, deep)


def load(text: str, image: str | None = None) -> Topology:
    """Parse and check a topology file; `image` replaces the default of hosts that name no image themselves."""
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506  # a SafeLoader, see above
    except yaml.YAMLError as error:
        raise TopologyError(f"not YAML: {' '.join(str(error).split())}") from error
    top = _mapping("topology", data, {"defaults", "segments", "hosts"})
    defaults = _mapping("defaults", top.get("defaults") or {}, {"kind", "image", "kernel", "memory"})
    if image is not None:
        defaults = {**defaults, "image": image}
    segments = tuple(_segment(name, value) for name, value in _named("segments", top.get("segments"), SEGMENT_NAME))
    hosts = tuple(
        _host(index, name, value, defaults, {s.name for s in segments})
        for index, (name, value) in enumerate(_named("hosts", top.get("hosts"), HOST_NAME))
    )
    if len(hosts) > MAX_HOSTS:
        raise fail("hosts", len(hosts), f"are too many; at most {MAX_HOSTS} fit into the management network")
    _check_unique(segments, hosts)
    return Topology(segments, hosts)


def dump(topology: Topology) -> dict:
    """The topology as plain data that `load` accepts again, with every default written out."""
    return {
        "segments": {s.name: {"gateway": list(s.gateway)} for s in topology.segments},
        "hosts": {
            h.name: {
                "kind": h.kind,
                "image": h.image,
                "kernel": h.kernel,
                "memory": h.memory,
                "interfaces": {
                    i.name: {
                        k: v
                        for k, v in (
                            ("segment", i.segment),
                            ("mac", i.mac),
                            ("address", i.address),
                            ("gateway", i.gateway),
                        )
                        if v is not None
                    }
                    for i in h.interfaces
                },
            }
            for h in topology.hosts
        },
    }


def _mapping(where: str, value: object, known: set[str]) -> dict:
    if not isinstance(value, dict):
        raise fail(where, value, f"must be a mapping with the keys {', '.join(sorted(known))}")
    for key in value:
        if key not in known:
            raise fail(where, key, f"is no key here; known are {', '.join(sorted(known))}")
    return value


def _named(where: str, value: object, pattern: re.Pattern) -> list[tuple[str, object]]:
    if not isinstance(value, dict) or not value:
        raise fail(where, value, "must be a mapping with at least one name")
    for name in value:
        if not isinstance(name, str) or not pattern.fullmatch(name):
            raise fail(where, name, f"is no usable name; it must match {pattern.pattern}")
        if name == "mgmt":
            raise fail(where, name, "is the lab's own management segment; choose another name")
    return list(value.items())


def _choice(where: str, value: object, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise fail(where, value, f"is not known; use one of {', '.join(choices)}")
    return str(value)


def _segment(name: str, value: object) -> Segment:
    where = f"segments.{name}"
    keys = _mapping(where, value or {}, {"gateway"})
    gateway = keys.get("gateway") or []
    if isinstance(gateway, str):
        gateway = [gateway]
    if not isinstance(gateway, list):
        raise fail(f"{where}.gateway", gateway, "must be an address or a list of addresses")
    return Segment(name, tuple(_address(f"{where}.gateway", address) for address in gateway))


def _host(index: int, name: str, value: object, defaults: dict, segments: set[str]) -> Host:
    where = f"hosts.{name}"
    keys = {**defaults, **_mapping(where, value, {"kind", "image", "kernel", "memory", "interfaces"})}
    kind = _choice(f"{where}.kind", keys.get("kind", "uml"), KINDS)
    image = _choice(f"{where}.image", keys.get("image", "bookworm"), SUITES)
    kernel = _choice(f"{where}.kernel", keys.get("kernel", "forky"), KERNELS)
    memory = keys.get("memory", 256)
    if not isinstance(memory, int) or isinstance(memory, bool) or not 128 <= memory <= 8192:
        raise fail(f"{where}.memory", memory, "must be a number of MiB from 128 to 8192")
    nics = _named(f"{where}.interfaces", keys.get("interfaces"), NIC_NAME)
    interfaces = tuple(
        _interface(f"{where}.interfaces.{nic}", nic, mac_address(index, number), settings, segments)
        for number, (nic, settings) in enumerate(nics, 1)
    )
    if sum(1 for interface in interfaces if interface.gateway) > 1:
        raise fail(where, [i.name for i in interfaces if i.gateway], "each have a gateway; a host has one at most")
    return Host(name, index, kind, image, kernel, memory, interfaces)


def _interface(where: str, name: str, mac: str, value: object, segments: set[str]) -> Interface:
    if name in ("lo", MANAGEMENT_NIC):
        raise fail(where, name, "belongs to the lab; choose another name, such as eth0")
    keys = _mapping(where, value, {"segment", "address", "gateway", "mac"})
    segment = _choice(f"{where}.segment", keys.get("segment"), tuple(sorted(segments)))
    mac = keys.get("mac", mac)
    if not isinstance(mac, str) or not MAC.fullmatch(mac):
        raise fail(
            f"{where}.mac",
            mac,
            "is no locally administered unicast MAC address; write for example '02:00:00:00:00:01', quoted",
        )
    address, gateway = keys.get("address"), keys.get("gateway")
    if address is not None:
        address = _address(f"{where}.address", address)
    if gateway is not None:
        _check_gateway(f"{where}.gateway", gateway, address)
    return Interface(name, segment, mac, address, gateway)


def _address(where: str, value: object) -> str:
    if not isinstance(value, str) or "/" not in value:
        raise fail(where, value, "must be an address with its prefix length, for example 192.168.5.1/24")
    try:
        interface = ipaddress.ip_interface(value)
    except ValueError as error:
        raise fail(where, value, f"is no address: {error}") from error
    if interface.version == 4 and interface.network.overlaps(MANAGEMENT_NETWORK):
        raise fail(where, value, f"overlaps the lab's management network {MANAGEMENT_NETWORK}; choose another")
    return str(interface)


def _check_gateway(where: str, gateway: str, address: str | None) -> None:
    if address is None:
        raise fail(where, gateway, "needs an address on the same interface; add address, or remove gateway")
    network = ipaddress.ip_interface(address).network
    try:
        inside = ipaddress.ip_address(gateway) in network
    except ValueError as error:
        raise fail(where, gateway, "is no address; write for example 192.168.5.1, without prefix length") from error
    if not inside:
        raise fail(where, gateway, f"is not in {network}, so the host could not reach it")


def _check_unique(segments: tuple[Segment, ...], hosts: tuple[Host, ...]) -> None:
    """No address and no MAC twice on one segment: both would half work, which is worse than not at all."""
    seen: dict[tuple[str, str], str] = {}
    claims = [
        (s.name, str(ipaddress.ip_interface(a).ip), f"segments.{s.name}.gateway") for s in segments for a in s.gateway
    ]
    for host in hosts:
        for nic in host.interfaces:
            where = f"hosts.{host.name}.interfaces.{nic.name}"
            claims.append((nic.segment, nic.mac, f"{where}.mac"))
            if nic.address:
                claims.append((nic.segment, str(ipaddress.ip_interface(nic.address).ip), f"{where}.address"))
    for segment, value, where in claims:
        if (segment, value) in seen:
            raise fail(where, value, f"is already taken on segment {segment} by {seen[segment, value]}")
        seen[segment, value] = where
