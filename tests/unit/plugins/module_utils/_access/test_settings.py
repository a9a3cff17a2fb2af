"""What is done to discovery packets: checks, the unit, and what tc prints."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _settings as _access_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._access._settings import Settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

ASKED = [(None, None), ("auto", None), ("0", 0), ("150", 150), ("1000", 1000)]
REFUSED = [
    ("1001", "dial_hold: 1001 is out of range. Use 0 to 1000 milliseconds."),
    ("-1", "dial_hold: '-1' is neither auto nor a number. Use auto, 0, or milliseconds."),
    ("fast", "dial_hold: 'fast' is neither auto nor a number. Use auto, 0, or milliseconds."),
    ("1.5", "dial_hold: '1.5' is neither auto nor a number. Use auto, 0, or milliseconds."),
    ("٣", "dial_hold: '٣' is neither auto nor a number. Use auto, 0, or milliseconds."),
]
MEASURED = [([0.005], 30), ([0.9, 0.05, 0.06], 100), ([0.052], 110), ([3.0], 300)]
RATES = [(None, None), ("auto", None), ("0", 0), ("10", 10), ("1000", 1000)]
REFUSED_RATES = [
    ("1001", "discovery_rate: 1001 is out of range. Use 0 to 1000 packets a second."),
    ("10/s", "discovery_rate: '10/s' is neither auto nor a number. Use auto, 0, or packets a second."),
]
STEPS = ((0, 20), (200, 100))
NAMES = [("eth1", "eth1"), ("br-lan", r"br\x2dlan"), ("eth1.20", "eth1.20"), ("a_b", "a_b")]


@pytest.mark.parametrize(("text", "number"), ASKED)
def test_asked_hold(text, number):
    assert _access_settings.asked_hold(text) == number


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_hold_that_cannot_be(text, message):
    with pytest.raises(Refused, match=r"\.") as refused:
        _access_settings.asked_hold(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(("text", "number"), RATES)
def test_asked_rate(text, number):
    assert _access_settings.asked_rate(text) == number


@pytest.mark.parametrize(("text", "message"), REFUSED_RATES)
def test_a_rate_that_cannot_be(text, message):
    with pytest.raises(Refused, match=r"\.") as refused:
        _access_settings.asked_rate(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(("starts", "hold"), MEASURED)
def test_measured_hold(starts, hold):
    assert _access_settings.measured_hold(starts) == hold


@pytest.mark.parametrize(("name", "escaped"), NAMES)
def test_escaped(name, escaped):
    assert _access_settings.escaped(name) == escaped


@pytest.mark.parametrize("name", ["", "eth 1", "-a", "eth1;reboot", "$(id)", "sixteen-letters-", "eth1:2", "a\nb"])
def test_names_that_a_unit_or_a_shell_takes_for_something_else(name):
    with pytest.raises(Refused, match=r"interfaces\[1\]"):
        _access_settings.check(["eth1", name])


def test_no_interface():
    with pytest.raises(Refused, match="interfaces: no interface is named"):
        _access_settings.check([])


@pytest.mark.parametrize(
    "wanted",
    [
        Settings(90),
        Settings(0, 300),
        Settings(90, 300, True),
        Settings(0, 0, True),
        Settings(rate=10),
        Settings(90, STEPS),
    ],
)
@pytest.mark.parametrize("interfaces", [("eth1",), ("eth1.20", "br-lan")])
def test_what_starts_it_is_read_back(wanted, interfaces):
    unit = _access_settings.unit_file("default", wanted, interfaces).decode()
    lines = "\n".join(_access_settings.rc_local_lines(wanted, interfaces))
    assert _access_settings.configured(unit) == (wanted, interfaces)
    assert _access_settings.configured(lines) == (wanted, interfaces)


def test_the_unit_runs_again_when_an_interface_appears():
    unit = _access_settings.unit_file("default", Settings(90), ("eth1", "br-lan")).decode()
    devices = r"sys-subsystem-net-devices-eth1.device sys-subsystem-net-devices-br\x2dlan.device"
    assert f"\nWantedBy=multi-user.target {devices}\n" in unit


def test_what_was_started_before_there_was_a_rate():
    line = "ExecStart=/usr/local/libexec/dialtone-pppoe/pppoe-access apply 90 300 1 eth1 10"
    assert _access_settings.configured(line) == (Settings(90, 300, True), ("eth1", "10"))


def test_nothing_is_configured():
    assert _access_settings.configured("exec something else apply 1 2 0 eth1") is None


@pytest.mark.parametrize("delay", ["1:2:3", "1:,2:3", ":5", "5:", "1:2,", "1:2,3"])
def test_a_delay_that_is_none_is_not_read(delay):
    line = f"ExecStart=/usr/local/libexec/dialtone-pppoe/pppoe-access apply 90 {delay} 1 5 eth1"
    assert _access_settings.configured(line) is None


MERGED = [
    # hold, pado_delay, drained, former -> settings
    (90, None, None, None, Settings(90)),
    (90, None, None, Settings(50, 300, True), Settings(90, 300, True)),
    (90, 0, False, Settings(50, 300, True), Settings(90)),
    (0, 4000, None, Settings(50, 0, True), Settings(0, 4000, True)),
    (90, None, None, Settings(50, STEPS), Settings(90, STEPS)),
    (90, [{"sessions": 5, "delay": 7}], None, Settings(50, STEPS), Settings(90, ((5, 7),))),
]


@pytest.mark.parametrize(("hold", "delay", "drained", "former", "expected"), MERGED)
def test_what_is_not_asked_for_stays(hold, delay, drained, former, expected):
    assert _access_settings.settings(hold, delay, drained, 0, former, None) == expected


@pytest.mark.parametrize(
    ("delay", "drained", "message"),
    [
        (4001, None, "pado_delay: 4001 is out of range. Use 0 to 4000 milliseconds."),
        (-1, None, "pado_delay: -1 is out of range. Use 0 to 4000 milliseconds."),
        (5, None, "pado_delay: this host cannot do it: tc is not installed. Leave it out."),
        (None, True, "drained: this host cannot do it: tc is not installed. Leave it out."),
    ],
)
def test_settings_that_are_refused(delay, drained, message):
    with pytest.raises(Refused, match=r"\.") as refused:
        _access_settings.settings(0, delay, drained, 0, None, "tc is not installed")
    assert str(refused.value) == message


def u32(preference: int, action: str) -> str:
    """As ``tc filter show`` prints a filter: the preference alone, its hash table, then the rule."""
    head = f"filter protocol ppp_disc pref {preference} u32 chain 0 "
    actions = {
        "mirred": "mirred (Egress Redirect to device pppoe-hold4) stolen\n\tindex 1 ref 1 bind 1",
        "gact": "gact action drop\n\t random type none pass val 0\n\t index 1 ref 1 bind 1",
    }[action]
    rule = (
        f"{head}fh 800::800 order 2048 key ht 800 bkt 0 terminal flowid ??? not_in_hw \n  match 00650000/00ff0000 at 0"
    )
    return f"{head}\n{head}fh 800: ht divisor 1 \n{rule}\n\taction order 1: {actions}\n\n"


def netem(parent: str, seconds: float) -> dict:
    delay = {"delay": {"delay": seconds, "jitter": 0, "correlation": 0}} if seconds else {}
    return {"kind": "netem", "handle": "10:", "parent": parent, "options": {"limit": 10000, **delay}}


PRIO = {"kind": "prio", "handle": "1:", "root": True, "options": {"bands": 2}}
PADS = u32(25180, "mirred")
HELD = PADS + u32(25181, "mirred")
OTHERS = u32(7, "gact")
STATES = [
    # settings, filters, qdiscs of the ifb device, in force
    (Settings(), "", [], True),
    (Settings(), OTHERS, [], True),
    (Settings(), HELD, [], False),
    (Settings(), "", [PRIO, netem("1:1", 0.09), netem("1:2", 0)], False),
    (Settings(drained=True), u32(25182, "gact"), [], True),
    (Settings(90), OTHERS + HELD, [PRIO, netem("1:1", 0.09), netem("1:2", 0)], True),
    (Settings(90), HELD, [PRIO, netem("1:1", 0.1), netem("1:2", 0)], False),
    (Settings(90), PADS, [PRIO, netem("1:1", 0.09), netem("1:2", 0)], False),
    (Settings(90), HELD, [], False),
    (Settings(90, 0, True), HELD + u32(25182, "gact"), [PRIO, netem("1:1", 0.09), netem("1:2", 0)], True),
    (Settings(90, 0, True), HELD, [PRIO, netem("1:1", 0.09), netem("1:2", 0)], False),
    (Settings(90), HELD + u32(25182, "gact"), [PRIO, netem("1:1", 0.09), netem("1:2", 0)], False),
    (Settings(0, 300), u32(25182, "mirred"), [PRIO, netem("1:1", 0), netem("1:2", 0.3)], True),
    (Settings(0, 300), u32(25182, "gact"), [PRIO, netem("1:1", 0), netem("1:2", 0.3)], False),
]


def bands(hold: float, pado: float) -> list[dict]:
    return [PRIO, netem("1:1", hold), netem("1:2", pado)]


DETOUR = u32(25182, "mirred")
WITH_STEPS = [
    # settings, qdiscs of the ifb device, its steps, in force
    (Settings(0, STEPS), bands(0, 0.02), STEPS, True),
    (Settings(0, STEPS), bands(0, 0.1), STEPS, True),
    (Settings(0, STEPS), bands(0, 0), STEPS, False),
    (Settings(0, STEPS), bands(0, 0.3), STEPS, False),
    (Settings(0, STEPS), bands(0.09, 0.1), STEPS, False),
    (Settings(0, STEPS), bands(0, 0.1), (), False),
    (Settings(0, STEPS), bands(0, 0.1), ((0, 20), (300, 100)), False),
    (Settings(0, STEPS), [], STEPS, False),
    (Settings(0, 100), bands(0, 0.1), STEPS, False),
    (Settings(0, 100), bands(0, 0.1), (), True),
    (Settings(0, ((5, 100),)), bands(0, 0), ((5, 100),), True),
]


@pytest.mark.parametrize(("settings", "qdiscs", "steps", "expected"), WITH_STEPS)
def test_steps_are_in_force_with_each_of_their_delays(settings, qdiscs, steps, expected):
    assert _access_settings.in_force(settings, DETOUR, "", qdiscs, steps) is expected


@pytest.mark.parametrize(("settings", "filters", "qdiscs", "expected"), STATES)
def test_in_force(settings, filters, qdiscs, expected):
    assert _access_settings.in_force(settings, filters, "", qdiscs) is expected


def police(rate: int, burst: int, action: str = "drop/continue") -> str:
    """As iproute2 prints one of our limits."""
    head = "filter protocol ppp_disc u32 chain 0 fh 800::801 order 2049 key ht 800 bkt 0 terminal flowid not_in_hw \n"
    match = "  match 00090000/00ef0000 at 0\n  match 00100000/0ff00000 at -4\n"
    done = f"police 0x2 rate 0bit burst 0b mtu 4096Mb pkts_rate {rate} pkts_burst {burst} action {action} overhead 0b"
    return f"{head}{match}\taction order 1:  {done} \n\tref 1 bind 1 \n\n"


LIMITED = [
    # what tc prints -> rate, None for a part of it
    ("", 0),
    ("\n", 0),
    (police(10, 100) * 256, 10),
    (police(7, 70) * 256, 7),
    (police(10, 100) * 255, None),
    (police(10, 100) * 255 + police(11, 110), None),
    (police(10, 50) * 256, None),
    (police(10, 50, "drop/ok") * 256, None),
    ("filter protocol ppp_disc u32 chain 0 \n", None),
]


@pytest.mark.parametrize(("text", "rate"), LIMITED)
def test_rate_of(text, rate):
    assert _access_settings.rate_of(text) == rate


@pytest.mark.parametrize(("rate", "expected"), [(10, True), (0, False), (20, False)])
def test_a_limit_is_in_force(rate, expected):
    assert _access_settings.in_force(Settings(rate=rate), OTHERS, police(10, 100) * 256, []) is expected
