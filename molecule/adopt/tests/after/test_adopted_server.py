"""After the take-over, and after a reboot: one daemon, one rule, both customers online, no line lost."""

import re

import pytest

testinfra_hosts = ["ansible://pppoe_servers"]


def test_one_daemon_and_it_is_ours(host):
    assert host.service("pppoe-server@default").is_running
    assert host.service("pppoe-server@default").is_enabled
    main = host.check_output("systemctl show --property=MainPID --value pppoe-server@default")
    # Others may serve other interfaces.
    serves = "tr '\\0' ' ' </proc/$pid/cmdline | grep -q -- '-I eth1 '"
    serving = f"for pid in $(pidof pppoe-server); do {serves} && echo $pid; done"
    assert host.run(serving).stdout.strip() == main


def test_both_customers_are_online_with_addresses_of_their_own(host):
    found = host.ansible("dialtone.pppoe.pppoe_session_info", check=False)["sessions"]
    addresses = {session["username"]: session["address"] for session in found}
    assert sorted(addresses) == ["cmz", "cmz2"]
    assert addresses["cmz2"] == "192.168.10.3"
    assert addresses["cmz"] in {f"192.168.10.{last}" for last in range(2, 22) if last != 3}


def test_one_rule(host):
    rules = host.check_output("iptables -t nat -S POSTROUTING")
    # Each of the other instances has one of its own.
    rules = "\n".join(rule for rule in rules.splitlines() if '"dialtone.pppoe lan' not in rule)
    assert rules.count("MASQUERADE") == 1
    assert re.search(r"^-A POSTROUTING -o eth0 .*MASQUERADE", rules, re.MULTILINE)


@pytest.mark.parametrize("name", ["ppp/chap-secrets", "ppp/pppoe-server-options", "sysctl.conf"])
def test_a_file_made_by_hand_is_as_it_was(host, name):
    assert host.run(f"cmp /etc/{name} /var/tmp/before/{name.rpartition('/')[2]}").rc == 0


def test_rc_local_has_lost_no_line_and_starts_no_daemon(host):
    before = host.file("/var/tmp/before/rc.local").content_string
    after = host.file("/etc/rc.local").content_string
    mark = ": # taken over by dialtone.pppoe: "
    assert [line.removeprefix(mark) for line in after.splitlines()] == before.splitlines()
    assert f"\n{mark}pppoe-server -I eth1" in after
    assert not re.search(r"^[^:#\n]*pppoe-server -I", after, re.MULTILINE)
