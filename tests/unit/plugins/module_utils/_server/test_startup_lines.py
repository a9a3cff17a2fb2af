from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines

GUIDE = "pppoe-server -I eth1 -L 192.168.10.109 -R 192.168.10.2 -N 20"


@pytest.mark.parametrize(
    ("words", "interfaces", "options_path", "by_hand"),
    [
        (GUIDE, ["eth1"], "/etc/ppp/pppoe-server-options", True),
        ("/usr/sbin/pppoe-server -F -Ieth1 -I eth2 -I eth1", ["eth1", "eth2"], "/etc/ppp/pppoe-server-options", True),
        ("pppoe-server", ["eth0"], "/etc/ppp/pppoe-server-options", True),
        ("pppoe-server -FI eth3 -O /etc/ppp/mine -O /etc/ppp/yours", ["eth3"], "/etc/ppp/yours", True),
        ("pppoe-server -I eth1 -O /etc/ppp/pppoe-server/default.options", ["eth1"], None, False),
        # Options that this version does not know are complained of and passed over, as pppoe-server does.
        ("pppoe-server -z -I eth1", ["eth1"], None, True),
        ("pppoe-server -FzI eth1", ["eth1"], None, True),
        ("pppoe-server word -I eth1", ["eth1"], None, True),
    ],
)
def test_command(words, interfaces, options_path, by_hand):
    found = _server_startup_lines.command(words.split())
    assert found.interfaces == interfaces
    assert options_path in (None, found.options_path)
    assert found.by_hand is by_hand


def test_an_option_without_its_argument_is_left_out():
    assert _server_startup_lines.command(["pppoe-server", "-I", "eth1", "-N"]).interfaces == ["eth1"]


@pytest.mark.parametrize("words", ["", "pppd -I eth1", "/usr/local/libexec/dialtone-pppoe/pppoe-server-instance start"])
def test_another_command(words):
    assert _server_startup_lines.command(words.split()) is None


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (f"#!/bin/sh\n{GUIDE}\nexit 0\n", [(2, True)]),
        (f"{GUIDE} &", [(1, True)]),
        (f"{GUIDE} >/dev/null 2>&1 &\n", [(1, True)]),
        (f"\n\n/usr/sbin/{GUIDE} </dev/null\n", [(3, True)]),
        (f"sleep 10; {GUIDE}\n", [(1, True)]),
        (f"sleep 10 && {GUIDE} &\n", [(1, True)]),
        (f"nohup {GUIDE} &\n", [(1, True)]),
        ("pppoe-server -I eth1 \\\n  -N 20\nexit 0\n", [(1, True)]),
        (f"{GUIDE}\npppoe-server -I eth2\n", [(1, True), (2, True)]),
        (f"{GUIDE}; iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\n", [(1, False)]),
        (f"if true; then {GUIDE}; fi\n", [(1, False)]),
        (f"nice -n 5 {GUIDE}\n", [(1, False)]),
        (f"ip vrf exec red {GUIDE}\n", [(1, False)]),
        (f"ip netns exec red {GUIDE}\nip link set eth1 up\n", []),
        (f"{GUIDE}; pppoe-server -I eth2\n", [(1, False), (1, False)]),
        (f"# {GUIDE}\n", []),
        (f": # taken over by dialtone.pppoe: {GUIDE}\n", []),
        ("pidof pppoe-server || echo none\n", []),
        ("/usr/local/libexec/dialtone-pppoe/pppoe-server-instance start default eth1 -- /usr/sbin/pppoe-server -I eth1"
         " -O /etc/ppp/pppoe-server/default.options &\n", []),
        ("echo 'never ends\n", []),
        ("", []),
    ],
)  # fmt: skip
def test_lines(script, found):
    assert [(line.number, line.alone) for line in _server_startup_lines.lines(script.encode())] == found


#: What a line starts: the interfaces of each daemon, "?" for one that cannot be read literally.
@pytest.mark.parametrize(
    ("script", "found"),
    [
        # what can be resolved
        ("for v in 10 20; do\n  pppoe-server -I eth1.$v -L 10.20.$v.1\ndone\n", ["eth1.10", "eth1.20"]),
        ("VLANS='10 20'\nfor v in $VLANS; do pppoe-server -I eth1.$v; done", ["eth1.10", "eth1.20"]),
        ("IF=eth1\nPOOL=10.9.0.10\npppoe-server -I ${IF} -R $POOL\n", ["eth1"]),
        ("OPTS='-I eth1 -N 5'; pppoe-server $OPTS", ["eth1"]),
        ("D=/usr/sbin/pppoe-server\n$D -I eth1", ["eth1"]),
        ('su - root -c "pppoe-server -I eth1"', ["eth1"]),
        ("su -c 'sleep 5; pppoe-server -I eth1'", ["eth1"]),
        ("IF=eth1; bash -c \"pppoe-server -I $IF\"", ["eth1"]),
        ("runuser -l root -c 'pppoe-server -I eth1'", ["eth1"]),
        ("(sleep 20 && sudo pppoe-server -k -I eth1) &", ["eth1"]),
        ("sudo -u root nohup setsid pppoe-server -I eth1 &", ["eth1"]),
        ("screen -dmS pppoe pppoe-server -F -I eth1", ["eth1"]),
        ("screen -dmS pppoe bash -c 'pppoe-server -F -I eth1'", ["eth1"]),
        ('tmux new-session -d -s x "pppoe-server -F -I eth1"', ["eth1"]),
        ("systemd-run --unit=x pppoe-server -F -I eth1", ["eth1"]),
        ("start-stop-daemon --start --exec /usr/sbin/pppoe-server -- -I eth1", ["eth1"]),
        ("[ -x /usr/sbin/pppoe-server ] && pppoe-server -I eth1", ["eth1"]),
        ("pgrep pppoe-server || pppoe-server -I eth1", ["eth1"]),
        ("killall pppoe-server; pppoe-server -I eth1", ["eth1"]),
        ("while :; do pppoe-server -F -I eth1; sleep 5; done &", ["eth1"]),
        ("start() { pppoe-server -I eth1; }\ncase $1 in start) start;; esac", ["eth1"]),
        ("pppoe-server -I eth1:3", ["eth1"]),
        ("#!/bin/sh\r\npppoe-server -I eth1\r\nexit 0\r\n", ["eth1"]),
        ("#!/bin/bash\neval \"pppoe-server -I eth1\"", ["eth1"]),
        # what cannot
        ("pppoe-server -I $IF", ["?"]),
        ("pppoe-server -I ${IF:-eth1}", ["?"]),
        ("pppoe-server -I eth1 -C $(hostname)", ["?"]),
        ("pppoe-server -I `cat /etc/if`", ["?"]),
        ("pppoe-server $*", ["?"]),
        ("$(which pppoe-server) -I eth1", ["?"]),
        ("P=`which pppoe-server`\n$P -I eth1", ["?"]),
        ("for i in $(seq 1 3); do pppoe-server -I eth1.$i; done", ["?"]),
        ("for i in {1..3}; do pppoe-server -I eth1.$i; done", ["?"]),
        ("i=1; while [ $i -lt 4 ]; do pppoe-server -I eth$i; i=$((i+1)); done", ["?"]),
        ("if a; then IF=eth1; else IF=eth2; fi; pppoe-server -I $IF", ["?"]),
        ("start() { pppoe-server -I $1; }\nstart eth1", ["?"]),
        ("read IF < /etc/if; pppoe-server -I $IF", ["?"]),
        ("su -c 'pppoe-server -I $IF'", ["?"]),
        ("tmux send-keys -t x 'pppoe-server -I eth1' C-m", ["?"]),
        ("screen -S x -X stuff 'pppoe-server -I eth1\n'", ["?"]),
        ("echo 'pppoe-server -I eth1' | at now", ["?"]),
        ("cat <<E | sh\npppoe-server -I eth1\nE\n", ["?"]),
        ("sh <<E\npppoe-server -I eth1\nE\n", ["?"]),
        ("su root <<<'pppoe-server -I eth1'", ["?"]),
        ("python3 -c \"os.system('pppoe-server -I eth1')\"", ["?"]),
        ("echo 'open\npppoe-server -I eth1\n", ["?"]),
        ("pppoe-server -I eth1 -C 'open\n", ["?"]),
        ("#!/usr/bin/python3\nrun(['pppoe-server', '-I', 'eth1'])\n", ["?"]),
        ("#!/usr/bin/perl\nsystem 'pppoe-server -I eth1';\n", ["?"]),
        ("/usr/sbin/freeradius -f -d /etc/ppp/pppoe-server-radius", []),
        # what only speaks of it
        ("echo 'pppoe-server -I eth1 started' >>/var/log/boot", []),
        ("logger pppoe-server -I eth1", []),
        ("killall pppoe-server; pidof pppoe-server; which pppoe-server", []),
        ("touch /var/run/pppoe-server.pid /etc/ppp/pppoe-server-options", []),
        ("cat >/root/notes <<E\npppoe-server -I eth1\nE\n", []),
        ("pppoe-server -h; pppoe-server -p /etc/pool -P", []),
        ("exit 0\npppoe-server -I eth1\n", []),
        ("exec my-own-init\npppoe-server -I eth1\n", []),
    ],
)  # fmt: skip
def test_what_a_script_starts(script, found):
    lines = [line for line in _server_startup_lines.lines(script.encode(), "rc") if line.reached]
    shown = [",".join(line.command.interfaces) if line.command else "?" for line in lines]
    assert shown == found


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("/root/start.sh", [("/root/start.sh", 2, "eth9")]),
        ("sh /root/start.sh &", [("/root/start.sh", 2, "eth9")]),
        ("cd /root; ./start.sh", [("/root/start.sh", 2, "eth9")]),
        ("my-pppoe >/dev/null", [("/usr/local/sbin/my-pppoe", 1, "eth8")]),
        (". /etc/default/pppoe; pppoe-server -I $IF", [("rc", 1, "eth7")]),
        (". /root/start.sh", [("/root/start.sh", 2, "eth9")]),
        ("/root/loop.sh", []),
        ("/root/none.sh", []),
    ],
)
def test_other_scripts_are_followed(script, found):
    files = {
        "/root/start.sh": b"#!/bin/sh\npppoe-server -I eth9\n",
        "/usr/local/sbin/my-pppoe": b"pppoe-server -I eth8\n",
        "/etc/default/pppoe": b"IF=eth7\n",
        "/root/loop.sh": b"/root/loop.sh; . /root/loop.sh\n",
    }
    lines = _server_startup_lines.lines(script.encode(), "rc", files.get)
    assert [(line.path, line.number, line.command.interfaces[0]) for line in lines] == found


@pytest.mark.parametrize(
    ("command", "unit"),
    [
        ("systemctl start pppoe", "pppoe.service"),
        ("systemctl --no-block restart pppoe.service", "pppoe.service"),
        ("service pppoe-server start", "pppoe-server.service"),
        ("/etc/init.d/pppoe-server restart", "pppoe-server.service"),
        ("sudo systemctl start pppoe", "pppoe.service"),
    ],
)
def test_a_line_that_starts_a_unit(command, unit):
    assert [line.unit for line in _server_startup_lines.lines(command.encode())] == [unit]
    assert _server_startup_lines.lines(b"systemctl status x; service x stop") == []
