"""What a lab's parts are called on the machine, and where its files lie. Pure.

Everything is derived from the lab's name and the place of its files, so that `lab down` finds all of it again without
having seen `lab up`.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError

LAB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,21}")
RUN = Path("/run/dialtone-lab")


@dataclass(frozen=True)
class Names:
    """The names and paths of the lab called `lab`, whose files lie in `state`."""

    lab: str
    state: Path

    @property
    def scope(self) -> str:
        """What tells this lab from one of the same name in another checkout, whose files lie elsewhere."""
        return f"{self.lab}-{hashlib.sha256(str(self.state).encode()).hexdigest()[:6]}"

    @property
    def namespace(self) -> str:
        """The network namespace with the bridges, the taps and the management address."""
        return f"dialtone-{self.scope}"

    def gateway_namespace(self, segment: str) -> str:
        """Where the gateway of a segment lives: a host of its own, so that two segments may have equal addresses."""
        return f"{self.namespace}.gw-{segment}"

    def host_namespace(self, host: str) -> str:
        """Where a container's interfaces live; they outlast the container, as a machine's cards outlast a reboot."""
        return f"{self.namespace}.host-{host}"

    @property
    def run(self) -> Path:
        """Sockets: their paths must stay below 108 characters, however deep the checkout is."""
        return RUN / self.scope

    @property
    def description(self) -> Path:
        """The topology and the images this lab was made of."""
        return self.state / "lab.json"

    @property
    def key(self) -> Path:
        """The private key that opens every host of the lab."""
        return self.state / "id_ed25519"

    @property
    def ssh_config(self) -> Path:
        """For `ssh -F`."""
        return self.state / "ssh_config"

    @property
    def connections(self) -> Path:
        """An inventory that says how to reach each host."""
        return self.state / "connections.yml"

    @property
    def podman(self) -> Path:
        """Podman's storage for the containers of this lab alone."""
        return self.state / "podman"

    @property
    def podman_run(self) -> Path:
        """Its runtime folder, whose path podman wants no longer than 50 characters."""
        return self.run / "p"

    @property
    def containers_conf(self) -> Path:
        """Podman's settings for this lab, named by CONTAINERS_CONF."""
        return self.state / "containers.conf"

    def host_folder(self, host: str) -> Path:
        """Disk, log and so on of one host."""
        return self.state / "hosts" / host

    def console(self, host: str) -> Path:
        """What the host wrote on its console."""
        return self.host_folder(host) / "console.log"

    def disk(self, host: str) -> Path:
        """What a UML host changed of its image."""
        return self.host_folder(host) / "disk.cow"


def bridge(segment: str) -> str:
    """The bridge of a segment."""
    return f"br-{segment}"


def gateway_port(segment: str) -> str:
    """The bridge's port that the segment's gateway is plugged into."""
    return f"gw-{segment}"


def customers_port(segment: str) -> tuple[str, str]:
    """The bridge's port that customers who need no host are plugged into, and their own interface."""
    return f"cp-{segment}", f"cu-{segment}"


def port(host_index: int, nic: str) -> str:
    """The bridge's port that an interface of a host is plugged into: its tap, or one end of its veth pair."""
    return f"h{host_index}-{nic}"


def check_lab_name(name: str) -> str:
    """The name, if it can be one."""
    if not LAB_NAME.fullmatch(name):
        raise LabError(f"--name: {name!r} is no usable name; take letters, digits and '-', at most 22")
    return name


def check_path(path: Path) -> Path:
    """The path, if User Mode Linux can be given it: its kernel's command line has no quoting."""
    if re.search(r"[\s,:]", str(path)):
        raise LabError(
            f"{path}: has a blank, comma or colon in it, which User Mode Linux's command line cannot "
            "carry; set DIALTONE_LAB_STATE or DIALTONE_LAB_CACHE to another folder"
        )
    return path


def state_root(environment: dict[str, str], repository: Path) -> Path:
    """The folder that holds one folder a lab."""
    return check_path(Path(environment.get("DIALTONE_LAB_STATE") or repository / ".lab").absolute())


def cache_root(environment: dict[str, str]) -> Path:
    """The folder that holds the images."""
    if environment.get("DIALTONE_LAB_CACHE"):
        return check_path(Path(environment["DIALTONE_LAB_CACHE"]).absolute())
    base = environment.get("XDG_CACHE_HOME") or os.path.join(environment.get("HOME") or "/root", ".cache")
    return check_path(Path(base).absolute() / "dialtone-lab")
