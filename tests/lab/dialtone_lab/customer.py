"""One PPPoE customer as a state machine: frames and the time go in, frames come out. No input or output of its own.

`Customer.dial`, `hear`, `tick` and `hang_up` append what is to be sent to `Customer.out`. Times are seconds of any
clock that only goes forward.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from . import ppp
from .customer_attempt import Attempt
from .customer_ipv6 import IPV6, IPV6CP, Ipv6
from .customer_settings import Pings, Settings

#: The states of a customer in the order of a dial; what comes before "up" is dialling.
STATES = ("idle", "discovery", "request", "link", "authentication", "network", "up", "closing", "ended")
DIALLING = STATES[1:6]
#: After how many seconds without an answer something is sent again, as pppd and its plugin do; a second request for a
#: session would be a second session. And how long a customer tries each, seconds.
AGAIN, PATIENCE = {"discovery": 3.0, "request": 5.0}, 30.0
#: How long a customer who hangs up waits for the answer, seconds.
GOODBYE = 3.0


@dataclass
class Customer:
    """A customer with a MAC address of its own."""

    number: int
    mac: bytes
    settings: Settings = field(default_factory=Settings)
    out: list[bytes] = field(default_factory=list)
    state: str = "idle"
    reason: str = ""
    message: str = ""
    session: Attempt = field(default_factory=Attempt)
    pings: Pings = field(default_factory=Pings)
    ipv6: Ipv6 | None = None
    dials: int = 0
    ups: int = 0
    asked: float = 0.0
    seconds: float | None = None
    echoes: int = 0
    padts: list[int] = field(default_factory=list)
    silent: bool = False
    due: float | None = None
    tries: int = 0
    identifier: int = 0
    echo_due: float = 0.0
    unanswered: int = 0

    # What somebody asks of it.

    def ask(self, now: float) -> None:
        """Somebody wants it to be up from now on; `seconds` counts from here, however often it dials."""
        self.asked, self.seconds = now, None

    def dial(self, now: float) -> None:
        """Look for an access concentrator."""
        self.session, self.reason, self.message, self.silent, self.ipv6 = Attempt(), "", "", False, None
        self.dials += 1
        self._enter("discovery", now)

    def hang_up(self, now: float, how: str = "terminate") -> None:
        """End the session: by "terminate" (LCP, then PADT), by "padt" alone, or "vanish" without a word."""
        self.reason = "hung up"
        if how == "vanish":
            self.silent = True
            self._end(now, "vanished", redial=False)
        elif how == "terminate" and self.state in (*DIALLING[2:], "up"):
            self._enter("closing", now)
            self.due = now + GOODBYE
        else:
            self._goodbye()
            self._end(now, "hung up", redial=False)

    def ping(self, now: float, interval: float, to: str = "") -> None:
        """Begin to ping, the other end of the link or `to`; an interval of 0 stops, and keeps what was counted."""
        if interval:
            self.pings = Pings(interval, now, to)
        else:
            self.pings.interval = 0.0

    @property
    def report(self) -> dict[str, Any]:
        """All about it that a test asks for."""
        wanted = self.session.wanted.get(ppp.IPCP, {})
        up = self.state == "up"
        return {
            "number": self.number,
            "mac": self.mac.hex(":"),
            "username": self.settings.username,
            "state": self.state,
            "reason": self.reason,
            "message": self.message,
            "ac_name": self.session.ac_name,
            "ac_mac": self.session.ac.hex(":"),
            "session_id": self.session.session_id,
            "method": self.session.method,
            "address": self.address if up else None,
            "peer_address": self.session.peer if up else None,
            # Who has one server only is given it twice.
            "dns": list(dict.fromkeys(ppp.text(wanted[each]) for each in (ppp.DNS, ppp.DNS2) if up and each in wanted)),
            "dials": self.dials,
            "ups": self.ups,
            "seconds": self.seconds,
            "echoes": self.echoes,
            "padts": self.padts,
            "pings": self.pings.report,
            "ipv6": self.ipv6.report if self.ipv6 is not None else None,
        }

    @property
    def address(self) -> str:
        """Its own address, as far as it is agreed."""
        return ppp.text(self.session.wanted.get(ppp.IPCP, {}).get(ppp.ADDRESS, b"\0" * 4))

    # The clock.

    def tick(self, now: float) -> None:
        """Do what is due."""
        if self.due is not None and now >= self.due:
            self._due(now)
        if self.ipv6 is not None and self.state in ("network", "up"):
            self.ipv6.tick(now)
        if self.state == "up":
            if self.settings.echo_interval and now >= self.echo_due:
                self._send_echo(now)
            if self.state == "up" and self.pings.interval and now >= self.pings.due:
                self._send_ping()
                self.pings.due += self.pings.interval

    def _due(self, now: float) -> None:
        if self.state == "ended":
            self.dial(now)
        elif self.state == "closing":
            self._goodbye()
            self._end(now, "hung up", redial=False)
        elif self.tries * AGAIN.get(self.state, 1.0) >= PATIENCE:
            self._goodbye()
            self._end(now, f"no answer: {self.state}")
        else:
            self._say(now)

    def _enter(self, state: str, now: float) -> None:
        self.state, self.tries = state, 0
        self._say(now)
        if state == "network" and self.settings.ipv6:
            self.ipv6 = Ipv6(self.mac, self._packet)
            self.ipv6.begin(now)

    def _say(self, now: float) -> None:
        """Send what belongs to the state, again or for the first time."""
        self.tries += 1
        self.due = now + AGAIN.get(self.state, 1.0)
        if self.state == "discovery":
            self._discover(ppp.PADI, [(ppp.SERVICE_NAME, self.settings.service.encode()), self._uniq()])
        elif self.state == "request":
            self._discover(ppp.PADR, self.session.padr)
        elif self.state == "link":
            self._ask(ppp.LCP)
        elif self.state == "authentication" and self.session.method == "pap":
            name, secret = self.settings.username.encode(), self.settings.secret.encode()
            self._control(ppp.PAP, ppp.REQUEST, ppp.pap_request(name, secret))
        elif self.state == "network":
            self._ask(ppp.IPCP)
        elif self.state == "closing":
            self._control(ppp.LCP, ppp.TERMINATE)

    def _send_echo(self, now: float) -> None:
        if self.unanswered >= self.settings.echo_failure:
            self._control(ppp.LCP, ppp.TERMINATE)
            self._goodbye()
            self._end(now, "no answer to echoes")
            return
        self.unanswered += 1
        self.echo_due = now + self.settings.echo_interval
        self.send_echo()

    def send_echo(self) -> None:
        """Ask by LCP whether the other end is there."""
        self._control(ppp.LCP, ppp.ECHO_REQUEST, self._magic())

    def _send_ping(self) -> None:
        sequence = len(self.pings.answered)
        self.pings.answered.append(False)
        to = self.pings.to or self.session.peer
        request = ppp.Echo(self.address, to, False, self.number & 0xFFFF, sequence & 0xFFFF, b"ping" * 14)
        self._packet(ppp.IPV4, ppp.echo(request))

    # The wire.

    def hear(self, frame: ppp.Frame, now: float) -> None:
        """Take a frame that is for this customer."""
        if self.silent or self.state == "idle":
            return
        if frame.kind == ppp.DISCOVERY:
            self._hear_discovery(frame, now)
        elif frame.session == self.session.session_id and frame.source == self.session.ac and len(frame.payload) > 2:
            if self.state == "ended":
                return
            protocol = struct.unpack_from("!H", frame.payload)[0]
            if protocol == ppp.IPV4:
                self._hear_packet(frame.payload[2:])
            elif protocol in (IPV6, IPV6CP) and self.ipv6 is not None:
                self.ipv6.hear(protocol, frame.payload[2:], now)
            else:
                self._hear_control(protocol, frame.payload[2:], now)

    def _hear_discovery(self, frame: ppp.Frame, now: float) -> None:
        pairs = ppp.parse_tags(frame.payload)
        tags = dict(pairs)
        if frame.code == ppp.PADT and frame.session == self.session.session_id and frame.session:
            self.padts.append(frame.session)
            if self.state != "ended":
                self._end(now, "PADT", redial=self.state != "closing")
        elif tags.get(ppp.HOST_UNIQ) != self._uniq()[1]:
            return
        elif frame.code == ppp.PADO and self.state == "discovery":
            name = tags.get(ppp.AC_NAME, b"").decode(errors="replace")
            if self.settings.ac_name in ("", name):
                echoed = [pair for pair in pairs if pair[0] in (ppp.AC_COOKIE, ppp.RELAY_SESSION_ID)]
                service = (ppp.SERVICE_NAME, self.settings.service.encode())
                self.session.ac, self.session.ac_name = frame.source, name
                self.session.padr = [service, self._uniq(), *echoed]
                self._enter("request", now)
        elif frame.code == ppp.PADS and self.state != "request":
            if frame.session not in (0, self.session.session_id):
                # The answer to a request that was repeated: nobody needs that session.
                self.out.append(ppp.frame(frame.source, self.mac, ppp.DISCOVERY, ppp.PADT, frame.session, b""))
        elif frame.code == ppp.PADS:
            said = [value.decode(errors="replace") for kind, value in pairs if kind in ppp.ERRORS]
            if not frame.session:
                self._end(now, f"refused: {', '.join(said)}")
                return
            self.session.session_id = frame.session
            self.session.wanted = {
                ppp.LCP: {ppp.MRU: struct.pack("!H", self.settings.mru), ppp.MAGIC: self._magic()},
                ppp.IPCP: {
                    ppp.ADDRESS: ppp.packed(self.settings.address),
                    ppp.DNS: b"\0" * 4,
                    ppp.DNS2: b"\0" * 4,
                },
            }
            # The server's pppd is starting: what it is sent before it listens is lost.
            self.state, self.tries, self.due = "link", 0, now + 1.0

    def _hear_control(self, protocol: int, payload: bytes, now: float) -> None:
        packet = ppp.parse_control(payload)
        if packet is None:
            return
        if protocol in (ppp.LCP, ppp.IPCP):
            if protocol == ppp.IPCP and self.state not in ("authentication", "network", "up"):
                return
            if packet.code in (ppp.REQUEST, ppp.ACK, ppp.NAK, ppp.REJECT):
                self._negotiate(protocol, packet, now)
            elif protocol == ppp.LCP:
                self._hear_link(packet, now)
        elif protocol in (ppp.PAP, ppp.CHAP):
            self._authenticate(protocol, packet, now)
        elif self.state in ("authentication", "network", "up"):
            self._control(ppp.LCP, ppp.PROTOCOL_REJECT, struct.pack("!H", protocol) + payload)

    def _hear_link(self, packet: ppp.Control, now: float) -> None:
        if packet.code == ppp.TERMINATE:
            self._control(ppp.LCP, ppp.TERMINATED, identifier=packet.identifier)
            self._goodbye()
            said = f"the server hung up: {packet.data.decode(errors='replace')}".rstrip(": ")
            self._end(now, said, redial=self.state != "closing")
        elif packet.code == ppp.TERMINATED and self.state == "closing":
            self._goodbye()
            self._end(now, "hung up", redial=False)
        elif packet.code == ppp.ECHO_REQUEST:
            self.echoes += 1
            answer = self._magic() + packet.data[4:]
            self._control(ppp.LCP, ppp.ECHO_REPLY, answer, identifier=packet.identifier)
        elif packet.code == ppp.ECHO_REPLY:
            self.unanswered = 0

    def _hear_packet(self, packet: bytes) -> None:
        heard = ppp.parse_echo(packet)
        if heard is None or self.state != "up" or heard.to != self.address:
            return
        if not heard.answer:
            self._packet(ppp.IPV4, ppp.echo(heard._replace(source=heard.to, to=heard.source, answer=True)))
        elif heard.identifier == self.number & 0xFFFF and heard.sequence < len(self.pings.answered):
            self.pings.answered[heard.sequence] = True

    # Negotiation.

    def _negotiate(self, protocol: int, packet: ppp.Control, now: float) -> None:
        pairs, wanted = ppp.parse_options(packet.data), self.session.wanted[protocol]
        if packet.code == ppp.REQUEST:
            code, answer = self._judge(protocol, pairs)
            self._control(protocol, code, ppp.options(answer), identifier=packet.identifier)
            if code == ppp.ACK:
                self.session.acked.add((protocol, "theirs"))
            # What was asked before the other end listened is asked again as soon as it is heard, rather than when that
            # is due. Once: both ends would begin anew with each other's requests for ever.
            first = protocol not in self.session.heard
            self.session.heard.add(protocol)
            if first and (protocol, "ours") not in self.session.acked and self.state in ("link", "network"):
                self._ask(protocol)
        elif packet.identifier != self.session.asked.get(protocol):
            return
        elif packet.code == ppp.ACK:
            self.session.acked.add((protocol, "ours"))
        else:
            for kind, value in pairs:
                if packet.code == ppp.NAK and kind in wanted:
                    wanted[kind] = value
                elif packet.code == ppp.REJECT:
                    wanted.pop(kind, None)
            self._ask(protocol)
        self._agreed(protocol, now)

    def _judge(self, protocol: int, pairs: ppp.Pairs) -> tuple[int, ppp.Pairs]:
        """The answer to a Configure-Request: what is unknown is rejected, and a method that is not ours is not."""
        known = (ppp.MRU, ppp.AUTHENTICATION, ppp.MAGIC) if protocol == ppp.LCP else (ppp.ADDRESS,)
        unknown = [pair for pair in pairs if pair[0] not in known]
        if unknown:
            return ppp.REJECT, unknown
        for kind, value in pairs:
            if protocol == ppp.IPCP:
                self.session.peer = ppp.text(value)
            elif kind == ppp.AUTHENTICATION:
                accepted = [method for method in self.settings.methods if ppp.METHODS[method] == value]
                if not accepted:
                    return ppp.NAK, [(kind, ppp.METHODS[self.settings.methods[0]])]
                self.session.method = accepted[0]
        return ppp.ACK, pairs

    def _agreed(self, protocol: int, now: float) -> None:
        if not {(protocol, "ours"), (protocol, "theirs")} <= self.session.acked:
            return
        if protocol == ppp.LCP and self.state == "link":
            self._enter("authentication" if self.session.method else "network", now)
        elif protocol == ppp.IPCP and self.state == "network":
            self.state, self.due, self.unanswered = "up", None, 0
            self.ups += 1
            if self.seconds is None:
                self.seconds = now - self.asked
            self.echo_due = now + self.settings.echo_interval
            self.pings.due = max(now, self.pings.due)

    def _authenticate(self, protocol: int, packet: ppp.Control, now: float) -> None:
        name, secret = self.settings.username.encode(), self.settings.secret.encode()
        method = "pap" if protocol == ppp.PAP else "chap"
        if method != self.session.method or self.state not in ("authentication", "network", "up"):
            return
        if method == "chap" and packet.code == ppp.CHALLENGE and packet.data:
            answer = ppp.chap_response(packet.identifier, packet.data, name, secret)
            self._control(ppp.CHAP, ppp.RESPONSE, answer, identifier=packet.identifier)
            return
        self.message = packet.data[method == "pap" :].decode(errors="replace")
        if packet.code == (ppp.ACK if method == "pap" else ppp.SUCCESS):
            if self.state == "authentication":
                self._enter("network", now)
        elif packet.code == (ppp.NAK if method == "pap" else ppp.FAILURE):
            # The server hangs up.
            self.reason = f"authentication: {self.message}"

    # Sending.

    def _uniq(self) -> tuple[int, bytes]:
        return ppp.HOST_UNIQ, self.mac

    def _magic(self) -> bytes:
        return self.mac[2:]

    def _ask(self, protocol: int) -> None:
        self._control(protocol, ppp.REQUEST, ppp.options(list(self.session.wanted[protocol].items())))
        self.session.asked[protocol] = self.identifier

    def _control(self, protocol: int, code: int, data: bytes = b"", identifier: int | None = None) -> None:
        if identifier is None:
            identifier = self.identifier = self.identifier % 255 + 1
        self._packet(protocol, ppp.control(code, identifier, data))

    def _packet(self, protocol: int, payload: bytes) -> None:
        body = struct.pack("!H", protocol) + payload
        self.out.append(ppp.frame(self.session.ac, self.mac, ppp.SESSION, 0, self.session.session_id, body))

    def _discover(self, code: int, pairs: ppp.Pairs) -> None:
        session = self.session.session_id if code == ppp.PADT else 0
        self.out.append(ppp.frame(self.session.ac, self.mac, ppp.DISCOVERY, code, session, ppp.tags(pairs)))

    def _goodbye(self) -> None:
        if self.session.session_id:
            self._discover(ppp.PADT, [self._uniq()])

    def _end(self, now: float, reason: str, redial: bool = True) -> None:
        self.state, self.reason = "ended", self.reason or reason
        self.due = now + self.settings.redial if redial and self.settings.redial is not None else None
