# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rates of a session in the kernel, by rtnetlink. Private to this collection.

Down: a token bucket (tbf) over fq_codel at the root of the interface. It splits packets of 64 kB (GSO), for which pings
would wait. Up: a policer with a burst of at least one such packet, or for ``shape`` a queue on an ifb device of the
session. cake can take the place of both queues. No program is started.

Nothing is lost when rates change: a queue stays, a policer is followed by the next one at once, and a queue that has to
go is emptied first (``loosen``).
"""

from __future__ import annotations

import os
import socket
import struct
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _attributes as _plans_attributes
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans._grant import Shape, alias

# linux/netlink.h, linux/rtnetlink.h, linux/pkt_sched.h, linux/pkt_cls.h
_REPLACE, _EXCL, _CREATE = 0x100, 0x200, 0x400
_LINK, _DEL_LINK, _GET_LINK, _QDISC, _DEL_QDISC, _FILTER = 16, 17, 18, 36, 37, 44
_ROOT, _CLSACT, _INGRESS = 0xFFFFFFFF, 0xFFFFFFF1, 0xFFFFFFF2
_BUCKET, _LEAF = 0x00010000, 0x00100000
_KIND, _OPTIONS = 1, 2
_NAME, _LINKINFO, _IFALIAS, _EXT_MASK = 3, 18, 20, 29
_NO_COUNTERS = 8  # RTEXT_FILTER_SKIP_STATS
_ETHERNET = 1  # TC_LINKLAYER_ETHERNET, with which the kernel needs no table of times
_SHOT, _STOLEN, _REDIRECT = 2, 4, 1
_UP = 1
_PREFERENCE = 1
#: Bytes: what a bucket lets into its queue in one piece. No more than the smallest burst, since what waits while the
#: rate becomes a lower one would never fit into that burst, and hold up everything behind it for good.
LARGEST = 4096
#: Bytes per second: a rate at which the kernel takes no time for a packet.
_ENDLESS = 1 << 58
#: Seconds until a queue whose rate is the highest one is empty: its timer has been set for a packet at the former rate.
EMPTIED = 0.6

#: The kernel's module for each step.
MODULES = {"tbf": "sch_tbf", "fq_codel": "sch_fq_codel", "cake": "sch_cake", "clsact": "sch_ingress",
           "flower": "cls_flower", "police": "act_police", "mirred": "act_mirred", "ifb": "ifb"}  # fmt: skip


class NetlinkMessage(t.NamedTuple):
    """A message for the kernel: what it is for (a key of ``MODULES``), its kind and flags, and its bytes.

    ``gone``: it is no error if there was nothing to delete.
    """

    step: str
    kind: int
    flags: int
    body: bytes
    gone: bool = False


def tbf_burst(rate: int) -> int:
    """Bytes: what goes out in 10 ms, which is what a virtual machine's timer may be late, and no less than 4 KiB.

    With less, a bucket is full again before the late timer has looked, and the rest of its rate is lost.
    """
    return max(LARGEST, rate // 8 // 100)


def police_burst(rate: int) -> int:
    """Bytes: 250 ms of the rate, and no less than a packet of 64 kB and a half."""
    return max(rate // 8 // 4, 96 * 1024)


def target(rate: int) -> int:
    """fq_codel's target in µs: the usual 5 ms are less than one packet takes on a slow link."""
    return 5000 if rate >= 4_000_000 else max(15_000, int(2 * 1514 * 8 / rate * 1_000_000))


def upload_device(interface: str) -> str:
    """The ifb device of a session."""
    return f"ifb-{interface}"


_attribute = _netlink.packed


def _text(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")


def _numbers(values: t.Mapping[int, int]) -> bytes:
    return b"".join(_attribute(kind, struct.pack("=I", value)) for kind, value in values.items())


def _tc(index: int, handle: int, parent: int, info: int, *attributes: bytes) -> bytes:
    return struct.pack("=BBHiIII", 0, 0, 0, index, handle, parent, info) + b"".join(attributes)


def _rate(rate: int) -> bytes:
    """struct tc_ratespec: bytes per second; the table of times is one that the kernel asks for and does not use."""
    return struct.pack("=BBHhHI", 9, _ETHERNET, 0, 0, 0, rate // 8)


def _bucket(index: int, rate: int, flags: int) -> NetlinkMessage:
    """A tbf splits what is larger than its burst or that of its peak rate. The peak rate is for this only."""
    limit = rate // 8 // 10 + tbf_burst(rate)
    parameters = _rate(rate) + _rate(8 * 0xFFFFFFFF) + struct.pack("=III", limit, 0, 0)
    bursts = _numbers({6: tbf_burst(rate), 7: LARGEST})
    options = _attribute(1, parameters) + _attribute(5, struct.pack("=Q", _ENDLESS)) + bursts
    body = _tc(index, _BUCKET, _ROOT, 0, _text(_KIND, "tbf"), _attribute(_OPTIONS, options))
    return NetlinkMessage("tbf", _QDISC, flags, body)


def _leaf(index: int, rate: int, flags: int) -> NetlinkMessage:
    values = {1: target(rate), 3: max(100_000, target(rate) * 10)}
    if flags:
        values[5] = 256  # flows, which cannot be changed later
    body = _tc(index, _LEAF, _BUCKET, 0, _text(_KIND, "fq_codel"), _attribute(_OPTIONS, _numbers(values)))
    return NetlinkMessage("fq_codel", _QDISC, flags, body)


def _cake(index: int, rate: int, flags: int) -> NetlinkMessage:
    options = _attribute(2, struct.pack("=Q", rate // 8))
    return NetlinkMessage(
        "cake", _QDISC, flags, _tc(index, _BUCKET, _ROOT, 0, _text(_KIND, "cake"), _attribute(_OPTIONS, options))
    )


def queue(index: int, rate: int, kind: str, new: bool) -> list[NetlinkMessage]:
    """The queue at the root of an interface: a new one, or another rate of the one that is there, without a loss."""
    flags = _CREATE | _EXCL if new else 0
    first = [no_queue(index)] if new else []
    if kind == "cake":
        return [*first, _cake(index, rate, flags)]
    return [*first, _bucket(index, rate, flags), _leaf(index, rate, flags)]


def no_queue(index: int) -> NetlinkMessage:
    return NetlinkMessage("qdisc", _DEL_QDISC, 0, _tc(index, 0, _ROOT, 0), gone=True)


def _no_ingress(index: int) -> NetlinkMessage:
    return NetlinkMessage("clsact", _DEL_QDISC, 0, _tc(index, 0xFFFF0000, _CLSACT, 0), gone=True)


def _ingress(index: int) -> NetlinkMessage:
    return NetlinkMessage(
        "clsact", _QDISC, _CREATE | _REPLACE, _tc(index, 0xFFFF0000, _CLSACT, 0, _text(_KIND, "clsact"))
    )


def _filter(index: int, step: str, action: bytes) -> NetlinkMessage:
    """All packets that come in go to this action; it takes the place of the one before at once."""
    act = _attribute(1, _text(1, step) + _attribute(2, action))
    info = _PREFERENCE << 16 | socket.htons(0x0003)  # ETH_P_ALL
    options = _attribute(_OPTIONS, _attribute(3, act))
    body = _tc(index, 1, _INGRESS, info, _text(_KIND, "flower"), options)
    return NetlinkMessage(step, _FILTER, _CREATE | _REPLACE, body)


def police(index: int, rate: int) -> list[NetlinkMessage]:
    ticks = int(police_burst(rate) * 8 / rate * 1_000_000_000) >> 6  # of 64 ns (PSCHED_SHIFT)
    head = struct.pack("=IiIII", 0, _SHOT, 0, ticks, 1 << 20)
    parameters = head + _rate(rate) + bytes(12) + struct.pack("=iiI", 0, 0, 0)
    action = _attribute(1, parameters) + _attribute(2, bytes(1024))
    return [_ingress(index), _filter(index, "police", action)]


def redirect(index: int, device: int) -> list[NetlinkMessage]:
    parameters = struct.pack("=IIiiiiI", 0, 0, _STOLEN, 0, 0, _REDIRECT, device)
    return [_ingress(index), _filter(index, "mirred", _attribute(2, parameters))]


def new_device(name: str) -> NetlinkMessage:
    kind = _attribute(_LINKINFO, _text(1, "ifb"))
    body = struct.pack("=BBHiII", 0, 0, 0, 0, _UP, _UP) + _text(_NAME, name) + kind
    return NetlinkMessage("ifb", _LINK, _CREATE | _EXCL, body)


def no_device(name: str) -> NetlinkMessage:
    return NetlinkMessage("ifb", _DEL_LINK, 0, struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0) + _text(_NAME, name), gone=True)


def named(index: int, text: str) -> NetlinkMessage:
    """Another alias of an interface."""
    body = struct.pack("=BBHiII", 0, 0, 0, index, 0, 0) + _attribute(_IFALIAS, text.encode())
    return NetlinkMessage("alias", _LINK, 0, body)


class Refusal(OSError):
    """The kernel has refused a step. ``step``: which, as in ``MODULES``."""

    def __init__(self, number: int, step: str) -> None:
        super().__init__(number, f"the kernel refuses {step} ({os.strerror(number)})")
        self.step = step


def send(messages: t.Iterable[NetlinkMessage]) -> None:
    """All at once, in one call; ``Refusal`` for the first that the kernel does not take. It goes on with the others."""
    batch = list(messages)
    with _netlink.opened() as kernel:
        kernel.send(
            b"".join(
                # An error is answered in any case, so only the last one asks for an answer.
                _netlink.packed_message(
                    one.kind,
                    one.flags | _netlink.REQUEST | (_netlink.ACKNOWLEDGE if number == len(batch) else 0),
                    one.body,
                    number,
                )
                for number, one in enumerate(batch, 1)
            )
        )
        number, refused = 0, None
        while number < len(batch):
            answer = kernel.recv(65536)
            (number,) = struct.unpack_from("=I", answer, 8)
            error = -struct.unpack_from("=i", answer, 16)[0]
            if error and refused is None and not batch[number - 1].gone:
                refused = Refusal(error, batch[number - 1].step)
    if refused is not None:
        raise refused


def index_of(interface: str) -> int:
    """The number of an interface. ``socket.if_nametoindex`` would have the kernel run modprobe for one that is gone."""
    body = struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0) + _text(_NAME, interface) + _numbers({_EXT_MASK: _NO_COUNTERS})
    with _netlink.opened() as kernel:
        kernel.send(_netlink.packed_message(_GET_LINK, _netlink.REQUEST, body))
        answer = kernel.recv(65536)
    (kind,) = struct.unpack_from("=H", answer, 4)
    if kind != _LINK:
        number = -struct.unpack_from("=i", answer, 16)[0]
        raise OSError(number, os.strerror(number), interface)
    index: int = struct.unpack_from("=i", answer, 20)[0]
    return index


Transition = tuple[str, "Shape | None", "Shape | None"]


def prepare(changes: t.Iterable[Transition]) -> None:
    """Before ``apply`` and ``clear``: empty the queues that these changes take away.

    Each is an interface, what it has, and what it is to have; ``None`` for nothing. What the kernel refuses here,
    it refuses later, too.
    """
    waits = False
    for interface, before, after in changes:
        with suppress(OSError):
            waits |= before is not None and _empty(interface, before, after)
    if waits:
        time.sleep(EMPTIED)


def _empty(interface: str, before: Shape, after: Shape | None) -> bool:
    """Whether a queue of an interface goes; it then sends what it holds, as fast as it can.

    Nothing more comes into one of uploads. One of downloads still gets packets until another takes its place.
    """
    wanted = after or Shape()
    other = before.queue != wanted.queue
    down = before.download is not None and (after is None or (wanted.download is not None and other))
    up = _has_device(before) and (other or not _has_device(wanted))
    if down or up:
        index = index_of(interface)
        if down:
            send(queue(index, _plans_attributes.MOST, before.queue, new=False))
        if up:
            send(_without_queue(index, wanted))
            send(queue(index_of(upload_device(interface)), _plans_attributes.MOST, before.queue, new=False))
    return down or up


def _has_device(shape: Shape) -> bool:
    return shape.upload is not None and shape.upload_by == "shape"


def _without_queue(index: int, shape: Shape) -> list[NetlinkMessage]:
    return [_no_ingress(index)] if shape.upload is None else police(index, shape.upload)


def apply(interface: str, before: Shape | None, shape: Shape) -> None:
    """Set the rates of an interface. ``before``: those that it has, which are changed in place; ``None``: anything.

    Of a living session, after ``prepare``. ``OSError`` if there is no such interface, or the kernel refuses.
    """
    index = index_of(interface)
    _download(index, before, shape)
    if _has_device(shape):
        _upload_queue(interface, index, before, shape)
    else:
        send([*_without_queue(index, shape), no_device(upload_device(interface))])
    # Only now: it says what the interface has.
    send([named(index, alias(shape))])


def _download(index: int, before: Shape | None, shape: Shape) -> None:
    if shape.download is None:
        if before is None:
            send([no_queue(index)])
        elif before.download is not None:
            # It stays for what is in it.
            send(queue(index, _plans_attributes.MOST, before.queue, new=False))
        return
    if before is not None and (before.queue == shape.queue or before.download is None):
        with suppress(Refusal):
            send(queue(index, shape.download, shape.queue, new=False))
            return
    send(queue(index, shape.download, shape.queue, new=True))


def _upload_queue(interface: str, index: int, before: Shape | None, shape: Shape) -> None:
    """A session has no more than one such device; another kind of queue takes the place of the one that it has."""
    name, had = upload_device(interface), before is not None and _has_device(before)
    if not had:
        send([no_device(name), new_device(name)])
    device = index_of(name)
    new = not had or before is None or before.queue != shape.queue
    send([*queue(device, shape.upload or 0, shape.queue, new), *redirect(index, device)])


def remove_device(interface: str) -> None:
    """Remove the ifb device of a session, if it has one."""
    send([no_device(upload_device(interface))])


def clear(interface: str) -> None:
    """Take everything of ours from an interface."""
    index = index_of(interface)
    send([no_queue(index), _no_ingress(index), no_device(upload_device(interface)), named(index, "")])
