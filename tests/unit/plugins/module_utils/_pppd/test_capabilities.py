from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities

PLUGINS = [
    ([], None),
    (["/usr/lib/pppd/2.4.9/pppoe.so", "/usr/lib/pppd/2.4.9/rp-pppoe.so"], "/usr/lib/pppd/2.4.9/pppoe.so"),
    (["/usr/lib/pppd/2.4.7/rp-pppoe.so"], "/usr/lib/pppd/2.4.7/rp-pppoe.so"),
    (["/usr/lib/pppd/2.4.9/pppoe.so", "/usr/lib/pppd/2.4.10/rp-pppoe.so"], "/usr/lib/pppd/2.4.10/rp-pppoe.so"),
    (["/usr/lib64/pppd/2.5.1/pppoe.so", "/usr/lib/pppd/2.5.0/pppoe.so"], "/usr/lib64/pppd/2.5.1/pppoe.so"),
    (["/usr/lib/pppd/pppoe.so"], "/usr/lib/pppd/pppoe.so"),
]


@pytest.mark.parametrize(("paths", "expected"), PLUGINS)
def test_newest_plugin(paths, expected):
    assert _pppd_capabilities.newest_plugin(paths) == expected
    assert _pppd_capabilities.newest_plugin(reversed(paths)) == expected


VERSIONS = [
    ("pppd version 2.4.9\n", (2, 4, 9)),
    ("pppd version 2.5.2\n", (2, 5, 2)),
    ("pppd version 2.5.0-dev\n", (2, 5, 0)),
    ("pppd: The remote system is required to authenticate itself\npppd version 2.4.7\n", (2, 4, 7)),
    ("", None),
    ("sh: pppd: not found\n", None),
]


@pytest.mark.parametrize(("text", "expected"), VERSIONS)
def test_parse_version(text, expected):
    assert _pppd_capabilities.parse_version(text) == expected


MODPROBE = [
    ("modprobe: FATAL: Module pppoe not found in directory /lib/modules/6.1.0\n", "not found"),
    ("modprobe: ERROR: could not insert 'pppoe': Operation not permitted\n",
     "ERROR: could not insert 'pppoe': Operation not permitted"),
    ("", "failed without a word"),
]  # fmt: skip


@pytest.mark.parametrize(("err", "expected"), MODPROBE)
def test_modprobe_words(err, expected):
    assert _pppd_capabilities.modprobe_words(err) == expected
