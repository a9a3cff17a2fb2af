# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._diagnosis import verdict

# Logs as ppp 2.4.9 and 2.5.2 wrote them against rp-pppoe 3.15, but for the last part, which is from the sources.
BEGIN = """PPP session is 2
Connected to 02:64:74:00:01:02 via interface eth0
Using interface ppp0
Connect: ppp0 <--> eth0
"""
SUCCESS = (
    BEGIN
    + """CHAP authentication succeeded: Access granted
CHAP authentication succeeded
peer from calling number 02:64:74:00:01:02 authorized
local  IP address 192.168.10.2
remote IP address 192.168.10.109
"""
)
WRONG_SECRET = BEGIN + "CHAP authentication failed: Access denied\nCHAP authentication failed\nConnection terminated.\n"
NO_SERVER_249 = "Timeout waiting for PADO packets\nUnable to complete PPPoE Discovery\n"
NO_SERVER_252 = "Timeout waiting for PADO packets\nUnable to complete PPPoE Discovery phase 1\n"
NO_SLOT = (
    3 * "PADS: System-Error: RP-PPPoE: Server: No client slots available\n"
    + "Timeout waiting for PADS packets\nUnable to complete PPPoE Discovery\n"
)
NO_SECRET = (
    BEGIN
    + """peer from calling number 02:64:74:00:01:02 authorized
LCP terminated by peer (peer refused to authenticate)
Modem hangup
Connection terminated.
"""
)
SYSTEM_LOGIN = SUCCESS[: SUCCESS.index("peer from")] + "LCP terminated by peer (Authentication failed)\nModem hangup\n"
ENDED = SUCCESS + "LCP terminated by peer\nConnect time 0.5 minutes.\nModem hangup\nConnection terminated.\n"

CASES = [
    ("", None, "", False),
    (BEGIN, None, "", False),
    (SUCCESS, None, "", False),
    ("local  IP address 192.168.10.2\nTerminating on signal 15\nConnection terminated.\n", None, "", False),
    (WRONG_SECRET, "account_refused", "The server refused the account 'cmz' (Access denied): the username or", True),
    (BEGIN + "CHAP authentication failed\n", "account_refused", "The server refused the account 'cmz': the", True),
    (BEGIN + "PAP authentication failed\n", "account_refused", "The server refused the account 'cmz': the", True),
    (BEGIN + "MS-CHAP authentication failed: E=691 Authentication failure\n", "account_refused",
     "The server refused the account 'cmz' (E=691 Authentication failure): the", True),
    (SYSTEM_LOGIN, "account_refused", "The server refused the account 'cmz' though", True),
    (NO_SECRET, "no_secret", "This host has no secret for the account 'cmz'", True),
    (NO_SERVER_249, "no_answer", "No access concentrator answers on eth0 (no PADO", False),
    (NO_SERVER_252, "no_answer", "No access concentrator answers on eth0 (no PADO", False),
    (NO_SLOT, "refused", "An access concentrator answers on eth0, but refuses a session "
     "(RP-PPPoE: Server: No client slots available).", False),
    ("Timeout waiting for PADS packets\n", "refused", "An access concentrator answers on eth0, but gives no", False),
    (ENDED, "hung_up", "The server ended the session.", False),
    (SUCCESS + "Modem hangup\nConnection terminated.\n", "hung_up", "The server hung up (PADT)", False),
    (BEGIN + "Couldn't attach to channel 85: No such device or address\n", "hung_up", "The server hung up (PADT)",
     False),
    (SUCCESS + "local  IP address 10.9.12.8\nIPCP terminated by peer (Unauthorized remote IP address)\n", "no_address",
     "The server took the account 'cmz', but gave no address (Unauthorized remote IP address).", False),
    (BEGIN + "LCP: timeout sending Config-Requests\nConnection terminated.\n", "silent", "An access", False),
    (SUCCESS + "No response to 3 echo-requests\nSerial link appears to be disconnected.\nConnection terminated.\n",
     "silent", "The server fell silent", False),
    (BEGIN + "IPCP: timeout sending Config-Requests\n", "no_address", "The server took the account 'cmz', but", False),
    (BEGIN + "Could not determine local IP address\n", "no_address", "The server took the account 'cmz', but", False),
    (BEGIN + "LCP terminated by peer (Unauthorized remote IP address)\n", "no_address",
     "The server took the account 'cmz', but gave no address (Unauthorized remote IP address).", False),
    ("error sending pppoe packet: Network is down\n" + NO_SERVER_252, "interface",
     "pppd cannot use eth0 (Network is down).", False),
    ("Can't get MTU for eth0: No such device\n", "interface", "pppd cannot use eth0 (No such device).", False),
    # The end of the session may be told twice.
    (BEGIN + "LCP terminated by peer (peer refused to authenticate)\nConnection terminated.\nModem hangup\n",
     "no_secret", "This host has no secret for the account 'cmz'", True),
    # What was tried last counts; an attempt that has only begun says nothing yet.
    (WRONG_SECRET + NO_SERVER_249, "no_answer", "No access", False),
    (NO_SERVER_249 + WRONG_SECRET, "account_refused", "The server refused", True),
    (WRONG_SECRET + BEGIN, "account_refused", "The server refused", True),
]  # fmt: skip


@pytest.mark.parametrize(("log", "reason", "sentence", "final"), CASES)
def test_verdict(log, reason, sentence, final):
    found = verdict(log, "cmz", "eth0")
    assert (found.reason if found else None) == reason
    if found:
        assert found.sentence.startswith(sentence)
        assert found.final is final


def test_what_was_insisted_on_is_named():
    found = verdict(NO_SERVER_249, "cmz", "eth0", ["AC 'BRAS'", "service 'x'"])
    assert found is not None
    assert "answers on eth0 to the request for AC 'BRAS' and service 'x' (no PADO" in found.sentence


def test_words_of_a_peer_are_not_taken_for_a_format():
    found = verdict("PADS: Generic-Error: {interface} {0}\n", "cm{z}", "eth0")
    assert found is not None
    assert "({interface} {0})" in found.sentence
