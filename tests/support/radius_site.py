"""A concentrator's FreeRADIUS and RADIUS centres, as hosts made of namespaces on a network of the tests' own.

pppd is not there, since the machine's kernel has no PPP: radclient asks as pppd's plugin does.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import subprocess
import sys
import time
import typing as t
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _radius as _layout_radius
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _proxy as _radius_proxy
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _settings as _radius_settings
from ansible_collections.dialtone.pppoe.tests.support import radius_centre
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CENTRE, SECOND, CONCENTRATOR, NOBODY = "192.168.5.20", "192.168.5.21", "192.168.5.109", "192.168.5.29"
SECRET = "secret-of-gate1"
_LOOPBACK = "secret-of-loopback"
FOLDER, _BUFFER, _LOG = "/run/proxy", "/run/buffer", "/run/proxy/log"

# RFC 2865, 3. A reply to every request after so many seconds; a Status-Server is answered at once.
_SERVER = """
import hashlib, hmac, json, socket, struct, sys, threading
address, secret, delay, attributes = sys.argv[1], sys.argv[2].encode(), float(sys.argv[3]), bytes.fromhex(sys.argv[4])
port = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
port.bind((address, 1812))

def answer(packet, peer):
    code = 2 if packet[0] in (1, 12) else 5
    body = b"" if packet[0] == 12 else attributes
    size = struct.pack("!H", 20 + 18 + len(body))
    unsigned = bytes([code, packet[1]]) + size + packet[4:20] + bytes([80, 18]) + bytes(16) + body
    proof = hmac.new(secret, unsigned, "md5").digest()
    whole = bytes([80, 18]) + proof + body
    seal = hashlib.md5(bytes([code, packet[1]]) + size + packet[4:20] + whole + secret).digest()
    port.sendto(bytes([code, packet[1]]) + size + seal + whole, peer)

print("ready", flush=True)
while True:
    packet, peer = port.recvfrom(4096)
    threading.Timer(0 if packet[0] == 12 else delay, answer, (packet, peer)).start()
"""

# A module's parts, without the units that this host does not run.
_PROBE = """
import json, subprocess, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _run, _settings

class Module:
    get_bin_path = staticmethod(lambda name: name)

    def run_command(self, words, cwd=None):
        done = subprocess.run(words, capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

found = _settings.settings(json.loads(sys.argv[2]), "gate1")
print(json.dumps(_run._problems(Module(), found)))
"""


class Concentrator:
    """A host with the FreeRADIUS that the sessions of a server ask."""

    def __init__(self, collections: Path) -> None:
        self._collections = collections
        self.host = lab.Namespace(lab.PRIVATE, mounts=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._servers: list[subprocess.Popen[str]] = []
        self._settings: dict[str, t.Any] = {}
        self.host.sh(f"install -d -o freerad -g freerad {FOLDER} {_BUFFER} {_layout_radius.RUN}")

    def start(self, servers: t.Sequence[t.Mapping[str, t.Any]]) -> None:
        """With these servers, from nothing."""
        self.stop()
        self._configure(servers)
        self.host.sh(f"rm -f {_BUFFER}/*; :>{_LOG}; chown freerad {_LOG}; freeradius -XC -d {FOLDER}")
        command = [*self.host.into, "freeradius", "-f", "-l", _LOG, "-d", FOLDER]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        assert until(lambda: "Ready to process requests" in self.log()), self.log()

    def refusal(self, servers: t.Sequence[t.Mapping[str, t.Any]]) -> str:
        """What FreeRADIUS says of a configuration that it does not take."""
        self._configure(servers)
        return self.host.sh(f"freeradius -XC -d {FOLDER} && echo taken", check=False)

    def _configure(self, servers: t.Sequence[t.Mapping[str, t.Any]]) -> None:
        self._settings = {"servers": list(servers), "nas_identifier": "gate1", "nas_address": CONCENTRATOR,
                          "disconnect_secret": "", "disconnect_from": []}  # fmt: skip
        settings = _radius_settings.settings(self._settings, "gate1")
        text = _radius_proxy.configuration(
            settings, CONCENTRATOR, _LOOPBACK, "/usr/lib/freeradius", FOLDER, "freerad"
        ).replace(_layout_radius.BUFFER, _BUFFER)
        self.write(f"{FOLDER}/radiusd.conf", text)

    def write(self, path: str, text: str) -> None:
        """A file that only FreeRADIUS reads."""
        self.host.write(path, text)
        self.host.sh(f"chown freerad:freerad {path}; chmod 600 {path}")

    def stop(self) -> None:
        self.serve_no_more()
        if self._process:
            self._process.terminate()
            self._process.wait()
        self._process = None

    def serve_no_more(self) -> None:
        """End what ``serve`` has begun."""
        for process in self._servers:
            process.terminate()
            process.wait()
        self._servers = []

    def serve(self, address: str, secret: str = SECRET, delay: float = 0.0, attributes: bytes = b"") -> None:
        """Have a RADIUS server of no make at an address of this host: it accepts everybody."""
        self.host.sh(f"ip addr replace {address}/32 dev lo")
        command = [*self.host.into, sys.executable, "-c", _SERVER, address, secret, str(delay), attributes.hex()]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        self._servers.append(process)

    def log(self) -> str:
        return self.host.sh(f"cat {_LOG}")

    def problems(self) -> list[str | None]:
        """What the module says of the servers."""
        command = [*self.host.into, sys.executable, "-c", _PROBE, str(self._collections), json.dumps(self._settings)]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)

    def ask(self, attributes: str, kind: str = "auth") -> str:
        """What radclient prints of the answer that pppd would get; it waits for as long as pppd does."""
        command = self._radclient(kind, "-x", "-r", "1")
        answer = subprocess.run(command, input=attributes, capture_output=True, text=True)
        return (answer.stdout + answer.stderr).partition("Received ")[2]

    @contextmanager
    def asking(self, packets: str, kind: str = "auth", more: t.Sequence[str] = ()) -> t.Iterator[subprocess.Popen]:
        """Many questions at once, meanwhile."""
        quiet = subprocess.DEVNULL
        command = self._radclient(kind, *more)
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, text=True)
        try:
            assert process.stdin
            process.stdin.write(packets)
            process.stdin.close()
            yield process
        finally:
            process.kill()
            process.wait()

    def _radclient(self, kind: str, *options: str) -> list[str]:
        port = {"auth": 21812, "acct": 21813}[kind]
        return [*self.host.into, "radclient", "-t", "10", *options, f"127.0.0.1:{port}", kind, _LOOPBACK]

    def waiting(self) -> str:
        """The records that no server has yet."""
        return self.host.sh(f"cat {_BUFFER}/detail* 2>/dev/null || true")

    def memory(self) -> int:
        """What FreeRADIUS holds, in kB."""
        assert self._process
        return resident(self._process.pid)

    def close(self) -> None:
        self.stop()
        self.host.close()


def resident(pid: int) -> int:
    """The memory of a process in kB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])


def hub(centre: radius_centre.Centre) -> None:
    """Make a network of which a centre is the middle; ``wire`` puts others there."""
    centre.host.sh(
        f"ip link del eth0; ip link add wan type bridge; ip addr add {CENTRE}/24 dev wan; ip link set wan up"
    )


def wire(centre: radius_centre.Centre, address: str, other: lab.Namespace) -> None:
    other.sh("ip link del eth0 2>/dev/null || true")
    port = f"port{other.process.pid}"
    centre.host.sh(
        f"ip link add {port} type veth peer name eth0 netns {other.process.pid}; ip link set {port} master wan up"
    )
    other.sh(f"ip addr add {address}/24 dev eth0; ip link set eth0 up")


def until(found: t.Callable[[], object], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found():
            return True
        time.sleep(0.1)
    return False


class Authority:
    """Signs certificates."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._certificate(self._name, self._key, 10).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.text = self._signed(made)

    def issue(self, name: str, address: str, days: int = 10) -> tuple[str, str]:
        """A certificate and its key (PEM). ``days``: until it ends, or since when it has ended if below 0."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        made = self._certificate(subject, key, days).add_extension(names, critical=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self._signed(made), private.decode()

    def _certificate(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - datetime.timedelta(20)).not_valid_after(now + datetime.timedelta(days))

    def _signed(self, builder: x509.CertificateBuilder) -> str:
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
