# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks RADIUS servers whether they answer (Status-Server, RFC 5997). Private to this collection."""

from __future__ import annotations

import errno
import hashlib
import hmac
import os
import select
import socket
import ssl
import struct
import time
import typing as t
from contextlib import suppress

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._radius._settings import Server, Tls
    from ansible_collections.dialtone.pppoe.plugins.module_utils._radius._upstream import Upstream

_STATUS_SERVER, _MESSAGE_AUTHENTICATOR = 12, 80
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH)
_HEADER = struct.Struct("!BBH16s")
#: A server does not answer those whom it does not know, nor those with another secret (RFC 5997, 4.2).
SILENT = (
    "it does not answer: it is out of reach, does not know the address of this host, or has another secret for it; its "
    "log names the last two"
)
NOBODY = "nothing listens at its port"
WRONG = "it answers, but with another secret"
CLOSED = "it ends the connection: it does not accept the certificate of this host, or does not know its address"


def request(secret: bytes, identifier: int, authenticator: bytes) -> bytes:
    """A Status-Server packet."""
    empty = struct.pack("!BB16s", _MESSAGE_AUTHENTICATOR, 18, b"")
    header = _HEADER.pack(_STATUS_SERVER, identifier, _HEADER.size + len(empty), authenticator)
    digest = hmac.new(secret, header + empty, hashlib.md5).digest()
    return header + struct.pack("!BB16s", _MESSAGE_AUTHENTICATOR, 18, digest)


def is_from(answer: bytes, asked: bytes, secret: bytes) -> bool | None:
    """Whether an answer is of one who has the secret; ``None`` for what is no answer to this request."""
    if len(answer) < _HEADER.size:
        return None
    code, identifier, length, digest = _HEADER.unpack_from(answer)
    if identifier != asked[1] or not _HEADER.size <= length <= len(answer):
        return None
    text = struct.pack("!BBH", code, identifier, length) + asked[4:20] + answer[20:length] + secret
    return hmac.compare_digest(hashlib.md5(text, usedforsecurity=False).digest(), digest)


def problems(servers: t.Sequence[Server], source: str, patience: float = 2.0) -> list[str | None]:
    """Why each server cannot be used, ``None`` for one that answers. All are asked at once, twice.

    Of one behind TLS it is only asked whether it listens there, and whether the certificates are valid.
    """
    found: list[str | None] = [SILENT if server.tls is None else None for server in servers]
    waiting: dict[socket.socket, tuple[int, bytes]] = {}
    try:
        for index, server in enumerate(servers):
            if server.tls is not None:
                found[index] = _connects(server, server.tls, patience)
                continue
            connection = connected(server, source)
            waiting[connection] = index, request(server.secret.encode(), index, os.urandom(16))
        for _attempt in range(2):
            _ask(waiting, servers, found, patience / 2)
    finally:
        for connection in waiting:
            connection.close()
    return found


def connected(server: Server | Upstream, source: str) -> socket.socket:
    """A socket for a server. ``source``: the address to send from, empty for any."""
    family = socket.AF_INET6 if ":" in server.address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if source and family == socket.AF_INET:
            connection.bind((source, 0))
        connection.connect((server.address, server.port))
    except OSError:
        pass  # it does not answer, then
    return connection


def _ask(
    waiting: t.Mapping[socket.socket, tuple[int, bytes]],
    servers: t.Sequence[Server],
    found: list[str | None],
    patience: float,
) -> None:
    left = {connection for connection, (index, _packet) in waiting.items() if found[index] is not None}
    for connection in set(left):
        index, packet = waiting[connection]
        try:
            connection.send(packet)
        except OSError as error:
            found[index] = _silence(error)
            left.discard(connection)
    deadline = time.monotonic() + patience
    while left and time.monotonic() < deadline:
        for connection in select.select(list(left), [], [], max(0.0, deadline - time.monotonic()))[0]:
            index, packet = waiting[connection]
            try:
                genuine = is_from(connection.recv(4096), packet, servers[index].secret.encode())
            except OSError as error:
                found[index] = _silence(error)
                left.discard(connection)
                continue
            if genuine is not None:
                found[index] = None if genuine else WRONG
                left.discard(connection)


def _silence(error: OSError) -> str:
    """The host of the server itself says that nothing listens there (ICMP); no host, that it is not reached."""
    if isinstance(error, ConnectionRefusedError):
        return NOBODY
    return f"it is out of reach: {_words(error)}" if error.errno in _UNREACHABLE else SILENT


def _connects(server: Server, tls: Tls, patience: float) -> str | None:
    """TLS as FreeRADIUS does it: the certificates count, not the name in them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    try:
        with socket.create_connection((server.address, server.port), timeout=patience) as connection:
            try:
                context.load_verify_locations(tls.ca)
                context.load_cert_chain(tls.certificate, tls.key)
            except (OSError, ValueError) as error:
                return f"the files in tls cannot be used: {_words(error)}"
            return _accepts(context, connection)
    except OSError as error:
        return f"nothing answers at its port: {_words(error)}"


def _accepts(context: ssl.SSLContext, connection: socket.socket) -> str | None:
    try:
        with context.wrap_socket(connection) as secured:
            # With TLS 1.3, it is not known before whether the server takes the certificate of this host.
            secured.settimeout(0.5)
            with suppress(socket.timeout):
                if not secured.recv(1):
                    return CLOSED
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not valid: {error.verify_message}"
    except ssl.SSLError as error:
        if "ALERT" in (error.reason or ""):
            return f"it does not accept the certificate of this host: {_words(error)}"
        return f"TLS fails: {_words(error)}"
    except OSError:  # it has reset the connection
        return CLOSED
    return None


def _words(error: OSError | ValueError) -> str:
    reason = getattr(error, "reason", None)
    return reason.lower().replace("_", " ") if reason else getattr(error, "strerror", None) or str(error)


def own_address(server: Server) -> str | None:
    """The IPv4 address from which this host reaches a server; ``None`` if it cannot."""
    if ":" in server.address:
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        try:
            connection.connect((server.address, server.port))
        except OSError:
            return None
        address: str = connection.getsockname()[0]
        return address
