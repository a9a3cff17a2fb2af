"""pppoe-server-ctl as it is installed, on a host with sessions that are made of namespaces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control_program as _server_control_program
from ansible_collections.dialtone.pppoe.tests.support import many, router

pytestmark = pytest.mark.skipif(bool(router.why_not()), reason=f"no host can be made here: {router.why_not()}")
PROGRAM = _server_control_program.paths()[0]
TCPDUMP = '#!/bin/sh\nprintf "%s\\n" "$*"\n'


@pytest.fixture(scope="module")
def host():
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("there is no /dev/net/tun")
    with many.sessions(6) as made:
        made.run("sh", "-c", "mount -t tmpfs none /usr/local; echo 'ann * secret *' >/etc/ppp/chap-secrets")
        write = 'mkdir -p "${1%/*}" && printf "%s" "$2" >"$1" && chmod "$3" "$1"'
        for file in _server_control_program.files():
            made.run("sh", "-c", write, "-", file.path, file.content.decode(), f"{file.mode:o}")
        yield made


def ctl(host, *words):
    """Exit status, output and errors."""
    done = subprocess.run([*host.into, PROGRAM, *words], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_sessions(host):
    status, out, _err = ctl(host, "sessions")
    lines = out.splitlines()
    assert (status, len(lines)) == (0, 7)
    assert lines[0].split() == ["INTERFACE", "ACCOUNT", "ADDRESS", "MAC", "SERVER", "SINCE", "PLAN", "IN", "OUT"]
    assert lines[3].split()[:5] == ["ppp2", "account2", "10.16.0.3", "02:00:00:00:00:02", "default"]
    status, out, _err = ctl(host, "sessions", "account1", "--json")
    assert (status, [one["address"] for one in json.loads(out)["sessions"]]) == (0, ["10.16.0.2"])
    assert ctl(host, "sessions", "nobody") == (3, "No session.\n", "")
    assert ctl(host, "sessions", "--mac", "02-00-00-00-00-05")[0] == 0


@pytest.mark.parametrize(
    ("words", "status", "error"),
    [
        (["sessions", "--address", "x"], 2, "address[0]: 'x' is not an IP address."),
        (["kick"], 2, "ACCOUNT: no sessions are selected."),
        (["kick", "a", "--timeout", "0"], 2, "--timeout: 0 is too small."),
        (["drain", "north"], 2, "SERVER: this host has no server 'north'. It has default."),
        (["watch", "account1"], 1, "tcpdump is not installed."),
        ([], 2, "required: COMMAND"),
        (["dance"], 2, "invalid choice: 'dance'"),
    ],
)
def test_errors_name_what_is_wrong(host, words, status, error):
    if error.startswith("tcpdump"):
        host.run("sh", "-c", "for each in /usr/bin /usr/sbin; do [ ! -e $each/tcpdump ] || mount --bind /dev/null"
                 " $each/tcpdump; done")  # fmt: skip
    found, out, err = ctl(host, *words)
    assert (found, out) == (status, "")
    assert error in err


def test_watch_is_tcpdump_on_the_interface(host):
    host.run("sh", "-c", 'mkdir -p /usr/local/bin; printf "%s" "$1" >/usr/local/bin/tcpdump; chmod 755'
             " /usr/local/bin/tcpdump", "-", TCPDUMP)  # fmt: skip
    assert ctl(host, "watch", "account3", "--", "-c", "5", "icmp") == (0, "-n -i ppp3 -c 5 icmp\n", "")
    assert ctl(host, "watch", "nobody") == (3, "No session. Try pppoe-server-ctl why.\n", "")


def test_why(host):
    entry = {
        "time": int(time.time()),
        "instance": "default",
        "username": "ann",
        "reason": "the account ann is disabled",
    }
    host.run("sh", "-c", 'mkdir -p /run/pppoe-server; printf "%s\\n" "$1" >/run/pppoe-server/refused', "-",
             json.dumps(entry))  # fmt: skip
    status, out, _err = ctl(host, "why", "ann")
    assert status == 0
    assert out.splitlines()[0].split(maxsplit=3)[3] == "default does not run, so that nobody can dial there"
    assert out.splitlines()[1].endswith("session manager  it was hung up: the account ann is disabled")
    status, out, _err = ctl(host, "why", "account1", "--json")
    assert json.loads(out)["findings"][0]["text"].startswith("it is connected: ppp1 of default, 10.16.0.2, from 02:")
    status, out, _err = ctl(host, "why", "bob")
    assert "there is no such account in /etc/ppp/chap-secrets" in out


def test_kick(host):
    status, out, _err = ctl(host, "kick", "account4", "--interface", "ppp4")
    assert (status, out.splitlines()[0]) == (0, "1 ended.")
    assert ctl(host, "sessions", "account4")[0] == 3
    assert ctl(host, "kick", "account4") == (3, "No session.\n", "")


def test_python_of_the_host_runs_it(host):
    """The oldest Python that a host may have needs no more than what is there."""
    assert host.run("head", "-n", "1", PROGRAM).said == f"#!{sys.executable} -IB\n"
    assert ctl(host, "--help")[1].startswith("usage: pppoe-server-ctl")
