from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _systemd


class Module:
    """Answers as systemctl would, and notes what it was asked."""

    def __init__(self, rc: int = 0, out: str = "", err: str = "", installed: bool = True) -> None:
        self.answer = (rc, out, err)
        self.installed = installed
        self.asked: list[list[str]] = []

    def get_bin_path(self, name):
        return "/usr/bin/" + name if self.installed else None

    def run_command(self, arguments, environ_update):
        self.asked.append(arguments[1:])
        return self.answer


COMMANDS = [
    (lambda module: _systemd.daemon_reload(module), ["daemon-reload"]),
    (lambda module: _systemd.enable(module, "u"), ["enable", "u"]),
    (lambda module: _systemd.disable(module, "u"), ["disable", "u"]),
    (lambda module: _systemd.start(module, "u"), ["start", "u"]),
    (lambda module: _systemd.start(module, "u", wait=False), ["start", "--no-block", "u"]),
    (lambda module: _systemd.stop(module, "u"), ["stop", "u"]),
    (lambda module: _systemd.forget_failure(module, "u"), ["reset-failed", "u"]),
    (lambda module: _systemd.restart(module, "u"), ["restart", "u"]),
    (lambda module: _systemd.reload(module, "u"), ["reload", "u"]),
]


@pytest.mark.parametrize(("call", "arguments"), COMMANDS)
def test_commands(call, arguments):
    module = Module()
    call(module)
    assert module.asked == [arguments]


@pytest.mark.parametrize(
    ("word", "active", "enabled"),
    [
        ("active", True, False),
        ("activating", True, False),
        ("inactive", False, False),
        ("failed", False, False),
        ("enabled", False, True),
        ("disabled", False, False),
        ("not-found", False, False),
        ("", False, False),
    ],
)
def test_answers(word, active, enabled):
    module = Module(rc=3, out=word + "\n")
    assert _systemd.is_active(module, "u") is active
    assert _systemd.is_enabled(module, "u") is enabled


@pytest.mark.parametrize(("word", "expected"), [("deactivating", True), ("activating", True), ("failed", False)])
def test_what_is_started_again(word, expected):
    assert _systemd.goes_on(Module(rc=3, out=word + "\n"), "u") is expected


def test_a_refusal_has_the_words_of_systemctl():
    module = Module(rc=5, err="Failed to start u.service: Unit u.service not found.\n")
    with pytest.raises(_systemd.SystemdError, match=r"^systemctl start u failed: .*Unit u\.service not found\.$"):
        _systemd.start(module, "u")


def test_without_systemctl():
    module = Module(installed=False)
    assert _systemd.is_active(module, "u") is False
    with pytest.raises(_systemd.SystemdError, match="systemctl is not installed"):
        _systemd.start(module, "u")


SHOWN = """Id=a.service
ActiveState=active
UnitFileState=enabled
NeedDaemonReload=no

Id=b.service
ActiveState=deactivating
UnitFileState=
NeedDaemonReload=yes
"""


def test_several_units_by_one_question():
    module = Module(out=SHOWN)
    units = _systemd.show(module, ["a.service", "b.service", "c.service"])
    assert module.asked == [
        [
            "show",
            "--property=Id,ActiveState,UnitFileState,NeedDaemonReload,MainPID",
            "a.service",
            "b.service",
            "c.service",
        ]
    ]
    assert units == {
        "a.service": _systemd.Unit("active", True, False),
        "b.service": _systemd.Unit("deactivating", False, True),
        "c.service": _systemd.Unit(),
    }
    assert [(units[name].active, units[name].goes_on) for name in sorted(units)] == [
        (True, True), (False, True), (False, False),
    ]  # fmt: skip
