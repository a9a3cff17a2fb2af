"""The script that starts an instance and ends it runs here, with stand-ins for the programs that it calls."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.tests.support.server_scripts import (
    KERNEL,
    PS,
    SESSION,
    asked,
    dial,
    ended,
    environment,
    inside,
    interface,
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
FOUR = ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]


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


def daemons(folder) -> list[int]:
    """The pppoe-server of this folder that live, whoever started them."""
    return processes(folder, 0, "bin/pppoe-server")


def processes(folder, place, name) -> list[int]:
    """The processes with a program of this folder at this place in their command."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[place : place + 1] == [f"{folder}/{name}".encode()]:
            found.append(int(entry.name))
    return found


def pid_of(folder) -> int:
    return int((folder / "run" / "default.pid").read_text())


@pytest.mark.slow
def test_systemd_hears_which_process_is_the_daemon(place, start, monkeypatch):
    folder, program = place
    pool(folder, *FOUR)
    living(program)
    program("systemd-notify", f'echo "$@" >>{folder}/heard\n')
    start(4)
    assert not (folder / "heard").exists()
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    start(4)
    assert (folder / "heard").read_text() == f"MAINPID={pid_of(folder)} READY=1\n"
    # Neither the daemon nor what it starts may speak for the unit.
    for each in [*daemons(folder), *processes(folder, 2, "scripts/pppoe-server-manager")]:
        with suppress(ProcessLookupError):  # It has ended.
            assert b"NOTIFY_SOCKET" not in Path(f"/proc/{each}/environ").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("socket", [None, "/run/systemd/notify"])
def test_a_daemon_that_is_killed_before_the_script_ends_is_no_success(place, start, monkeypatch, socket):
    folder, program = place
    pool(folder, *FOUR)
    living(program)
    start(4)
    former = pid_of(folder)
    # Until it is a zombie at most, whose command line is empty.
    kill = (
        f"pid=$(cat {folder}/run/default.pid); kill -9 $pid; "
        "while tr -d '\\0' </proc/$pid/cmdline | grep -q .; do sleep 0.05; done 2>/dev/null"
    )
    if socket:
        monkeypatch.setenv("NOTIFY_SOCKET", socket)
        program("systemd-notify", f"{kill}\n")
    else:
        program("mv", f'/bin/mv "$@"; case "$2" in *default.pid) {kill} ;; esac\n')
    result = start(4)
    assert (result.returncode, "has ended as soon as it answered" in result.stderr) == (1, True)
    assert [pid for pid in daemons(folder) if not ended(pid)] == [former]


def test_every_daemon_but_the_new_one_ends(place, start):
    folder, program = place
    pool(folder, *FOUR)
    living(program)
    (folder / "run" / "default.started").write_text("of an earlier version\n")
    # A script that was killed has left a daemon that nobody knows.
    for _each in range(2):
        assert start(4).returncode == 0
        (folder / "run" / "default.pid").unlink()
    by_hand = f"{folder}/bin/pppoe-server -O {folder}/etc/default.options -N 4 &"
    subprocess.run(inside(folder, "sh", "-c", by_hand), check=True)
    assert start(4).returncode == 0
    assert [pid for pid in daemons(folder) if not ended(pid)] == [pid_of(folder)]
    assert not (folder / "run" / "default.started").exists()
    # What another instance runs stays.
    pool(folder, *FOUR, name="other")
    assert start(4, "other").returncode == 0
    assert len(daemons(folder)) == 2


@pytest.mark.slow
def test_two_starts_at_once_leave_one_daemon(place, start):
    folder, program = place
    pool(folder, *FOUR)
    living(program)
    start(4)
    with ThreadPoolExecutor() as pool_of_threads:
        done = list(pool_of_threads.map(start, [4, 4, 4]))
    assert [each.returncode for each in done] == [0, 0, 0]
    assert [pid for pid in daemons(folder) if not ended(pid)] == [pid_of(folder)]


@pytest.mark.slow
def test_hangup_ends_every_daemon_of_the_instance(place, start):
    folder, program = place
    pool(folder, *FOUR)
    living(program)
    start(4)
    by_hand = f"{folder}/bin/pppoe-server -O {folder}/etc/default.options -N 4 &"
    subprocess.run(inside(folder, "sh", "-c", by_hand), check=True)
    assert run(folder, "instance", "hangup", "default", str(pid_of(folder))).returncode == 0
    assert all(map(ended, daemons(folder)))


@pytest.mark.slow
@pytest.mark.parametrize("kept", [None, b""])
def test_state_that_is_missing_or_empty_is_made_anew(place, start, kept):
    folder, program = place
    pool(folder, *FOUR)
    living(program)
    start(4)
    for name in ("pool", "ids", "slots", "pid"):
        path = folder / "run" / f"default.{name}"
        path.unlink()
        if kept is not None:
            path.write_bytes(kept)
    assert start(4).returncode == 0
    assert (folder / "run" / "default.pool").read_text().split() == FOUR
    assert asked(folder)[1:] == FOUR
    assert [pid for pid in daemons(folder) if not ended(pid)] == [pid_of(folder)]


def test_a_ps_that_fails_is_no_host_without_sessions(place, start):
    folder, program = place
    pool(folder, *FOUR)
    for text in ("exit 1\n", "exit 0\n"):
        program("ps", text)
        failed = start(4)
        assert (failed.returncode, failed.stderr) == (1, "pppoe-server default: ps does not tell which sessions live\n")
        assert daemons(folder) == []
        failed = run(folder, "instance", "hangup", "default", "-")
        assert (failed.returncode, "ps does not tell" in failed.stderr) == (1, True)


def test_only_root_can_open_the_database_of_pppd(place, start):
    folder, program = place
    pool(folder, *FOUR)
    living(program)
    (folder / "run" / "ppp").mkdir()
    (folder / "run" / "ppp" / "pppd2.tdb").write_bytes(b"TDB file\n")
    (folder / "run" / "ppp" / "pppd2.tdb").chmod(0o644)
    before = os.umask(0)
    try:
        start(4)
    finally:
        os.umask(before)
    for path in ("pppd2.tdb", "ppp/pppd2.tdb"):
        assert (folder / "run" / path).stat().st_mode & 0o777 == 0o600
    assert (folder / "run" / "ppp" / "pppd2.tdb").read_bytes() == b"TDB file\n"
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (folder / "run").iterdir() if path.is_file()}
    assert set(modes.values()) == {"0o600"}, modes


FULL = """
mount -t tmpfs -o size=64k none {folder}/run
chmod 700 {folder}/run
sh {folder}/instance start default lo -- {command} || exit 9
cat /dev/zero >{folder}/run/fill 2>/dev/null
cp {folder}/etc/larger.pool {folder}/etc/default.pool
sh {folder}/instance start default lo -- {command}
echo "$? $(cat {folder}/run/default.pool | tr '\\n' ' ')"
rm {folder}/run/fill
sh {folder}/instance start default lo -- {command}
echo "$? $(wc -l <{folder}/run/default.pool) $(cat {folder}/run/default.pid)"
"""


@pytest.mark.slow
def test_a_full_run_leaves_what_there_was_and_the_next_start_goes_on(place, start):
    folder, program = place
    pool(folder, *FOUR)
    pool(folder, *(f"10.1.{high}.{low}" for high in range(4) for low in range(100)), name="larger")
    living(program)
    command = f"{folder}/bin/pppoe-server -O {folder}/etc/default.options -N 4"
    script = FULL.format(folder=folder, command=command)
    words = inside(folder, "unshare", "-m", "sh", "-c", script)
    done = subprocess.run(words, env=environment(folder), capture_output=True, text=True)
    try:
        lines = done.stdout.splitlines()
        assert lines[0] == "1 " + " ".join(FOUR) + " ", done
        assert "files in" in done.stderr
        status, count, pid = lines[1].split()
        assert (status, count) == ("0", "400")
        assert [each for each in daemons(folder) if not ended(each)] == [int(pid)]
    finally:
        # The session manager has its files where nobody else finds them.
        for each in [*daemons(folder), *processes(folder, 2, "scripts/pppoe-server-manager")]:
            os.kill(each, signal.SIGKILL)


def test_outside_of_a_unit_it_gets_a_scope_of_its_own(place):
    folder, program = place
    (folder / "run" / "systemd" / "system").mkdir(parents=True)
    # systemd 252 knows no OOMPolicy of scopes.
    program("systemd-run", f'echo "$@" >>{folder}/asked; case "$*" in *OOMPolicy*) exit 1 ;; esac\n')
    assert run(folder, "instance", "start", "default", "lo", "--", "pppoe-server", "-N", "4").returncode == 0
    lines = (folder / "asked").read_text().splitlines()
    assert ["OOMPolicy=continue" in line for line in lines] == [True, False, False]
    words = lines[-1].split()
    assert {"--scope", "--collect", "--property=TasksMax=infinity"} <= set(words)
    assert words[-7:] == ["start", "default", "lo", "--", "pppoe-server", "-N", "4"]


# bash tells each command before it runs it, in functions and subshells too: the place to kill the script (not what it
# has started).
STEP = """
set -o functrace
step=0
trap 'step=$((step + 1)); [ "$step" -lt "$KILL_AT" ] || kill -KILL $$' DEBUG
"""


def killed_at(folder, step: int, command: list[str]) -> bool:
    """Start the instance and kill the script before its command number ``step``; ``False`` if it ended before."""
    (folder / "step").write_text(STEP)
    values = environment(folder) | {"BASH_ENV": str(folder / "step"), "KILL_AT": str(step)}
    words = inside(folder, "bash", f"{folder}/instance", "start", "default", "lo", "--", *command)
    done = subprocess.run(words, env=values, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    return done.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_a_start_that_is_killed_anywhere_is_repaired_by_the_next(place, process, start):
    """Every 29th command, or as DIALTONE_KILL_STEPS says: with 1 each of them."""
    kill_everywhere(place, process, start, range(1, 1000, int(os.environ.get("DIALTONE_KILL_STEPS", "29"))))


def kill_everywhere(place, process, start, steps):
    folder, program = place
    pool(folder, *FOUR)
    alive = session(place, process, "10.0.0.2", 3)
    living(program, (alive.pid, 3, "10.0.0.2"))
    interface(folder, "d1", "10.0.0.1", "10.0.0.2", alive.pid)
    command = [f"{folder}/bin/pppoe-server", "-O", f"{folder}/etc/default.options", "-N", "4"]
    start(4)
    for step in steps:
        if not killed_at(folder, step, command):
            break
        # At each moment there is a pool for those who dial, and a daemon.
        assert (folder / "run" / "default.pool").read_text().split() == FOUR, step
        assert daemons(folder), step
        assert dial(place, *KERNEL)[1][0] != "10.0.0.1:10.0.0.2", step
        again = start(4)
        assert again.returncode == 0, (step, again.stderr)
        assert [pid for pid in daemons(folder) if not ended(pid)] == [pid_of(folder)], step
        assert asked(folder)[1:] == FOUR, step
        assert not list((folder / "run").glob("*.part")), step
    else:
        pytest.fail("the script did not come to its end")
    assert step > 50
    print(f"killed at {len(steps[: steps.index(step)])} of {step - 1} commands")
    assert alive.poll() is None
