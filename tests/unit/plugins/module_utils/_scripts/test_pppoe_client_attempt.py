"""The script runs here for real, with an ip, a sleep and a modprobe that only note what they are asked."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_client_attempt

PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >>"$DIALTONE_RUN/asked"
"""


@pytest.fixture
def run(tmp_path):
    for name in ("ip", "sleep", "modprobe"):
        (tmp_path / name).write_text(PROGRAM)
        (tmp_path / name).chmod(0o755)
    script = tmp_path / "attempt"
    # The script sets a PATH of its own, into which the programs must come.
    text = _pppoe_client_attempt.script().decode().replace("PATH=/usr/local/sbin", f"PATH={tmp_path}:/usr/local/sbin")
    script.write_text(text)
    script.chmod(0o755)

    def run(*arguments, status=0, **more):
        environment = {"DIALTONE_RUN": str(tmp_path), **more}
        done = subprocess.run([str(script), *arguments], env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (status, "")
        asked = tmp_path / "asked"
        lines = asked.read_text().splitlines() if asked.exists() else []
        asked.unlink(missing_ok=True)
        return done.stdout, lines

    return run


# The failures before, by pppd's exit status, and the pause that comes of them.
PAUSES = [
    ([], None),
    ([10], 5),
    ([10, 10], 10),
    ([10, 10, 10], 20),
    ([10, 10, 10, 10], 40),
    ([10, 10, 10, 10, 10], 60),
    ([10] * 12, 60),
    ([19], 25),
    ([19, 19], 50),
    ([10] * 4 + [19], 300),
    ([19, 19, 10], 20),
]


@pytest.mark.parametrize(("failures", "seconds"), PAUSES)
def test_pauses_grow(run, failures, seconds):
    for status in failures:
        run("after", "dsl", EXIT_CODE="exited", EXIT_STATUS=str(status))
    said, asked = run("before", "dsl", "5", "60", "eth0")
    assert [line for line in asked if line.startswith("sleep")] == ([f"sleep {seconds}"] if seconds else [])
    assert (f"The next in {seconds} seconds." in said) is bool(seconds)
    assert ("the server refuses the account" in said) is (failures[-1:] == [19])


def test_an_attempt_keeps_the_log_of_the_one_before(run, tmp_path):
    log, before = tmp_path / "pppoe-client-dsl.log", tmp_path / "pppoe-client-dsl.log.before"
    run("before", "dsl", "5", "60", "eth0")
    assert (log.read_text(), before.exists()) == ("", False)
    log.write_text("said\n")
    run("before", "dsl", "5", "60", "eth0")
    assert (log.read_text(), before.read_text()) == ("", "said\n")
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("end", [{"EXIT_CODE": "exited", "EXIT_STATUS": "5"}, {"EXIT_CODE": "killed"}, {}])
def test_hung_up_on_purpose_is_no_failure(run, tmp_path, end):
    run("after", "dsl", EXIT_CODE="exited", EXIT_STATUS="10")
    assert (tmp_path / "pppoe-client-dsl.failures").exists()
    run("after", "dsl", **end)
    assert not (tmp_path / "pppoe-client-dsl.failures").exists()


def test_what_could_not_be_prepared_is_a_failure(run):
    for _attempt in range(2):
        run("after", "dsl", SERVICE_RESULT="exit-code")
    said, asked = run("before", "dsl", "5", "60", "eth0")
    assert "Attempts that failed: 2. The last: it could not be prepared. The next in 10 seconds." in said
    assert asked[0] == "sleep 10"


def test_a_busy_systemd_is_no_hindrance(run, tmp_path):
    notify = tmp_path / "systemd-notify"
    notify.write_text("#!/bin/sh\nexit 1\n")
    notify.chmod(0o755)
    assert "ip link set dev eth0 up" in run("before", "dsl", "5", "60", "eth0", NOTIFY_SOCKET="/nonexistent")[1]


def test_no_pauses_where_none_are_wanted(run):
    run("after", "dsl", EXIT_CODE="exited", EXIT_STATUS="10")
    assert not [line for line in run("before", "dsl", "0", "0", "eth0")[1] if line.startswith("sleep")]


def test_what_is_set_up(run, tmp_path):
    log, note = tmp_path / "pppoe-client-dsl.log", tmp_path / "pppoe-client-dsl.dns"
    log.write_text("Timeout waiting for PADO packets\n")
    note.write_text("\n")
    assert run("before", "dsl", "5", "60", "nic9")[1] == ["modprobe -q pppoe", "ip link set dev nic9 up"]
    assert log.read_text() == ""
    run("before", "other", "5", "60", "nic9")
    assert (tmp_path / "pppoe-client-other.log").stat().st_mode & 0o777 == 0o600
    assert not note.exists()


def test_a_vlan_is_made_and_marked_as_ours(run):
    assert run("before", "dsl", "5", "60", "nic9", "7")[1][2:] == [
        "ip link add link nic9 name nic9.7 type vlan id 7",
        "ip link set dev nic9.7 alias dialtone.pppoe",
        "ip link set dev nic9.7 up",
    ]


def test_an_interface_that_is_not_there_ends_the_attempt(run, tmp_path):
    (tmp_path / "ip").write_text("#!/bin/sh\nexit 1\n")
    run("before", "dsl", "5", "60", "nic9", status=1)


def test_never_two_pppd(run, tmp_path):
    # A process's name is its program's.
    program = tmp_path / "pppd"
    shutil.copy(shutil.which("sleep"), program)
    pid_file = tmp_path / "ppp-pppoe-client-dsl.pid"
    with subprocess.Popen([str(program), "60"]) as process:
        try:
            pid_file.write_text(f"{process.pid}\nppp0\n")
            said, asked = run("before", "dsl", "5", "60", "eth0", status=1)
        finally:
            process.kill()
    assert f"pppd with pid {process.pid} holds the connection dsl already." in said
    assert asked == []
    # Another program has the pid by now.
    pid_file.write_text(f"{os.getpid()}\nppp0\n")
    assert run("before", "dsl", "5", "60", "eth0")[1]
