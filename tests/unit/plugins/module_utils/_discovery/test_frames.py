from __future__ import annotations

import struct

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._discovery import _frames as _discovery_frames
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from hypothesis import given
from hypothesis import strategies as st

US, THEM = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
UNIQ = b"our uniq"
ANY = _discovery_frames.Inquiry(UNIQ)

SERVICE, AC, HOST_UNIQ, COOKIE, RELAY, PAYLOAD = 0x101, 0x102, 0x103, 0x104, 0x110, 0x120


def tag(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value


PROPER = tag(SERVICE, b"") + tag(AC, b"gate") + tag(HOST_UNIQ, UNIQ)


def pado(tags: bytes = PROPER, source=THEM, version=0x11, code=7, session=0, length=None) -> bytes:
    length = len(tags) if length is None else length
    return US + source + struct.pack("!HBBHH", 0x8863, version, code, session, length) + tags


def test_a_padi_as_rfc_2516_draws_it():
    question = _discovery_frames.Inquiry(b"\x01\x02", "fast", 1500)
    header, tags = "ffffffffffff 020000000001 8863 11 09 0000 0014", "0101 0004 66617374 0103 0002 0102 0120 0002 05dc"
    assert _discovery_frames.padi(US, question) == bytes.fromhex(header + tags)


def test_a_proper_answer():
    tags = (
        tag(SERVICE, b"")
        + tag(SERVICE, b"fast")
        + tag(AC, "Zürich".encode())
        + tag(HOST_UNIQ, UNIQ)
        + tag(COOKIE, b"\x00")
        + tag(RELAY, b"r")
        + tag(PAYLOAD, b"\x05\xdc")
        + tag(0x0105, b"of a vendor")
    )
    assert _discovery_frames.offer(pado(tags) + bytes(20), ANY) == _discovery_frames.Offer(
        "02:00:00:00:00:02", "Zürich", ("", "fast"), cookie=True, relayed=True, max_payload=1500
    )


def test_a_service_name_that_is_no_utf_8():
    question = _discovery_frames.Inquiry(UNIQ, "\udcff")
    assert b"\x01\x01\x00\x01\xff" in _discovery_frames.padi(US, question)


@pytest.mark.parametrize(
    "frame",
    [
        pado(code=0x09),  # a PADI
        pado(code=0xA7),  # a PADT
        pado(tag(SERVICE, b"") + tag(AC, b"gate") + tag(HOST_UNIQ, b"another's")),
        b"",
        US + THEM,
    ],
)
def test_what_is_no_answer_to_us(frame):
    assert _discovery_frames.offer(frame, ANY) is None


@pytest.mark.parametrize(
    ("frame", "ac_name", "problems"),
    [
        (US + THEM + b"\x88\x63\x11\x07", None, ["too few for a PPPoE header"]),
        (pado(version=0x21), "gate", ["Version and type are 0x21"]),
        (pado(session=5), "gate", ["session id is 5"]),
        (pado(source=b"\xff" * 6), "gate", ["not the address of a single station"]),
        (pado(source=bytes(6)), "gate", ["not the address of a single station"]),
        (pado(length=1000), "gate", ["says 1000 bytes, and 24 are there"]),
        (pado(PROPER + b"\x01"), "gate", ["1 bytes after the last tag"]),
        (pado(PROPER + b"\x01\x04\xff\xff\x00"), "gate", ["0x0104 says 65535 bytes, and 1 are there"]),
        (pado(PROPER, length=23), "gate", ["0x0103 says 8 bytes, and 7 are there", "Host-Uniq tag is missing"]),
        (pado(tag(SERVICE, b"") + tag(HOST_UNIQ, UNIQ)), None, ["0 AC-Name tags"]),
        (pado(PROPER + tag(AC, b"other")), "gate", ["2 AC-Name tags"]),
        (pado(tag(AC, b"gate") + tag(HOST_UNIQ, UNIQ)), "gate", ["no Service-Name tag"]),
        (pado(tag(SERVICE, b"x") + tag(AC, b"gate") + tag(HOST_UNIQ, UNIQ)), "gate", []),
        (pado(tag(SERVICE, b"") + tag(AC, b"gate")), "gate", ["Host-Uniq tag is missing"]),
        (pado(PROPER + tag(PAYLOAD, b"\x05")), "gate", ["PPP-Max-Payload"]),
        # The end of the list ends it, whatever stands behind.
        (pado(PROPER + tag(0, b"") + tag(AC, b"hidden")), "gate", []),
    ],
)
def test_a_malformed_answer_is_told(frame, ac_name, problems):
    found = _discovery_frames.offer(frame, ANY)
    assert found.ac_name == ac_name
    assert len(found.problems) == len(problems)
    for problem, text in zip(found.problems, problems):
        assert text in problem


@pytest.mark.parametrize(("service", "problems"), [("fast", 0), ("slow", 1)])
def test_an_answer_has_the_service_that_was_asked_for(service, problems):
    frame = pado(tag(SERVICE, b"fast") + tag(AC, b"gate") + tag(HOST_UNIQ, UNIQ))
    assert len(_discovery_frames.offer(frame, _discovery_frames.Inquiry(UNIQ, service)).problems) == problems


def test_error_tags():
    tags = PROPER + tag(0x0201, b"") + tag(0x0202, b"busy\n") + tag(0x0203, b"out of memory")
    assert _discovery_frames.offer(pado(tags), ANY).errors == (
        "Service-Name-Error: ",
        r"AC-System-Error: busy\n",
        "Generic-Error: out of memory",
    )


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"gate", "gate"),
        ("Zürich 1".encode(), "Zürich 1"),
        (b"\xff\x00\x1b[2J", r"\xff\x00\x1b[2J"),
        # The mark that turns the direction of writing.
        ("\u202egate".encode(), r"\u202egate"),
    ],
)
def test_text_of_strangers(sent, shown):
    assert _discovery_frames.printable(sent) == shown


@given(st.binary(max_size=200))
def test_no_bytes_whatever_break_it(body):
    found = _discovery_frames.offer(US + THEM + b"\x88\x63" + body, ANY)
    assert found is None or found.mac == "02:00:00:00:00:02"


@given(st.data())
def test_no_damage_to_an_answer_breaks_it(data):
    frame = bytearray(pado(PROPER + tag(COOKIE, b"0123456789") + tag(PAYLOAD, b"\x05\xdc")))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(14, len(frame) - 1))] = data.draw(st.integers(0, 255))
    found = _discovery_frames.offer(bytes(frame[: data.draw(st.integers(0, len(frame)))]), ANY)
    assert found is None or all(text.isprintable() for text in (found.ac_name or "", *found.services, *found.errors))


@given(st.lists(st.tuples(st.sampled_from([SERVICE, COOKIE, 0x0105, 0x0203]), st.binary(max_size=60)), max_size=12))
def test_every_whole_tag_is_read(tags):
    found = _discovery_frames.offer(pado(PROPER + b"".join(tag(kind, value) for kind, value in tags)), ANY)
    assert found.problems == ()
    assert found.cookie == any(kind == COOKIE for kind, _value in tags)
    assert set(found.services) == {"", *(_discovery_frames.printable(value) for kind, value in tags if kind == SERVICE)}
    assert len(found.errors) == sum(kind == 0x0203 for kind, _value in tags)


def test_two_answers_of_one_are_one():
    first = _discovery_frames.Offer("m", "gate", ("",), errors=("e",))
    second = _discovery_frames.Offer("m", "gate", ("", "fast"), cookie=True, max_payload=1500, problems=("p",))
    assert _discovery_frames.merged(first, second) == _discovery_frames.Offer(
        "m", "gate", ("", "fast"), cookie=True, max_payload=1500, errors=("e",), problems=("p",)
    )


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ({"ac_name": "gate"}, True),
        ({"ac_name": "Gate"}, False),
        ({"mac": "02-64-74-00-0A-02"}, True),
        ({"mac": "0264.7400.0a02"}, True),
        ({"ac_name": "gate", "mac": "02:64:74:00:0a:02"}, True),
        ({"ac_name": "gate", "mac": "02:64:74:00:0a:03"}, False),
        ({"ac_name": "other", "mac": "02:64:74:00:0a:02"}, False),
        ({"ac_name": ""}, False),
    ],
)
def test_who_is_known(entry, fits):
    assert _discovery_frames.known([entry])[0].fits(_discovery_frames.Offer("02:64:74:00:0a:02", "gate")) is fits


def test_an_answer_without_a_name_is_known_by_its_mac_only():
    nameless = _discovery_frames.Offer("02:64:74:00:0a:02", None)
    by_name, by_mac = _discovery_frames.known([{"ac_name": "gate"}, {"mac": "026474000a02"}])
    assert (by_name.fits(nameless), by_mac.fits(nameless)) == (False, True)


@pytest.mark.parametrize(
    ("entry", "parameter"),
    [({}, "allowed[1]"), ({"mac": "02:64:74:00:01"}, "allowed[1].mac"), ({"mac": "45296"}, "allowed[1].mac")],
)
def test_entries_that_name_nobody(entry, parameter):
    with pytest.raises(Refused) as refused:
        _discovery_frames.known([{"ac_name": "gate"}, entry])
    assert refused.value.parameter == parameter


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"service_name": "ü" * 711}, "service_name"),
        ({"max_payload": 1492}, "max_payload"),
        ({"max_payload": 9209}, "max_payload"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"attempts": 0}, "attempts"),
        ({"attempts": 11}, "attempts"),
        ({"stop_after": -1}, "stop_after"),
    ],
)
def test_what_cannot_be_asked_is_refused(changes, parameter):
    asked = {"service_name": "ü" * 710, "max_payload": 1500, "timeout": 5, "attempts": 3, "stop_after": 0, **changes}
    question = _discovery_frames.Inquiry(UNIQ, asked["service_name"], asked["max_payload"])
    rest = (asked["timeout"], asked["attempts"], asked["stop_after"])
    with pytest.raises(Refused) as refused:
        _discovery_frames.check(question, *rest)
    assert refused.value.parameter == parameter


@given(st.text(max_size=710), st.integers(1493, 9208))
def test_no_padi_is_longer_than_allowed(service_name, size):
    question = _discovery_frames.Inquiry(bytes(8), service_name, size)
    try:
        _discovery_frames.check(question, 5, 3, 0)
    except Refused:
        return
    assert len(_discovery_frames.padi(US, question)) <= 14 + 1484


def test_each_wait_is_twice_the_one_before():
    assert _discovery_frames.waits(7, 3) == [1, 2, 4]
    assert _discovery_frames.waits(5, 1) == [5]
