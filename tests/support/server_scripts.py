"""The scripts of a server run here, with stand-ins for the programs they call: ps, ip, pppd, pppoe-server, pppoe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_instance, _pppoe_server_pppd

KERNEL = ["plugin", "pppoe.so", "nic-eth1", "rp_pppoe_sess", "12:02:00:00:00:00:ab"]
# What the real ps shows, and sessions of our namespaces, or of another host's.
PS = """case "$*" in *"-p "*) exec /bin/ps "$@" ;; esac
here=$(/bin/ps -o pidns=,netns= -p $$)
/bin/ps "$@" || exit
"""
SESSION = (
    'echo "{space} {pid} {parent} pppd nic-eth1 rp_pppoe_sess {id}:02:00:00:00:00:01 file {file} 10.0.0.1:{address}"\n'
)


def living(program, *sessions):
    """Make ``ps`` show sessions: (pid, id, address), in our namespaces unless they have a fourth."""
    text = PS
    for pid, number, address, *space in sessions:
        text += SESSION.format(
            space=space[0] if space else "$here", pid=pid, parent=1, id=number, file="/o/x", address=address
        )
    program("ps", text)


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
        env=dict(environment, PPPOE_SERVER_RUN=str(place / "run")),
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


@pytest.fixture
def start(place):
    """``start(count)`` starts the daemon of the instance ``default`` with ``count`` slots."""
    folder, program = place
    if os.geteuid() != 0:
        pytest.skip("a socket for discovery needs root")
    # What it shows of itself is what pppoe-server would: its name and its options.
    (folder / "server.py").write_text(
        "import os, socket, sys, time\n"
        f"open('{folder}/asked', 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        f"if os.path.exists('{folder}/broken'): sys.exit('SIOCGIFHWADDR: No such device')\n"
        "wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x8863))\n"
        "wire.bind(('lo', 0x8863))\n"
        "time.sleep(60)\n"
    )
    server = program("pppoe-server", "")
    Path(server).write_text(
        f'#!/bin/bash\nexec -a {server} {sys.executable} -S -c \'exec(open("{folder}/server.py").read())\' "$@"\n'
    )

    def begin(count, name="default"):
        options = f"{folder}/etc/{name}.options"
        return run(folder, "instance", "start", name, "lo", "--", server, "-O", options, "-N", str(count))

    yield begin
    for path in (folder / "run").glob("*.pid"):
        with suppress(ProcessLookupError):
            os.kill(int(path.read_text()), signal.SIGKILL)


def asked(folder) -> list[str]:
    """What the last daemon was given at the end of its command: its offset and the addresses of its slots."""
    words = (folder / "asked").read_text().splitlines()[-1].split()
    assert words[-4] == "-o"
    assert words[-2] == "-p"
    return [words[-3], *Path(words[-1]).read_text().split()]
