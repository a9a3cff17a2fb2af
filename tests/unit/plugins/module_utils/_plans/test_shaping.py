"""Rates in the kernel: the figures, and what becomes of an interface in a network namespace."""

from __future__ import annotations

import os
import struct
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
        (4_000_000, 5000, 125_000, 5000),
        (10_000_000, 12_500, 312_500, 5000),
        (50_000_000, 62_500, 1_562_500, 5000),
        (1_000_000_000, 1_250_000, 31_250_000, 5000),
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


POLICED, SHAPED = Shape(10_000_000, 5_000_000), Shape(10_000_000, 5_000_000, upload_by="shape")


@pytest.mark.parametrize(("before", "after", "sent"), [
    # What has no queue, or keeps it, is changed at once.
    (None, POLICED, []),
    (Shape(), SHAPED, []),
    (POLICED, Shape(2_000_000, 1_000_000, "slow"), []),
    (POLICED, SHAPED, []),
    (SHAPED, Shape(2_000_000, 1_000_000, upload_by="shape"), []),
    (Shape(upload=5_000_000), Shape(upload=None), []),
    # One that has no limit any more stays.
    (POLICED, Shape(upload=5_000_000), []),
    # A queue that goes sends what it has, of uploads after nothing more comes into it.
    (POLICED, None, [(7, ["tbf", "fq_codel"])]),
    (SHAPED, POLICED, [(7, ["clsact", "police"]), (8, ["tbf", "fq_codel"])]),
    (SHAPED, Shape(10_000_000), [(7, ["clsact"]), (8, ["tbf", "fq_codel"])]),
    (SHAPED, None, [(7, ["tbf", "fq_codel"]), (7, ["clsact"]), (8, ["tbf", "fq_codel"])]),
    (SHAPED, Shape(10_000_000, 5_000_000, None, "cake", "shape"),
     [(7, ["tbf", "fq_codel"]), (7, ["clsact", "police"]), (8, ["tbf", "fq_codel"])]),
    (Shape(10_000_000, 5_000_000, None, "cake"), POLICED, [(7, ["cake"])]),
])  # fmt: skip
def test_a_queue_that_goes_is_emptied_first(monkeypatch, before, after, sent):
    found, slept = [], []
    monkeypatch.setattr(_plans_shaping, "index_of", {"ppp0": 7, "ifb-ppp0": 8}.__getitem__)
    monkeypatch.setattr(_plans_shaping, "send", found.extend)
    monkeypatch.setattr(_plans_shaping.time, "sleep", slept.append)
    _plans_shaping.prepare([("ppp0", before, after)])
    assert [(struct.unpack_from("=i", one.body, 4)[0], one.step) for one in found] == [
        (index, step) for index, steps in sent for step in steps
    ]
    assert slept == [_plans_shaping.EMPTIED] * bool(sent)


TBF, NEW_TBF, ANY = ["tbf", "fq_codel"], ["qdisc", "tbf", "fq_codel"], ["clsact", "ifb", "alias"]


@pytest.mark.parametrize(("before", "download", "refused", "steps"), [
    (None, None, False, ["qdisc"]),
    (None, 5_000_000, False, NEW_TBF),
    (Shape(10_000_000), 5_000_000, False, TBF),
    (Shape(10_000_000), None, False, TBF),
    (Shape(), None, False, []),
    # One without a limit may have had one.
    (Shape(), 5_000_000, False, TBF),
    (Shape(), 5_000_000, True, [*TBF, *NEW_TBF]),
    (Shape(10_000_000, queue="cake"), 5_000_000, False, NEW_TBF),
    (Shape(queue="cake"), 5_000_000, True, [*TBF, *NEW_TBF]),
])  # fmt: skip
def test_what_a_download_has_is_kept_if_it_can_be(monkeypatch, before, download, refused, steps):
    found = []

    def send(messages):
        found.extend(one.step for one in messages)
        if refused and messages[0].step == "tbf":
            raise _plans_shaping.Refusal(2, "tbf")

    monkeypatch.setattr(_plans_shaping, "index_of", lambda name: 7)
    monkeypatch.setattr(_plans_shaping, "send", send)
    _plans_shaping.apply("ppp0", before, Shape(download))
    assert found == [*steps, *ANY]


def test_many_sessions_are_waited_for_once_and_one_that_has_ended_not(monkeypatch):
    slept = []
    monkeypatch.setattr(_plans_shaping, "index_of", lambda name: int(name[3:]) or _ended())
    monkeypatch.setattr(_plans_shaping, "send", lambda messages: None)
    monkeypatch.setattr(_plans_shaping.time, "sleep", slept.append)
    _plans_shaping.prepare((f"ppp{number}", POLICED, None) for number in range(100))
    _plans_shaping.prepare([("ppp0", POLICED, None)])
    assert len(slept) == 1


def _ended():
    raise OSError(19, "No such device")


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
    assert before.index("rate 20Mbit burst 25000b") < before.index("rate 5Mbit burst 6250b")
    assert "ifb-ppp0: <BROADCAST,NOARP,UP" in before
    assert "alias dialtone.pppoe plan home download=1 upload=2 fq_codel police" in before
    assert "tbf" not in cleared
    assert "ifb" not in cleared
    assert "alias" not in cleared
    assert cleared.count("gone") == 2


_RECEIVER = """
import socket
one = socket.create_server(("10.0.0.2", 5001)).accept()[0]
while one.recv(100_000, socket.MSG_WAITALL): print("100 kB", flush=True)
"""
_LOWER = f"""
import os, select, socket, subprocess, sys, threading, time
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _shaping
there = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec sleep 60"], stdout=subprocess.PIPE)
there.stdout.readline()
inside = ["nsenter", "-t", str(there.pid), "-n"]
def run(text): subprocess.run(text.split(), check=True)
run(f"ip link add ppp0 type veth peer name eth0 netns {{there.pid}}")
for words in ("addr add 10.0.0.1/24 dev ppp0", "link set ppp0 up"): run(f"ip {{words}}")
for words in ("addr add 10.0.0.2/24 dev eth0", "link set eth0 up"): run(f"{{' '.join(inside)}} ip {{words}}")
receiver = subprocess.Popen([*inside, sys.executable, "-c", {_RECEIVER!r}], stdout=subprocess.PIPE)
one = socket.socket()
while one.connect_ex(("10.0.0.2", 5001)): time.sleep(0.05)
def blast():
    while True: one.sendall(bytes(1 << 16))
def arrives(count):
    for _ in range(count):
        if not select.select([receiver.stdout], [], [], 20)[0]: return False
        os.read(receiver.stdout.fileno(), len("100 kB "))
    return True
index = socket.if_nametoindex("ppp0")
_shaping.send([_shaping._bucket(index, 50_000_000, 0x600)])
threading.Thread(target=blast, daemon=True).start()
print(arrives(20))
_shaping.send([_shaping._bucket(index, 2_000_000, 0)])
# Some of it may have come before.
print(arrives(5), flush=True)
there.kill(), receiver.kill(), os._exit(0)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
def test_a_lower_rate_does_not_stop_what_waits_in_large_packets():
    """What a bucket lets into its queue is never larger than the burst that it has later."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = ["unshare", "-n", sys.executable, "-c", _LOWER]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert done.stdout.split() == ["True", "True"], done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
def test_what_the_kernel_lacks_is_found_without_a_trace(monkeypatch):
    monkeypatch.setattr(_plans_shaping, "_text", lambda kind, text: b"\x0a\x00\x01\x00none.\x00\x00\x00"
                        if text in ("tbf", "fq_codel") else _attribute(kind, text.encode() + b"\0"))  # fmt: skip
    assert _plans_probe.missing([Shape(10_000_000)]) == "sch_tbf"
    assert _plans_probe.missing([Shape()]) is None


_attribute = _plans_shaping._attribute
