"""The script between pppoe-server and pppd runs here, with stand-ins for the programs that it calls."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.tests.support.server_scripts import (
    KERNEL,
    PPPD,
    dial,
    ended,
    environment,
    inside,
    interface,
    interface_pid,
    pool,
    run,
    session,
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
        # The options file has the MTU, whatever the client wants: pppd takes the last one that it reads.
        ([*KERNEL, "mru", "1500", "mtu", "1500"], KERNEL),
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
    ("options", "agreed", "given"),
    [
        ("mtu 1500\nmru 1500\n", "1492", ["mtu", "1492", "mru", "1492"]),
        ("mtu 1500\nmru 1500\n", "1496", ["mtu", "1496", "mru", "1496"]),
        ("mtu 1500\nmru 1500\n", "1500", []),
        ("mtu 1500\nmru 1400\n", "1492", ["mtu", "1492"]),
        ("mru 1500\n", "1492", ["mru", "1492"]),
        ("mtu 1492\nmru 1492\n", "1500", []),
        ("mtu 1400\nmru 1400\n", "1492", []),
    ],
)
def test_a_client_has_no_more_than_it_has_asked_for(place, options, agreed, given):
    pool(place[0], "10.0.0.2")
    (place[0] / "etc" / "default.options").write_text(options)
    result, got = dial(place, *KERNEL, "mru", agreed, "mtu", agreed)
    assert result.returncode == 0, result.stderr
    assert got == ["10.0.0.1:10.0.0.2", *KERNEL, *given]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["pty"],
        ["mtu"],
        [*KERNEL, "mtu", "1492x"],
        [*KERNEL, "mtu", ""],
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
    result = run(place[0], PPPD, "file", f"{place[0]}/etc/default.options", "10.0.0.1:10.0.0.2", *words)
    assert result.returncode == 2
    assert "pppd not started" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("relay", "called"),
    [
        (TO_KERNEL.format("", ""), "bras1:"),
        (TO_KERNEL.format("", "fast"), "bras1:fast"),
        (TO_KERNEL.format("", "s" * 57), "bras1:" + "s" * 57),
        (TO_KERNEL.format("", "s" * 58), "bras1"),
        (TO_KERNEL.format("", "a,b"), "bras1"),
        (TO_KERNEL.format("", "a b"), "bras1"),
        (TO_KERNEL.format("", "a=b"), "bras1"),
        (TO_KERNEL.format("", HOSTILE), "bras1"),
    ],
)
def test_radius_is_told_what_session_it_is(place, relay, called):
    """Behind the options file, whose plugin knows these options; in values that its buffer holds."""
    pool(place[0], "10.0.0.2")
    (place[0] / "etc" / "default.options").write_text("plugin radius.so\nset DIALTONE_RADIUS=bras1\n")
    result, got = dial(place, "pty", relay)
    assert result.returncode == 0, result.stderr
    told = got[got.index("remotenumber") :]
    # Its unit is that of no pppd that has not ended: a former one would remove its file of attributes.
    assert got[got.index("remotenumber") - 2 : got.index("remotenumber")] == ["unit", "12"]
    assert told[:3] == ["remotenumber", "02:00:00:00:00:ab", "avpair"]
    assert re.fullmatch("Acct-Multi-Session-Id=[0-9a-f-]{36}", told[3])
    assert told[4:] == ["avpair", "NAS-Port-Id=eth1:12", "avpair", f"Called-Station-Id={called}"]
    assert all(len(word.partition("=")[2]) < 64 for word in told)


def test_radius_is_told_what_the_pools_have(place):
    """Each as one more attribute, for our own FreeRADIUS; a name of a pool has at most 32 characters."""
    pool(place[0], "10.0.0.2")
    long = "p" * 32
    pools = {
        "business": {"addresses": ["10.20.0.2"], "next": None, "options": []},
        "full": {"addresses": [], "next": None, "options": []},
        long: {"addresses": ["255.255.255.254"], "next": None, "options": []},
    }
    (place[0] / "etc" / "default.pools").write_text(json.dumps(pools))
    (place[0] / "etc" / "default.options").write_text("plugin radius.so\nset DIALTONE_RADIUS=bras1\n")
    result, got = dial(place, "pty", TO_KERNEL.format("", "fast"))
    assert result.returncode == 0, result.stderr
    offered = [word for word in got if word.startswith("Framed-Pool=")]
    assert offered == [f"Framed-Pool={one}" for one in (
        "default:10.0.0.2", "business:10.20.0.2", "full:-", f"{long}:255.255.255.254")]  # fmt: skip
    assert "Called-Station-Id=bras1:fast" in got
    assert all(got[got.index(word) - 1] == "avpair" and len(word.partition("=")[2]) < 64 for word in offered)
    assert not any("offers" in word for word in got)


@pytest.mark.parametrize("name", ["../../etc/x", "", "a b", "x.options/../y"])
def test_only_options_files_of_instances_are_known(place, name):
    result = run(place[0], PPPD, *KERNEL, "file", f"{place[0]}/etc/{name}.options", "10.0.0.1:10.0.0.2")
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
    pool(place[0], "10.0.0.2", "10.0.0.3", "10.0.0.4")
    living = [session(place, process, each) for each in held]
    result, words = dial(place, *KERNEL, suggested=suggested)
    if address is None:
        assert (result.returncode, words) == (2, [])
        assert "session 12: living sessions hold every address of the pool of default" in result.stderr
        living[-1].kill()
        living[-1].wait()
        result, words = dial(place, *KERNEL, suggested=suggested)
        assert words[0] == "10.0.0.1:" + held[-1]
    else:
        assert words[0] == "10.0.0.1:" + address


def test_an_address_is_free_when_its_session_has_ended(place, process):
    """Also if its parent has not noticed yet."""
    pool(place[0], "10.0.0.2")
    living = session(place, process, "10.0.0.2")
    assert dial(place, *KERNEL)[1] == []
    living.kill()
    assert ended(living.pid)
    assert dial(place, *KERNEL)[1][0] == "10.0.0.1:10.0.0.2"


def test_what_an_interface_has_is_not_free(place, process):
    """A fixed address of an account, that of another server's session, and one of the host's own."""
    folder = place[0]
    pool(folder, *(f"10.0.0.{number}" for number in range(2, 7)))
    one = session(place, process, "10.0.0.2")
    dial(place, *KERNEL)
    interface(folder, "d1", "10.0.0.1", "10.0.0.3", one.pid)
    interface(folder, "d2", "10.0.0.1", "10.0.0.4", None)
    interface(folder, "d3", "10.0.0.5", None, None)
    # What the session was given is free, since it has another one.
    got = [dial(place, *KERNEL, suggested=f"10.0.0.{number}")[1][0] for number in (3, 4, 5, 6)]
    assert got[-1] == "10.0.0.1:10.0.0.6"
    assert set(got) == {"10.0.0.1:10.0.0.2", "10.0.0.1:10.0.0.6"}


@pytest.mark.parametrize("what", ["run", "manager.pid", "ask", "answers", "killed", "stopped"])
def test_nothing_that_is_taken_away_gives_an_address_to_two(place, process, what):
    folder = place[0]
    pool(folder, "10.0.0.2", "10.0.0.3", "10.0.0.4")
    session(place, process, "10.0.0.2")
    fixed = session(place, process, "10.0.0.9")
    interface(folder, "d1", "10.0.0.1", "10.0.0.3", fixed.pid)
    assert dial(place, *KERNEL)[1][0] == "10.0.0.1:10.0.0.4"
    manager = int((folder / "run" / "manager.pid").read_text().split()[0])
    if what == "killed":
        os.kill(manager, signal.SIGKILL)
    elif what == "stopped":
        run(folder, "scripts/pppoe-server-manager", "stop", shell=sys.executable)
    elif what == "run":
        for path in (folder / "run").iterdir():
            subprocess.run(["rm", "-r", str(path)], check=True)
        interface_pid(folder, "d1", fixed.pid)
    else:
        subprocess.run(["rm", "-r", str(folder / "run" / what)], check=True)
    for _each in range(3):
        assert dial(place, *KERNEL, suggested="10.0.0.3")[1][0] == "10.0.0.1:10.0.0.4"


@pytest.mark.slow
def test_dials_at_once_get_addresses_of_their_own(place):
    folder, program = place
    addresses = [f"10.0.0.{number}" for number in range(2, 42)]
    pool(folder, *addresses)
    program("real", 'echo "$1"; exec -a pppd sleep 60 "$@" >/dev/null 2>&1\n')
    Path(folder / "bin" / "real").write_text('#!/bin/bash\necho "$1"\nexec 1>&-\nexec -a pppd sh -c "read _" "$@"\n')
    words = ["file", f"{folder}/etc/default.options", "10.0.0.1:10.0.0.2"]
    begun = []
    for number in range(25):
        kernel = [*KERNEL[:-1], f"{number + 1}:02:00:00:00:00:{number:02x}"]
        begun.append(
            subprocess.Popen(
                inside(folder, "sh", str(folder / PPPD), *kernel, *words),
                env=environment(folder) | {"PPPOE_SERVER_PPPD": f"{folder}/bin/real"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
    try:
        got = [each.stdout.readline().strip() for each in begun]
        assert len(set(got)) == 25
        assert set(got) <= {"10.0.0.1:" + address for address in addresses}
    finally:
        for each in begun:
            each.kill()
            each.wait()


def test_a_dial_starts_no_program_but_pppd(place):
    """Once the manager runs. One process, and two programs: the script and what it becomes."""
    folder = place[0]
    pool(folder, "10.0.0.2")
    (folder / "run" / "default.ids").write_text("1 20\n")
    assert dial(place, *KERNEL)[0].returncode == 0
    options = ["file", f"{folder}/etc/default.options", "10.0.0.1:10.0.0.2"]
    words = ["strace", "-f", "-qq", "-o", str(folder / "trace"), "-e", "trace=execve,fork,vfork,clone,clone3"]
    words += [folder / PPPD, *KERNEL, *options]
    (folder / PPPD).chmod(0o755)
    program = environment(folder) | {"PPPOE_SERVER_PPPD": "/bin/echo"}
    done = subprocess.run(inside(folder, *map(str, words)), env=program, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("10.0.0.1:10.0.0.2 set ")
    calls = [line.split(maxsplit=1)[1] for line in (folder / "trace").read_text().splitlines()]
    assert [call.split(",")[0] for call in calls] == [f'execve("{folder / PPPD}"', 'execve("/bin/echo"']


def test_pppd_is_not_started_without_a_manager(place):
    pool(place[0], "10.0.0.2")
    (place[0] / "scripts" / "pppoe-server-manager").unlink()
    result, words = dial(place, *KERNEL)
    assert (result.returncode, words) == (2, [])
    assert "session 12: the session manager does not run" in result.stderr


def test_a_pool_that_is_missing_or_empty_is_that_of_the_configuration(place):
    """As a start of the instance that was killed, or a full /run, could have left it."""
    folder = place[0]
    pool(folder, "10.0.0.2")
    (folder / "run" / "default.pool").write_text("")
    assert dial(place, *KERNEL)[1][0] == "10.0.0.1:10.0.0.2"
    (folder / "run" / "default.pool").unlink()
    assert dial(place, *KERNEL)[1][0] == "10.0.0.1:10.0.0.2"


def test_pppd_and_the_scripts_that_it_runs_have_the_usual_umask(place):
    """Their files are none of ours, which are closed to others."""
    folder, program = place
    pool(folder, "10.0.0.2")
    program("pppd", f"umask >{folder}/umask\n")
    dial(place, *KERNEL)
    assert (folder / "umask").read_text().strip() in ("022", "0022")
