"""Rates in the kernel: the figures, and what becomes of an interface in a network namespace."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _probe as _plans_probe
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _shaping as _plans_shaping
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans._grant import Shape


@pytest.mark.parametrize(
    ("rate", "burst", "police", "target"),
    [
        (64_000, 4096, 98304, 378_500),
        (2_000_000, 4096, 98304, 15_000),
        (4_000_000, 4096, 125_000, 5000),
        (10_000_000, 6250, 312_500, 5000),
        (50_000_000, 31_250, 1_562_500, 5000),
        (1_000_000_000, 625_000, 31_250_000, 5000),
    ],
)
def test_figures(rate, burst, police, target):
    """The bucket outlasts a late timer, the policer lets a large packet pass, the target is more than a packet."""
    assert _plans_shaping.tbf_burst(rate) == burst
    assert _plans_shaping.police_burst(rate) == police
    assert _plans_shaping.target(rate) == target


@pytest.mark.parametrize(("kind", "new", "steps"), [
    ("fq_codel", True, ["qdisc", "tbf", "fq_codel"]),
    ("fq_codel", False, ["tbf", "fq_codel"]),
    ("cake", True, ["qdisc", "cake"]),
    ("cake", False, ["cake"]),
])  # fmt: skip
def test_a_queue_is_changed_in_place(kind, new, steps):
    assert [message.step for message in _plans_shaping.queue(7, 10_000_000, kind, new)] == steps


def test_each_message_is_a_whole_number_of_words():
    messages = [*_plans_shaping.police(7, 10_000_000), *_plans_shaping.redirect(7, 8), _plans_shaping.named(7, "a b")]
    assert all(len(message.body) % 4 == 0 for message in messages)


def test_the_name_of_the_upload_device_fits():
    assert len(_plans_shaping.upload_device("ppp9999999")) <= 15


_STEPS = """
import os, socket, subprocess
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant, _shaping
def run(text): return subprocess.run(text, shell=True, check=True, stdout=subprocess.PIPE, text=True).stdout
run("ip link add ppp0 type veth peer name other && ip link set ppp0 up && ip link set other up")
index = socket.if_nametoindex("ppp0")
shown = lambda: run("tc qdisc show dev ppp0")
for rate, flags in ((20_000_000, 0x600), (5_000_000, 0)):
    _shaping.send([_shaping._bucket(index, rate, flags)])
    print(shown())
_shaping.send([_shaping.new_device("ifb-ppp0"), _shaping.named(index, _grant.alias(_grant.Shape(1, 2, "home")))])
print(run("ip link show"))
_shaping.clear("ppp0")
print("cleared", shown(), run("ip link show"))
_shaping.clear("ppp0")
run("ip link del ppp0")
for step in (_shaping.clear, lambda name: _shaping.apply(name, None, _grant.Shape(1_000_000))):
    try: step("ppp0")
    except OSError as error: print("gone", error)
_shaping.remove_device("ppp0")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
def test_an_interface_gets_a_rate_another_one_and_none():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = ["unshare", "-n", sys.executable, "-c", _STEPS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    before, cleared = done.stdout.split("cleared")
    assert before.index("rate 20Mbit burst 12500b") < before.index("rate 5Mbit burst 4Kb")
    assert "ifb-ppp0: <BROADCAST,NOARP,UP" in before
    assert "alias dialtone.pppoe plan home download=1 upload=2 fq_codel police" in before
    assert "tbf" not in cleared
    assert "ifb" not in cleared
    assert "alias" not in cleared
    assert cleared.count("gone") == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
def test_what_the_kernel_lacks_is_found_without_a_trace(monkeypatch):
    monkeypatch.setattr(_plans_shaping, "_text", lambda kind, text: b"\x0a\x00\x01\x00none.\x00\x00\x00"
                        if text in ("tbf", "fq_codel") else _attribute(kind, text.encode() + b"\0"))  # fmt: skip
    assert _plans_probe.missing([Shape(10_000_000)]) == "sch_tbf"
    assert _plans_probe.missing([Shape()]) is None


_attribute = _plans_shaping._attribute
