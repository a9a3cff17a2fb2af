"""Which scripts a session runs."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _hooks
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_up

NOTHING = "/etc/ppp/no-script"
UP_DOWN = ["ip-up-script", NOTHING, "ip-down-script", NOTHING]
PRE = ["ip-pre-up-script", NOTHING]
OLD_PRE = ["set", "DIALTONE_PRE_UP=none"]
PATIENT = ["child-timeout", "60"]


@pytest.mark.parametrize(
    ("options", "foreign", "new", "expected"),
    [
        ("", (), True, [*UP_DOWN, *PRE]),
        # ppp 2.4 ends with an option that it does not know.
        ("", (), False, [*UP_DOWN, *OLD_PRE]),
        ("", ("ip-pre-up-script",), False, UP_DOWN),
        ("+ipv6", (), True, [*UP_DOWN, *PRE, "ipv6-up-script", NOTHING, "ipv6-down-script", NOTHING]),
        ("", ("ip-up-script",), True, ["ip-down-script", NOTHING, *PRE, "set", "DIALTONE_HOOKS=1"]),
        # Not by pppd itself, which would end them on a signal.
        ("", ("ip-down-script",), False, [*UP_DOWN[:3], "/s/pppoe-server-down", *OLD_PRE, *PATIENT]),
        (
            "+ipv6",
            ("ipv6-down-script",),
            True,
            [*UP_DOWN, *PRE, "ipv6-up-script", NOTHING, "ipv6-down-script", "/s/pppoe-server-ipv6-down", *PATIENT],
        ),
        ("require-pap", ("ip-down-script",), False, [*UP_DOWN[:3], "/s/pppoe-server-down", *OLD_PRE, *PATIENT]),
        (
            "require-pap",
            ("ip-up-script", "ip-pre-up-script"),
            True,
            [
                *["ip-up-script", "/s/pppoe-server-up", "ip-down-script", NOTHING],
                *["ip-pre-up-script", "/s/pppoe-server-pre-up", "set", "DIALTONE_HOOKS=1"],
            ],
        ),
        ("set DIALTONE_SINGLE_SESSION=deny", (), False, ["ip-up-script", "/s/pppoe-server-up", *UP_DOWN[2:], *OLD_PRE]),
        ("set DIALTONE_RADIUS=-", (), False, ["ip-up-script", "/s/pppoe-server-up", *UP_DOWN[2:], *OLD_PRE]),
        # What the administrator's options name stays.
        ("ip-up-script /mine # note", ("ip-up-script",), False, [*UP_DOWN[2:], *OLD_PRE]),
        ("'ip-down-script' /mine", (), False, [*UP_DOWN[:2], *OLD_PRE]),
    ],
)
def test_words(options, foreign, new, expected):
    assert _hooks.words(_hooks.options([options]), foreign, "/s", new) == expected


@pytest.mark.parametrize(
    ("foreign", "new", "expected"),
    [
        ((), True, [*UP_DOWN, PRE[0], "/s/pppoe-server-pre-up", "set", "DIALTONE_PLANS=only"]),
        # Before 2.5, a script in ip-pre-up.d looks at the variable.
        ((), False, [*UP_DOWN, *OLD_PRE, "set", "DIALTONE_PLANS=only"]),
        (("ip-pre-up-script",), False, [*UP_DOWN, "set", "DIALTONE_PLANS=only"]),
        (
            ("ip-pre-up-script",),
            True,
            [*UP_DOWN, PRE[0], "/s/pppoe-server-pre-up", "set", "DIALTONE_PLANS=further"],
        ),
    ],
)
def test_a_session_with_a_plan_asks_for_its_rates(foreign, new, expected):
    assert _hooks.words(_hooks.options([""]), foreign, "/s", new, plans=True) == expected


def test_single_session_is_the_last_that_is_said():
    assert _hooks.options(["set A=1\n", "set DIALTONE_SINGLE_SESSION=deny"]).single_session == "deny"
    assert _hooks.options(["auth"]).single_session == "allow"


@pytest.fixture
def ppp(tmp_path):
    for folder in ("ip-up.d", "ip-down.d"):
        (tmp_path / folder).mkdir()
    files = {"ip-up": "stock", "ip-down": "stock", "ip-up.d/0000usepeerdns": "dns", "ip-down.d/0000usepeerdns": "dns"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    lines = "".join(
        f" {tmp_path}/{name} {hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}\n"
        for name, text in files.items()
    )
    (tmp_path / "status").write_text(
        f"Package: other\n\nPackage: ppp\nConffiles:\n{lines}Description: x\n\nPackage: z\n"
    )
    return tmp_path


def test_what_is_not_the_distributions(ppp):
    hooks = _hooks.Hooks(str(ppp), str(ppp / "status"))
    assert hooks.foreign() == set()
    # It is seen at the next session, whenever it comes.
    (ppp / "ip-up.d" / "mine").write_text("x")
    assert hooks.foreign() == {"ip-up-script"}
    (ppp / "ip-up.d" / "mine").unlink()
    (ppp / "ip-down").write_text("changed")
    assert hooks.foreign() == {"ip-down-script"}


def test_the_script_that_asks_for_rates_is_ours(ppp):
    assert _hooks.OURS == _pppoe_server_up.HOOK
    (ppp / "ip-down.d" / _hooks.OURS).write_text("x")
    assert _hooks.Hooks(str(ppp), str(ppp / "status")).foreign() == set()


def test_without_dpkg_every_script_is_the_administrators(ppp):
    assert _hooks.Hooks(str(ppp), str(ppp / "missing")).foreign() == {"ip-up-script", "ip-down-script"}
