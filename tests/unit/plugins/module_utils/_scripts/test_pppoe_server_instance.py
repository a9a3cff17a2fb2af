"""The script that starts an instance and ends it runs here, with stand-ins for the programs that it calls."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_up
from ansible_collections.dialtone.pppoe.tests.support.server_scripts import (
    FOUR,
    KERNEL,
    PS,
    SESSION,
    asked,
    dial,
    ended,
    environment,
    inside,
    living,
    pool,
    run,
    session,
)

# Prints the receiver and the session of each PADT, until no other has come for a second.
LISTEN = """
import socket, struct, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind((sys.argv[1], 0))
wire.settimeout(15)
print("ready", flush=True)
try:
    while True:
        frame = wire.recv(2000)
        if frame[12:16].hex() == "886311a7":
            print(frame[:6].hex(), struct.unpack("!H", frame[16:18])[0], flush=True)
            wire.settimeout(1)
except TimeoutError:
    pass
"""


def test_a_daemon_starts_beside_what_living_sessions_hold(place, process, start):
    folder, program = place
    pool(folder, *FOUR)
    one, other, foreign = session(place, process, "10.0.0.2", 3), session(place, process, "10.0.0.4", 7), process()
    living(program, (one.pid, 3, "10.0.0.2"), (other.pid, 7, "10.0.0.4"), (foreign.pid, 30, "10.0.0.3", "4 5"))
    assert start(4).returncode == 0
    # Of 1-2, 4-6 and 8 on, the last is the first with four in a row. The session manager knows what is free.
    assert asked(folder) == ["7", *FOUR]
    assert dial(place, *KERNEL, suggested="10.0.0.2")[1][0] == "10.0.0.1:10.0.0.3"


def test_slots_beyond_the_pool_are_for_accounts_with_addresses_of_their_own(place, start):
    pool(place[0], *FOUR)
    living(place[1])
    start(6)
    assert asked(place[0])[1:5] == FOUR
    assert len(asked(place[0])) == 7


@pytest.mark.slow
def test_each_daemon_has_ids_that_the_one_before_had_not(place, process, start):
    folder, program = place
    pool(folder, *FOUR)
    living(program)
    offsets = []
    for _each in range(3):
        assert start(4).returncode == 0
        offsets.append(asked(folder)[0])
    assert offsets == ["0", "4", "8"]
    # At the end of the numbers they begin again, beside the living.
    (folder / "run" / "default.ids").write_text("65531 65534\n")
    (folder / "run" / "other.ids").write_text("10 20\n")
    living(program, (process().pid, 5, "10.0.0.2"))
    start(4)
    assert asked(folder)[0] == "0"
    start(4)
    assert asked(folder)[0] == "5"
    start(4)
    assert asked(folder)[0] == "20"


@pytest.mark.parametrize(
    ("busy", "count", "after", "found"),
    [
        ("", 4, 0, "0 4"),
        ("", 65534, 0, "0 65534"),
        ("1 4", 4, 4, "4 4"),
        ("1 4\n9 9", 4, 4, "4 4"),
        ("1 4\n8 8", 4, 4, "8 4"),
        ("65531 65534", 4, 65534, "0 4"),
        ("9 12\n1 4\n3 8", 4, 0, "12 4"),
        # Nowhere is room for so many: the most that there is.
        ("30000 30000", 40000, 0, "30000 35534"),
    ],
)
def test_a_gap_of_ids(place, busy, count, after, found):
    text = (place[0] / "instance").read_text()
    function = "last_id=65534\n" + text[text.index("gap() {") : text.index("# Session ids for a daemon")]
    result = subprocess.run(
        ["sh", "-c", function + f"gap {count} {after}"], input=busy, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == found


@pytest.mark.parametrize(("before", "after"), [(1500, "1508"), (9000, "9000")])
def test_the_mtu_of_an_interface_is_raised_if_it_is_lower(place, before, after):
    text = (place[0] / "instance").read_text()
    function = text[text.index("raise_mtu() {") : text.index("# Of the ids that the lines")]
    wire = f"ip link add eth1 mtu {before} type veth peer name client\n"
    # /sys is that of the namespace where it is mounted.
    script = f"mount -t sysfs none /sys\n{wire}{function}ethernet=1508\nraise_mtu eth1\ncat /sys/class/net/eth1/mtu\n"
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-euc", script], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (after + "\n", "")


def test_a_daemon_waits_for_its_interface(place):
    folder, program = place
    program("sleep", f'echo "$1" >>{folder}/slept\n')
    program("pppoe-server", f"touch {folder}/asked\n")
    result = run(folder, "instance", "start", "default", "lo", "late0.20", "--", "pppoe-server", "-N", "4")
    assert result.returncode == 1
    assert "the interface late0.20 has not appeared in 60 seconds" in result.stderr
    assert sum(map(float, (folder / "slept").read_text().split())) == pytest.approx(60, abs=1)
    assert not (folder / "asked").exists()


@pytest.mark.slow
def test_a_daemon_takes_the_place_of_the_one_before_only_if_it_answers(place, start):
    folder, program = place
    pool(folder, *FOUR)
    living(program)
    start(4)
    pid = int((folder / "run" / "default.pid").read_text())
    os.kill(pid, 0)

    (folder / "broken").touch()
    pool(folder, "10.0.0.8")
    (folder / "run" / "default.pool").write_text("\n".join(FOUR) + "\n")
    result = start(1)
    assert result.returncode == 1
    assert "No such device" in result.stderr
    os.kill(pid, 0)
    assert int((folder / "run" / "default.pid").read_text()) == pid
    assert (folder / "run" / "default.pool").read_text().split() == FOUR

    (folder / "broken").unlink()
    start(1)
    assert ended(pid)
    assert (folder / "run" / "default.pool").read_text().split() == ["10.0.0.8"]


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_what_another_user_calls_a_session_is_none(place):
    """By the real ps: he would hold addresses of the pool with it."""
    folder, _program = place
    options = folder / "etc" / "default.options"
    words = ["rp_pppoe_sess", "5:02:00:00:00:00:01", "nic-eth1", "file", str(options), "10.0.0.1:10.0.0.2"]
    for user, taken in ((65534, False), (0, True)):
        waits = inside(folder, "setpriv", f"--reuid={user}", "sh", "-c", "read _", *words)
        with subprocess.Popen(waits, cwd="/", stdin=subprocess.PIPE) as fake:
            try:
                result = run(folder, "instance", "hangup", "default", "-")
                assert result.returncode == 0, result.stderr
                assert ended(fake.pid) is taken
            finally:
                fake.kill()
    assert (folder / "run").stat().st_mode & 0o777 == 0o700


def test_a_daemon_that_died_takes_no_session_with_it(place):
    folder, program = place
    program("ps", f"touch {folder}/asked\n")
    assert run(folder, "instance", "hangup", "default").returncode == 0
    assert not (folder / "asked").exists()


@pytest.mark.slow
def test_hangup_ends_the_daemon_and_the_sessions_of_its_instance_alone(place, process):
    """A PADT goes to the clients of sessions that this daemon has not begun; it does that for its own."""
    folder, program = place
    own, orphan, foreign, daemon = process(), process(), process(), process()
    mine, other = folder / "etc" / "default.options", folder / "etc" / "other.options"
    text = PS
    for each, parent, number, options in (
        (own, daemon.pid, 1, mine),
        (orphan, 1, 2, mine),
        (foreign, 1, 3, other),
    ):
        alive = f"kill -0 {each.pid} 2>/dev/null && [ \"$(cut -d' ' -f3 /proc/{each.pid}/stat)\" != Z ] && "
        text += alive + SESSION.format(
            space="$here", pid=each.pid, parent=parent, id=number, file=options, address=f"10.0.0.{number}"
        )
    program("ps", text)
    wire = "ip link add eth1 up type veth peer name client && ip link set client up"
    subprocess.run(inside(folder, "sh", "-c", wire), check=True)
    with subprocess.Popen(
        inside(folder, sys.executable, "-c", LISTEN, "client"), stdout=subprocess.PIPE, text=True
    ) as listener:
        assert listener.stdout.readline() == "ready\n"
        result = run(folder, "instance", "hangup", "default", str(daemon.pid))
        sent = listener.stdout.read().split()
    assert result.returncode == 0, result.stderr
    assert own.wait(5) != 0
    assert orphan.wait(5) != 0
    assert daemon.wait(5) != 0
    assert foreign.poll() is None
    assert sent == ["020000000001", "2"]


@pytest.mark.parametrize("version", ["2.4.9", "2.5.2"])
def test_only_the_sessions_of_an_old_pppd_see_another_ip_pre_up(place, start, version):
    folder, program = place
    pool(folder, *FOUR)
    living(program)
    program("pppd", f'echo "pppd version {version}" >&2')
    for path, text in (
        (folder / "ppp" / "ip-pre-up", b"#!/bin/sh\necho host $1\n"),
        (folder / "scripts" / "pppoe-server-ip-pre-up", _pppoe_server_up.pre_up_script()),
        (folder / "scripts" / "pppoe-server-pre-up", b"#!/bin/sh\necho rates $1\n"),
    ):
        path.write_bytes(text)
        path.chmod(0o755)
    for _each in range(2):
        assert start(4).returncode == 0
    pid = (folder / "run" / "default.pid").read_text().strip()
    # Its sessions run the host's script unless the manager says that it has nothing to do.
    said = []
    for words in (["nsenter", f"--mount=/proc/{pid}/ns/mnt"], []):
        for variables in (["DIALTONE_PRE_UP=none"], ["DIALTONE_PRE_UP=none", "DIALTONE_PLANS=only"], []):
            command = [*words, "env", *variables, str(folder / "ppp" / "ip-pre-up"), "ppp0"]
            said.append(
                subprocess.run(command, env=environment(folder), capture_output=True, text=True, check=True).stdout
            )
    assert said[:2] == (["", "rates ppp0\n"] if version == "2.4.9" else ["host ppp0\n"] * 2)
    assert said[2:] == ["host ppp0\n"] * 4
    assert (folder / "run" / "ip-pre-up").exists() == (version == "2.4.9")
    if version == "2.4.9":
        assert (folder / "run" / "ip-pre-up").stat().st_mode & 0o777 == 0o600
    # A script of the administrator's that takes its place is seen at once, by both.
    other = folder / "ppp" / "other"
    other.write_text("#!/bin/sh\necho other\n")
    other.chmod(0o755)
    other.rename(folder / "ppp" / "ip-pre-up")
    command = ["nsenter", f"--mount=/proc/{pid}/ns/mnt", str(folder / "ppp" / "ip-pre-up")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "other\n"
