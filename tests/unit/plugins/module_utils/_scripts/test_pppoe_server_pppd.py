"""The script between pppoe-server and pppd runs here, with stand-ins for the programs that it calls."""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_pppd
from ansible_collections.dialtone.pppoe.tests.support.server_scripts import (
    KERNEL,
    dial,
    ended,
    lease,
    pool,
    run,
)

RELAY = "{} -n -I eth1 -e 12:02:00:00:00:00:ab{} -S '{}'"
TO_KERNEL, TO_RELAY = RELAY.format("kernel", "{}", "{}"), RELAY.format("/usr/sbin/pppoe", "{}", "{}")
HOSTILE = "'; touch /tmp/x; $(reboot) `reboot` \\ * ~ \" \n #"


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["pty", TO_KERNEL.format("", ""), "nodetach"], [*KERNEL, "nodetach"]),
        (["pty", TO_KERNEL.format("", "fast $(reboot) *"), "sync"], [*KERNEL, "sync"]),
        (["pty", TO_KERNEL.format(" -T 60 -m 1412", HOSTILE), "mru", "1492", "mtu", "1492"], KERNEL),
        (["pty", TO_RELAY.format("", HOSTILE), "sync"], ["pty", TO_RELAY.format("", HOSTILE), "sync"]),
        ([*KERNEL, "mru", "1500", "mtu", "1500"], [*KERNEL, "mru", "1500", "mtu", "1500"]),
        ([*KERNEL, "rp_pppoe_service", HOSTILE, "-n -I"], [*KERNEL, "rp_pppoe_service", HOSTILE, "-n -I"]),
        ([*KERNEL, "ipparam", "two  words", "*", ""], [*KERNEL, "ipparam", "two  words", "*", ""]),
    ],
)  # fmt: skip
def test_pppd_gets_every_word_and_the_kernel_in_the_place_of_the_relay(place, words, given):
    pool(place[0], "10.0.0.2")
    result, got = dial(place, *words)
    assert result.returncode == 0, result.stderr
    assert "\n".join(got) == "\n".join(["10.0.0.1:10.0.0.2", *given])


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["pty"],
        ["mtu"],
        ["rp_pppoe_sess", "x:02:00:00:00:00:ab"],
        ["rp_pppoe_sess", "1:02:00:00:00:00:ab:02"],
        ["rp_pppoe_sess", "1:02:00:00:00:00:ab -x"],
        ["pty", "/bin/sh -c reboot"],
        ["pty", "/bin/sh -n -I eth1 -e 12:02:00:00:00:00:ab -S ''"],
        ["pty", "kernel; reboot -n -I eth1 -e 12:02:00:00:00:00:ab -S ''"],
        ["pty", "/usr/sbin/pppoe -n -I eth1 -S 'x'"],
        ["pty", "kernel -n -I eth1;x -e 12:02:00:00:00:00:ab -S ''"],
        ["pty", "kernel -n -I eth1 -e 12:02:00:00:00:00:zz -S ''"],
        ["pty", "kernel -n -I eth1 -e x:02:00:00:00:00:aa -S ''"],
        [*KERNEL, "file", "/etc/ppp/options"],
        [*KERNEL, "10.0.0.1:10.0.0.2;reboot"],
    ],
)  # fmt: skip
def test_pppd_is_not_started_with_what_is_not_understood(place, words):
    pool(place[0], "10.0.0.2")
    result = run(place[0], "pppd", "file", f"{place[0]}/etc/default.options", "10.0.0.1:10.0.0.2", *words)
    assert result.returncode == 2
    assert "pppd not started" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["../../etc/x", "", "a b", "x.options/../y"])
def test_only_options_files_of_instances_are_known(place, name):
    result = run(place[0], "pppd", *KERNEL, "file", f"{place[0]}/etc/{name}.options", "10.0.0.1:10.0.0.2")
    assert (result.returncode, result.stdout) == (2, "")
    assert "unknown options file" in result.stderr


@pytest.mark.parametrize(
    ("held", "suggested", "address"),
    [
        ([], "10.0.0.3", "10.0.0.3"),
        (["10.0.0.3"], "10.0.0.3", "10.0.0.2"),
        (["10.0.0.2", "10.0.0.3"], "10.0.0.3", "10.0.0.4"),
        (["10.0.0.2", "10.0.0.3", "10.0.0.4"], "10.0.0.3", None),
        # One that is no longer in the pool, which was changed when this client was dialling.
        ([], "10.0.0.9", "10.0.0.2"),
    ],
)
def test_a_session_gets_an_address_that_no_living_one_has(place, process, held, suggested, address):
    folder = place[0]
    pool(folder, "10.0.0.2", "10.0.0.3", "10.0.0.4")
    living = process()
    for each in held:
        lease(folder, each, living.pid)
    result, words = dial(place, *KERNEL, suggested=suggested)
    if address is None:
        assert (result.returncode, words) == (2, [])
        assert "session 12: living sessions hold every address of the pool of default" in result.stderr
        living.kill()
        living.wait()
        result, words = dial(place, *KERNEL, suggested=suggested)
        assert words[0] == "10.0.0.1:" + suggested
    else:
        assert words[0] == "10.0.0.1:" + address
        assert (folder / "run" / "leases" / address).read_text().endswith(" 12 default\n")


def test_an_address_is_free_when_its_session_is_gone_whatever_has_its_pid_now(place, process):
    folder = place[0]
    pool(folder, "10.0.0.2")
    lease(folder, "10.0.0.2", process().pid, since=1)
    assert dial(place, *KERNEL)[1][0] == "10.0.0.1:10.0.0.2"
    (folder / "run" / "leases" / "10.0.0.2").write_text("")
    assert dial(place, *KERNEL)[1][0] == "10.0.0.1:10.0.0.2"
    zombie = subprocess.Popen(["true"])
    assert ended(zombie.pid)
    lease(folder, "10.0.0.2", zombie.pid)
    assert dial(place, *KERNEL)[1][0] == "10.0.0.1:10.0.0.2"
    zombie.wait()


def test_dials_at_once_get_addresses_of_their_own(place):
    folder, program = place
    addresses = [f"10.0.0.{number}" for number in range(2, 22)]
    pool(folder, *addresses)
    pppd = program("pppd", 'echo "$1"; exec sleep 60 >/dev/null 2>&1\n')
    (folder / "pppd").write_bytes(_pppoe_server_pppd.pppd_script(pppd))
    environment = dict(os.environ, PATH=f"{folder}/bin:{os.environ['PATH']}")
    words = ["sh", str(folder / "pppd"), *KERNEL, "file", f"{folder}/etc/default.options", "10.0.0.1:10.0.0.2"]
    begun = [subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) for _each in range(25)]
    try:
        got = [each.stdout.readline().strip() for each in begun]
        assert sorted(filter(None, got)) == sorted("10.0.0.1:" + address for address in addresses)
        assert got.count("") == 5
    finally:
        for each in begun:
            each.kill()
            each.wait()


def test_what_an_account_with_its_own_address_does_not_need_is_taken_at_last(place, process):
    """The fixed address is seen on the interface that names the pid in /run; no other is taken from its session."""
    folder, program = place
    pool(folder, "10.0.0.2", "10.0.0.3")
    one, other = process(), process()
    lease(folder, "10.0.0.2", one.pid)
    lease(folder, "10.0.0.3", other.pid)
    shown = [(f"test{each.pid}", each.pid, address) for each, address in ((one, "10.0.0.2"), (other, "10.0.0.77"))]
    lines = "".join(
        f"echo '9: {name}    inet 10.0.0.1 peer {address}/32 scope global {name}'\n" for name, _pid, address in shown
    )
    program("ip", lines)
    script = (folder / "pppd").read_text().replace('"/run/" word', f'"{folder}/run/" word')
    (folder / "pppd").write_text(script)
    for name, pid, _address in shown:
        (folder / "run" / f"{name}.pid").write_text(f"{pid}\n")
    assert dial(place, *KERNEL)[1][0] == "10.0.0.1:10.0.0.3"


def test_pppd_is_not_started_if_no_lease_can_be_written(place):
    pool(place[0], "10.0.0.2")
    (place[0] / "run" / "leases").rmdir()
    result, words = dial(place, *KERNEL)
    assert (result.returncode, words) == (2, [])
    assert "no lease can be written" in result.stderr
