"""Hosts that are podman containers: they share the machine's kernel, and start in seconds.

Podman runs with storage, settings and a runtime folder of the lab's own; the user's containers are never seen.
The root file system is the image's `tree` with an overlay of the container's own; its interfaces live in a network
namespace that the lab has wired, so that they outlast it.
"""

import os
import subprocess
from pathlib import Path

from . import machine, render
from .errors import LabError
from .names import Names
from .topology import Host

CONTROL_GROUPS = Path("/sys/fs/cgroup")


def start(lab: Names, host: Host, image: Path) -> None:
    """Start the container with the disk it has, or with a fresh one. Returns at once."""
    if pid(lab, host):
        raise LabError(f"host {host.name} runs already")
    if _podman(lab, "container", "exists", host.name, check=False).returncode == 0:
        _podman(lab, "start", host.name)
        return
    lab.host_folder(host.name).mkdir(parents=True, exist_ok=True)
    lab.containers_conf.write_text(render.containers_conf(lab))
    _podman(lab, *render.container_arguments(lab, host, image, _devices()))


def pid(lab: Names, host: Host) -> int | None:
    """The pid of the container's systemd, or None when it does not run."""
    if not lab.containers_conf.exists():
        return None
    shown = _podman(lab, "inspect", "--format", "{{.State.Pid}}", host.name, check=False)
    return int(shown.stdout) or None if shown.returncode == 0 else None


def kill(lab: Names, host: Host) -> None:
    """Cut its power: SIGKILL, at once, and no restart."""
    if not pid(lab, host):
        raise LabError(f"host {host.name} does not run")
    _podman(lab, "stop", "--time", "0", host.name)


def remove_all(lab: Names) -> None:
    """Remove every container of the lab, and what podman left of them."""
    if not lab.containers_conf.exists():
        return
    _podman(lab, "rm", "--all", "--force", "--time", "0", check=False)
    # What a killed podman left: its monitors, known by the lab's own folder on their command line, and its mounts.
    machine.end(lambda: machine.processes_with("--runroot", str(lab.podman_run)))
    for mount in reversed([*_mounts_below(lab.podman), *_mounts_below(lab.podman_run)]):
        machine.run("umount", mount)
    for group in _control_groups(lab):
        group.rmdir()


def _podman(lab: Names, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    return machine.run(
        *render.podman_command(lab),
        *arguments,
        check=check,
        environment={**os.environ, "CONTAINERS_CONF": str(lab.containers_conf)},
    )


def _devices() -> list[str]:
    """PPP and tun of the machine's kernel, where it has them."""
    return [device for device in ("/dev/ppp", "/dev/net/tun") if Path(device).exists()]


def _mounts_below(folder: Path) -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4].replace("\\040", " ") for line in lines]
    return [point for point in points if point.startswith(f"{folder}/")]


def _control_groups(lab: Names) -> list[Path]:
    """The lab's control groups, the innermost first: below the root (version 2), or below each controller."""
    roots = [root for pattern in (lab.namespace, f"*/{lab.namespace}") for root in CONTROL_GROUPS.glob(pattern)]
    below = [folder for root in roots for folder in root.rglob("*") if folder.is_dir()]
    return sorted({*roots, *below}, key=lambda path: len(path.parts), reverse=True)
