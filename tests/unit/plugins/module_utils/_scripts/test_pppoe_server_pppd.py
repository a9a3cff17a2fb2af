"""The scripts themselves run here, with stand-ins for the programs they call: ps, ip, pppd, pppoe-server, pppoe."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_instance, _pppoe_server_pppd


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the scripts in it and ``program(name, text)`` to put a stand-in on PATH."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "etc").mkdir()
    (tmp_path / "run" / "leases").mkdir(parents=True)

    def program(name, text):
        path = tmp_path / "bin" / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    arguments = program("pppd", 'for word in "$@"; do printf "%s\\n" "$word"; done\n')
    program("ip", "exit 0\n")
    program("modprobe", "exit 1\n")
    program("logger", "exit 0\n")
    monkeypatch.setattr(_layout_server, "CONFIGURATION", str(tmp_path / "etc"))
    monkeypatch.setattr(_layout_server, "STATE", str(tmp_path / "run"))
    (tmp_path / "instance").write_bytes(_pppoe_server_instance.instance_script())
    (tmp_path / "pppd").write_bytes(_pppoe_server_pppd.pppd_script(arguments))
    return tmp_path, program


def run(place, script, *arguments):
    environment = dict(os.environ, PATH="{}:{}".format(place / "bin", os.environ["PATH"]))
    return subprocess.run(
        ["sh", str(place / script), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.fixture
def process():
    """``process()``: a process that lives for the length of the test."""
    begun = []

    def begin():
        begun.append(subprocess.Popen(["sleep", "60"]))
        return begun[-1]

    yield begin
    for each in begun:
        each.kill()
        each.wait()


def started(pid) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def ended(pid) -> bool:
    """Whether it ends within two seconds; process 1 may be slow to take note of it."""
    for _try in range(100):
        try:
            if ") Z" in Path(f"/proc/{pid}/stat").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def pool(folder, *addresses, name="default"):
    for place in ("etc", "run"):
        (folder / place / f"{name}.pool").write_text("".join(address + "\n" for address in addresses))


def lease(folder, address, pid, since=None):
    (folder / "run" / "leases" / address).write_text(f"{pid} {since or started(pid)} 7 default\n")


def dial(place, *words, suggested="10.0.0.2"):
    """Run our pppd script as pppoe-server would: the words that pppd was given, without the options file."""
    folder = place[0]
    options = f"{folder}/etc/default.options"
    result = run(folder, "pppd", *words, "file", options, f"10.0.0.1:{suggested}")
    given = result.stdout.split("\n")[:-1]
    if given:
        at = given.index("file")
        assert given[at : at + 2] == ["file", options]
        del given[at : at + 2]
    return result, given


RELAY = "{} -n -I eth1 -e 12:02:00:00:00:00:ab{} -S '{}'"
TO_KERNEL, TO_RELAY = RELAY.format("kernel", "{}", "{}"), RELAY.format("/usr/sbin/pppoe", "{}", "{}")
KERNEL = ["plugin", "pppoe.so", "nic-eth1", "rp_pppoe_sess", "12:02:00:00:00:00:ab"]
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


# The first columns are the namespaces of PIDs and network: 4 is ours, 5 another's.
PS = """case "$*" in *"-p "*) echo 4 4; exit ;; esac
"""
SESSION = (
    "echo '4 {space} {pid} {parent} pppd nic-eth1 rp_pppoe_sess {id}:02:00:00:00:00:01 file {file} "
    "10.0.0.1:{address}'\n"
)


def living(program, *sessions):
    """Make ``ps`` show sessions: (pid, id, address), in our network namespace unless they have a fourth."""
    text = PS
    for pid, number, address, *space in sessions:
        here = space[0] if space else 4
        text += SESSION.format(space=here, pid=pid, parent=1, id=number, file="/o/x", address=address)
    program("ps", text)


@pytest.fixture
def start(place):
    """``start(count)`` starts the daemon of the instance ``default`` with ``count`` slots."""
    folder, program = place
    if os.geteuid() != 0:
        pytest.skip("a socket for discovery needs root")
    # What it shows of itself is what pppoe-server would: its name and its options.
    server = program("pppoe-server", "")
    Path(server).write_text(
        "#!/usr/bin/env python3\n"
        "import socket, sys, time\n"
        f"open('{folder}/asked', 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        f"if __import__('os').path.exists('{folder}/broken'): sys.exit('SIOCGIFHWADDR: No such device')\n"
        "wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x8863))\n"
        "wire.bind(('lo', 0x8863))\n"
        "time.sleep(60)\n"
    )

    def begin(count, name="default"):
        options = f"{folder}/etc/{name}.options"
        return run(folder, "instance", "start", name, "lo", "--", server, "-O", options, "-N", str(count))

    yield begin
    for path in (folder / "run").glob("*.pid"):
        os.kill(int(path.read_text()), signal.SIGKILL)


def asked(folder) -> list[str]:
    """What the last daemon was given at the end of its command: its offset and the addresses of its slots."""
    words = (folder / "asked").read_text().splitlines()[-1].split()
    assert words[-4] == "-o"
    assert words[-2] == "-p"
    return [words[-3], *Path(words[-1]).read_text().split()]


FOUR = ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]


def test_a_daemon_starts_beside_what_living_sessions_hold(place, process, start):
    folder, program = place
    pool(folder, *FOUR)
    one, other, foreign = process(), process(), process()
    living(program, (one.pid, 3, "10.0.0.2"), (other.pid, 7, "10.0.0.4"), (foreign.pid, 30, "10.0.0.3", 5))
    assert start(4).returncode == 0
    # Of 1-2, 4-6 and 8 on, the last is the first with four in a row. What is held comes last: it may be free by then.
    assert asked(folder) == ["7", "10.0.0.3", "10.0.0.5", "10.0.0.2", "10.0.0.4"]
    # It has no lease, but one is made for it.
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
    folder, program = place
    options = folder / "etc" / "default.options"
    program("pppoe", "exit 0\n")
    words = ["rp_pppoe_sess", "5:02:00:00:00:00:01", "nic-eth1", "file", str(options), "10.0.0.1:10.0.0.2"]
    for user, taken in ((65534, False), (0, True)):
        waits = ["sh", "-c", "read _", *words]
        with subprocess.Popen(waits, user=user, cwd="/", stdin=subprocess.PIPE) as fake:
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
            space=4, pid=each.pid, parent=parent, id=number, file=options, address=f"10.0.0.{number}"
        )
    program("ps", text)
    program("pppoe", f'echo "$@" >>{folder}/sent\n')
    result = run(folder, "instance", "hangup", "default", str(daemon.pid))
    assert result.returncode == 0, result.stderr
    assert own.wait(5) != 0
    assert orphan.wait(5) != 0
    assert daemon.wait(5) != 0
    assert foreign.poll() is None
    assert (folder / "sent").read_text() == "-I eth1 -e 2:02:00:00:00:00:01 -k\n"
