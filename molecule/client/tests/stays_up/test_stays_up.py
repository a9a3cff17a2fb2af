"""What a link does when the modem is unplugged, the server rebooted, the account refused for a while; and its end."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

testinfra_hosts = ["ansible://client-bookworm"]
CLIENTS = ["client-bookworm", "client-trixie"]
LAB = Path(__file__).resolve().parents[4] / "tests" / "lab" / "lab"


@pytest.fixture
def clients(host):
    return [host.get_host(f"ansible://{name}", ansible_inventory=host.backend.ansible_inventory) for name in CLIENTS]


def every_link_of(clients, name):
    return all(client.run(f"systemctl is-active pppoe-client@{name}").stdout == "active\n" for client in clients)


def pppds(client):
    return len(client.run("pgrep -x pppd").stdout.split())


def test_the_modem_is_unplugged_and_plugged_in(clients, lab, until):
    lab("cut", "ac-one", "eth1")
    try:
        # The second default route takes over as soon as the first link is known to be dead.
        gone = until(lambda: all(" dev ppp7 " in client.run("ip route get 192.168.5.1").stdout for client in clients))
        assert gone
        for client in clients:
            assert "ttl=63" in client.check_output("ping -c 1 -W 5 192.168.5.1")
            # Shown as what it is, once pppd has given up telling the other end.
            shown = until(lambda client=client: state(client) == "activating", 20)
            assert shown
        # Its name servers have gone with it.
        assert not clients[0].file("/etc/resolv.conf").contains("nameserver")
    finally:
        lab("join", "ac-one", "eth1")
    assert until(lambda: every_link_of(clients, "one"))
    for client in clients:
        assert "ttl=63" in client.check_output("ping -c 1 -W 5 -I ppp-one 192.168.5.1")
        assert pppds(client) == 2
        assert client.file("/run/hooks").content_string.splitlines()[-2].startswith("ppp-one down")


def test_the_server_is_rebooted(clients, lab, until):
    lab("reboot", "ac-two")
    assert until(lambda: every_link_of(clients, "two"))
    for client in clients:
        until(lambda client=client: client.run("ping -c 1 -W 5 -I ppp7 192.168.5.1").succeeded, 20)
        assert "ttl=63" in client.check_output("ping -c 1 -W 5 -I ppp7 192.168.5.1")
        assert pppds(client) == 2


def test_the_account_is_refused_and_then_right(host, clients, playbook, until):
    server = host.get_host("ansible://ac-one", ansible_inventory=host.backend.ansible_inventory)
    server.check_output("sed -i.kept 's/^cmz /other /' /etc/ppp/chap-secrets")
    try:
        for client in clients:
            client.check_output("systemctl restart --no-block pppoe-client@one")
        said = "the server refuses the account. The next in "
        assert until(lambda: all(said in status(client) for client in clients))
        # For all to see, as data too; only while the next attempt is under way is there nothing to say of the last one.
        assert until(lambda: all(is_refused(row) for row in rows_of(playbook, "one")), 240)
        for row in rows_of(playbook, "two"):
            assert (row["state"], row["last_error"]) == ("connected", None)
        # Gently: the pauses are five times as long.
        assert all("The next in 10 seconds" in journal(client) for client in clients)
        assert all(pppds(client) <= 2 for client in clients)
    finally:
        server.check_output("mv /etc/ppp/chap-secrets.kept /etc/ppp/chap-secrets")
    assert until(lambda: every_link_of(clients, "one"))


# Waits until each of these Ethernet addresses was in a PADT (RFC 2516: type 0x8863, code 0xa7), as its sender or not.
PADTS = """
import signal, socket, struct, sys
wanted = set(sys.argv[1:])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x8863))
wire.bind(("br-two", 0x8863))
# SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC: what is for others, too.
wire.setsockopt(263, 1, struct.pack("iHH8s", socket.if_nametoindex("br-two"), 1, 0, b""))
signal.alarm(40)
print("listens", flush=True)
while wanted:
    frame = wire.recv(2000)
    if frame[15] == 0xA7:
        wanted -= {part.hex(":") for part in (frame[:6], frame[6:12])}
"""


def test_hanging_up_ends_the_session_on_the_wire(request, clients):
    lab = Path(request.config.getoption("--ansible-inventory")).parent.name
    macs = [client.check_output("cat /sys/class/net/eth1/address") for client in clients]
    words = [str(LAB), "exec", lab, "--", sys.executable, "-c", PADTS, *macs]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdout.readline() == "listens\n"
        for client in clients:
            client.check_output("systemctl stop pppoe-client@two")
            assert client.run("systemctl is-active pppoe-client@two").stdout == "inactive\n"
            assert client.run("ip link show dev ppp7").failed
        # Either end may send it. pppd 2.4.9 leaves it to the server, whose pppd lingers for three seconds.
        seen = listener.wait(60)
    for client in clients:
        client.check_output("systemctl start pppoe-client@two")
    assert seen == 0
    assert every_link_of(clients, "two")


def is_refused(row):
    shown = (row["state"], row["reason"], row["address"])
    said = row["last_error"] or ""
    return shown == ("dialling", "account_refused", None) and said.startswith("The server refused the account 'cmz'")


def rows_of(playbook, name):
    """What status.yml shows of the connections of a name."""
    shown = playbook("status", "--tags=clients", "--extra-vars=format=json").stdout
    rows = [row for row in json.loads(re.search(r"^\[$.*?^\]$", shown, re.M | re.S)[0]) if row["name"] == name]
    assert sorted(row["host"] for row in rows) == CLIENTS
    return rows


def state(client):
    return client.run("systemctl is-active pppoe-client@one").stdout.strip()


def status(client):
    return client.run("systemctl show --property StatusText pppoe-client@one").stdout


def journal(client):
    return client.run("journalctl --boot --output cat --unit pppoe-client@one").stdout
