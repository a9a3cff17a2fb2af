"""The scripts themselves run here, with stand-ins for the programs they call: ps, ip, pppd, pppoe-server."""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils import _server_scripts


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the scripts in it and ``program(name, text)`` to put a stand-in on PATH."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "etc").mkdir()

    def program(name, text):
        path = tmp_path / "bin" / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    arguments = program("pppd", 'for word in "$@"; do printf "%s\\n" "$word"; done\n')
    program("ip", "exit 0\n")
    program("modprobe", "exit 1\n")
    program("logger", "exit 0\n")
    monkeypatch.setattr(_server_scripts, "CONFIGURATION", str(tmp_path / "etc"))
    monkeypatch.setattr(_server_scripts, "STATE", str(tmp_path / "run"))
    (tmp_path / "instance").write_bytes(_server_scripts.instance_script())
    (tmp_path / "pppd").write_bytes(_server_scripts.pppd_script(arguments))
    return tmp_path, program


def run(place, script, *arguments):
    environment = dict(os.environ, PATH="{}:{}".format(place / "bin", os.environ["PATH"]))
    return subprocess.run(
        ["sh", str(place / script), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


RELAY = "/usr/sbin/pppoe -n -I eth1 -e 12:02:00:00:00:00:ab{} -S '{}'"
KERNEL = ["plugin", "pppoe.so", "nic-eth1", "rp_pppoe_sess", "12:02:00:00:00:00:ab"]


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["pty", RELAY.format("", ""), "file", "/o", "a:b", "nodetach"], [*KERNEL, "file", "/o", "a:b", "nodetach"]),
        (["pty", RELAY.format("", "fast $(reboot) *"), "sync"], KERNEL),
        (["pty", RELAY.format(" -T 60 -m 1412", "x"), "mru", "1492", "mtu", "1492"], KERNEL),
        (
            ["plugin", "pppoe.so", "nic-e", "mru", "1500", "mtu", "1500"],
            ["plugin", "pppoe.so", "nic-e", "mru", "1500", "mtu", "1500"],
        ),
        (["ipparam", "two  words", "*", ""], ["ipparam", "two  words", "*", ""]),
    ],
)  # fmt: skip
def test_pppd_gets_the_kernel_in_the_place_of_the_relay(place, words, given):
    result = run(place[0], "pppd", *words)
    assert result.stdout.split("\n")[:-1] == given
    assert result.returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        ["pty"],
        ["mtu"],
        ["pty", "/bin/sh -c reboot"],
        ["pty", "/usr/sbin/pppoe -n -I eth1 -S 'x'"],
        ["pty", "/usr/sbin/pppoe -n -I eth1;x -e 12:02:00:00:00:00:ab -S ''"],
        ["pty", "/usr/sbin/pppoe -n -I eth1 -e 12:02:00:00:00:00:zz -S ''"],
        ["pty", "/usr/sbin/pppoe -n -I eth1 -e x:02:00:00:00:00:aa -S ''"],
    ],
)
def test_pppd_is_not_started_with_what_is_not_understood(place, words):
    result = run(place[0], "pppd", *words)
    assert result.returncode == 2
    assert "pppd not started" in result.stderr
    assert result.stdout == ""


KEPT = "/usr/sbin/pppd plugin pppoe.so nic-eth1 rp_pppoe_sess {}:02:00:00:00:00:01 file /o/x 10.0.0.1:10.0.0.2"
RELAYED = (
    "/usr/sbin/pppd pty /usr/sbin/pppoe -n -I eth1 -e {}:02:00:00:00:00:02 -S  file /o/x 10.0.0.1:10.0.0.4 nodetach"
)
ELSEWHERE = "/usr/sbin/pppd plugin pppoe.so nic-eth1 rp_pppoe_sess 3:02:00:00:00:00:03 file /o/x 10.0.0.1:10.0.0.3"
# The first column is the PID namespace: 4 is ours, 5 a container's.
PS = """case "$*" in *"-p "*) echo 4; exit ;; esac
"""
LIVING = f"""echo '4  7 {KEPT}'
echo '4  8 {RELAYED}'
echo '4  9 /usr/sbin/pppd call uplink'
echo '5 10 {ELSEWHERE}'
"""


@pytest.mark.parametrize(
    ("living", "offset", "pool"),
    [
        ("", 0, ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]),
        (LIVING.format(1, 2), 2, ["10.0.0.3", "10.0.0.5"]),
        (LIVING.format(2, 1), 2, ["10.0.0.3", "10.0.0.5"]),
        # Two addresses are left, so two ids in a row are needed: 2 and 3.
        (LIVING.format(1, 4), 1, ["10.0.0.3", "10.0.0.5"]),
        (LIVING.format(2, 5), 2, ["10.0.0.3", "10.0.0.5"]),
        (LIVING.format(9, 30), 0, ["10.0.0.3", "10.0.0.5"]),
    ],
)
def test_a_daemon_starts_beside_what_living_sessions_hold(place, living, offset, pool):
    folder, program = place
    program("ps", PS + living)
    server = program("pppoe-server", 'echo "$@"\n')
    (folder / "etc" / "default.pool").write_text("10.0.0.2\n10.0.0.3\n10.0.0.4\n10.0.0.5\n")
    result = run(folder, "instance", "start", "default", "lo", "--", server, "-F")
    assert result.stdout == f"-F -o {offset} -p {folder}/run/default.pool\n"
    assert (folder / "run" / "default.pool").read_text().split() == pool


def test_a_full_pool_is_waited_for(place):
    folder, program = place
    flag = folder / "ended"
    program("ps", PS + f'[ -e "{flag}" ] || {{ touch "{flag}"; {LIVING.format(1, 2)} }}\n')
    server = program("pppoe-server", 'echo "$@"\n')
    (folder / "etc" / "default.pool").write_text("10.0.0.2\n10.0.0.4\n")
    result = run(folder, "instance", "start", "default", "lo", "--", server)
    assert "every address" in result.stderr
    assert "-o 0" in result.stdout


def test_a_daemon_that_died_takes_no_session_with_it(place):
    folder, program = place
    program("ps", f"touch {folder}/asked\n")
    assert run(folder, "instance", "hangup", "default").returncode == 0
    assert not (folder / "asked").exists()


def test_hangup_ends_the_daemon_and_the_sessions_of_its_instance_alone(place):
    folder, program = place
    sleepers = [subprocess.Popen(["sleep", "30"]) for index in range(3)]
    line = "echo 4 {} pppd nic-eth1 {}:02:00:00:00:00:01 file {} 10.0.0.1:10.0.0.{}"
    mine, other = folder / "etc" / "default.options", folder / "etc" / "other.options"
    session, foreign, daemon = sleepers
    program(
        "ps",
        PS + f"kill -0 {session.pid} 2>/dev/null && [ \"$(cut -d' ' -f3 /proc/{session.pid}/stat)\" != Z ] && "
        f"{line.format(session.pid, 1, mine, 2)}\n{line.format(foreign.pid, 2, other, 3)}\n",
    )
    try:
        result = run(folder, "instance", "hangup", "default", str(daemon.pid))
        assert result.returncode == 0, result.stderr
        assert session.wait(5) != 0
        assert daemon.wait(5) != 0
        assert foreign.poll() is None
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
