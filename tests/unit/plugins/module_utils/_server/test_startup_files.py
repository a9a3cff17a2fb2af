from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_files as _server_startup_files

FILES = {
    "/etc/default/pppoe": b'# options\nOPTIONS="-I eth1 -N 5"\nIF=eth1\n',
    "/usr/local/sbin/start": b"#!/bin/sh\niptables -F\npppoe-server -I eth9\n",
}


def shown(lines) -> list[tuple[str, int, str, bool]]:
    """The file, the line, the interfaces or "?", and whether nothing else is started."""
    return [
        (line.path, line.number, ",".join(line.command.interfaces) if line.command else "?", line.alone)
        for line in lines
    ]


@pytest.mark.parametrize(
    ("service", "found"),
    [
        ("ExecStart=/usr/sbin/pppoe-server -I eth1 -L 10.0.0.1", [("u", 2, "eth1", True)]),
        ("Type=forking\nExecStartPre=/bin/sleep 5\nExecStart=-/usr/sbin/pppoe-server -I eth1",
         [("u", 4, "eth1", True)]),
        ("ExecStart=/usr/sbin/pppoe-server \\\n  -I eth1 \\\n  -N 5", [("u", 2, "eth1", True)]),
        ("EnvironmentFile=-/etc/default/pppoe\nExecStart=/usr/sbin/pppoe-server $OPTIONS", [("u", 3, "eth1", True)]),
        ("EnvironmentFile=/etc/default/pppoe\nExecStart=/usr/sbin/pppoe-server -I ${IF}", [("u", 3, "eth1", True)]),
        ("Environment=IF=eth1 \"X=a b\"\nExecStart=/usr/sbin/pppoe-server -I $IF", [("u", 3, "eth1", True)]),
        ("ExecStart=/bin/sh -c 'exec pppoe-server -F -I eth1'", [("u", 2, "eth1", True)]),
        ("ExecStart=/usr/sbin/pppoe-server -I eth1\nExecStart=/usr/sbin/pppoe-server -I eth2",
         [("u", 2, "eth1", True), ("u", 3, "eth2", True)]),
        ("ExecStart=/usr/sbin/pppoe-server -I %i", [("u", 2, "eth5", True)]),
        # more than a daemon
        ("ExecStart=/usr/sbin/pppoe-server -I eth1\nExecStartPost=/sbin/iptables -t nat -A POSTROUTING -j MASQUERADE",
         [("u", 2, "eth1", False)]),
        ("ExecStart=/bin/sh -c 'ip link set eth1 up; pppoe-server -I eth1'", [("u", 2, "eth1", False)]),
        ("ExecStart=/usr/local/sbin/start", [("/usr/local/sbin/start", 3, "eth9", True)]),
        # what cannot be read literally
        ("EnvironmentFile=/none\nExecStart=/usr/sbin/pppoe-server $OPTIONS", [("u", 3, "?", False)]),
        ("ExecStart=/usr/sbin/pppoe-server -I $IF", [("u", 2, "?", False)]),
        ("ExecStart=/usr/sbin/pppoe-server -C %H -I eth1", [("u", 2, "?", False)]),
        ("ExecStart=/bin/sh -c 'pppoe-server -I $(cat /x)'", [("u", 2, "?", False)]),
        # nothing
        ("ExecStart=/usr/sbin/sshd -D\nExecStop=/usr/bin/killall pppoe-server", []),
        ("ExecStart=/usr/sbin/pppoe-server -I eth1\nExecStart=", []),
        ("ExecStart=/usr/local/libexec/dialtone-pppoe/pppoe-server-instance start default eth1 -- "
         "/usr/sbin/pppoe-server -I eth1 -O /etc/ppp/pppoe-server/default.options", []),
        ("#ExecStart=/usr/sbin/pppoe-server -I eth1", []),
    ],
)  # fmt: skip
def test_unit(service, found):
    unit = _server_startup_files.unit([("u", b"[Service]\n" + service.encode() + b"\n")])
    assert shown(_server_startup_files.of_unit(unit, "eth5", FILES.get)) == found


def test_a_drop_in_replaces_the_command():
    unit = _server_startup_files.unit(
        [
            ("/lib/u", b"[Unit]\nExecStart=/not/here\n[Service]\nExecStart=/usr/sbin/pppoe-server -I eth1\n"),
            ("/etc/u.d/x.conf", b"[Service]\nExecStart=\nExecStart=/usr/sbin/pppoe-server -I eth2\n"),
        ]
    )
    assert shown(_server_startup_files.of_unit(unit, None, FILES.get)) == [("/etc/u.d/x.conf", 3, "eth2", True)]


@pytest.mark.parametrize(
    ("text", "with_user", "found"),
    [
        ("@reboot pppoe-server -I eth1", False, [("c", 1, "eth1", True)]),
        ("PATH=/usr/sbin\n@reboot root sleep 30; pppoe-server -I eth1", True, [("c", 2, "eth1", True)]),
        ("IF=eth1\n@reboot\troot\tpppoe-server -I $IF", True, [("c", 2, "eth1", True)]),
        ("* * * * * pgrep pppoe-server || pppoe-server -I eth1", False, [("c", 1, "eth1", False)]),
        ("*/5 0-6 * jan mon root /usr/local/sbin/start", True, [("/usr/local/sbin/start", 3, "eth9", True)]),
        ("@reboot pppoe-server -I $(cat /x)", False, [("c", 1, "?", False)]),
        ("# @reboot pppoe-server -I eth1\n\n17 * * * * root cd / && run-parts /etc/cron.hourly", True, []),
    ],
)
def test_crontab(text, with_user, found):
    assert shown(_server_startup_files.of_crontab(text.encode(), "c", with_user, FILES.get)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("auto eth1\niface eth1 inet manual\n  up ip link set $IFACE up\n  up pppoe-server -I $IFACE -N 20\n"
         "  down killall pppoe-server\n", [("i", 4, "eth1", True)]),
        ("iface eth1 inet manual\n\tpost-up pppoe-server -I eth1 \\\n\t -N 20\n", [("i", 2, "eth1", True)]),
        ("iface eth1 inet manual\niface eth2 inet manual\n  pre-up su -c 'pppoe-server -I eth2'",
         [("i", 3, "eth2", True)]),
        ("iface eth1 inet manual\n  up /usr/local/sbin/start", [("/usr/local/sbin/start", 3, "eth9", True)]),
        ("iface eth1 inet manual\n  up pppoe-server -I $X", [("i", 2, "?", False)]),
        ("iface eth1 inet manual\n# up pppoe-server -I eth1\n  address 10.0.0.1", []),
    ],
)  # fmt: skip
def test_interfaces(text, found):
    assert shown(_server_startup_files.of_interfaces(text.encode(), "i", FILES.get)) == found
