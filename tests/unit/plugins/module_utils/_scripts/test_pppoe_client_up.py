"""The scripts run here for real, on files of their own."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_client_up
from ansible_collections.dialtone.pppoe.tests.support import router
from ansible_collections.dialtone.pppoe.tests.support.programs import stand_in

BEFORE = "# mine\nsearch example.org\nnameserver 192.0.2.53\n\tnameserver 192.0.2.54 # second\noptions edns0\n"
ASIDE = (
    "# mine\nsearch example.org\n#dialtone.pppoe# nameserver 192.0.2.53\n"
    "#dialtone.pppoe# \tnameserver 192.0.2.54 # second\noptions edns0\n"
)


def block(connection: str, *servers: str) -> str:
    lines = "".join(f"nameserver {server}\n" for server in servers)
    return f"# BEGIN dialtone.pppoe {connection}\n{lines}# END dialtone.pppoe {connection}\n"


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


class Host:
    def __init__(self, path):
        self.path = path
        self.file = path / "etc" / "resolv.conf"
        (path / "etc").mkdir()
        stand_in(path / "pppoe-client-up", _pppoe_client_up.up_script().decode())
        stand_in(path / "pppoe-client-down", _pppoe_client_up.down_script().decode())
        self.own("exit 0")

    def own(self, command):
        for action in ("up", "down"):
            stand_in(self.path / ("own-" + action), command + "\n")

    def run(self, action, connection="dsl", dns="198.51.100.1", interface="ppp0", into=(), **more):
        environment = {
            "DIALTONE_CONNECTION": connection, "DIALTONE_DNS": dns, "DIALTONE_RESOLV_CONF": str(self.file),
            "DIALTONE_RUN": str(self.path), "DIALTONE_OWN": str(self.path / "own-"),
            "DIALTONE_PATH": f"{self.path}:/usr/sbin:/usr/bin:/sbin:/bin", "DIALTONE_SYSCTL": str(self.path / "conf"),
            **more,
        }  # fmt: skip
        arguments = [interface, "eth0", "0", "192.0.2.7", "192.0.2.1", "pppoe-client-" + connection]
        command = [*into, str(self.path / f"pppoe-client-{action}"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")

    def note(self, connection="dsl"):
        path = self.path / f"pppoe-client-{connection}.dns"
        return path.read_text() if path.exists() else None


def test_a_link_that_is_up_forgets_the_failures_before_it(host):
    kept = host.path / "pppoe-client-dsl.log"
    forgotten = [host.path / f"pppoe-client-dsl.{name}" for name in ("failures", "log.before")]
    other = host.path / "pppoe-client-other.log.before"
    for path in (kept, other, *forgotten):
        path.write_text("said\n")
    host.run("up")
    assert [path.exists() for path in (kept, other, *forgotten)] == [True, True, False, False]


@pytest.mark.parametrize("before", [BEFORE, "", "nameserver 192.0.2.53", "# BEGIN of mine\n"])
def test_what_was_there_comes_back(host, before):
    host.file.write_text(before)
    host.file.chmod(0o640)
    host.run("up", dns="198.51.100.1 198.51.100.2")
    assert host.file.read_text().startswith(block("dsl", "198.51.100.1", "198.51.100.2"))
    assert host.note() == "198.51.100.1 198.51.100.2\n"
    host.run("down")
    assert host.file.read_text() == before
    assert host.file.stat().st_mode & 0o777 == 0o640
    assert host.note() is None
    assert [path.name for path in host.file.parent.iterdir()] == ["resolv.conf"]


def test_other_name_servers_are_set_aside(host):
    host.file.write_text(BEFORE)
    host.run("up")
    assert host.file.read_text() == block("dsl", "198.51.100.1") + ASIDE


def test_a_second_time_changes_nothing(host):
    host.file.write_text(BEFORE)
    host.run("up")
    host.run("up")
    assert host.file.read_text() == block("dsl", "198.51.100.1") + ASIDE
    host.run("down")
    host.run("down")
    assert host.file.read_text() == BEFORE


@pytest.mark.parametrize("first_down", ["dsl", "office"])
def test_two_connections_end_in_any_order(host, first_down):
    host.file.write_text(BEFORE)
    host.run("up")
    host.run("up", "office", "198.51.100.9")
    office, dsl = block("office", "198.51.100.9"), block("dsl", "198.51.100.1")
    assert host.file.read_text() == office + dsl + ASIDE
    host.run("down", first_down)
    assert host.file.read_text() == (office if first_down == "dsl" else dsl) + ASIDE
    host.run("down", "office" if first_down == "dsl" else "dsl")
    assert host.file.read_text() == BEFORE


def test_a_name_that_begins_like_another_is_another(host):
    host.file.write_text("")
    host.run("up", "dsl", "198.51.100.1")
    host.run("up", "dsl2", "198.51.100.2")
    host.run("down", "dsl")
    assert host.file.read_text() == block("dsl2", "198.51.100.2")


def test_what_is_changed_meanwhile_stays(host):
    host.file.write_text(BEFORE)
    host.run("up")
    host.file.write_text(host.file.read_text() + "options timeout:1\n")
    host.run("down")
    assert host.file.read_text() == BEFORE + "options timeout:1\n"


def test_the_servers_that_the_peer_gave(host):
    host.file.write_text("")
    host.run("up", dns="server", DNS1="198.51.100.1", DNS2="198.51.100.2")
    assert host.file.read_text() == block("dsl", "198.51.100.1", "198.51.100.2")


def test_a_peer_that_gives_none(host):
    host.file.write_text(BEFORE)
    host.run("up", dns="server")
    assert host.file.read_text() == BEFORE
    assert host.note() == "\n"


def test_no_file_before(host):
    host.run("up")
    assert host.file.read_text() == block("dsl", "198.51.100.1")
    host.run("down")
    assert host.file.read_text() == ""


def test_a_link_stays_a_link(host):
    real = host.path / "real.conf"
    real.write_text(BEFORE)
    host.file.symlink_to(real)
    host.run("up")
    assert host.file.is_symlink()
    assert real.read_text() == block("dsl", "198.51.100.1") + ASIDE


def test_the_own_script_of_the_host_runs_with_the_same_arguments(host):
    host.file.write_text("")
    host.own(f'echo "$0 $*,$USEPEERDNS,$IPREMOTE" >>{host.path}/ran')
    host.run("up", USEPEERDNS="1", IPREMOTE="192.0.2.1")
    host.run("down")
    arguments = "ppp0 eth0 0 192.0.2.7 192.0.2.1 pppoe-client-dsl"
    ran = (host.path / "ran").read_text().splitlines()
    assert ran == [f"{host.path}/own-up {arguments},,192.0.2.1", f"{host.path}/own-down {arguments},,"]


def test_the_default_route_has_its_metric(host):
    stand_in(host.path / "ip", f'echo "$*" >>{host.path}/asked\n')
    host.run("up", dns="none")
    assert not (host.path / "asked").exists()
    host.run("up", dns="none", DIALTONE_METRIC="20")
    assert (host.path / "asked").read_text() == "-4 route add default dev ppp0 metric 20\n"


IPV6 = [({}, "1\n", []), ({"DIALTONE_IPV6": "1"}, "2\n", ["-6 -o addr show dev ppp0 scope link"])]


@pytest.mark.parametrize(("variables", "setting", "asked"), IPV6)
@pytest.mark.parametrize("script", ["up", "init"])
def test_announcements_are_taken_on_a_host_that_forwards(host, script, variables, setting, asked):
    file = host.path / "conf" / "ppp0" / "accept_ra"
    file.parent.mkdir(parents=True)
    file.write_text("1\n")
    stand_in(host.path / "ip", f'echo "$*" >>{host.path}/asked\n')
    if script == "init":
        stand_in(host.path / "pppoe-client-init", _pppoe_client_up.init_script().decode())
        host.run("init", **variables, DIALTONE_OWN="/nonexistent")
    else:
        host.run("up", dns="none", **variables)
        lines = (host.path / "asked").read_text().splitlines() if asked else []
        assert lines == asked
    assert file.read_text() == setting


def test_the_links_address_is_set_again_so_that_the_kernel_asks_for_announcements(host):
    file = host.path / "conf" / "ppp0" / "accept_ra"
    file.parent.mkdir(parents=True)
    file.write_text("0\n")
    line = "7: ppp0    inet6 fe80::a peer fe80::b/128 scope link proto kernel_ll valid_lft forever"
    stand_in(host.path / "ip", f'echo "$*" >>{host.path}/asked\ncase $* in *show*) echo "{line}" ;; esac\n')
    host.run("up", dns="none", DIALTONE_IPV6="1")
    assert (host.path / "asked").read_text().splitlines()[1:] == [
        "-6 addr del fe80::a peer fe80::b/128 dev ppp0",
        "-6 addr add fe80::a peer fe80::b/128 dev ppp0",
    ]
    host.run("up", dns="none", DIALTONE_IPV6="1")
    assert len((host.path / "asked").read_text().splitlines()) == 3


@pytest.mark.parametrize(("metric", "setting"), [({}, "0\n"), ({"DIALTONE_METRIC": "0"}, "1\n")])
@pytest.mark.parametrize("script", ["up", "init"])
def test_a_link_without_a_default_route_takes_none_from_announcements(host, script, metric, setting):
    folder = host.path / "conf" / "ppp0"
    folder.mkdir(parents=True)
    for name in ("accept_ra", "accept_ra_defrtr"):
        (folder / name).write_text("1\n")
    stand_in(host.path / "ip", f'echo "$*" >>{host.path}/asked\n')
    if script == "init":
        stand_in(host.path / "pppoe-client-init", _pppoe_client_up.init_script().decode())
        host.run("init", **metric, DIALTONE_IPV6="1", DIALTONE_OWN="/nonexistent")
    else:
        host.run("up", dns="none", **metric, DIALTONE_IPV6="1")
        looked = "-6 route show default dev ppp0 proto ra" in (host.path / "asked").read_text()
        assert looked is (not metric)
    assert (folder / "accept_ra_defrtr").read_text() == setting
    assert (folder / "accept_ra").read_text() == "2\n"


LINKS = """
for link in uplink second; do
    ip link add $link type veth peer name $link-peer
    ip link set $link addrgenmode none
    ip link set $link up; ip link set $link-peer up
    ip -6 addr add fe80::2 peer fe80::1/128 dev $link nodad
done
ip nexthop add id 7 via fe80::1 dev uplink
ip -6 route add default nhid 7 proto ra metric 1024
"""


@pytest.mark.skipif(bool(router.why_not()) or not shutil.which("ip"), reason="no namespace can be made here")
@pytest.mark.parametrize("announced", [True, False])
def test_the_default_route_of_another_link_by_a_nexthop_object_stays(host, announced):
    """The kernel, asked to delete that of one link, deletes what systemd-networkd has set for another one."""
    namespace = router.Namespace()
    try:
        namespace.sh(LINKS)
        before = namespace.sh("ip -6 route show default")
        if announced:  # as the kernel adds what it has heard
            namespace.sh("ip -6 route append default via fe80::1 dev second proto ra metric 1024")
        settings = "/proc/sys/net/ipv6/conf"
        host.run("up", dns="none", interface="second", into=namespace.into, DIALTONE_IPV6="1", DIALTONE_SYSCTL=settings)
        assert namespace.sh("ip -6 route show default") == before
        assert "nhid 7" in before
        assert "fe80::2 peer fe80::1/128" in namespace.sh("ip -6 addr show dev second scope link")
        assert namespace.sh(f"cat {settings}/second/accept_ra {settings}/second/accept_ra_defrtr") == "2\n0\n"
    finally:
        namespace.close()


def test_a_link_that_dials_on_demand_begins_its_log_anew(host):
    log = host.path / "pppoe-client-dsl.log"
    for variables, text in (({}, "said\n"), ({"DIALTONE_DEMAND": "1"}, "")):
        log.write_text("said\n")
        host.run("up", dns="none", **variables)
        assert log.read_text() == text


def test_since_when_the_link_is_up_is_recorded(host):
    host.run("up", dns="none")
    assert int((host.path / "pppoe-client-dsl.up").read_text()) > 0


def test_a_hook_has_no_limit_on_its_files(host):
    hook = host.path / "dsl.up"
    hook.write_text(f"#!/bin/sh\nulimit -S -f >{host.path}/limit\n")
    hook.chmod(0o700)
    script = host.path / "pppoe-client-up"
    limited = f"ulimit -S -f 16384; exec {script} ppp0 eth0 0 192.0.2.7 192.0.2.1 x"
    environment = {
        "DIALTONE_CONNECTION": "dsl", "DIALTONE_DNS": "none", "DIALTONE_RUN": str(host.path),
        "DIALTONE_OWN": "/nonexistent/", "DIALTONE_HOOKS": str(host.path),
    }  # fmt: skip
    subprocess.run(["sh", "-c", limited], env=environment, check=True)
    assert (host.path / "limit").read_text() == "unlimited\n"


def test_the_hook_of_the_connection_runs(host):
    for action in ("up", "down"):
        hook = host.path / f"dsl.{action}"
        hook.write_text(f'#!/bin/sh\necho "{action} $1 $4 $IPREMOTE" >>{host.path}/ran\n')
        hook.chmod(0o700)
    for action in ("up", "down"):
        host.run(action, dns="none", IPREMOTE="192.0.2.1", DIALTONE_HOOKS=str(host.path))
        host.run(action, "office", dns="none", DIALTONE_HOOKS=str(host.path))
    assert (host.path / "ran").read_text() == "up ppp0 192.0.2.7 192.0.2.1\ndown ppp0 192.0.2.7 192.0.2.1\n"


def test_resolvconf_is_asked_where_there_is_one(host):
    stand_in(host.path / "resolvconf", f'echo "$*" >>{host.path}/asked\n[ "$1" = -d ] || cat >>{host.path}/asked\n')
    host.file.write_text(BEFORE)
    host.run("up")
    host.run("down")
    assert (host.path / "asked").read_text() == "-a ppp0.pppoe\nnameserver 198.51.100.1\n-d ppp0.pppoe\n"
    assert host.file.read_text() == BEFORE


def test_the_first_request_is_held_back_and_the_hosts_own_script_is_not_forgotten(tmp_path):
    script, own = tmp_path / "init", tmp_path / "net-init"
    script.write_bytes(_pppoe_client_up.init_script())
    environment = dict(os.environ, DIALTONE_OWN=str(own))
    assert subprocess.run(["sh", script, "ppp0"], env=environment, check=False).returncode == 0
    stand_in(own, 'echo "$@"\n')
    ran = subprocess.run(["sh", script, "ppp0", "two words"], env=environment, capture_output=True, check=True)
    assert ran.stdout == b"ppp0 two words\n"
