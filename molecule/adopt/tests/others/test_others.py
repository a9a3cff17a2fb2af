"""After a boot, one daemon an interface, and it is ours, whatever started the former one."""

import pytest

testinfra_hosts = ["ansible://pppoe_servers"]
COMMANDS = "for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$file 2>/dev/null; echo; done"


@pytest.fixture(scope="module")
def daemons(host):
    lines = host.check_output(COMMANDS).splitlines()
    return [
        line.split() for line in lines if line.split()[:1] == ["/usr/sbin/pppoe-server"] or "pppoe-server -" in line
    ]


@pytest.mark.parametrize("interface", ["eth1", *(f"lan{number}" for number in range(2, 10))])
def test_one_daemon_an_interface(daemons, interface):
    serving = [words for words in daemons if interface in words or f"{interface}:7" in words]
    assert len(serving) == 1
    options = serving[0][serving[0].index("-O") + 1]
    assert options.startswith("/etc/ppp/pppoe-server/")


def test_the_unit_of_others_is_disabled_and_still_there(host):
    assert not host.service("pppoe").is_enabled
    assert host.file("/etc/systemd/system/pppoe.service").exists
