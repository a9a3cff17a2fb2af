"""What a customer can put on the wire is held as text, wherever it goes: nothing runs, and the daemon lives."""

from __future__ import annotations

import base64
import json
import re
import sys
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[4]
sys.path[:0] = [str(REPOSITORY / ".build" / "collections")]

from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words  # noqa: E402

testinfra_hosts = ["ansible://client-bookworm", "ansible://client-trixie"]

HUSHED = yaml.safe_load((Path(__file__).resolve().parents[2] / "vars" / "hushed.yml").read_text())
SECRET = HUSHED["hush"] + "odd"
TWO_LINES = HUSHED["two_lines"]
NAMES = [*HUSHED["odd_names"], TWO_LINES]
#: In a server's journal as bytes: whatever a terminal would act on.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# Sends each frame of its input, a line of hexadecimal digits without addresses, and answers each PADO with the PADR
# that the next line begins with. Prints what came back.
STATION = r"""
import socket, struct, sys, time
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x8863))
wire.bind(("eth0", 0x8863))
own = wire.getsockname()[4]

def tag(kind, value):
    return struct.pack("!HH", kind, len(value)) + value

def send(to, code, payload, length=None):
    header = struct.pack("!BBHH", 0x11, code, 0, len(payload) if length is None else length)
    wire.send((to + own + b"\x88\x63" + header + payload).ljust(60, b"\0"))

# A busy server takes its time.
def answer(code, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        wire.settimeout(max(0.1, end - time.monotonic()))
        try:
            frame = wire.recv(2000)
        except OSError:
            return None
        if frame[:6] == own and frame[15] in code:
            return frame
    return None

for line in sys.stdin:
    service, uniq, extra = [bytes.fromhex(word) for word in line.rstrip("\n").split(",")]
    said = []
    tags = tag(0x0101, service) + tag(0x0103, uniq)
    send(b"\xff" * 6, 0x09, tags + extra)
    said.append(answer([0x07], 1.5) is not None)
    # The same without a service is answered, and gives the cookie.
    send(b"\xff" * 6, 0x09, tag(0x0101, b"") + tag(0x0103, uniq))
    offer = answer([0x07])
    said.append(offer is not None and uniq in offer)
    if offer:
        length = struct.unpack("!H", offer[18:20])[0]
        payload, cookie = offer[20 : 20 + length], b""
        while len(payload) >= 4:
            kind, size = struct.unpack("!HH", payload[:4])
            if kind == 0x0104:
                cookie = payload[: 4 + size]
            payload = payload[4 + size :]
        send(offer[6:12], 0x19, tags + cookie + extra)
        refused = answer([0x65])
        said.append(refused is not None and refused[16:18] == b"\0\0")
        send(offer[6:12], 0x19, tag(0x0101, b"") + tag(0x0103, uniq) + cookie)
        session = answer([0x65])
        said.append(session is not None and session[16:18] != b"\0\0")
        if session:
            wire.send((session[6:12] + own + b"\x88\x63\x11\xa7" + session[16:18] + b"\0\0").ljust(60, b"\0"))
    # Lengths that are wrong, and a frame that ends in a tag.
    send(b"\xff" * 6, 0x09, tags, 1400)
    send(b"\xff" * 6, 0x09, tags + struct.pack("!HH", 0x0103, 0xFFFF))
    send(b"\xff" * 6, 0x09, tags[:-1])
    print(*said, flush=True)
"""


@pytest.fixture(scope="module")
def server(host):
    name = host.ansible.get_variables()["inventory_hostname"].replace("client", "server")
    return host.get_host(f"ansible://{name}", ansible_inventory=host.backend.ansible_inventory)


@pytest.fixture(scope="module", autouse=True)
def nothing_runs(server):
    """No text of a customer's was run: some of them would leave a file of that name."""
    yield
    assert server.run("find / -xdev -name '*broken*' -newer /run/node-exporter; ls /run/broken").stdout == ""


@pytest.fixture
def unharmed(server, until):
    """The daemon and the sessions of others are after a test what they were before."""
    daemon = server.check_output("cat /run/pppoe-server/default.pid")
    cursor = server.check_output("journalctl -n 0 --show-cursor --quiet").split("cursor: ")[1]
    others = sorted(server.check_output("pgrep -x pppd").split())
    yield lambda: server.check_output("journalctl --quiet --output=json --all --after-cursor=%s", cursor)
    assert server.check_output("cat /run/pppoe-server/default.pid") == daemon
    assert server.run(f"kill -0 {daemon}").succeeded
    # A customer who has hung up needs a moment to be gone.
    assert until(lambda: sorted(server.check_output("pgrep -x pppd").split()) == others)


def messages(journal: str) -> list[str]:
    """What was logged; journald gives bytes that are no text as numbers."""
    found = [json.loads(line)["MESSAGE"] for line in journal.splitlines()]
    return [one if isinstance(one, str) else bytes(one).decode("latin-1") for one in found]


def logged(name: str) -> str:
    """A name as pppd's log has it: made visible, and then in quotation marks of C."""
    return _words.visible(name.encode()).decode().replace("\\", "\\\\").replace('"', '\\"')


def counted(server) -> list[str]:
    """The dials that count as refused."""
    server.check_output("systemctl start pppoe-server-metrics@default.service")
    return re.findall("refused.* [0-9]+", server.file("/run/node-exporter/pppoe_server_default.prom").content_string)


def test_tags_of_discovery(host, server, unharmed):
    before = counted(server)
    values = [name.encode() for name in NAMES] + [b"\0" * 255, bytes(range(255)), b"x" * 600]
    # A relay's session id, and a PPP-Max-Payload that is too short.
    extra = b"\x01\x10\x00\x04abcd" + b"\x01\x20\x00\x01x"
    lines = [f"{value.hex()},{value[:200].hex()},{extra.hex()}" for value in values]
    script = base64.b64encode(STATION.encode()).decode()
    said = host.check_output(
        f"echo {script} | base64 -d >/run/station.py; printf '%s\\n' {' '.join(lines)} | python3 /run/station.py"
    ).splitlines()
    # Nobody offers such a service, so that is not answered or refused; without it, Host-Uniq comes back as it was.
    assert said == ["False True True True"] * len(values)
    # pppoe-server logs the service as it is; journalctl shows no such bytes, and keeps the line in one piece.
    heard = [line for line in messages(unharmed()) if CONTROL.search(line)]
    assert heard
    assert all(line.startswith("Received PADR packet asking for unsupported service ") for line in heard)
    assert not CONTROL.search(server.check_output("journalctl --no-pager -t pppoe-server -t pppd -n 500"))
    assert counted(server) == before


@pytest.mark.parametrize("name", NAMES, ids=["shell", "quotes", "path", "terminal", "format", "long", "lines"])
def test_a_customer_with_an_odd_name(host, server, unharmed, playbook, tmp_path, name):
    options = b"plugin pppoe.so nic-eth0 noauth noipdefault nodefaultroute lcp-restart 1 maxfail 1 linkname odd\n"
    for secret, connects in ((SECRET, name != TWO_LINES), ("not the secret", False)):
        text = options + b"user %s\npassword %s\n" % tuple(_words.quote(word.encode()) for word in (name, secret))
        encoded = base64.b64encode(text).decode()
        host.check_output(f"umask 077; echo {encoded} | base64 -d >/run/odd")
        dial = host.run("timeout 60 pppd file /run/odd updetach")
        try:
            assert dial.succeeded is connects, dial
            if connects:
                see(server, playbook, tmp_path, name)
        finally:
            host.run("read -r pid </run/ppp-odd.pid && kill $pid; rm -f /run/odd")
    said = messages(unharmed())
    assert any("failed CHAP authentication" in line and logged(name)[:100] in line for line in said), said
    assert [line for line in said if CONTROL.search(line)] == []


def see(server, playbook, tmp_path, name: str) -> None:
    """Everything that tells of sessions holds the name, as one."""
    visible = _words.visible(name.encode()).decode()
    found = server.ansible("dialtone.pppoe.pppoe_session_info", check=False)["sessions"]
    # pppd's database cannot tell what follows a name from a part of it.
    session = next(one for one in found if one["username"] == re.split(";(?=[A-Z]+=)", visible)[0])
    assert re.fullmatch(r"192\.168\.10\.\d+", session["address"])
    assert server.file("/run/names").content_string.splitlines()[-1] == visible
    if "<b" in name:
        see_page(server, playbook, tmp_path, name)
    server.check_output("systemctl start pppoe-server-metrics@default.service")
    metrics = server.file("/run/node-exporter/pppoe_server_default.prom").content_string
    pattern = r'# .*|pppoe_server_\w+\{server="default"[^}]*\} \d+(\.\d+)?'
    assert [line for line in metrics.splitlines() if not re.fullmatch(pattern, line)] == []


def see_page(server, playbook, tmp_path, name: str) -> None:
    host_name = server.ansible.get_variables()["inventory_hostname"]
    page = tmp_path / "status.html"
    shown = playbook("status", "--tags=servers", f"--limit={host_name}", "-e", f"page={page}")
    assert shown.returncode == 0, shown.stdout
    assert not CONTROL.search(shown.stdout)
    assert "onclick" not in page.read_text()
