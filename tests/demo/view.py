"""What the hosts of the guide's lab say of themselves, held against the guide. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from ipaddress import IPv4Address

from grid import Cell, Row

INSIDE = "192.168.10.109"
OUTSIDE = "192.168.5.1"
MTU = 1492
UNREACHABLE = "Network is unreachable"


@dataclass(frozen=True)
class Expected:
    """What the guide says of a client: its account, the addresses it may get, its name servers."""

    user: str
    first: str
    last: str
    dns: tuple[str, ...]


CLIENTS = {
    "client": Expected("cmz", "192.168.10.2", "192.168.10.21", ("114.114.114.114", "8.8.8.8")),
    "client2": Expected("cmz2", "192.168.10.3", "192.168.10.3", ("202.106.0.20", "8.8.8.8")),
}


@dataclass(frozen=True)
class Link:
    """A point-to-point interface: `P-t-P` of the guide's ifconfig is the peer."""

    interface: str
    address: str
    peer: str
    mtu: int


def ping_result(output: str) -> str:
    """What came of a ping, in a few words: `ttl=63`, or the reason why nothing came back."""
    if ttl := re.search(r"\bttl=(\d+)", output):
        return f"answers, ttl={ttl[1]}"
    if UNREACHABLE in output:
        return UNREACHABLE
    return "no answer" if "packet loss" in output else " ".join(output.split()) or "nothing said"


def links(addresses: str) -> list[Link]:
    """The point-to-point interfaces in the output of `ip -j -4 address`."""
    return [
        Link(interface["ifname"], address["local"], address["address"], interface["mtu"])
        for interface in json.loads(addresses)
        if "POINTOPOINT" in interface["flags"]
        for address in interface["addr_info"]
        if "address" in address
    ]


def default_routes(routes: str) -> list[str]:
    """The interfaces of the default routes in the output of `ip -j -4 route`."""
    return [route["dev"] for route in json.loads(routes) if route["dst"] == "default"]


def name_servers(resolv_conf: str) -> tuple[str, ...]:
    """The name servers that are in use."""
    return tuple(re.findall(r"^nameserver\s+(\S+)", resolv_conf, re.MULTILINE))


def before(pings: dict[str, tuple[str, str]]) -> list[Row]:
    """The rows on the time before the dial, from each client's pings of INSIDE and OUTSIDE."""
    return [
        _row(f"ping {INSIDE}", {host: ping_result(inside) for host, (inside, _) in pings.items()}, _answers),
        _row(f"ping {OUTSIDE}", {host: ping_result(far) for host, (_, far) in pings.items()}, UNREACHABLE.__eq__),
    ]


@dataclass(frozen=True)
class Client:
    """A client after the dial: the outputs of `ip -j -4 address`, `ip -j -4 route`, `cat resolv.conf`, ping OUTSIDE."""

    addresses: str
    routes: str
    resolv_conf: str
    ping: str


def after(clients: dict[str, Client], users: dict[str, str]) -> list[Row]:
    """The rows on the time after the dial; `users` is who has each address, as the server tells it."""
    link = {host: next(iter(links(client.addresses)), None) for host, client in clients.items()}
    user = {host: users.get(up.address, "-") if up else "-" for host, up in link.items()}
    route = {host: ", ".join(default_routes(client.routes)) or "-" for host, client in clients.items()}
    dns = {host: name_servers(client.resolv_conf) for host, client in clients.items()}

    def of_link(label: str, value, right) -> Row:
        return Row(
            label, {host: Cell(value(up), right(host, up)) if up else Cell("-", False) for host, up in link.items()}
        )

    return [
        Row("user", {host: Cell(name, name == CLIENTS[host].user) for host, name in user.items()}),
        of_link("address", lambda up: up.address, _address_is_right),
        of_link("peer", lambda up: up.peer, lambda _, up: up.peer == INSIDE),
        of_link("MTU", lambda up: str(up.mtu), lambda _, up: up.mtu == MTU),
        Row(
            "default route",
            {
                host: Cell(device, link[host] is not None and device == link[host].interface)
                for host, device in route.items()
            },
        ),
        Row("DNS", {host: Cell(", ".join(found) or "-", found == CLIENTS[host].dns) for host, found in dns.items()}),
        _row(f"ping {OUTSIDE}", {host: ping_result(client.ping) for host, client in clients.items()}, _one_hop_further),
    ]


def server(addresses: str, expected: int) -> Cell:
    """The server's sessions: a pppN for each client that is connected, and only then (step 8 of the guide)."""
    sessions = links(addresses)
    text = ", ".join(f"{up.interface} P-t-P:{up.peer}" for up in sessions) or "no ppp interface"
    return Cell(text, len(sessions) == expected and all(up.address == INSIDE for up in sessions))


def _row(label: str, values: dict[str, str], right) -> Row:
    return Row(label, {host: Cell(value, right(value)) for host, value in values.items()})


def _answers(result: str) -> bool:
    return result.startswith("answers")


def _one_hop_further(result: str) -> bool:
    return result == "answers, ttl=63"


def _address_is_right(host: str, up: Link) -> bool:
    expected = CLIENTS[host]
    return IPv4Address(expected.first) <= IPv4Address(up.address) <= IPv4Address(expected.last)
