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
NAMES = [("eth1", "eth1"), ("br-lan", r"br\x2dlan"), ("eth1.20", "eth1.20"), ("a_b", "a_b")]


@pytest.mark.parametrize(("text", "number"), ASKED)
def test_asked_hold(text, number):
    assert _access_settings.asked_hold(text) == number


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_hold_that_cannot_be(text, message):
    with pytest.raises(Refused, match=r"\.") as refused:
        _access_settings.asked_hold(text)
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


@pytest.mark.parametrize("wanted", [Settings(90), Settings(0, 300), Settings(90, 300, True), Settings(0, 0, True)])
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


def test_nothing_is_configured():
    assert _access_settings.configured("exec something else apply 1 2 0 eth1") is None


MERGED = [
    # hold, pado_delay, drained, former -> settings
    (90, None, None, None, Settings(90)),
    (90, None, None, Settings(50, 300, True), Settings(90, 300, True)),
    (90, 0, False, Settings(50, 300, True), Settings(90)),
    (0, 4000, None, Settings(50, 0, True), Settings(0, 4000, True)),
]


@pytest.mark.parametrize(("hold", "delay", "drained", "former", "expected"), MERGED)
def test_what_is_not_asked_for_stays(hold, delay, drained, former, expected):
    assert _access_settings.settings(hold, delay, drained, former, None) == expected


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
        _access_settings.settings(0, delay, drained, None, "tc is not installed")
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


@pytest.mark.parametrize(("settings", "filters", "qdiscs", "expected"), STATES)
def test_in_force(settings, filters, qdiscs, expected):
    assert _access_settings.in_force(settings, filters, qdiscs) is expected
