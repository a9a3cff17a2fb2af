"""The script runs here for real, with an ip, a sleep and a modprobe that only note what they are asked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_client_attempt
from ansible_collections.dialtone.pppoe.tests.support.programs import stand_in

PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >>"$DIALTONE_RUN/asked"
"""
UNTOUCHED = ("dsl", "0", "0", "eth0", "-")


@pytest.fixture
def run(tmp_path):
    for name in ("ip", "sleep", "modprobe", "pppd"):
        stand_in(tmp_path / name, PROGRAM)
    (tmp_path / "peers").mkdir()
    for name in ("dsl", "other"):
        (tmp_path / "peers" / name).write_text(f"# {name}\n")
    script = stand_in(tmp_path / "attempt", _pppoe_client_attempt.script().decode())

    def run(*arguments, status=0, **more):
        environment = {
            "DIALTONE_RUN": str(tmp_path), "DIALTONE_PATH": f"{tmp_path}:/usr/bin:/bin",
            "DIALTONE_INTERFACES": str(tmp_path / "net"), "DIALTONE_PEERS": str(tmp_path / "peers"),
            "DIALTONE_PPPOE": str(tmp_path / "pppoe"), **more,
        }  # fmt: skip
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
        run("after", "dsl", "5", EXIT_CODE="exited", EXIT_STATUS=str(status))
    said, asked = run("dial", "dsl", "5", "60", "eth0", "-")
    assert [line for line in asked if line.startswith("sleep")] == ([f"sleep {seconds}"] if seconds else [])
    assert (f"The next in {seconds} seconds." in said) is bool(seconds)
    assert ("the server refuses the account" in said) is (failures[-1:] == [19])


def test_an_attempt_keeps_the_log_of_the_one_before(run, tmp_path):
    log, before = tmp_path / "pppoe-client-dsl.log", tmp_path / "pppoe-client-dsl.log.before"
    run("dial", "dsl", "5", "60", "eth0", "-")
    assert (log.read_text(), before.exists()) == ("", False)
    log.write_text("said\n")
    run("dial", "dsl", "5", "60", "eth0", "-")
    assert (log.read_text(), before.read_text()) == ("", "said\n")
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("seconds", "pause"), [(0, 5), (2, 5), (5, None), (900, None)])
def test_a_link_that_has_stayed_up_is_dialled_again_at_once(run, tmp_path, seconds, pause):
    uptime = int(float(Path("/proc/uptime").read_text().split()[0]))
    (tmp_path / "pppoe-client-dsl.up").write_text(f"{uptime - seconds}\n")
    run("after", "dsl", "5", EXIT_CODE="exited", EXIT_STATUS="15")
    _said, asked = run("dial", "dsl", "5", "60", "eth0", "-")
    assert [line for line in asked if line.startswith("sleep")] == ([f"sleep {pause}"] if pause else [])
    assert not (tmp_path / "pppoe-client-dsl.up").exists()


def test_it_becomes_pppd_with_the_options(run, tmp_path):
    asked = run("dial", "dsl", "0", "0", "eth0", "-", "persist", "maxfail", "0")[1]
    assert asked[-1] == "pppd call dsl persist maxfail 0"
    assert (tmp_path / "pppoe-client-dsl.started").read_text() == "# dsl\n"


@pytest.mark.parametrize("vlan", [[], ["7"]])
def test_a_unit_of_a_former_version_still_dials(run, tmp_path, vlan):
    run("after", "dsl", EXIT_CODE="exited", EXIT_STATUS="16")
    said, asked = run("before", "dsl", "5", "60", "eth0", *vlan)
    assert "The next in 5 seconds." in said
    assert asked[:3] == ["sleep 5", "modprobe -q pppoe", "ip link set dev eth0 up"]
    assert not [line for line in asked if line.startswith("pppd")]
    assert (tmp_path / "pppoe-client-dsl.started").exists()


def test_an_interface_that_is_up_and_a_kernel_that_has_pppoe_are_left_alone(run, tmp_path):
    for name, flags in (("eth0", "0x1003"), ("eth1", "0x1002")):
        (tmp_path / "net" / name).mkdir(parents=True)
        (tmp_path / "net" / name / "flags").write_text(flags + "\n")
    (tmp_path / "pppoe").touch()
    assert run("dial", "dsl", "0", "0", "eth0", "-")[1] == ["pppd call dsl"]
    assert run("dial", "dsl", "0", "0", "eth1", "-")[1] == ["ip link set dev eth1 up", "pppd call dsl"]


@pytest.mark.parametrize(("mtu", "raised"), [("1500", True), ("1508", False), ("9000", False)])
def test_the_mtu_of_the_interface_is_raised_if_it_is_lower(run, tmp_path, mtu, raised):
    (tmp_path / "net" / "eth0").mkdir(parents=True)
    (tmp_path / "net" / "eth0" / "flags").write_text("0x1003\n")
    (tmp_path / "net" / "eth0" / "mtu").write_text(mtu + "\n")
    (tmp_path / "pppoe").touch()
    done = run("dial", "dsl", "0", "0", "eth0", "-", "ethernet-mtu=1508", "nodetach")[1]
    assert done == [*(["ip link set dev eth0 mtu 1508"] if raised else []), "pppd call dsl nodetach"]


def test_a_log_that_a_server_fills_has_an_end(run, tmp_path):
    (tmp_path / "pppd").write_text(
        "#!/bin/sh\nexec 3>>$DIALTONE_RUN/pppoe-client-dsl.log\n"
        "head -c 20000000 /dev/zero >&3 2>/dev/null && exit 1\n"
        "ulimit -S -f >$DIALTONE_RUN/limit\nulimit -H -f >>$DIALTONE_RUN/limit\n"
    )
    run(*("dial", *UNTOUCHED))
    size = (tmp_path / "pppoe-client-dsl.log").stat().st_size
    assert 0 < size <= 16 << 20
    assert (tmp_path / "limit").read_text() == "16384\nunlimited\n"


@pytest.mark.parametrize("there", [None, 0o644])
def test_the_database_of_pppd_is_closed_to_others_before_it_runs(run, tmp_path, there):
    database = tmp_path / "pppd2.tdb"
    if there is not None:
        database.write_bytes(b"TDB file\n")
        database.chmod(there)
    run(*("dial", *UNTOUCHED))
    assert database.stat().st_mode & 0o777 == 0o600
    assert database.read_bytes() == (b"" if there is None else b"TDB file\n")


@pytest.mark.parametrize("end", [{"EXIT_CODE": "exited", "EXIT_STATUS": "5"}, {"EXIT_CODE": "killed"}, {}])
def test_hung_up_on_purpose_is_no_failure(run, tmp_path, end):
    run("after", "dsl", "5", EXIT_CODE="exited", EXIT_STATUS="10")
    assert (tmp_path / "pppoe-client-dsl.failures").exists()
    run("after", "dsl", "5", **end)
    assert not (tmp_path / "pppoe-client-dsl.failures").exists()


def test_what_could_not_be_prepared_is_a_failure(run):
    for _attempt in range(2):
        run("after", "dsl", "5", EXIT_CODE="exited", EXIT_STATUS="100")
    said, asked = run("dial", "dsl", "5", "60", "eth0", "-")
    assert "Attempts that failed: 2. The last: it could not be prepared. The next in 10 seconds." in said
    assert asked[0] == "sleep 10"


def test_a_busy_systemd_is_no_hindrance(run, tmp_path):
    stand_in(tmp_path / "systemd-notify", "exit 1\n")
    assert "ip link set dev eth0 up" in run("dial", "dsl", "5", "60", "eth0", "-", NOTIFY_SOCKET="/nonexistent")[1]


def test_no_pauses_where_none_are_wanted(run):
    run("after", "dsl", "5", EXIT_CODE="exited", EXIT_STATUS="10")
    assert not [line for line in run("dial", "dsl", "0", "0", "eth0", "-")[1] if line.startswith("sleep")]


def test_what_is_set_up(run, tmp_path):
    log, note = tmp_path / "pppoe-client-dsl.log", tmp_path / "pppoe-client-dsl.dns"
    log.write_text("Timeout waiting for PADO packets\n")
    note.write_text("\n")
    assert run("dial", "dsl", "5", "60", "nic9", "-")[1] == [
        "modprobe -q pppoe",
        "ip link set dev nic9 up",
        "pppd call dsl",
    ]
    assert log.read_text() == ""
    run("dial", "other", "5", "60", "nic9", "-")
    assert (tmp_path / "pppoe-client-other.log").stat().st_mode & 0o777 == 0o600
    assert not note.exists()


def test_a_vlan_is_made_and_marked_as_ours(run):
    assert run("dial", "dsl", "5", "60", "nic9", "7")[1][2:-1] == [
        "ip link add link nic9 name nic9.7 type vlan id 7",
        "ip link set dev nic9.7 alias dialtone.pppoe",
        "ip link set dev nic9.7 up",
    ]


def test_an_interface_that_is_not_there_ends_the_attempt(run, tmp_path):
    (tmp_path / "ip").write_text("#!/bin/sh\nexit 1\n")
    run("dial", "dsl", "5", "60", "nic9", "-", status=100)


def test_never_two_pppd(run, tmp_path):
    # A process's name is its program's.
    program = tmp_path / "living" / "pppd"
    program.parent.mkdir()
    shutil.copy(shutil.which("sleep"), program)
    pid_file = tmp_path / "ppp-pppoe-client-dsl.pid"
    with subprocess.Popen([str(program), "60"]) as process:
        try:
            pid_file.write_text(f"{process.pid}\nppp0\n")
            said, asked = run("dial", "dsl", "5", "60", "eth0", "-", status=100)
        finally:
            process.kill()
    assert f"pppd with pid {process.pid} holds the connection dsl already." in said
    assert asked == []
    # Another program has the pid by now.
    pid_file.write_text(f"{os.getpid()}\nppp0\n")
    assert run("dial", "dsl", "5", "60", "eth0", "-")[1]


def test_pppd_and_the_scripts_that_it_runs_have_the_usual_umask(run, tmp_path):
    (tmp_path / "pppd").write_text(f"#!/bin/sh\numask >{tmp_path}/umask\n")
    run("dial", "dsl", "0", "0", "eth0", "-")
    assert (tmp_path / "umask").read_text().strip() in ("022", "0022")
