"""A customer who needs no host, against a server of a few lines: each way in which a dial and a session can end."""

from __future__ import annotations

import struct

import pytest
from dialtone_lab import customer, customer_settings, ppp

AC = bytes.fromhex("020000000002")
SECRET = b"secret"


class Server:
    """Answers what a customer sends, as pppoe-server and pppd do."""

    def __init__(self, settings: dict | None = None, **behaviour):
        self.customer = customer.Customer(7, b"\x02\xc5\0\0\0\7", customer_settings.settings(settings or {}))
        self.behaviour = {"method": "chap", "secret": SECRET, "name": b"ac", "error": None, **behaviour}
        self.heard: list[tuple] = []
        self.agreed: set[int] = set()
        self.now = 100.0

    def dial(self) -> customer.Customer:
        self.customer.dial(self.now)
        self.settle()
        return self.customer

    def settle(self) -> None:
        """Until nobody has anything to say."""
        while self.customer.out:
            frame = ppp.parse(self.customer.out.pop(0))
            assert frame
            (self.discovery if frame.kind == ppp.DISCOVERY else self.session)(frame)

    def wait(self, seconds: float) -> None:
        for _each in range(round(seconds * 10)):
            self.now += 0.1
            self.customer.tick(self.now)
            self.settle()

    def say(self, kind: int, code: int, session: int, payload: bytes) -> None:
        frame = ppp.parse(ppp.frame(self.customer.mac, AC, kind, code, session, payload))
        assert frame
        self.customer.hear(frame, self.now)

    def ppp(self, protocol: int, code: int, identifier: int, data: bytes = b"") -> None:
        self.say(ppp.SESSION, 0, 9, struct.pack("!H", protocol) + ppp.control(code, identifier, data))
        self.settle()

    def agree(self, code: int) -> None:
        """Challenge the customer when both ends have agreed on the link."""
        self.agreed.add(code)
        if self.behaviour["method"] == "chap" and self.agreed == {ppp.REQUEST, ppp.ACK}:
            self.ppp(ppp.CHAP, ppp.CHALLENGE, 3, b"\4abcdac")

    def discovery(self, frame: ppp.Frame) -> None:
        tags = ppp.parse_tags(frame.payload)
        self.heard.append((frame.code, frame.session, tags))
        if frame.code == ppp.PADI and self.behaviour["name"]:
            offer = [*tags, (ppp.AC_NAME, self.behaviour["name"]), (ppp.AC_COOKIE, b"cookie")]
            self.say(ppp.DISCOVERY, ppp.PADO, 0, ppp.tags(offer))
        elif frame.code == ppp.PADR:
            error = self.behaviour["error"]
            self.agreed.clear()
            answer = [*tags, *([(0x0203, error)] if error else [])]
            self.say(ppp.DISCOVERY, ppp.PADS, 0 if error else 9, ppp.tags(answer))
            if not error:
                method = self.behaviour["method"]
                asked = [(ppp.AUTHENTICATION, ppp.METHODS[method])] if method in ppp.METHODS else []
                self.ppp(ppp.LCP, ppp.REQUEST, 1, ppp.options([(2, b"\0\0\0\0"), *asked]))

    def session(self, frame: ppp.Frame) -> None:
        protocol = struct.unpack_from("!H", frame.payload)[0]
        packet = ppp.parse_control(frame.payload[2:])
        if protocol == ppp.IPV4 or packet is None:
            self.heard.append((protocol, ppp.parse_echo(frame.payload[2:])))
            return
        self.heard.append((protocol, packet.code, packet.identifier, packet.data))
        pairs = ppp.parse_options(packet.data)
        if protocol == ppp.LCP and packet.code == ppp.REQUEST:
            self.ppp(ppp.LCP, ppp.ACK, packet.identifier, packet.data)
            self.agree(ppp.REQUEST)
        elif protocol == ppp.LCP and packet.code == ppp.REJECT:
            method = self.behaviour["method"]
            asked = [(ppp.AUTHENTICATION, ppp.METHODS[method])] if method in ppp.METHODS else []
            self.ppp(ppp.LCP, ppp.REQUEST, 2, ppp.options([(ppp.MRU, b"\x05\xd4"), *asked]))
        elif protocol == ppp.LCP and packet.code == ppp.ACK:
            self.agree(ppp.ACK)
        elif protocol == ppp.CHAP:
            right = ppp.chap_response(3, b"\4abcd", b"cmz", self.behaviour["secret"])
            self.ppp(ppp.CHAP, ppp.SUCCESS if packet.data == right else ppp.FAILURE, 3, b"said")
        elif protocol == ppp.PAP:
            right = ppp.pap_request(b"cmz", self.behaviour["secret"])
            self.ppp(ppp.PAP, ppp.ACK if packet.data == right else ppp.NAK, packet.identifier, b"\4said")
        elif protocol == ppp.IPCP and packet.code == ppp.REQUEST:
            self.network(packet, pairs)

    def network(self, packet: ppp.Control, pairs: ppp.Pairs) -> None:
        given = {ppp.ADDRESS: b"\x0a\0\0\2", ppp.DNS: b"\x09\x09\x09\x09"}
        unknown = [pair for pair in pairs if pair[0] == ppp.DNS2]
        if unknown:
            self.ppp(ppp.IPCP, ppp.REJECT, packet.identifier, ppp.options(unknown))
        elif dict(pairs) != given:
            self.ppp(ppp.IPCP, ppp.NAK, packet.identifier, ppp.options(list(given.items())))
        else:
            self.ppp(ppp.IPCP, ppp.ACK, packet.identifier, packet.data)
            self.ppp(ppp.IPCP, ppp.REQUEST, 4, ppp.options([(2, b"\0\x2d\x0f\1"), (ppp.ADDRESS, b"\x0a\0\0\1")]))
            self.ppp(ppp.IPCP, ppp.REQUEST, 5, ppp.options([(ppp.ADDRESS, b"\x0a\0\0\1")]))

    def packet(self, echo: ppp.Echo) -> None:
        self.say(ppp.SESSION, 0, 9, struct.pack("!H", ppp.IPV4) + ppp.echo(echo))
        self.settle()


RIGHT = {"secret": SECRET.decode()}


@pytest.mark.parametrize("method", ["chap", "pap", None])
def test_a_dial(method):
    dialled = Server(RIGHT, method=method).dial()
    report = dialled.report
    assert (report["state"], report["reason"], report["ups"], report["method"]) == ("up", "", 1, method)
    assert (report["address"], report["peer_address"], report["dns"]) == ("10.0.0.2", "10.0.0.1", ["9.9.9.9"])
    assert (report["ac_name"], report["session_id"], report["mac"]) == ("ac", 9, "02:c5:00:00:00:07")


@pytest.mark.parametrize("method", ["chap", "pap"])
def test_a_wrong_secret(method):
    server = Server({"secret": "wrong", "redial": 1}, method=method)
    dialled = server.dial()
    assert (dialled.state, dialled.message) == ("authentication", "said")
    server.ppp(ppp.LCP, ppp.TERMINATE, 8, b"Authentication failed")
    assert (dialled.state, dialled.reason) == ("ended", "authentication: said")
    server.wait(1.1)
    assert dialled.dials == 2


def test_a_method_that_it_does_not_take():
    server = Server({**RIGHT, "methods": ["pap"]})
    server.dial()
    assert (ppp.LCP, ppp.NAK, 2, b"\x03\x04\xc0\x23") in server.heard


def test_a_refusal():
    dialled = Server(RIGHT, error=b"No client slots available").dial()
    assert (dialled.state, dialled.reason) == ("ended", "refused: No client slots available")


@pytest.mark.parametrize("wanted", [{"ac_name": "another"}, {}])
def test_nobody_who_answers(wanted):
    server = Server({**RIGHT, **wanted}, name=b"ac" if wanted else b"")
    dialled = server.dial()
    server.wait(customer.PATIENCE * 1.2)
    assert (dialled.state, dialled.reason) == ("ended", "no answer: discovery")
    assert len(server.heard) == customer.PATIENCE / customer.AGAIN["discovery"]


def test_an_offer_to_another_is_left_alone():
    dialled = Server(RIGHT, name=b"").dial()
    offer = ppp.frame(dialled.mac, AC, ppp.DISCOVERY, ppp.PADO, 0, ppp.tags([(ppp.HOST_UNIQ, b"another")]))
    dialled.hear(ppp.parse(offer), 100.0)
    assert dialled.state == "discovery"


def test_a_second_session_is_ended_at_once():
    server = Server(RIGHT)
    dialled = server.dial()
    late = ppp.tags([(ppp.HOST_UNIQ, dialled.mac)])
    for session in (9, 10):
        server.say(ppp.DISCOVERY, ppp.PADS, session, late)
        server.settle()
    assert (server.heard[-1], dialled.state) == ((ppp.PADT, 10, []), "up")
    assert [heard[0] for heard in server.heard].count(ppp.PADT) == 1


def test_the_cookie_and_the_service_are_asked_for():
    server = Server({**RIGHT, "service": "fast"})
    server.dial()
    padr = next(tags for code, _session, tags in server.heard[:2] if code == ppp.PADR)
    assert padr == [(ppp.SERVICE_NAME, b"fast"), (ppp.HOST_UNIQ, server.customer.mac), (ppp.AC_COOKIE, b"cookie")]


def test_it_answers_echoes_and_pings_and_nothing_of_others():
    server = Server(RIGHT)
    dialled = server.dial()
    server.heard.clear()
    server.ppp(ppp.LCP, ppp.ECHO_REQUEST, 77, b"\1\2\3\4more")
    ping = ppp.Echo("10.0.0.1", "10.0.0.2", False, 5, 6, b"data")
    server.packet(ping)
    server.packet(ping._replace(to="10.0.0.3"))
    assert server.heard == [
        (ppp.LCP, ppp.ECHO_REPLY, 77, dialled.mac[2:] + b"more"),
        (ppp.IPV4, ppp.Echo("10.0.0.2", "10.0.0.1", True, 5, 6, b"data")),
    ]
    assert dialled.report["echoes"] == 1


def test_it_counts_its_pings():
    server = Server(RIGHT)
    dialled = server.dial()
    dialled.ping(server.now, 0.2)
    server.wait(1.0)
    sent = [echo for protocol, *_rest, echo in server.heard if protocol == ppp.IPV4]
    for echo in (sent[0], sent[3], sent[4]):
        server.packet(echo._replace(source=echo.to, to=echo.source, answer=True))
    dialled.ping(server.now, 0)
    server.wait(1.0)
    assert [echo.sequence for echo in sent] == [0, 1, 2, 3, 4]
    assert dialled.report["pings"] == {"sent": 5, "answered": 3, "row": 2}


def test_an_unknown_protocol_is_rejected():
    server = Server(RIGHT)
    server.dial()
    server.ppp(0x8057, ppp.REQUEST, 1, b"")
    assert server.heard[-1][:2] == (ppp.LCP, ppp.PROTOCOL_REJECT)
    assert server.heard[-1][3] == b"\x80\x57\x01\x01\x00\x04"


def test_hanging_up_by_terminate_waits_for_the_answer():
    server = Server(RIGHT)
    dialled = server.dial()
    dialled.hang_up(server.now)
    server.settle()
    assert dialled.state == "closing"
    server.ppp(ppp.LCP, ppp.TERMINATED, server.heard[-1][2])
    assert (dialled.state, dialled.reason) == ("ended", "hung up")
    assert server.heard[-1][:2] == (ppp.PADT, 9)


def test_hanging_up_ends_without_an_answer():
    server = Server({**RIGHT, "redial": 1})
    dialled = server.dial()
    dialled.hang_up(server.now)
    server.wait(customer.GOODBYE + 5)
    assert (dialled.state, dialled.dials) == ("ended", 1)
    assert server.heard[-1][:2] == (ppp.PADT, 9)


def test_hanging_up_by_padt_alone_and_without_a_word():
    server = Server(RIGHT)
    dialled = server.dial()
    server.heard.clear()
    dialled.hang_up(server.now, "padt")
    server.settle()
    assert dialled.state == "ended"
    assert [heard[:2] for heard in server.heard] == [(ppp.PADT, 9)]
    server.dial()
    server.heard.clear()
    dialled.hang_up(server.now, "vanish")
    server.ppp(ppp.LCP, ppp.ECHO_REQUEST, 1)
    server.wait(60)
    assert dialled.state == "ended"
    assert server.heard == []


@pytest.mark.parametrize("how", ["padt", "terminate", "echoes"])
def test_a_session_that_the_server_ends_is_dialled_again(how):
    server = Server({**RIGHT, "redial": 1, "echo_interval": 2, "echo_failure": 2})
    dialled = server.dial()
    if how == "padt":
        server.say(ppp.DISCOVERY, ppp.PADT, 9, b"")
        assert (dialled.reason, dialled.padts) == ("PADT", [9])
    elif how == "terminate":
        server.ppp(ppp.LCP, ppp.TERMINATE, 8, b"bye")
        assert dialled.reason == "the server hung up: bye"
        assert server.heard[-2][:3] == (ppp.LCP, ppp.TERMINATED, 8)
    else:
        server.wait(6.5)
        assert dialled.reason == "no answer to echoes"
    assert dialled.state == "ended"
    server.wait(1.1)
    assert (dialled.state, dialled.dials, dialled.ups) == ("up", 2, 2)


def test_a_padt_of_another_session_is_left_alone():
    server = Server(RIGHT)
    dialled = server.dial()
    server.say(ppp.DISCOVERY, ppp.PADT, 10, b"")
    assert dialled.state == "up"


@pytest.mark.parametrize(
    ("values", "says"),
    [({"user": "cmz"}, "no such setting: user; there is: username, "), ({"methods": ["eap"]}, "methods: eap;")],
)
def test_settings_that_there_are_not(values, says):
    with pytest.raises(ValueError, match=says):
        customer_settings.settings(values)


def test_a_request_is_repeated_once_when_the_other_end_is_heard():
    """Whatever it answers meanwhile: else both ends begin anew with each other's requests."""
    one = customer.Customer(7, b"\x02\xc5\0\0\0\7")
    one.session.ac, one.session.session_id, one.state = AC, 9, "link"
    one.session.wanted = {ppp.LCP: {ppp.MRU: b"\x05\xd4"}}
    for identifier in (1, 2, 3):
        body = struct.pack("!H", ppp.LCP) + ppp.control(ppp.REQUEST, identifier, b"")
        frame = ppp.parse(ppp.frame(one.mac, AC, ppp.SESSION, 0, 9, body))
        assert frame
        one.hear(frame, 1.0)
    sent = [ppp.parse_control(ppp.parse(frame).payload[2:]).code for frame in one.out]
    assert sent.count(ppp.REQUEST) == 1
    assert sent.count(ppp.ACK) == 3
