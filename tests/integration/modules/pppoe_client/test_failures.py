"""Dials that fail say why."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.tests.support.client_host import (
    THROUGH_ETH0,
)


def test_a_name_alone_says_why_its_dial_fails(host, client, run_module):
    client(state="present", ac_name="gate")
    host.behave("Timeout waiting for PADO packets\nUnable to complete PPPoE Discovery\n")
    result = run_module("pppoe_client", {"name": "t3st", "timeout": 1})
    assert "No access concentrator answers on eth9 to the request for AC 'gate'" in result["msg"]


FAILURES = [
    ("CHAP authentication failed: Access denied\nCHAP authentication failed\n", "account_refused",
     "The server refused the account 'cmz' (Access denied)"),
    ("Timeout waiting for PADO packets\nUnable to complete PPPoE Discovery\n", "no_answer",
     "There was no link within 1 seconds. No access concentrator answers on eth9"),
    ("", "no_answer", "There was no link within 1 seconds. No access concentrator has given a session on eth9."),
    ("PPP session is 7\n", "timeout", "There was no link within 1 seconds. There is a session, but its PPP is not"),
    ("broken: unrecognized option 'x'", "not_started", "pppd did not start: unrecognized option 'x'."),
]  # fmt: skip


@pytest.mark.parametrize(("behaviour", "reason", "sentence"), FAILURES)
def test_a_dial_that_fails_says_why(host, client, behaviour, reason, sentence):
    host.behave(behaviour)
    result = client(timeout=1)
    assert (result["failed"], result["reason"]) == (True, reason)
    assert result["msg"].startswith(sentence)
    assert "The connection t3st is configured" in result["msg"]
    assert host.peers.exists()
    host.behave("up")
    assert client()["applied"] == "dialled"


def test_a_dial_that_fails_names_the_vlan(host, client):
    host.behave("Timeout waiting for PADO packets\nUnable to complete PPPoE Discovery\n")
    assert "No access concentrator answers on eth9.7 (no PADO" in client(timeout=1, vlan=7)["msg"]


def test_a_link_that_does_not_become_the_default_route(host, client):
    host.behave("up without a route")
    # Another one comes up meanwhile.
    host.program("ip", f"#!/bin/sh\nprintf '%s' '{THROUGH_ETH0}' >>@HERE@/routes\n")
    result = client()
    assert result["reason"] == "default_route"
    assert "with 192.0.2.7, but it is not the default route with metric 0: there is one via" in result["msg"]
