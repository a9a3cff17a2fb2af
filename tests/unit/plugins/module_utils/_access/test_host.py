"""How long packets are held: what is asked for, what is configured, or what was measured."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _host as _access_host
from ansible_collections.dialtone.pppoe.plugins.module_utils._access._settings import Settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

PROBLEM = "tc is not installed"
CASES = [
    # asked, configured, problem -> hold, why it is 0
    (None, None, None, (70, None)),
    ("auto", None, None, (70, None)),
    ("auto", Settings(90), None, (90, None)),
    ("auto", Settings(0, 0, True), None, (70, None)),
    # Without a value, what is configured stays, 0 too.
    (None, Settings(90), None, (90, None)),
    (None, Settings(0, 0, True), None, (0, None)),
    ("0", Settings(90), None, (0, None)),
    ("150", Settings(90), None, (150, None)),
    ("auto", None, PROBLEM, (0, PROBLEM)),
    ("0", None, PROBLEM, (0, None)),
]


@pytest.mark.parametrize(("asked", "configured", "problem", "expected"), CASES)
def test_hold(monkeypatch, asked, configured, problem, expected):
    monkeypatch.setattr(_access_host, "measured", lambda _module: 70)
    assert _access_host.hold(None, asked, observed(configured, "delay", problem)) == expected


def test_a_hold_that_the_host_cannot_do():
    with pytest.raises(Refused, match="dial_hold: this host cannot delay packets: tc is not installed"):
        _access_host.hold(None, "150", observed(None, "delay", PROBLEM))


RATES = [
    # asked, configured, problem -> rate, why there is no limit
    (None, None, None, (5, None)),
    ("auto", None, None, (5, None)),
    ("auto", Settings(rate=25), None, (5, None)),
    ("auto", Settings(90), None, (5, None)),
    # Without a value, what is configured stays, 0 too.
    (None, Settings(rate=25), None, (25, None)),
    (None, Settings(90), None, (0, None)),
    ("0", Settings(rate=25), None, (0, None)),
    ("40", Settings(rate=25), None, (40, None)),
    ("auto", None, PROBLEM, (0, PROBLEM)),
    (None, None, PROBLEM, (0, PROBLEM)),
    ("0", None, PROBLEM, (0, None)),
]


@pytest.mark.parametrize(("asked", "configured", "problem", "expected"), RATES)
def test_rate(asked, configured, problem, expected):
    assert _access_host.rate(asked, observed(configured, "rate", problem)) == expected


def test_a_rate_that_the_host_cannot_do():
    with pytest.raises(Refused, match="discovery_rate: this host cannot limit packets: tc is not installed"):
        _access_host.rate("150", observed(None, "rate", PROBLEM))


def observed(configured: Settings | None, what: str, problem: str | None) -> _access_host.ObservedAccess:
    problems = {what: problem} if problem else {}
    return _access_host.ObservedAccess(configured, (), frozenset(), True, False, problems)


DELAY, RATE = (_access_host._MODULES[what] for what in ("delay", "rate"))
FAILED = "a trial in a network namespace of its own failed"
PROBES = [
    # exit status, output, errors -> problems
    (0, "", "", {}),
    (0, "rate Error: no such action\n", "", {"rate": f"{FAILED} (Error: no such action); needed are {RATE}"}),
    (0, "delay\n", "", {"delay": f"{FAILED} (no reason given); needed are {DELAY}"}),
    (
        *(1, "", "unshare: not permitted\n"),
        {
            "delay": f"{FAILED} (unshare: not permitted); needed are {DELAY}",
            "rate": f"{FAILED} (unshare: not permitted); needed are {RATE}",
        },
    ),
]


@pytest.mark.parametrize(("rc", "out", "err", "problems"), PROBES)
def test_what_the_kernel_cannot_do(rc, out, err, problems):
    class Host:
        @staticmethod
        def get_bin_path(name, opt_dirs=None):
            return f"/sbin/{name}"

        @staticmethod
        def run_command(_words):
            return rc, out, err

    assert _access_host._problems(Host()) == problems
