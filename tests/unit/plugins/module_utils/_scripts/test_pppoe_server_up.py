"""The script runs here as pppd would run it, with a real session manager, and interfaces in a network of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from contextlib import suppress

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_up
from ansible_collections.dialtone.pppoe.tests.support.server_scripts import (
    environment,
    inside,
    interface,
    pool,
    session,
)

pytestmark = pytest.mark.slow

UP = "scripts/pppoe-server-up"


class Host:
    """Sessions that are up have an interface with an address."""

    def __init__(self, place, process):
        self.place, self.process = place, process
        self.folder = place[0]
        pool(self.folder, "10.0.0.2")
        (self.folder / "run" / "default.ids").write_text("1 20\n")
        for name in _pppoe_server_up.NAMES:
            (self.folder / "scripts" / f"pppoe-server-{name}").write_bytes(_pppoe_server_up.up_script())
        for name in ("ip-up", "ip-down", "ip-pre-up", "ipv6-up", "ipv6-down"):
            self.program(
                name, f'printf "%s\\n" "$*" >>{self.folder}/own.log\nprintf "%s\\n" "$PEERNAME" >>{self.folder}/names\n'
            )
        self.numbers = {}

    def program(self, name, text):
        path = self.folder / "ppp" / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def single(self, choice):
        (self.folder / "etc" / "default.options").write_text(f"set {_pppoe_server_up.VARIABLE}={choice}\n")

    def begin(self, name: str) -> subprocess.Popen:
        """A pppd whose interface has got its address."""
        number = len(self.numbers) + 2
        begun = session(self.place, self.process, f"10.0.0.{number}", number)
        self.numbers[begun.pid] = number
        interface(self.folder, name, "10.0.0.1", f"10.0.0.{number}", begun.pid)
        return begun

    def down(self, name):
        subprocess.run(inside(self.folder, "ip", "link", "del", name), check=True)

    def arguments(self, pppd, name, account, choice, script=UP, **variables):
        return {
            "args": inside(
                self.folder, "sh", str(self.folder / script), name, "eth1", "0", "192.0.2.1", "192.0.2.2", "two words"
            ),
            "env": {
                **environment(self.folder),
                "PPPD_PID": str(pppd.pid),
                "PEERNAME": account,
                "DIALTONE_SINGLE_SESSION": choice,
                "DIALTONE_LANE": str(self.numbers[pppd.pid]),
                "DIALTONE_HOOKS": "1",
                **variables,
            },
        }

    def came_up(self, pppd, name, account="cmz", choice="replace", **variables):
        self.single(choice)
        subprocess.run(**self.arguments(pppd, name, account, choice, **variables), timeout=20, check=True)

    def hung_up(self, process) -> bool:
        try:
            return process.wait(0.5) == -15
        except subprocess.TimeoutExpired:
            return False

    def read(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def reasons(self) -> list[str]:
        """Why sessions were hung up."""
        return [json.loads(line)["reason"] for line in self.read("run/refused")]


@pytest.fixture
def host(place, process):
    return Host(place, process)


def test_the_new_session_replaces_the_former(host):
    old, other, new = host.begin("ppp0"), host.begin("ppp1"), host.begin("ppp2")
    host.came_up(old, "ppp0")
    host.came_up(other, "ppp1", "cmz2")
    assert host.reasons() == []
    host.came_up(new, "ppp2")
    assert host.hung_up(old)
    assert not host.hung_up(new)
    assert other.poll() is None
    assert host.reasons() == [f"cmz has dialled again (pid {new.pid})"]
    # The host's own script runs for each of them, with its arguments as they are.
    assert host.read("own.log") == [f"ppp{number} eth1 0 192.0.2.1 192.0.2.2 two words" for number in range(3)]


def test_the_new_session_is_denied(host):
    old, new = host.begin("ppp0"), host.begin("ppp1")
    host.came_up(old, "ppp0", choice="deny")
    host.came_up(new, "ppp1", choice="deny")
    assert host.hung_up(new)
    assert old.poll() is None
    assert host.reasons() == [f"there is a session of the account cmz already (pid {old.pid})"]
    assert len(host.read("own.log")) == 1


@pytest.mark.parametrize("choice", ["replace", "deny"])
def test_what_is_no_other_session(host, choice):
    """One whose process has ended, and one that is hanging up."""
    gone, leaving, new = (host.begin(f"ppp{number}") for number in range(3))
    host.came_up(gone, "ppp0")
    host.came_up(leaving, "ppp1", "cmz2")
    gone.kill()
    gone.wait()
    host.down("ppp1")
    host.came_up(new, "ppp2", "cmz2", choice=choice)
    host.came_up(new, "ppp2", choice=choice)
    assert [process.poll() for process in (leaving, new)] == [None] * 2
    assert host.reasons() == []


def test_a_session_that_is_hanging_up_itself_ends_no_other(host):
    old, new = host.begin("ppp0"), host.begin("ppp1")
    host.came_up(old, "ppp0")
    host.down("ppp1")
    host.came_up(new, "ppp1")
    assert not host.hung_up(old)
    assert host.reasons() == []


def test_a_session_that_gets_another_address_does_not_end_itself(host):
    pppd = host.begin("ppp0")
    for choice in ("deny", "deny", "replace", "replace"):
        host.came_up(pppd, "ppp0", choice=choice)
    assert not host.hung_up(pppd)


def test_a_full_state_folder_forgets_nobody(host):
    """It is known to the manager, and in no file."""
    old, new = host.begin("ppp0"), host.begin("ppp1")
    host.came_up(old, "ppp0", choice="deny")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(host.folder / "etc")], check=True)
    try:
        host.single("deny")
        with suppress(OSError):
            (host.folder / "etc" / "fill").write_bytes(bytes(65536))
        subprocess.run(**host.arguments(new, "ppp1", "cmz", "deny"), timeout=20, check=True)
        assert host.hung_up(new)
    finally:
        subprocess.run(["umount", str(host.folder / "etc")], check=True)


def test_a_session_from_before_there_were_queues(host):
    old, new = host.begin("ppp0"), host.begin("ppp1")
    host.came_up(old, "ppp0", choice="deny", DIALTONE_LANE="")
    host.came_up(new, "ppp1", choice="deny", DIALTONE_LANE="")
    assert host.hung_up(new)
    assert [path.name for path in (host.folder / "run" / "answers").iterdir() if len(path.name) > 5] == []


def test_a_session_starts_one_program(host):
    """The script alone, where the administrator has none."""
    pppd = host.begin("ppp0")
    host.came_up(pppd, "ppp0")
    arguments = host.arguments(pppd, "ppp0", "cmz", "replace", DIALTONE_HOOKS="")
    trace = ["strace", "-f", "-qq", "-o", str(host.folder / "trace"), "-e", "trace=execve,fork,vfork,clone,clone3"]
    words = arguments["args"]
    subprocess.run([*words[:2], *trace, *words[2:]], env=arguments["env"], timeout=20, check=True)
    assert len(host.read("trace")) == 1
    assert "execve" in host.read("trace")[0]


class Plans:
    """The instance has plans: ``home`` without rates, since not every kernel has what rates need."""

    SCRIPT = "scripts/pppoe-server-pre-up"

    def __init__(self, host):
        self.host = host
        accounts = {"off": _plans_grant.PlanAccount(enabled=False)}
        (host.folder / "etc" / "default.plans").write_bytes(_plans_grant.plans_text({"home": {}}, "home", None))
        (host.folder / "etc" / "default.customers").write_bytes(_plans_grant.accounts_text(accounts))

    def pre_up(self, pppd, name, account="cmz", further="only", **variables):
        self.host.came_up(pppd, name, account, script=self.SCRIPT, DIALTONE_PLANS=further, **variables)

    def programs(self, pppd, **variables):
        """How many programs the script of ppp0 is."""
        variables = {"script": self.SCRIPT, "DIALTONE_PLANS": "only", **variables}
        arguments = self.host.arguments(pppd, "ppp0", "cmz", "allow", **variables)
        trace = self.host.folder / "trace"
        command = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=execve,fork,vfork,clone,clone3"]
        words = arguments["args"]
        subprocess.run([*words[:2], *command, *words[2:]], env=arguments["env"], timeout=20, check=True)
        return len(self.host.read("trace"))

    def alias(self, name):
        show = inside(self.host.folder, "ip", "-o", "link", "show", name)
        return subprocess.run(show, capture_output=True, text=True, check=True).stdout.partition("alias ")[2].strip()


@pytest.fixture
def plans(host):
    return Plans(host)


def test_a_session_has_its_rates_when_the_script_ends(host, plans):
    pppd = host.begin("ppp0")
    plans.pre_up(pppd, "ppp0")
    assert plans.alias("ppp0") == "dialtone.pppoe plan home download=- upload=- fq_codel police"
    assert host.read("own.log") == []
    plans.pre_up(pppd, "ppp0", further="further")
    assert host.read("own.log") == ["ppp0 eth1 0 192.0.2.1 192.0.2.2 two words"]


def test_pppd_before_2_5_has_the_rates_set_by_the_shell_of_the_hook(host, plans):
    """And the host's own ip-pre-up, which has run the hook, is not run by it once more."""
    installed = f"{_layout_server.DIRECTORY}/pppoe-server-pre-up".encode()
    assert installed in _pppoe_server_up.hook_script()
    script = str(host.folder / "scripts/pppoe-server-pre-up").encode()
    (host.folder / _pppoe_server_up.HOOK).write_bytes(_pppoe_server_up.hook_script().replace(installed, script))
    pppd = host.begin("ppp0")
    host.came_up(pppd, "ppp0", script=_pppoe_server_up.HOOK)
    assert plans.alias("ppp0") == ""
    plans.SCRIPT = _pppoe_server_up.HOOK
    plans.pre_up(pppd, "ppp0")
    assert plans.programs(pppd) == 1
    assert plans.alias("ppp0") == "dialtone.pppoe plan home download=- upload=- fq_codel police"
    assert host.read("own.log") == []


def test_what_pppd_before_2_5_sees_as_ip_pre_up_has_the_rates_set_by_its_shell(host, plans):
    (host.folder / "ip-pre-up").write_bytes(_pppoe_server_up.pre_up_script())
    pppd = host.begin("ppp0")
    plans.SCRIPT = "ip-pre-up"
    plans.pre_up(pppd, "ppp0", DIALTONE_PRE_UP="none")
    assert plans.programs(pppd, DIALTONE_PRE_UP="none") == 1
    assert plans.alias("ppp0") == "dialtone.pppoe plan home download=- upload=- fq_codel police"
    assert host.read("own.log") == []


def test_an_account_that_is_disabled_is_hung_up_before_it_has_ipv4(host, plans):
    pppd = host.begin("ppp0")
    plans.pre_up(pppd, "ppp0", "off", "further")
    assert host.hung_up(pppd)
    assert host.reasons() == ["the account off is disabled"]
    assert host.read("own.log") == []


def test_for_its_rates_a_session_starts_one_program(host, plans):
    pppd = host.begin("ppp0")
    plans.pre_up(pppd, "ppp0")
    assert plans.programs(pppd) == 1


HOSTILE = [
    "two words", "é" * 90, "a'b\"c", "$(touch x)`touch y`", "-n", "*", "\\", "a\\nb", "%s%d", "1e3",
    "tab\tbed", "; reboot #",
]  # fmt: skip


@pytest.mark.parametrize("account", HOSTILE)
def test_hostile_names(host, account):
    """Each is an account like any other, and different from its neighbours."""
    old, neighbour, new = host.begin("ppp0"), host.begin("ppp1"), host.begin("ppp2")
    before = sorted(host.folder.iterdir())
    host.came_up(old, "ppp0", account)
    host.came_up(neighbour, "ppp1", "1000" if account == "1e3" else account[:-1] or "x")
    host.came_up(new, "ppp2", account)
    assert host.hung_up(old)
    assert [process.poll() for process in (neighbour, new)] == [None] * 2
    assert sorted(host.folder.iterdir()) == sorted([*before, host.folder / "own.log", host.folder / "names"])


SPELLINGS = [
    ("josé", "josM-CM-)"),
    (b"jos\xe9".decode("utf-8", "surrogateescape"), "josM-i"),
    ("a\nb\x7f", "a^Jb^?"),
    ("odd\n\x1b[2Jname;PEERNAME=cmz", "odd^J^[[2Jname;PEERNAME=cmz"),
    (b"\x80\xff\xa0".decode("utf-8", "surrogateescape"), "M-^@M-^?M- "),
]


@pytest.mark.parametrize(("sent", "spelt"), SPELLINGS)
def test_one_account_in_two_spellings(host, sent, spelt):
    """PAP tells the name as it was sent, CHAP as pppd spells it; both are looked up as the same account."""
    old, new = host.begin("ppp0"), host.begin("ppp1")
    host.came_up(old, "ppp0", sent)
    assert host.read("names") == [spelt]
    host.came_up(new, "ppp1", spelt)
    assert host.hung_up(old)


@pytest.mark.parametrize("awk", ["mawk", "gawk", "original-awk"])
def test_names_are_visible_to_every_script_of_the_host(host, awk):
    """With whatever awk the host has."""
    if shutil.which(awk) is None:
        pytest.skip(f"{awk} is not installed")
    (host.folder / "bin" / "awk").symlink_to(shutil.which(awk))
    pppd = host.begin("ppp0")
    names = {"up": "ip-up", "down": "ip-down", "pre-up": "ip-pre-up", "ipv6-up": "ipv6-up", "ipv6-down": "ipv6-down"}
    for name, own in names.items():
        host.program(own, f'printf "%s %s\\n" {own} "$PEERNAME" >>{host.folder}/names\n')
        for sent, _spelt in SPELLINGS:
            script = f"scripts/pppoe-server-{name}"
            arguments = host.arguments(pppd, "ppp0", sent, "allow", script)
            arguments["env"]["PATH"] = f"{host.folder}/bin:{arguments['env']['PATH']}"
            subprocess.run(**arguments, timeout=20, check=True)
    assert host.read("names") == [f"{own} {spelt}" for own in names.values() for _sent, spelt in SPELLINGS]


@pytest.mark.parametrize("choice", ["replace", "deny"])
def test_of_many_at_once_one_stays(host, choice):
    host.single(choice)
    sessions = [(host.begin(f"ppp{number}"), f"ppp{number}") for number in range(8)]
    scripts = [subprocess.Popen(**host.arguments(pppd, name, "cmz", choice)) for pppd, name in sessions]
    assert [script.wait(30) for script in scripts] == [0] * 8
    stayed = [name for pppd, name in sessions if not host.hung_up(pppd)]
    assert len(stayed) == 1


def test_without_an_account_or_with_many_sessions_allowed_there_is_nothing_to_do(host):
    pppd = host.begin("ppp0")
    host.came_up(pppd, "ppp0", "")
    host.came_up(pppd, "ppp0", choice="allow")
    assert len(host.read("own.log")) == 2
    assert not (host.folder / "run" / "manager.pid").exists()


def routes(host, name):
    shown = subprocess.run(
        inside(host.folder, "ip", "-4", "route", "show", "dev", name), capture_output=True, text=True, check=True
    )
    return [line.split()[0] for line in shown.stdout.splitlines() if "proto static" in line]


def test_the_routes_of_radius_are_on_the_interface(host):
    """All of them; none that would take addresses of others, and none that is a word of a command."""
    lines = [
        "Framed-Route 10.30.0.0/24",
        "Framed-Route 10.31.0.0/24 0.0.0.0 1",
        "Framed-Route 10.32.0.7/32 0.0.0.0 x;y",
        *(
            "Framed-Route " + bad
            for bad in ("0.0.0.0/0 0.0.0.0 1", "10.0.0.0/1", "default", "224.0.0.0/4", "127.0.0.0/8")
        ),
        *("Framed-Route " + bad for bad in ("10.33.0.0/24;reboot", "$(reboot)", "10.34.0.0/99", "-help", "")),
        "Filter-Id 10.35.0.0/24",
    ]
    (host.folder / "run" / "radattr.ppp0").write_text("".join(line + "\n" for line in lines))
    pppd = host.begin("ppp0")
    subprocess.run(inside(host.folder, "ip", "link", "set", "ppp0", "up"), check=True)
    radius = {"RADIUS_FRAMED_ROUTE": "10.32.0.7/32", "PPPOE_SERVER_RUN": str(host.folder / "run")}
    host.came_up(pppd, "ppp0", choice="allow", **radius)
    assert routes(host, "ppp0") == ["10.30.0.0/24", "10.31.0.0/24", "10.32.0.7"]


def test_a_session_that_is_refused_gets_no_routes(host):
    first, second = host.begin("ppp0"), host.begin("ppp1")
    host.came_up(first, "ppp0", choice="deny")
    (host.folder / "run" / "radattr.ppp1").write_text("Framed-Route 10.30.0.0/24\n")
    radius = {"RADIUS_FRAMED_ROUTE": "10.30.0.0/24", "PPPOE_SERVER_RUN": str(host.folder / "run")}
    host.came_up(second, "ppp1", choice="deny", **radius)
    assert host.hung_up(second)
    assert routes(host, "ppp1") == []


@pytest.mark.parametrize("name", ["ip-down", "ipv6-down"])
def test_a_signal_does_not_end_what_runs_when_a_session_ends(host, name):
    """pppoe-server sends one for the client's PADT, and pppd passes it on to the script that it waits for."""
    host.program(name, f"echo began >{host.folder}/began\nread _\necho whole >{host.folder}/whole\n")
    script = f"scripts/pppoe-server-{name.removeprefix('ip-')}"
    asked = host.arguments(host.begin("ppp1"), "ppp1", "cmz", "allow", script=script)
    with subprocess.Popen(**asked, stdin=subprocess.PIPE) as begun:
        until(lambda: (host.folder / "began").exists())
        begun.terminate()
        with suppress(subprocess.TimeoutExpired):
            begun.wait(0.2)
        begun.stdin.close()
        begun.wait(10)
    assert (host.folder / "whole").exists()


def until(condition):
    for _try in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it has not come to that in ten seconds")


def test_option_lines():
    assert _pppoe_server_up.option_lines("allow") == []
    assert _pppoe_server_up.option_lines("deny") == ["set DIALTONE_SINGLE_SESSION=deny"]
