"""What a user who has no business on a host can see while it is set up and afterwards: no secret."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

testinfra_hosts = ["ansible://pppoe_servers", "ansible://pppoe_clients"]

HUSHED = yaml.safe_load((Path(__file__).resolve().parents[2] / "vars" / "hushed.yml").read_text())
PATTERN = HUSHED["hush_pattern"]
PLACES = "/etc /home /opt /root /run /srv/packages/Packages /tmp /usr/local /var"
#: Where root finds secrets.
SECRET_FILES = {
    "pppoe_servers": {"/etc/ppp/chap-secrets"},
    "pppoe_clients": {
        "/etc/ppp/chap-secrets",
        "/etc/ppp/pap-secrets",
        "/etc/ppp/pppoe-client/pppoe-client-indirect.secret",
        "/etc/ppp/pppoe-client/uplink.down",
        "/etc/ppp/pppoe-client/uplink.up",
    },
}


@pytest.fixture
def as_nobody(host):
    return lambda command: host.run("setpriv --reuid=65534 --regid=65534 --clear-groups sh -c %s </dev/null", command)


def test_root_finds_them_where_they_belong_and_nowhere_else(host):
    side = next(group for group in host.ansible.get_variables()["group_names"] if group in SECRET_FILES)
    assert set(host.run(f"grep -raIlE '{PATTERN}' {PLACES} 2>/dev/null").stdout.split()) == SECRET_FILES[side]


def test_not_even_root_finds_one_in_the_journal(host):
    assert int(host.check_output("journalctl --no-pager | grep -c pppd")) > 5
    assert host.run(f"journalctl --no-pager --all --output=json | grep -E '{PATTERN}'").stdout == ""


def test_nobody_reads_no_journal(as_nobody):
    assert "pppd" not in as_nobody("journalctl --no-pager -n 1000; journalctl -t pppd").stdout


def test_nobody_sees_processes_but_no_secret(as_nobody):
    listed = as_nobody("ps -ww -eo args; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'").stdout
    assert "pppd" in listed
    assert HUSHED["hush"] not in listed


def test_nobody_reads_no_secret(as_nobody):
    assert as_nobody(f"grep -raIlE '{PATTERN}' {PLACES} 2>/dev/null").stdout == ""
    # It is these files that stop him, not that he cannot read here.
    assert "/etc/ppp/options" in as_nobody("grep -rl lcp-echo-interval /etc/ppp 2>/dev/null").stdout


def test_nobody_cannot_hold_a_lock(as_nobody, host):
    locks = host.check_output("find /run -name '*.lock' -path '*dialtone*' -o -path '/run/pppoe-server*'").split()
    assert locks
    assert [path for path in locks if as_nobody(f"flock -n {path} true").succeeded] == []
