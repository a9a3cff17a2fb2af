"""The scripts of a server run here, with stand-ins for the programs they call: ps, ip, pppd, pppoe-server, pppoe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _program as _manager_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_instance, _pppoe_server_pppd
from ansible_collections.dialtone.pppoe.tests.support.programs import stand_in

KERNEL = ["plugin", "pppoe.so", "nic-eth1", "rp_pppoe_sess", "12:02:00:00:00:00:ab"]
#: The addresses of a pool.
FOUR = ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]
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
def place(tmp_path):
    """A folder with the scripts in it and ``program(name, text)`` to put a stand-in on PATH."""
    if os.geteuid() != 0:
        pytest.skip("only root has sessions")
    with made(tmp_path) as program:
        yield tmp_path, program


@contextmanager
def made(folder):
    """The scripts in a folder, and what puts a stand-in on PATH.

    The session manager is a real one. It and all that runs here are in a network of their own, so that sessions of
    other tests are another host's.
    """
    for name in ("bin", "etc", "run", "ppp", "scripts/manager"):
        (folder / name).mkdir(parents=True)

    def program(name, text):
        path = folder / "bin" / name
        stand_in(path, text)
        return str(path)

    arguments = program("pppd", 'for word in "$@"; do printf "%s\\n" "$word"; done\n')
    program("ip", "exit 0\n")
    program("modprobe", "exit 1\n")
    program("logger", "exit 0\n")
    (folder / "instance").write_bytes(_pppoe_server_instance.instance_script())
    (folder / PPPD).write_bytes(_pppoe_server_pppd.pppd_script(arguments))
    for path, text in _manager_program.files(str(folder / "scripts"), sys.executable).items():
        Path(path).write_bytes(text)
        Path(path).chmod(0o755)
    network = "ip link set lo up; echo; exec sleep 86400"
    with subprocess.Popen(["unshare", "--net", "sh", "-c", network], stdout=subprocess.PIPE) as own:
        try:
            own.stdout.readline()
            (folder / "network").write_text(str(own.pid))
            yield program
            if (folder / "run" / "manager.pid").exists() or (folder / "run" / "answers").exists():
                run(folder, "scripts/" + _manager_program.PROGRAM, "stop", shell=sys.executable)
        finally:
            own.kill()


PPPD = "scripts/pppoe-server-pppd"
_SCRIPTS = ("/etc/ppp/no-script", "DIALTONE_PRE_UP=none")


def environment(place) -> dict[str, str]:
    """What the scripts need to find everything in the folder."""
    folders = {
        "STATE": "run",
        "RUN": "run",
        "CONFIGURATION": "etc",
        "SCRIPTS": "scripts",
        "PPP": "ppp",
        "HISTORY": "history.db",
        "ANNOUNCED": "announced",
    }
    found = {f"PPPOE_SERVER_{name}": str(place / folder) for name, folder in folders.items()}
    return {**os.environ, **found, "PATH": "{}:{}".format(place / "bin", os.environ["PATH"])}


def inside(place, *words) -> list[str]:
    """A command in the network of the folder."""
    return ["nsenter", f"--net=/proc/{(place / 'network').read_text()}/ns/net", *words]


def run(place, script, *arguments, shell="sh"):
    return subprocess.run(
        inside(place, shell, str(place / script), *arguments),
        env=environment(place),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.fixture
def process(place):
    """``process()``: a process that lives for the length of the test. With words, it is the pppd of a session."""
    begun = []

    def begin(*words):
        command = ["pppd", "-c", "read _", *words] if words else ["sleep", "60"]
        begun.append(
            subprocess.Popen(
                inside(place[0], "bash", "-c", 'exec -a "$0" sh "${@:1}"', *command) if words else command,
                stdin=subprocess.PIPE,
            )
        )
        return begun[-1]

    yield begin
    for each in begun:
        each.kill()
        each.wait()


def session(place, process, address, number=7, file="default"):
    """The pppd of a session that was given an address."""
    options = f"{place[0]}/etc/{file}.options"
    begun = process(f"10.0.0.1:{address}", "rp_pppoe_sess", f"{number}:02:00:00:00:00:07", "file", options)
    while not Path(f"/proc/{begun.pid}/cmdline").read_bytes().startswith(b"pppd\0"):
        time.sleep(0.005)
    return begun


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


def interface(folder, name, local, peer, pid):
    """Make an interface with an address in the network of the folder, that of the pppd ``pid`` if it is given."""
    interface_pid(folder, name, pid)
    address = [local, "peer", f"{peer}/32"] if peer else [f"{local}/32"]
    subprocess.run(inside(folder, "ip", "link", "add", name, "type", "veth", "peer", "name", name + "x"), check=True)
    subprocess.run(inside(folder, "ip", "addr", "add", *address, "dev", name, "label", name), check=True)


def interface_pid(folder, name, pid):
    if pid is not None:
        (folder / "run" / f"{name}.pid").write_text(f"{pid}\n")


def dial(place, *words, suggested="10.0.0.2"):
    """Run our pppd script as pppoe-server would: the words that pppd was given, without the options file."""
    folder = place[0]
    options = f"{folder}/etc/default.options"
    result = run(folder, PPPD, *words, "file", options, f"10.0.0.1:{suggested}")
    given = result.stdout.split("\n")[:-1]
    if given:
        at = given.index("file")
        assert given[at : at + 2] == ["file", options]
        del given[at : at + 2]
        # What the manager adds, which has tests of its own.
        assert given[1:3] == ["set", "DIALTONE_LANE=12"]
        last = max((index for index, word in enumerate(given) if word in _SCRIPTS), default=2)
        del given[1 : last + 1]
    return result, given


@pytest.fixture
def start(place):
    """``start(count)`` starts the daemon of the instance ``default`` with ``count`` slots."""
    folder, program = place
    if os.geteuid() != 0:
        pytest.skip("a socket for discovery needs root")
    yield starter(folder, program)
    end_daemons(folder)


def starter(folder, program):
    """A function that starts an instance, with a stand-in for pppoe-server."""
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

    return begin


def end_daemons(folder) -> None:
    for path in set((folder / "run").glob("*.pid")) - {folder / "run" / "manager.pid"}:
        with suppress(ProcessLookupError):
            os.kill(int(path.read_text()), signal.SIGKILL)


def asked(folder) -> list[str]:
    """What the last daemon was given at the end of its command: its offset and the addresses of its slots."""
    words = (folder / "asked").read_text().splitlines()[-1].split()
    assert words[-4] == "-o"
    assert words[-2] == "-p"
    return [words[-3], *Path(words[-1]).read_text().split()]
