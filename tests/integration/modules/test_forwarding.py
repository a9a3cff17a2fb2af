# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""forwarding for real, on a host made of namespaces."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.tests.integration.modules import router as lab

COLLECTIONS = Path(__file__).resolve().parents[3] / ".build" / "collections"
KERNEL = "cat /proc/sys/net/ipv4/ip_forward"
pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")


@pytest.fixture(params=["0", "1"])
def host(request):
    made = lab.Router(COLLECTIONS, "forwarding")
    made.host.sh(f"mkdir /etc/sysctl.d; sysctl -qw net.ipv4.ip_forward={request.param}")
    made.former = request.param
    yield made
    made.close()


def told(result: dict) -> tuple:
    """What a prediction and a run have to tell alike; the rest is how a file is, which is there only after the run."""
    return result["changed"], result["diff"], result["value"]


def test_there_and_back(host):
    before = host.etc()
    predicted = host.module(check=True)
    assert (host.etc(), host.host.sh(KERNEL).strip()) == (before, host.former)
    assert told(host.module()) == told(predicted)
    assert predicted["changed"] is True
    assert host.host.sh(KERNEL) == "1\n"
    assert "\nnet.ipv4.ip_forward = 1\n" in host.host.sh(f"cat {predicted['path']}")
    assert host.module()["changed"] is False

    # Somebody switches it off by hand: the next run mends it, and still knows what it was at first.
    host.host.sh("sysctl -qw net.ipv4.ip_forward=0")
    assert host.module(check=True)["changed"] is True
    assert host.module()["value"] == 1

    predicted = host.module(check=True, state="absent")
    assert told(host.module(state="absent")) == told(predicted)
    assert (host.etc(), host.host.sh(KERNEL).strip()) == (before, host.former)
    assert host.module(state="absent")["changed"] is False
