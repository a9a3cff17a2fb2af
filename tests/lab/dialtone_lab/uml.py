"""Hosts that are User Mode Linux guests: a kernel of their own, as an ordinary process."""

import os
import shutil
import subprocess
from pathlib import Path

from . import kernel, machine, render
from .errors import LabError
from .names import Names
from .topology import Host


def start(lab: Names, host: Host, image: Path) -> None:
    """Boot the host with the disk it has, or with a fresh one. Returns at once."""
    if pid(lab, host):
        raise LabError(f"host {host.name} runs already")
    lab.host_folder(host.name).mkdir(parents=True, exist_ok=True)
    # The remains of a killed life: linux.uml takes a reused pid in there for a twin and changes its name.
    shutil.rmtree(lab.run / "uml" / host.name, ignore_errors=True)
    (lab.run / "uml").mkdir(parents=True, exist_ok=True)
    own_kernel = kernel.locate(host.kernel, image.parent)
    public_key = lab.key.with_suffix(".pub").read_text().split()[1]
    command = [
        *render.on_processor(lab, host, sorted(os.sched_getaffinity(0))),
        *machine.in_namespace(lab.namespace, *render.uml_command(lab, host, image, own_kernel, public_key)),
    ]
    with lab.console(host.name).open("ab") as console:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LAB_KERNEL": str(own_kernel / "linux.uml")},
            start_new_session=True,
        )


def processes(lab: Names, host: Host | None = None) -> list[int]:
    """The processes of a host, or of all hosts of the lab, the main one first: UML has threads that outlive it."""
    words = [f"uml_dir={lab.run}/uml"] + ([f"umid={host.name}"] if host else [])
    return machine.processes_with(*words)


def pid(lab: Names, host: Host) -> int | None:
    """The main process of the host, or None when it does not run."""
    return next(iter(processes(lab, host)), None)


def kill(lab: Names, host: Host) -> None:
    """Cut its power."""
    if not machine.end(lambda: processes(lab, host)):
        raise LabError(f"host {host.name} does not run")


def remove_all(lab: Names) -> int:
    """End every UML guest of the lab; returns how many processes that were."""
    return machine.end(lambda: processes(lab))
