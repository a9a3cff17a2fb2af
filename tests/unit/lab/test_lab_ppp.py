"""The packets of customers who need no host: bytes as the RFCs have them, and what is cut off."""

from __future__ import annotations

import hashlib

import pytest
from dialtone_lab import ppp

MAC, AC = bytes.fromhex("02c500000001"), bytes.fromhex("020000000002")


def test_a_padi_as_rfc_2516_has_it():
    frame = ppp.frame(ppp.BROADCAST, MAC, ppp.DISCOVERY, ppp.PADI, 0, ppp.tags([(ppp.SERVICE_NAME, b"")]))
    assert frame == bytes.fromhex("ffffffffffff 02c500000001 8863 11 09 0000 0004 0101 0000".replace(" ", "")).ljust(
        60, b"\0"
    )


def test_a_frame_is_read_without_its_padding():
    frame = ppp.frame(AC, MAC, ppp.SESSION, 0, 7, b"\xc0\x21\x09\x01\x00\x04")
    assert len(frame) == 60
    assert ppp.parse(frame) == ppp.Frame(AC, MAC, ppp.SESSION, 0, 7, b"\xc0\x21\x09\x01\x00\x04")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xff" * 19,
        (AC + MAC + b"\x08\x00\x11\x00\x00\x07\x00\x00").ljust(60, b"\0"),
        (AC + MAC + b"\x88\x64\x12\x00\x00\x07\x00\x00").ljust(60, b"\0"),
        (AC + MAC + b"\x88\x63\x11\x09\x00\x00\x00\xff").ljust(60, b"\0"),
    ],
    ids=["empty", "short", "another protocol", "another version", "longer than it is"],
)
def test_what_is_no_frame_of_pppoe(frame):
    assert ppp.parse(frame) is None


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b"", []),
        (b"\x01\x01\x00\x00\x01\x02\x00\x02ac", [(ppp.SERVICE_NAME, b""), (ppp.AC_NAME, b"ac")]),
        (b"\x01\x01\x00\x00\x00\x00\x00\x00\x01\x02\x00\x02ac", [(ppp.SERVICE_NAME, b"")]),
        (b"\x01\x01\x00\x00\x01\x02\x00\x09ac", [(ppp.SERVICE_NAME, b"")]),
        (b"\x01\x01\x00", []),
    ],
    ids=["none", "two", "end of list", "cut off", "half a tag"],
)
def test_tags(payload, found):
    assert ppp.parse_tags(payload) == found


def test_tags_come_back_as_they_were():
    pairs = [(ppp.SERVICE_NAME, b"fast"), (ppp.HOST_UNIQ, bytes(range(8))), (ppp.AC_COOKIE, b"")]
    assert ppp.parse_tags(ppp.tags(pairs)) == pairs


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b"\x09\x05\x00\x08\x01\x02\x03\x04", ppp.Control(ppp.ECHO_REQUEST, 5, b"\x01\x02\x03\x04")),
        (b"\x09\x05\x00\x04padding", ppp.Control(ppp.ECHO_REQUEST, 5, b"")),
        (b"\x09\x05\x00", None),
        (b"\x09\x05\x00\x09\x01", None),
        (b"\x09\x05\x00\x03\x01", None),
    ],
)
def test_control_packets(payload, found):
    assert ppp.parse_control(payload) == found


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\x01\x04\x05\xd4\x03\x05\xc2\x23\x05", [(ppp.MRU, b"\x05\xd4"), (ppp.AUTHENTICATION, b"\xc2\x23\x05")]),
        (b"\x01\x04\x05", []),
        (b"\x01\x00\x05\xd4", []),
        (b"\x01", []),
    ],
)
def test_options(data, found):
    assert ppp.parse_options(data) == found
    assert ppp.options(found) == data[: sum(2 + len(value) for _kind, value in found)]


def test_the_answer_to_a_challenge_is_of_identifier_secret_and_challenge():
    """RFC 1994, 4.1."""
    answer = ppp.chap_response(7, b"\x04abcdserver", b"cmz", b"secret")
    assert answer == b"\x10" + hashlib.md5(b"\x07secretabcd").digest() + b"cmz"  # noqa: S324


def test_a_pap_request():
    assert ppp.pap_request(b"cmz", b"") == b"\x03cmz\x00"


def test_a_ping_has_the_checksums_of_the_internet():
    packet = ppp.echo(ppp.Echo("192.168.10.2", "192.168.10.1", False, 1, 2, b"odd"))
    header, icmp = packet[:20], packet[20:]
    assert header.hex() == "4500001f00000000" + "4001e58a" + "c0a80a02" + "c0a80a01"
    # A sum that is right adds up to ones.
    for part in (header, icmp + b"\0"):
        total = sum(int.from_bytes(part[place : place + 2], "big") for place in range(0, len(part), 2))
        assert (total & 0xFFFF) + (total >> 16) == 0xFFFF
    assert ppp.parse_echo(packet + b"padding") == ppp.Echo("192.168.10.2", "192.168.10.1", False, 1, 2, b"odd")


@pytest.mark.parametrize("change", [{0: 0x65}, {9: 6}, {3: 200}, {20: 3}, {0: 0x4F}], ids=str)
def test_what_is_no_echo(change):
    packet = bytearray(ppp.echo(ppp.Echo("192.168.10.2", "192.168.10.1", True, 1, 2)))
    for place, value in change.items():
        packet[place] = value
    assert ppp.parse_echo(bytes(packet)) is None
    assert ppp.parse_echo(bytes(packet[:27])) is None
