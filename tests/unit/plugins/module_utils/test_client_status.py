# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils import _client_status
from ansible_collections.dialtone.pppoe.plugins.module_utils._client_link import Link


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"plugin pppoe.so\nnic-eth0\nuser cmz\n", ("eth0", "cmz", None, None)),
        (
            b"nic-eth0.7\nrp_pppoe_ac 'the gate'\nrp_pppoe_service fast\nuser \"it's me\"\n",
            ("eth0.7", "it's me", "the gate", "fast"),
        ),
        (b"", (None, None, None, None)),
        # A file that pppd itself cannot read to its end.
        (b"nic-eth0\nuser 'cmz\nrp_pppoe_ac gate\n", ("eth0", None, None, None)),
    ],
)
def test_what_a_peers_file_says(content, expected):
    assert _client_status.parse("uplink", content) == _client_status.Configured("uplink", *expected)


@pytest.mark.parametrize(
    ("link", "waiting", "state"),
    [
        (None, False, "disconnected"),
        (None, True, "dialling"),
        (Link(1, 0.0), True, "dialling"),
        (Link(1, 0.0, "ppp0"), False, "dialling"),
        (Link(1, 0.0, "ppp0", "192.168.10.2"), True, "connected"),
    ],
)
def test_states(link, waiting, state):
    assert _client_status.state_of(link, waiting) == state


def test_what_was_asked_for():
    assert _client_status.Configured("a", "eth0", "cmz", "gate", None).asked == ["AC 'gate'"]
    assert _client_status.Configured("a", "eth0", "cmz", "gate", "fast").asked == ["AC 'gate'", "service 'fast'"]
