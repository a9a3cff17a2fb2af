"""Reaching the hosts of a lab, and waiting until they can be reached."""

import os
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from . import machine
from .errors import LabError
from .machine import Progress
from .names import Names
from .topology import Host

BOOT_SECONDS = 480
# The lab's own short connections leave no master behind that could outlive a reboot.
ALONE = ["-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "BatchMode=yes", "-o", "ConnectTimeout=3"]


def command(lab, host: Host, remote: str, check: bool = True) -> subprocess.CompletedProcess:
    """Run a command on a host."""
    return machine.run("ssh", "-F", lab.names.ssh_config, *ALONE, host.name, remote, check=check)


def boot_id(lab, host: Host, check: bool = True) -> str | None:
    """What the host's kernel calls this life of it; None when it does not answer."""
    shown = command(lab, host, "cat /proc/sys/kernel/random/boot_id; stat -c %Y /proc/1", check=check)
    return shown.stdout if shown.returncode == 0 else None


def wait_settled(lab, hosts: tuple[Host, ...], progress: Progress) -> None:
    """Wait until each host answers ssh and its systemd has finished starting."""
    stop = threading.Event()
    with ThreadPoolExecutor(max_workers=len(hosts)) as pool:
        waits = [pool.submit(_wait_one, lab, host, stop, progress) for host in hosts]
        try:
            while not all(wait.done() for wait in waits):
                if any(wait.done() and wait.exception() for wait in waits):
                    break
                waiting = [host.name for host, wait in zip(hosts, waits, strict=True) if not wait.done()]
                progress.still(f"waiting for {', '.join(waiting)}")
                time.sleep(0.1)
        finally:
            stop.set()
        for wait in waits:
            if wait.done():
                wait.result()


def _wait_one(lab, host: Host, stop: threading.Event, progress: Progress) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while not answers(lab.names, host):
        if not lab.pid(host):
            raise LabError(f"host {host.name} has ended; its console: {console_end(lab.names, host)}")
        if time.monotonic() > deadline:
            raise LabError(
                f"host {host.name} does not answer ssh within {BOOT_SECONDS} s; "
                f"its console: {console_end(lab.names, host)}"
            )
        if stop.wait(0.3):
            return
    progress.say(f"host {host.name}: answers ssh")
    state = command(lab, host, f"timeout {BOOT_SECONDS} systemctl is-system-running --wait", check=False).stdout.strip()
    if state == "running":
        progress.say(f"host {host.name}: settled")
        return
    failed = command(lab, host, "systemctl list-units --failed --plain --no-legend", check=False).stdout.split("\n")
    units = ", ".join(line.split()[0] for line in failed if line.split()) or "no unit failed"
    progress.say(f"host {host.name}: WARNING, systemd says {state or 'nothing'} ({units})")


def answers(lab: Names, host: Host) -> bool:
    """Whether sshd greets: an open port alone may belong to a host that is on its way down."""
    greeting = subprocess.run(
        machine.in_namespace(lab.namespace, "nc", "-w", "1", host.management_address, "22"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return greeting.stdout.startswith(b"SSH-")


def console_end(lab: Names, host: Host) -> str:
    """The last lines of a host's console, in one line."""
    try:
        text = lab.console(host.name).read_text(errors="replace")
    except OSError:
        return "(nothing)"
    return " / ".join(line.strip() for line in text.splitlines()[-6:] if line.strip()) or "(nothing)"


def close_masters(lab: Names, host: str = "*") -> None:
    """End the connections that ssh keeps open for the next command, to one host or to all of the lab."""
    for socket in lab.run.glob(f"ssh-{host}"):
        machine.run("ssh", "-o", f"ControlPath={socket}", "-O", "exit", "lab", check=False)


def replace_with(command_line: list[str]) -> None:
    """Become that program: its exit code, signals and terminal are then the caller's."""
    os.execvp(command_line[0], command_line)  # noqa: S606  # no shell is what we want
