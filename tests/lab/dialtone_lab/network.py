"""The wires of a lab: one network namespace with a bridge a segment, a port a host's interface, gateways.

Nothing here ever touches an interface of the machine itself: every device is made inside a namespace of the lab.
"""

from pathlib import Path

from . import names
from .errors import LabError
from .machine import in_namespace, run
from .names import Names
from .topology import MANAGEMENT_NETWORK, Host, Interface, Segment, Topology

NAMESPACES = Path("/run/netns")


def create(lab: Names, topology: Topology) -> None:
    """Make the namespaces, bridges, gateways and ports of the whole lab."""
    _namespace(lab.namespace)
    # Bridges need no addresses of their own, and none must join the segments by itself.
    _sysctl(lab.namespace, "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
    _bridge(lab, "mgmt")
    run(
        "ip",
        "-n",
        lab.namespace,
        "address",
        "add",
        f"{MANAGEMENT_NETWORK[1]}/{MANAGEMENT_NETWORK.prefixlen}",
        "dev",
        names.bridge("mgmt"),
    )
    for segment in topology.segments:
        _bridge(lab, segment.name)
        if segment.gateway:
            _gateway(lab, segment)
    for host in topology.hosts:
        if host.kind == "container":
            _namespace(lab.host_namespace(host.name))
        for nic in host.all_interfaces:
            _port(lab, host, nic)
        if host.kind == "container":
            _default_route(lab, host)


def existing(lab: Names) -> list[str]:
    """The namespaces of this lab that stand."""
    if not NAMESPACES.is_dir():
        return []
    return sorted(
        path.name
        for path in NAMESPACES.iterdir()
        if path.name == lab.namespace or path.name.startswith(f"{lab.namespace}.")
    )


def processes_in(namespaces: list[str]) -> list[int]:
    """The processes that live in these namespaces."""
    inodes = {(NAMESPACES / name).stat().st_ino for name in namespaces if (NAMESPACES / name).exists()}
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if (folder / "ns" / "net").stat().st_ino in inodes:
                    found.append(int(folder.name))
            except OSError:
                continue  # it has ended since
    return found


def remove(lab: Names) -> int:
    """Delete the namespaces, and with them all devices in them; returns how many there were."""
    standing = existing(lab)
    for name in standing:
        run("ip", "netns", "delete", name)
    return len(standing)


def cut(lab: Names, host: Host, nic: str) -> None:
    """Pull the wire of a host's interface out of its segment.

    The port stays up: linux.uml gives a tap up for good when a write to it fails, and would not notice it come back.
    """
    run("ip", "-n", lab.namespace, "link", "set", "dev", names.port(host.index, _nic(host, nic).name), "nomaster")


def join(lab: Names, host: Host, nic: str) -> None:
    """Plug it in again."""
    _plug(lab, names.port(host.index, nic), _nic(host, nic).segment)


def is_cut(lab: Names, host: Host, nic: Interface) -> bool:
    """Whether the wire of this interface is pulled, or not there at all."""
    shown = run("ip", "-n", lab.namespace, "-o", "link", "show", "dev", names.port(host.index, nic.name), check=False)
    return f" master {names.bridge(nic.segment)} " not in shown.stdout


def customers_interface(lab: Names, segment: str) -> str:
    """The interface of customers who need no host, made if it is not there; its name."""
    port, interface = names.customers_port(segment)
    show = ("ip", "-n", lab.namespace, "link", "show", "dev")
    if run(*show, port, check=False).returncode != 0:
        if run(*show, names.bridge(segment), check=False).returncode != 0:
            raise LabError(f"lab {lab.lab} has no segment {segment!r}")
        _veth(lab, port, lab.namespace, interface, None)
        _plug(lab, port, segment)
    return interface


def _nic(host: Host, name: str) -> Interface:
    for nic in host.all_interfaces:
        if nic.name == name:
            return nic
    known = ", ".join(nic.name for nic in host.all_interfaces)
    raise LabError(f"host {host.name} has no interface {name!r}; it has {known}")


def _namespace(name: str) -> None:
    run("ip", "netns", "add", name)
    run("ip", "-n", name, "link", "set", "dev", "lo", "up")
    # A new namespace may inherit forwarding from the machine.
    _sysctl(name, "net.ipv4.ip_forward=0")


def _sysctl(namespace: str, *settings: str) -> None:
    run(*in_namespace(namespace, "sysctl", "-q", "-w", *settings))


def _bridge(lab: Names, segment: str) -> None:
    device = names.bridge(segment)
    run(
        "ip",
        "-n",
        lab.namespace,
        "link",
        "add",
        "name",
        device,
        "type",
        "bridge",
        "forward_delay",
        "0",
        "mcast_snooping",
        "0",
    )
    run("ip", "-n", lab.namespace, "link", "set", "dev", device, "up")


def _gateway(lab: Names, segment: Segment) -> None:
    namespace, port = lab.gateway_namespace(segment.name), names.gateway_port(segment.name)
    _namespace(namespace)
    _veth(lab, port, namespace, "eth0", None)
    _plug(lab, port, segment.name)
    for address in segment.gateway:
        # An address with a network of its own answers on the segment; a lone one is reached through it.
        alone = address.endswith(("/32", "/128"))
        run("ip", "-n", namespace, "address", "add", address, "dev", "lo" if alone else "eth0")


def _port(lab: Names, host: Host, nic: Interface) -> None:
    port = names.port(host.index, nic.name)
    if host.kind == "uml":
        run("ip", "-n", lab.namespace, "tuntap", "add", "dev", port, "mode", "tap")
    else:
        namespace = lab.host_namespace(host.name)
        _veth(lab, port, namespace, nic.name, nic.mac)
        if nic.address:
            run("ip", "-n", namespace, "address", "add", nic.address, "dev", nic.name)
    _plug(lab, port, nic.segment)


def _default_route(lab: Names, host: Host) -> None:
    for nic in host.interfaces:
        if nic.gateway:
            run(
                "ip",
                "-n",
                lab.host_namespace(host.name),
                "route",
                "add",
                "default",
                "via",
                nic.gateway,
                "dev",
                nic.name,
            )


def _veth(lab: Names, port: str, namespace: str, peer: str, mac: str | None) -> None:
    run(
        "ip",
        "-n",
        lab.namespace,
        "link",
        "add",
        "name",
        port,
        "type",
        "veth",
        "peer",
        "name",
        peer,
        *(["address", mac] if mac else []),
        "netns",
        namespace,
    )
    run("ip", "-n", namespace, "link", "set", "dev", peer, "up")


def _plug(lab: Names, port: str, segment: str) -> None:
    # Isolated ports of the management segment reach the lab, but not each other: no way around the lab's wires.
    isolated = "on" if segment == "mgmt" else "off"
    run("ip", "-n", lab.namespace, "link", "set", "dev", port, "master", names.bridge(segment))
    run("ip", "-n", lab.namespace, "link", "set", "dev", port, "type", "bridge_slave", "isolated", isolated)
    run("ip", "-n", lab.namespace, "link", "set", "dev", port, "up")
