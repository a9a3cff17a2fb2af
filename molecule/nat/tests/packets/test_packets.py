"""What a customer's packets meet on their way to a host beyond the NAT, and back."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

LAB = str(Path(__file__).resolve().parents[4] / "tests" / "lab" / "lab")
OUTSIDE = [LAB, "exec", "molecule-nat", "--gateway", "wan", "--", "python3"]
# The server, its customer, the customer's address, the host beyond the NAT, and who that one sees.
PATHS = {
    "nft": ("customer", "10.1.0.3", "8.8.1.1", "192.168.5.11"),
    "ipt": ("customer", "10.2.0.3", "8.8.2.1", "192.168.5.12"),
    "fwd": ("customer", "10.3.0.3", "8.8.3.1", "192.168.5.13"),
    # Through two translations, the first one behind a PPPoE uplink.
    "gate": ("home", "", "192.168.5.1", "192.168.5.14"),
}
WITH_PORTS = ["nft", "ipt", "fwd"]
AMOUNT = 300_000
# Answers at port 7: to each that dials, whom it saw, how much came and by how large segments; to each datagram alike.
INTERNET = f"""
import socket, threading
listener = socket.create_server(("", 7), backlog=20)
def echo(address):
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind((address, 7))
    while True:
        data, peer = datagrams.recvfrom(2000)
        datagrams.sendto(f"{{peer[0]}} {{len(data)}}".encode().ljust(len(data)), peer)
def serve(connection, peer):
    connection.settimeout(20)
    got = 0
    while got < {AMOUNT}:
        got += len(connection.recv(65536))
    segment = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
    connection.sendall(f"{{peer[0]}} {{got}} {{segment}}".encode().ljust({AMOUNT}))
    connection.close()
for _customer, _address, beyond, _seen in {list(PATHS.values())}:
    threading.Thread(target=echo, args=[beyond], daemon=True).start()
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=listener.accept(), daemon=True).start()
"""
DIAL = f"""
import socket, sys
dial = socket.create_connection((sys.argv[1], 7), 10, (sys.argv[2], 0))
dial.settimeout(20)
dial.sendall(bytes({AMOUNT}))
got = b""
while len(got) < {AMOUNT}:
    got += dial.recv(65536)
print(got.decode().strip(), dial.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
"""
SEND = """
import socket, sys
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.settimeout(4)
datagrams.bind((sys.argv[2], 0))
datagrams.sendto(bytes(1300), (sys.argv[1], 7))
print(datagrams.recv(2000).decode().strip())
"""
LISTEN = """
import socket, sys
listener = socket.create_server((sys.argv[1], 7))
listener.settimeout(10)
print("ready", flush=True)
connection, peer = listener.accept()
connection.sendall(peer[0].encode())
"""
REACH = """
import socket, sys
print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 5, (sys.argv[3], 0)).recv(100).decode())
"""

TRY = """
import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 4, (sys.argv[3], 0))
print("reached")
"""


def on(host, program, *arguments):
    """What a program printed on a host of the lab; its last words if it failed."""
    quoted = shlex.join(["python3", "-", *arguments])
    command = [LAB, "ssh", "molecule-nat", host, "--", quoted]
    done = subprocess.run(command, input=program, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


@pytest.fixture(scope="module", autouse=True)
def internet():
    """The host beyond the NAT, listening."""
    process = subprocess.Popen([*OUTSIDE, "-c", INTERNET], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout.readline() == "ready\n"
    yield
    process.kill()
    process.wait()


@pytest.mark.parametrize("server", PATHS)
def test_tcp_with_large_segments(server):
    customer, address, beyond, seen = PATHS[server]
    # Segments as the smallest MTU of the way carries them, in both directions: 1400 less 40, and 12 of time stamps.
    assert on(customer, DIAL, beyond, address) == f"{seen} {AMOUNT} 1348 1348"


@pytest.mark.parametrize("server", PATHS)
def test_udp(server):
    customer, address, beyond, seen = PATHS[server]
    assert on(customer, SEND, beyond, address) == f"{seen} 1300"


@pytest.mark.parametrize("server", WITH_PORTS)
def test_a_forwarded_port(server):
    customer, address, beyond, seen = PATHS[server]
    command = [LAB, "ssh", "molecule-nat", customer, "--", "python3", "-", address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as listener:
        listener.stdin.write(LISTEN)
        listener.stdin.close()
        assert listener.stdout.readline() == "ready\n"
        reached = subprocess.run([*OUTSIDE, "-c", REACH, seen, "7000", beyond], capture_output=True, text=True)
    assert reached.stdout == f"{beyond}\n", reached.stderr


@pytest.mark.parametrize("server", WITH_PORTS)
def test_an_address_that_is_not_of_the_pool_gets_nowhere(server):
    customer, address, beyond, _seen = PATHS[server]
    stranger = address.rsplit(".", 1)[0] + ".66"
    subprocess.run([LAB, "ssh", "molecule-nat", customer, "--", f"ip addr replace {stranger}/32 dev lo"], check=True)
    assert on(customer, SEND, beyond, stranger).startswith("TimeoutError")


def test_the_walled_garden_of_firewalld():
    """What is allowed, http that goes to the page of the operator, and nothing else; others reach it."""
    walled, allowed = "10.3.0.99", PATHS["fwd"][2]
    roads = "; ".join(f"ip route replace {one} via 10.3.0.1" for one in ("192.168.5.1", "8.8.9.9"))
    command = f"ip addr replace {walled}/32 dev lo; {roads}"
    subprocess.run([LAB, "ssh", "molecule-nat", "customer", "--", command], check=True)
    found = {
        place: on("customer", TRY, *place)
        for place in ((allowed, "7", walled), ("8.8.9.9", "80", walled), ("192.168.5.1", "7", walled),
                      ("8.8.9.9", "443", walled), ("192.168.5.1", "7", PATHS["fwd"][1]))
    }  # fmt: skip
    assert [answer == "reached" for answer in found.values()] == [True, True, False, False, True], found
