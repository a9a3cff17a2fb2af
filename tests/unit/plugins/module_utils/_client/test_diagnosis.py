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
    # The end of the session may be logged twice.
    (BEGIN + "LCP terminated by peer (peer refused to authenticate)\nConnection terminated.\nModem hangup\n",
     "no_secret", "This host has no secret for the account 'cmz'", True),
    # What was tried last counts; an attempt that has only begun says nothing yet.
    (WRONG_SECRET + NO_SERVER_249, "no_answer", "No access", False),
    (NO_SERVER_249 + WRONG_SECRET, "account_refused", "The server refused", True),
    (WRONG_SECRET + BEGIN, "account_refused", "The server refused", True),
]  # fmt: skip

# Every message of ppp 2.4.9 and 2.5.2 that ends a dial, by the file that it is in, and the words that must come of it.
ACCOUNT_TAKEN = BEGIN + "CHAP authentication succeeded\n"
ENDINGS = [
    # if.c, common.c, plugin.c, discovery.c: before there is a session
    ("Can't get hardware address for eth7: No such device", "interface", "(No such device)"),
    ("Can't use interface eth0: it has broadcast/multicast MAC address", "interface",
     "(it has broadcast/multicast MAC"),
    ("Can't use interface enp0s31f6verylong: name is too long", "interface", "(name is too long)"),
    ("Could not get interface index for eth7: No such device", "interface", "(No such device)"),
    ("Can't open socket for pppoe: Operation not permitted", "interface", "(Operation not permitted)"),
    ("Can't set socket options for pppoe: Operation not permitted", "interface", "(Operation not permitted)"),
    ("Failed to bind to interface eth7: No such device", "interface", "(No such device)"),
    ("Failed to create PPPoE socket: Address family not supported by protocol", "interface", "(Address family not"),
    ("Failed to create PPPoE discovery socket: Operation not permitted", "interface", "(Operation not permitted)"),
    ("Failed to connect PPPoE socket: 114 Operation already in progress", "interface", "(Operation already in"),
    ("Can't get MTU for eth7: No such device", "interface", "(No such device)"),
    ("Cannot create raw socket -- pppoe must be run as root.", "interface", "(pppoe must be run as root)"),
    ("Interface wg0 not Ethernet", "interface", "(not Ethernet)"),
    ("Linux kernel does not support PPPoE -- are you running 2.4.x?", "interface", "(does not support PPPoE)"),
    ("error sending pppoe packet: Network is down", "interface", "(Network is down)"),
    ("error receiving pppoe packet: Network is down\n" + NO_SERVER_249, "interface", "(Network is down)"),
    ("select (waitForPADO): Bad file descriptor", "interface", "(Bad file descriptor)"),
    ("PADO: Service-Name-Error: no such service\n" + NO_SERVER_252, "refused", "(no such service)"),
    ("PADS: Generic-Error: Rate limited\nTimeout waiting for PADS packets", "refused", "(Rate limited)"),
    ("PADS: System-Error: ", "refused", "(System-Error)"),
    ("PADS: Generic-Error: \x1b[31mred", "refused", "(\\x1b[31mred)"),
    ("Bogus PPPoE length field (4359)\n" + NO_SERVER_249, "refused",
     "(Bogus PPPoE length field (4359)). It has a VLAN tag"),
    ("Bogus PPPoE length field (2000)\n" + NO_SERVER_249, "refused", "pppd ignores (Bogus PPPoE length field (2000))."),
    ("Ignoring PADO packet with no AC-Name tag\n" + NO_SERVER_249, "refused", "pppd ignores (with no AC-Name tag)."),
    ("Ignoring PADO packet with no Service-Name tag\n" + NO_SERVER_249, "refused", "(with no Service-Name tag)"),
    ("Ignoring PADO packet from non-unicast MAC address\n" + NO_SERVER_249, "refused", "(from non-unicast MAC"),
    ("Ignoring PADO packet from wrong MAC address\n" + NO_SERVER_249, "refused", "(from wrong MAC address)"),
    ("Invalid PPPoE version (0)", "refused", "(Invalid PPPoE version (0))"),
    ("Invalid PPPoE type (2)", "refused", "(Invalid PPPoE type (2))"),
    ("Invalid PPPoE packet length (1600)", "refused", "(Invalid PPPoE packet length (1600))"),
    ("Invalid PPPoE tag length (4095)\n" + NO_SERVER_249, "refused", "(Invalid PPPoE tag length (4095))"),
    # sys-linux.c
    (BEGIN + "Couldn't create new ppp unit: Too many open files", "interface", "(Too many open files)"),
    (BEGIN + "Couldn't rename interface ppp0 to ppp-x: File exists", "interface", "(File exists)"),
    (BEGIN + "Couldn't create ppp interface ppp-x: File exists", "interface", "(File exists)"),
    (BEGIN + "Couldn't attach to PPP unit 3: Invalid argument", "interface", "(Invalid argument)"),
    (BEGIN + "Couldn't open /dev/ppp: Operation not permitted", "interface", "(Operation not permitted)"),
    (BEGIN + "Couldn't get channel number: Transport endpoint is not connected", "hung_up", "hung up (PADT): its"),
    (BEGIN + "Couldn't reopen /dev/ppp: Too many open files", "hung_up", "hung up (PADT): its"),
    (BEGIN + "Modem hangup\nConnection terminated.", "hung_up", "hung up (PADT): its own log may say why."),
    # lcp.c, fsm.c
    (BEGIN + "Received Protocol-Reject for LCP!\nConnection terminated.", "silent", "rejects PPP's own protocol"),
    (BEGIN + "Serial line is looped back.\nConnection terminated.", "interface", "there is a loop behind eth0"),
    (BEGIN + "LCP terminated by peer (2^C^O)\nModem hangup\nConnection terminated.", "hung_up",
     "ended the session (2^C^O), and had not taken the account yet, which it may have refused that way."),
    (ACCOUNT_TAKEN + "LCP terminated by peer (you are already logged in)", "hung_up",
     "session (you are already logged"),
    (ACCOUNT_TAKEN + "LCP terminated by peer (M-CM-<berlastet)", "hung_up", "session (überlastet)."),
    (ACCOUNT_TAKEN + "LCP terminated by peer (M-^?M-~)", "hung_up", "session (M-^?M-~)."),
    # auth.c, chap.c, chap_ms.c, upap.c, eap.c
    (BEGIN + "No CHAP secret found for authenticating us to \"isp\"\nCHAP authentication failed: Access denied\n"
     "CHAP authentication failed\nConnection terminated.", "no_secret", "no secret for the account 'cmz'"),
    (BEGIN + "No secret found for PAP login\nPAP authentication failed\n", "no_secret", "no secret for the account"),
    (BEGIN + "Can't open chap secret file /etc/ppp/chap-secrets: Permission denied", "no_secret", "no secret for"),
    (BEGIN + "eap required to authenticate us but no suitable secrets", "no_secret", "no secret for"),
    (BEGIN + "Remote message: Account suspended, see the office\nPAP authentication failed\nModem hangup\n",
     "account_refused", "refused the account 'cmz' (Account suspended, see the office)."),
    (BEGIN + "Remote message: Login incorrect\nPAP authentication failed\n", "account_refused",
     "(Login incorrect): the username or the secret is wrong"),
    (BEGIN + "CHAP authentication failed: session limit reached\nCHAP authentication failed\n", "account_refused",
     "refused the account 'cmz' (session limit reached)."),
    (BEGIN + "MS-CHAP authentication failed: E=646 Restricted logon hours\nCHAP authentication failed\n",
     "account_refused", "(E=646 Restricted logon hours): it may not log in at this hour."),
    (BEGIN + "MS-CHAP authentication failed: E=647 Account disabled\nCHAP authentication failed\n", "account_refused",
     "(E=647 Account disabled): it is disabled."),
    (BEGIN + "MS-CHAP authentication failed: E=648 Password expired\n", "account_refused",
     ": its password has expired."),
    (BEGIN + "MS-CHAP authentication failed: E=649 No dialin permission\n", "account_refused", ": it may not dial in."),
    (BEGIN + "MS-CHAP authentication failed: E=709 Error changing password\n", "account_refused",
     ": its password could"),
    (BEGIN + "MS-CHAP authentication failed: Pay your bill\n", "account_refused", "'cmz' (Pay your bill)."),
    (BEGIN + "Unknown MS-CHAP authentication failure: E=800 R=1\nCHAP authentication failed\n", "account_refused",
     "'cmz' (E=800 R=1)."),
    (BEGIN + "MS-CHAPv2 mutual authentication failed.\nCHAP authentication failed\n", "authentication",
     "did not prove that it knows the secret (mutual authentication failed)"),
    (BEGIN + "MS-CHAPv2 Success packet is badly formed.\nCHAP authentication failed\n", "authentication", "(Success"),
    (BEGIN + "EAP: peer reports authentication failure\n", "account_refused", "the username or the secret is wrong"),
    (BEGIN + "CHAP authentication failed due to protocol-reject\nConnection terminated.", "authentication",
     "(CHAP authentication failed due to protocol-reject)"),
    (BEGIN + "PAP authentication failed due to protocol-reject\n", "authentication", "(PAP authentication"),
    (BEGIN + "EAP authentication failed due to Protocol-Reject\n", "authentication", "(EAP authentication"),
    (BEGIN + "EAP: timeout waiting for Request from peer\n", "silent", "does not answer to the account 'cmz' (EAP)"),
    (BEGIN + "CHAP authentication timed out\n", "silent", "does not answer to the account 'cmz' (CHAP)"),
    (BEGIN + "No response to PAP authenticate-requests\n", "silent", "does not answer to the account 'cmz' (PAP)"),
    # ipcp.c, and what only the debugging log has words for: a server that rejects IPCP
    (ACCOUNT_TAKEN + "Peer refused to agree to our IP address\nConnection terminated.", "no_address", "(Peer refused"),
    (ACCOUNT_TAKEN + "Peer refused to agree to his IP address\n", "no_address", "(Peer refused to agree to his"),
    (ACCOUNT_TAKEN + "Peer is not authorized to use remote address 10.0.0.1\n", "no_address",
     "(Peer is not authorized"),
    (ACCOUNT_TAKEN + "IPCP terminated by peer (no pool)\n", "no_address", "gave no address (no pool)."),
    (ACCOUNT_TAKEN + "Interface configuration failed\nConnection terminated.", "no_address", "could not set it on the"),
    (ACCOUNT_TAKEN + "Interface failed to come up\n", "no_address", "could not set it on the link (Interface failed"),
    (ACCOUNT_TAKEN + "Connection terminated.", "no_address", "took the account 'cmz', but gave no address."),
    (BEGIN + "Connection terminated.", "hung_up", "neither the server nor pppd has said why"),
    # ccp.c, main.c
    (ACCOUNT_TAKEN + "MPPE required but peer negotiation failed\n", "hung_up", "(MPPE required but peer negotiation"),
    (ACCOUNT_TAKEN + "MPPE required, but kernel has no support.\n", "hung_up", "ask for encryption"),
    (ACCOUNT_TAKEN + "Connect time expired\n", "hung_up", "(Connect time expired)"),
    (ACCOUNT_TAKEN + "Traffic limit reached. Limit: 5 Used: 6\n", "hung_up", "(Traffic limit reached)"),
    (BEGIN + "Fatal signal 11\n", "not_started", "pppd crashed with a signal (11)."),
    # Ends that were asked for.
    (SUCCESS + "Terminating on signal 15\nConnection terminated.", None, ""),
    (SUCCESS + "Hangup (SIGHUP)\nConnection terminated.", None, ""),
    (SUCCESS + "Terminating connection due to lack of activity.\nConnection terminated.", None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("log", "reason", "words"), ENDINGS)
def test_every_ending(log, reason, words):
    found = verdict(log + "\n", "cmz", "eth0")
    assert (found.reason if found else None) == reason
    assert found is None or words in found.sentence
    assert found is None or found.sentence.isprintable()


def test_options_of_the_host_that_leave_a_method_out_are_named():
    found = verdict(NO_SECRET, "cmz", "eth0", refusals=["-chap", "refuse-mschap"])
    assert found is not None
    assert "that /etc/ppp/options leaves out, which has -chap and refuse-mschap." in found.sentence


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
