from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._forwarding import plan


@pytest.mark.parametrize("former", [0, 1])
def test_a_host_forwards_and_afterwards_does_what_it_did_before(former):
    first = plan("present", None, former)
    assert first.value == 1
    assert b"\nnet.ipv4.ip_forward = 1\n" in first.content
    assert plan("present", first.content, 1) == first
    gone = plan("absent", first.content, 1)
    assert (gone.content, gone.value) == (None, former)


@pytest.mark.parametrize(
    ("content", "value", "after"),
    [
        (None, 1, 1),  # switched on by somebody else, and none of our business
        (None, 0, 0),
        (b"net.ipv4.ip_forward = 1\n", 1, 1),  # somebody has edited our note away: no reason to switch off
    ],
)
def test_absent_switches_off_only_what_was_switched_on(content, value, after):
    assert plan("absent", content, value).value == after


def test_a_value_that_was_lost_is_set_again_and_the_note_stays():
    content = plan("present", None, 0).content
    assert plan("present", content, 0).content == content
    assert plan("present", content, 0).value == 1
