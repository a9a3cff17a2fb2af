from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _settings as _access_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._access._settings import Settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _processes, _rc_local
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._processes import Process
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans._grant import Shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _pid_files as _pppd_pid_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _exposition as _server_exposition
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _info as _server_info
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics as _server_metrics
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics_main as _server_metrics_main
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _open_folder as _server_open_folder
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as _server_processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _status as _server_status
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _takeover as _server_takeover
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _totals as _server_totals
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _unmanaged as _server_unmanaged
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._info import Around
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._status import SessionStatus, Status
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._totals import Totals

OURS = "/etc/ppp/pppoe-server/default.options"
HAND = "/etc/ppp/pppoe-server-options"
NOBODY = 65534
DAEMON = ("/usr/sbin/pppoe-server", "-F", "-I", "eth1", "-O", OURS, "-k", "-g", "pppoe.so", "-N", "3")
POOL = ("10.0.0.2", "10.0.0.3", "10.0.0.4")


def pppd(options: str, *, kernel: bool, device: str = "eth1") -> list[str]:
    relay = ["pty", f"/usr/sbin/pppoe -n -I {device} -e 7:02:00:00:00:00:01 -S ''"]
    plugin = ["plugin", "pppoe.so", f"nic-{device}", "rp_pppoe_sess", "7:02:00:00:00:00:01"]
    return ["/usr/sbin/pppd", *(plugin if kernel else relay), "file", options, "10.0.0.1:10.0.0.2"]


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        (pppd(OURS, kernel=True), True),
        (pppd(OURS, kernel=False), True),
        # Of a daemon that was started by hand on the same interface, before ours.
        (pppd(HAND, kernel=False), True),
        (pppd(HAND, kernel=True), True),
        (pppd(HAND, kernel=False, device="eth2"), False),
        (pppd("/etc/ppp/pppoe-server/other.options", kernel=True), False),
        (["pppd", "plugin", "pppoe.so", "nic-eth1", "user", "cmz"], False),
        (["pppd", "call", "uplink"], False),
        (list(DAEMON), False),
    ],
)
def test_is_session(argv, found):
    assert _server_status.is_session(argv, OURS, {"eth1"}) is found
    # The modules say the same.
    process = Process(7, 1, tuple(argv))
    own, others = _server_processes.of_instance([process], OURS), _server_unmanaged.running([process])
    running = _server_takeover.running(own, others, ["eth1"])
    assert (running.sessions == (7,)) is found


def test_the_program_knows_what_the_modules_know():
    assert _server_status.PID_FOLDERS == _pppd_pid_files.FOLDERS
    assert _server_status.CONFIGURATION == _layout_server.CONFIGURATION
    mine = {process.pid: list(process.argv) for process in _processes.every()}
    assert _server_status._processes() == {
        pid: argv for pid, argv in mine.items() if argv[0].rpartition("/")[2] in ("pppd", "pppoe-server")
    }
    assert _server_status._parent(os.getpid()) == os.getppid()


@pytest.mark.parametrize("names", [("ppp3", "ppp20"), ("ppp20", "ppp3")])
def test_of_two_pid_files_with_one_pid_that_counts_whose_link_is_there(tmp_path, monkeypatch, names):
    """A pppd that was killed has left one, and its pid has come again."""
    (tmp_path / "links" / "ppp3").mkdir(parents=True)
    for name in names:
        (tmp_path / f"{name}.pid").write_text("7\n")
    for each, folders in ((_server_status, "PID_FOLDERS"), (_pppd_pid_files, "FOLDERS")):
        monkeypatch.setattr(each, folders, (str(tmp_path), str(tmp_path / "missing")))
        monkeypatch.setattr(each, "LINKS", str(tmp_path / "links"))
    assert _server_status._interfaces_of_pids() == {7: "ppp3"}
    assert _pppd_pid_files.interfaces()[7][0] == "ppp3"


@pytest.fixture
def folder(tmp_path):
    """A folder of nobody's, on the way to which everybody may pass."""
    if os.geteuid() != 0:
        pytest.skip("only root can write for others")
    for path in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        path.chmod(0o755)
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "metrics").mkdir()
    for path in (tmp_path / "theirs", tmp_path / "theirs" / "metrics"):
        os.chown(path, NOBODY, NOBODY)
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "secret").chmod(0o600)
    return tmp_path / "theirs" / "metrics"


@pytest.mark.parametrize("name", ["a.prom", "a.prom.new"])
def test_a_link_in_a_folder_of_another_reaches_nothing(folder, name):
    secret = folder.parents[1] / "secret"
    (folder / name).symlink_to(secret)
    _server_open_folder.write(f"{folder}/a.prom", "1\n")
    assert (folder / "a.prom").read_text() == "1\n"
    assert not (folder / "a.prom").is_symlink()
    assert (folder / "a.prom").stat().st_uid == NOBODY
    assert os.geteuid() == 0
    assert secret.read_text() == "secret"
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    _server_open_folder.remove(f"{folder}/a.prom")
    assert list(folder.iterdir()) == []
    assert secret.read_text() == "secret"


def test_a_link_in_the_place_of_the_folder_gives_no_more_than_its_owners_rights(folder):
    roots = folder.parents[1] / "roots"
    roots.mkdir()
    folder.rmdir()
    folder.symlink_to(roots)
    with pytest.raises(PermissionError):
        _server_open_folder.write(f"{folder}/a.prom", "1\n")
    assert list(roots.iterdir()) == []
    assert os.geteuid() == 0
    # A folder that its group may write to is not its own, and neither are its links.
    os.chown(folder.parent, 0, NOBODY)
    folder.parent.chmod(0o775)
    with pytest.raises(OSError, match="metrics"):
        _server_open_folder.write(f"{folder}/a.prom", "1\n")
    # Root's links in folders of root's are followed, such as /var/run.
    (folder.parents[1] / "link").symlink_to(roots)
    _server_open_folder.write(f"{folder.parents[1]}/link/a.prom", "1\n")
    assert (roots / "a.prom").stat().st_mode & 0o777 == 0o644


def session(interface: str, address: str, bytes_in: int = 0, bytes_out: int = 0) -> SessionStatus:
    return SessionStatus(interface, address, bytes_in, bytes_out)


@pytest.mark.parametrize(
    ("before", "sessions", "messages", "after"),
    [
        (Totals(), [session("ppp0", "a", 5, 7)], [], Totals(5, 7, {}, {"ppp0": [5, 7]})),
        (Totals(5, 7, {}, {"ppp0": [5, 7]}), [session("ppp0", "a", 9, 7)], [], Totals(9, 7, {}, {"ppp0": [9, 7]})),
        # Another session on an interface of the same name begins at nothing.
        (Totals(5, 7, {}, {"ppp0": [5, 7]}), [session("ppp0", "b", 4, 8)], [], Totals(9, 15, {}, {"ppp0": [4, 8]})),
        # What has ended stays counted.
        (Totals(5, 7, {}, {"ppp0": [5, 7]}), [], [], Totals(5, 7, {}, {})),
        (
            Totals(0, 0, {"authentication": 2}),
            [],
            ["Peer cmz failed CHAP authentication", "hello", "No client slots available"],
            Totals(0, 0, {"authentication": 3, "no_slot": 1}),
        ),
        # What a stranger sends is no refusal, and nobody is refused twice in one message.
        (
            Totals(),
            [],
            ["Received PADR packet asking for unsupported service x\nlogin failure", "login failure\nlogin failure"],
            Totals(0, 0, {"authentication": 1}),
        ),
    ],
)
def test_counted(before, sessions, messages, after):
    assert _server_totals.counted(before, sessions, messages) == after


def test_messages():
    journal = [
        {"MESSAGE": "a\nb", "__CURSOR": "s=1", "_PID": "7"},
        {"MESSAGE": list(b"\x1b[2J\xe9")},
        {"MESSAGE": None},
        {"MESSAGE": [[]]},
    ]
    text = "\n".join([*map(json.dumps, journal), "no JSON", "[]"])
    assert _server_metrics_main.messages(text) == [(7, "a\nb"), (0, "\x1b[2J\ufffd")]


STATUS = Status("default", 615, DAEMON, POOL, (session("ppp0", "10.0.0.2", 5, 7), session("ppp1", "10.0.0.99")))


def test_exposition():
    status = replace(STATUS, since=1700000000)
    text = _server_exposition.exposition(status, Totals(5, 7, {"authentication": 2}), drained=True)
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert values == {
        'pppoe_server_up{server="default"}': "1",
        'pppoe_server_start_time_seconds{server="default"}': "1700000000",
        'pppoe_server_drained{server="default"}': "1",
        'pppoe_server_sessions{server="default"}': "2",
        'pppoe_server_sessions_limit{server="default"}': "3",
        'pppoe_server_pool_addresses{server="default"}': "3",
        'pppoe_server_pool_used_addresses{server="default"}': "1",
        'pppoe_server_receive_bytes_total{server="default"}': "5",
        'pppoe_server_transmit_bytes_total{server="default"}': "7",
        'pppoe_server_refused_dials_total{server="default",reason="authentication"}': "2",
        'pppoe_server_refused_dials_total{server="default",reason="no_slot"}': "0",
        'pppoe_server_refused_dials_total{server="default",reason="no_address"}': "0",
    }


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (package prometheus) is not installed")
def test_prometheus_accepts_them():
    text = _server_exposition.exposition(STATUS, Totals(), drained=False)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("changes", "warnings"),
    [
        ({}, []),
        ({"pid": None}, ["It does not run."]),
        ({"sessions": tuple(session(f"ppp{n}", address) for n, address in enumerate(POOL))},
         ["The pool is used up.", "There are as many sessions as it may have."]),
        ({"pool": tuple(f"10.0.1.{n}" for n in range(20)),
          "sessions": tuple(session(f"ppp{n}", f"10.0.1.{n}") for n in range(19)), "command": ()},
         ["The pool is nearly used up."]),
        ({"sessions": (session("ppp0", "10.0.0.2"), session("ppp1", "10.0.0.2"))},
         ["2 sessions have the address 10.0.0.2."]),
    ],
)  # fmt: skip
def test_warnings(changes, warnings):
    assert _server_info.warnings(Status(**{**vars(STATUS), **changes}), Around()) == warnings


@pytest.mark.parametrize("to_systemd", [True, False])
@pytest.mark.parametrize("drained", [True, False])
@pytest.mark.parametrize("delay", [0, 300, ((0, 20), (200, 100))])
def test_is_drained(monkeypatch, to_systemd, drained, delay):
    """What pppoe_access writes is what the metrics read, and another instance's does not count."""
    texts = {}
    for name, settings in (
        ("north", Settings(hold=90, pado_delay=delay, drained=drained)),
        ("south", Settings(pado_delay=delay, drained=not drained)),
    ):
        if to_systemd:
            unit = _access_settings.unit_file(name, settings, ["eth1"])
            texts[f"/etc/systemd/system/pppoe-access@{name}.service"] = unit.decode()
        else:
            before = texts.get("/etc/rc.local", "#!/bin/sh\nexit 0\n").encode()
            lines = _access_settings.rc_local_lines(settings, ["eth1"])
            texts["/etc/rc.local"] = _rc_local.with_block(before, f"pppoe-access {name}", lines).decode()
    monkeypatch.setattr(_server_status, "text", lambda path: texts.get(path, ""))
    assert _server_status.is_drained("north") is drained


def test_since_is_when_the_process_started():
    assert 0 <= time.time() - _server_status._since(os.getpid()) < 3600
    assert _server_status._since(2**22 + 1) == 0


def test_discovery_packets_are_described():
    found = _server_info.describe(STATUS, "3.15", Around(), Settings(hold=90, pado_delay=300, drained=True))
    assert (found["dial_hold"], found["pado_delay"], found["drained"]) == (90, 300, True)
    found = _server_info.describe(STATUS, "3.15", Around(), Settings(pado_delay=((200, 100),)))
    assert found["pado_delay"] == [{"sessions": 200, "delay": 100}]


def test_warnings_of_what_is_around():
    around = Around(by_hand=(77,), enabled=False, unread=True, vanished=("eth1",))
    assert _server_info.warnings(replace(STATUS, stale=(616,)), around) == [
        "Another daemon of it runs, left by a start that was killed (process 616). Run the role again.",
        "Its interface eth1 is gone.",
        "An unmanaged pppoe-server answers on its interface (process 77).",
        "Its unit does not start at boot.",
        "Its unit has changed since systemd read it. Run the role again.",
    ]


@pytest.mark.parametrize(("tracked", "warns"), [((0, 0), 0), ((100, 1000), 0), ((899, 1000), 0), ((900, 1000), 1)])
def test_a_table_of_connections_that_is_nearly_full(tmp_path, monkeypatch, tracked, warns):
    paths = [tmp_path / "count", tmp_path / "max"]
    for path, number in zip(paths, tracked):
        path.write_text(f"{number}\n")
    monkeypatch.setattr(_server_info, "TRACKED", paths)
    found = _server_info.warnings(STATUS, Around(tracked=_server_info._tracked()))
    assert [text for text in found if "nf_conntrack_max" in text] == found[len(found) - warns :]


@pytest.mark.parametrize(
    ("words", "kernel"),
    [
        (["-k", "-g", "pppoe.so"], True),
        (["-Q", "kernel", "-N", "3", "-q", "/usr/local/libexec/dialtone-pppoe/pppoe-server-pppd"], True),
        (["-q", "/usr/local/libexec/dialtone-pppoe/pppoe-server-pppd"], True),
        (["-N", "3", "-q", "/usr/local/libexec/dialtone-pppoe/pppoe-server-pppd"], False),
        ([], False),
    ],
)
def test_mode(words, kernel):
    assert _server_info.carries_in_kernel(Status("default", 1, ("pppoe-server", *words), (), ())) is kernel


@pytest.mark.parametrize("directory", ["metrics", "/a b", "/a;reboot", "/a%n", "/$HOME", ""])
def test_a_folder_that_a_unit_would_take_for_something_else_is_refused(directory):
    with pytest.raises(Refused, match="directory"):
        _server_metrics.check("default", directory, 30)


def test_the_service_tells_its_folder():
    files = _server_metrics.files("default", "/srv/metrics", 30, "/usr/bin/python3")
    assert files[0].content.startswith(b"#!/usr/bin/python3 -IB\n")
    service = next(file for file in files if file.path.endswith(".service"))
    assert _server_metrics.directory_of(service.content) == "/srv/metrics"
    assert _server_metrics.directory_of(None) is None


def test_sessions_are_counted_by_plan():
    sessions = (session("ppp0", "10.0.0.2"), session("ppp1", "10.0.0.3"), session("ppp2", "10.0.0.4"))
    plans = ("home", "home", None)
    status = replace(STATUS, sessions=tuple(replace(one, plan=plan) for one, plan in zip(sessions, plans)))
    text = _server_exposition.exposition(status, Totals(), drained=False)
    assert 'pppoe_server_plan_sessions{server="default",plan="home"} 2\n' in text
    assert text.count("plan_sessions{") == 1


@pytest.mark.parametrize(
    ("shape", "plan"), [(Shape(1, 2, "home-20.5"), "home-20.5"), (Shape(1), None), (Shape(None, None, "x"), "x")]
)
def test_the_plan_of_a_session(shape, plan):
    assert _server_status.plan_of(_plans_grant.alias(shape) + "\n") == plan
    assert _server_status.plan_of("uplink") is None


def of_plan(plan, *queues, interface="ppp0") -> SessionStatus:
    return SessionStatus(interface, "a", 0, 0, plan, queues)


def test_queues_are_counted_by_plan():
    """Over sessions that end, others in their place, and a change of plan; a customer is never named."""
    first = _server_totals.counted(Totals(), [of_plan("home", 10, 1, 5, 0), session("ppp1", "b")], [])
    assert (first.plans, first.queued) == ({"home": [10, 1, 5, 0]}, {"ppp0": [10, 1, 5, 0]})
    grown = _server_totals.counted(first, [of_plan("home", 30, 2, 5, 4)], [])
    assert grown.plans == {"home": [30, 2, 5, 4]}
    other = _server_totals.counted(
        grown, [of_plan("home", 7, 0, 1, 0), of_plan("fast", 9, 9, 9, 9, interface="ppp1")], []
    )
    assert other.plans == {"home": [37, 2, 6, 4], "fast": [9, 9, 9, 9]}
    changed = _server_totals.counted(other, [of_plan("fast", 8, 0, 1, 0)], [])
    assert changed.plans == {"home": [37, 2, 6, 4], "fast": [10, 9, 9, 9]}
    text = _server_exposition.exposition(STATUS, changed, drained=False)
    assert 'pppoe_server_plan_transmit_bytes_total{server="default",plan="home"} 37\n' in text
    assert 'pppoe_server_plan_receive_drops_total{server="default",plan="fast"} 9\n' in text


_QUEUES = """
import subprocess
import sys
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant, _shaping
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _status
def run(text): return subprocess.run(text, shell=True, check=True, stdout=subprocess.PIPE, text=True).stdout
run("ip link add ppp0 type veth peer name other && ip link set ppp0 up && ip link set other up")
run("ip addr add 10.0.0.1/24 dev ppp0; ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev ppp0")
index = _shaping.index_of("ppp0")
_shaping.send([_shaping._bucket(index, 64_000, 0x600), _shaping._ingress(index)])
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _each in range(40):
    s.sendto(bytes(1400), ("10.0.0.9", 9))
found = _status.queue_counters()
assert found["ppp0"][1] > 0, found
assert "ppp0<" in found, found
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
def test_the_counters_of_queues():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = ["unshare", "-n", sys.executable, "-c", _QUEUES]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
