# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a kernel can do what plans ask for. Private to this collection."""

from __future__ import annotations

import ctypes
import os
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _shaping as _plans_shaping

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET


def missing(shapes: t.Iterable[_plans_grant.Shape]) -> str | None:
    """The kernel's module that one of these needs and that is not there, ``None`` if all is well.

    It is tried in a network namespace of a child, which is gone afterwards. Where no such namespace can be made,
    nothing is known, and it is taken to be well.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.write(writer, _refused(shapes).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as handle:
        step = handle.read()
    os.waitpid(child, 0)
    return _plans_shaping.MODULES.get(step)


def _refused(shapes: t.Iterable[_plans_grant.Shape]) -> str:
    """The step that the kernel does not know."""
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK):
        return ""
    for shape in shapes:
        try:
            _plans_shaping.apply("lo", None, shape)
        except _plans_shaping.Refusal as error:
            return error.step
    return ""
