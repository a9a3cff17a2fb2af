"""The demo sees what is there, and notices what is not as in the guide."""

from __future__ import annotations

import dataclasses
import json

import grid
import pytest
import view

UNREACHABLE = "ping: connect: Network is unreachable\n"
LAN = {"ifname": "eth0", "flags": ["BROADCAST", "UP"], "mtu": 1500, "addr_info": [{"local": "192.168.10.80"}]}


def reply(ttl: int) -> str:
    return f"PING x (x) 56(84) bytes of data.\n64 bytes from x: icmp_seq=1 ttl={ttl} time=0.7 ms\n"


def ppp(address: str, peer: str, mtu: int = 1492, name: str = "ppp0") -> dict:
    return {
        "ifname": name,
        "flags": ["POINTOPOINT", "UP"],
        "mtu": mtu,
        "addr_info": [{"local": address, "address": peer}],
    }


def client(address: str, dns: tuple[str, ...], **changes: str) -> view.Client:
    seen = view.Client(
        json.dumps([LAN, ppp(address, view.INSIDE)]),
        json.dumps([{"dst": "default", "dev": "ppp0"}, {"dst": "192.168.10.0/24", "dev": "eth0"}]),
        "# mine\n" + "".join(f"nameserver {server}\n" for server in dns),
        reply(63),
    )
    return dataclasses.replace(seen, **changes)


GUIDE_DNS = ("114.114.114.114", "8.8.8.8")
CLIENT2 = client("192.168.10.3", ("202.106.0.20", "8.8.8.8"))
USERS = {"192.168.10.2": "cmz", "192.168.10.3": "cmz2"}


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (reply(63), "answers, ttl=63"),
        (UNREACHABLE, "Network is unreachable"),
        ("2 packets transmitted, 0 received, 100% packet loss, time 1001ms", "no answer"),
        ("From 192.168.10.109 icmp_seq=1 Destination Net Unreachable\n1 packets, 100% packet loss", "no answer"),
        ("bash: ping: command not found\n", "bash: ping: command not found"),
        ("", "nothing said"),
    ],
)
def test_what_came_of_a_ping(output, expected):
    assert view.ping_result(output) == expected


@pytest.mark.parametrize(
    ("inside", "outside", "wrong"),
    [
        (reply(64), UNREACHABLE, []),
        ("100% packet loss", UNREACHABLE, ["before: client: ping 192.168.10.109: no answer"]),
        (reply(64), reply(63), ["before: client: ping 192.168.5.1: answers, ttl=63"]),
        (reply(64), "100% packet loss", ["before: client: ping 192.168.5.1: no answer"]),
    ],
)
def test_before(inside, outside, wrong):
    rows = view.before({"client": (inside, outside), "client2": (reply(64), UNREACHABLE)})
    assert grid.failures({"before": rows}) == wrong


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        (client("192.168.10.2", GUIDE_DNS), []),
        (client("192.168.10.2", GUIDE_DNS, ping=reply(64)), ["ping 192.168.5.1: answers, ttl=64"]),
        (client("192.168.10.2", GUIDE_DNS, ping=UNREACHABLE), ["ping 192.168.5.1: Network is unreachable"]),
        (client("192.168.10.2", GUIDE_DNS, resolv_conf=""), ["DNS: -"]),
        (client("192.168.10.2", GUIDE_DNS, routes="[]"), ["default route: -"]),
        (client("192.168.10.40", GUIDE_DNS), ["user: -", "address: 192.168.10.40"]),
        (client("192.168.10.3", GUIDE_DNS), ["user: cmz2"]),
        (
            client("192.168.10.2", GUIDE_DNS, addresses=json.dumps([ppp("192.168.10.2", "192.168.10.1", 1500)])),
            ["peer: 192.168.10.1", "MTU: 1500"],
        ),
        (
            client("192.168.10.2", GUIDE_DNS, addresses=json.dumps([LAN])),
            ["user: -", "address: -", "peer: -", "MTU: -", "default route: ppp0"],
        ),
    ],
)
def test_after(seen, wrong):
    rows = view.after({"client": seen, "client2": CLIENT2}, USERS)
    assert grid.failures({"after": rows}) == [f"after: client: {line}" for line in wrong]


@pytest.mark.parametrize(
    ("interfaces", "expected", "right"),
    [
        ([LAN], 0, True),
        ([LAN], 2, False),
        ([ppp(view.INSIDE, "192.168.10.2"), ppp(view.INSIDE, "192.168.10.3", name="ppp1")], 2, True),
        ([ppp(view.INSIDE, "192.168.10.2")], 0, False),
        ([ppp("10.0.0.1", "192.168.10.2")], 1, False),
    ],
)
def test_the_server_has_a_ppp_interface_for_each_client(interfaces, expected, right):
    assert view.server(json.dumps(interfaces), expected).right is right


def test_table():
    rows = view.before({"client": (reply(64), UNREACHABLE), "client2": (reply(64), reply(63))})
    assert grid.table({"before": rows}).splitlines() == [
        "                       client                  client2",
        "before",
        "  ping 192.168.10.109  answers, ttl=64         answers, ttl=64",
        "  ping 192.168.5.1     Network is unreachable  answers, ttl=63 <- wrong",
    ]
    assert grid.count({"before": rows}) == 4
