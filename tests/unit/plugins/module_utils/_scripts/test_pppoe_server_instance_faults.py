"""Starts of an instance that are killed, run twice at once, or find a host in a bad state."""

from __future__ import annotations

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.tests.support.server_scripts import (
    FOUR,
    KERNEL,
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
