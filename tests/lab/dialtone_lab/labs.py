"""A whole lab: making it, finding it again, removing it without a trace."""

import json
import os
import shutil
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from . import containers, images, kernel, names, network, reach, render, topology, uml
from .customers import Customers
from .errors import LabError
from .machine import Progress, end, run
from .names import Names
from .topology import Host, Topology

DRIVERS = {"uml": uml, "container": containers}


@dataclass(frozen=True)
class Lab:
    """A lab that was made, as `lab up` wrote it down."""

    names: Names
    topology: Topology
    images: dict[str, Path]

    def driver(self, host: Host):
        """The module that starts and ends hosts of this kind."""
        return DRIVERS[host.kind]

    def start(self, host: Host) -> None:
        """Boot a host; returns at once."""
        self.driver(host).start(self.names, host, self.images[host.image])

    def pid(self, host: Host) -> int | None:
        """The host's main process."""
        return self.driver(host).pid(self.names, host)


def find(state_root: Path, name: str) -> Lab:
    """The lab of that name, or a LabError that lists those there are."""
    lab = Names(names.check_lab_name(name), state_root / name)
    try:
        data = json.loads(lab.description.read_text())
    except FileNotFoundError:
        known = ", ".join(all_names(state_root)) or "none"
        raise LabError(f"no lab {name!r} in {state_root}; there is: {known}") from None
    return Lab(
        lab, topology.load(json.dumps(data["topology"])), {suite: Path(path) for suite, path in data["images"].items()}
    )


def all_names(state_root: Path) -> list[str]:
    """The labs that have a folder here, whether they run or not."""
    if not state_root.is_dir():
        return []
    return sorted(path.name for path in state_root.iterdir() if path.is_dir())


def up(lab: Names, wanted: Topology, cache: Path, progress: Progress) -> None:
    """Make the lab and wait until every host has settled; on any failure remove what was made."""
    _claim(lab)
    try:
        with _termination_as_interrupt():
            _make(lab, wanted, cache, progress)
    except BaseException as error:
        reason = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        # A second Ctrl-C would leave half of it behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        progress.say(f"{reason}: removing what was made of lab {lab.lab}")
        down(lab, progress)
        raise


def prepare(wanted: Topology, cache: Path, progress: Progress) -> dict[str, Path]:
    """Have all that its hosts start from in the cache; the images by their suites."""
    kernel.ensure(wanted.kernels, cache, progress)
    return images.ensure(wanted.suites, cache, progress)


def _make(lab: Names, wanted: Topology, cache: Path, progress: Progress) -> None:
    made = Lab(lab, wanted, prepare(wanted, cache, progress))
    progress.say(f"network: namespace {lab.namespace}, {len(wanted.segments)} segments")
    _write_files(made)
    network.create(lab, wanted)
    for host in wanted.hosts:
        progress.say(f"host {host.name}: booting ({host.kind}, {host.image})")
        made.start(host)
    reach.wait_settled(made, wanted.hosts, progress)
    progress.say(f"lab {lab.lab} is up: ssh -F {lab.ssh_config} {wanted.hosts[0].name}")


def _claim(lab: Names) -> None:
    """Take the name: the folder in /run is made by one caller only, and says whose it is."""
    names.RUN.mkdir(mode=0o700, exist_ok=True)
    try:
        lab.run.mkdir(mode=0o700)
    except FileExistsError:
        owner = _owner(lab)
        if owner not in (None, lab.state):
            raise LabError(
                f"a lab {lab.lab!r} stands already, with its files in {owner}; take another --name"
            ) from None
        raise LabError(
            f"lab {lab.lab!r} stands already, or remains of it; see: lab status {lab.lab}; "
            f"remove it first: lab down {lab.lab}"
        ) from None
    (lab.run / "state").symlink_to(lab.state)
    if lab.state.exists():
        shutil.rmtree(lab.state)  # the machine was restarted under it: its files remain, and nothing else
    lab.state.mkdir(mode=0o700, parents=True)


def _owner(lab: Names) -> Path | None:
    try:
        return Path(os.readlink(lab.run / "state"))
    except OSError:
        return None


def _write_files(lab: Lab) -> None:
    paths = lab.names
    paths.description.write_text(
        json.dumps(
            {
                "topology": topology.dump(lab.topology),
                "images": {suite: str(path) for suite, path in lab.images.items()},
            },
            indent=1,
        )
        + "\n"
    )
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"lab {paths.lab}", "-f", paths.key)
    paths.ssh_config.write_text(render.ssh_config(paths, lab.topology))
    paths.connections.write_text(
        f"# How to reach the hosts of lab {paths.lab}: ansible-playbook -i … -i this file.\n"
        + yaml.safe_dump(render.connections(paths, lab.topology), sort_keys=False)
    )


def down(lab: Names, progress: Progress) -> None:
    """Remove everything of the lab, whatever state it is in; what was never made is no error."""
    owner = _owner(lab)
    if owner not in (None, lab.state):
        raise LabError(f"lab {lab.lab!r} was made with its files in {owner}; remove it from there")
    reach.close_masters(lab)
    uml.remove_all(lab)
    containers.remove_all(lab)
    standing = network.existing(lab)
    end(lambda: network.processes_in(standing))
    network.remove(lab)
    shutil.rmtree(lab.state, ignore_errors=True)
    shutil.rmtree(lab.run, ignore_errors=True)
    for parent in (names.RUN, lab.state.parent):
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
    progress.say(f"lab {lab.lab}: nothing left")


def kill(lab: Lab, host: Host) -> None:
    """Cut the host's power. Open connections end too: they would wait a minute for a host that is gone."""
    lab.driver(host).kill(lab.names, host)
    reach.close_masters(lab.names, host.name)


def customers(lab: Lab, segment: str) -> Customers:
    """The customers who need no host on a segment; started if they are not there."""
    interface = network.customers_interface(lab.names, segment)
    return Customers(lab.names.run, interface, lab.names.namespace).start()


def reboot(lab: Lab, host: Host, progress: Progress) -> None:
    """Let the host reboot itself, and wait until it has."""
    before = reach.boot_id(lab, host)
    progress.say(f"host {host.name}: rebooting")
    reach.command(lab, host, "systemctl reboot", check=False)  # the connection may end before the answer
    deadline = time.monotonic() + 90
    while reach.boot_id(lab, host, check=False) in (before, None):
        if time.monotonic() > deadline:
            raise LabError(f"host {host.name} did not reboot; see: lab console {lab.names.lab} {host.name}")
        progress.still(f"host {host.name}: still rebooting")
        time.sleep(0.5)
    reach.wait_settled(lab, (host,), progress)


@contextmanager
def _termination_as_interrupt():
    """SIGTERM cleans up as Ctrl-C does."""

    def interrupt(_signal, _frame):
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
