"""Many hosts on one machine, for tests and the bench of a whole fleet.

A host is a set of namespaces (mount, network, process, name) over an overlay of the lab's Debian 12 image, in which
rp-pppoe, pppd and iptables are installed. It is reached by ssh, as any host: sshd runs inside it for each connection.
What is real: Python, ssh, files, processes, interfaces, firewall, pppoe-server. What is not: it has no systemd, shares
the kernel of the machine, and no session can be up where that kernel has no PPP. No address is on the machine itself.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
LAB = REPOSITORY / "tests" / "lab" / "lab"
TOPOLOGY = """\
defaults: {kind: container}
segments: {lan: {}}
hosts: {one: {image: bookworm, interfaces: {eth0: {segment: lan}}}}
"""
#: Copies that boot at once.
BATCH = 4
SSHD = """\
HostKey /etc/ssh/fleet_key
AuthorizedKeysFile /etc/ssh/fleet_key.pub
StrictModes no
UsePAM no
PermitRootLogin yes
"""
# As process 1 it has to wait for processes that lose their parents.
BOOT = """
set -e
root=$1
shift
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
for folder in run tmp; do mount -t tmpfs tmpfs "$root/$folder"; done
mkdir "$root/run/sshd"
hostname "$4"
ip link set lo up
for pair in eth0:outside0 eth1:inside0; do
    ip link add "${pair%:*}" type veth peer name "${pair#*:}"
    ip link set "${pair%:*}" up
    ip link set "${pair#*:}" up
done
ip address add 192.168.5.109/24 dev eth0
ip address add 192.168.10.109/24 dev eth1
# What a boot does that counts here; a host that nobody has set up has nothing of it.
chroot "$root" sysctl -q --system >/dev/null 2>&1 || :
[ ! -x "$root/etc/rc.local" ] || chroot "$root" /etc/rc.local </dev/null >/dev/null 2>&1 || :
touch "$root/run/ready"
exec chroot "$root" /bin/sh -c 'while :; do sleep 86400 & wait $!; done'
"""


def why_not() -> str | None:
    """Why no fleet can be made here, ``None`` if one can."""
    if os.geteuid() != 0:
        return "not root"
    missing = [name for name in ("unshare", "nsenter", "ssh", "ssh-keygen") if shutil.which(name) is None]
    return f"{', '.join(missing)} not installed" if missing else None


class Fleet:
    """Hosts host001, host002, ... in a folder; ``close`` ends them all."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.mounts: list[Path] = []
        tree = self._image()
        self.lower = f"{self._installed(tree)}:{tree}"
        for number in range(1, count + 1):
            self._boot(f"host{number:03}")
        for name in self.processes:
            self._wait_for(name)

    def copy(self, name: str, count: int, ready: str) -> None:
        """Have so many hosts in all: more that are set up as this one is, boot as it would, and have a file then."""
        more = [f"host{number:03}" for number in range(len(self.processes) + 1, count + 1)]
        if not more:
            return
        layer = self.folder / f"as-{name}-{count}"
        subprocess.run(["cp", "-a", self.folder / name / "upper", layer], check=True)
        lower, self.lower = self.lower, f"{layer}:{self.lower}"
        for first in range(0, len(more), BATCH):
            for one in more[first : first + BATCH]:
                self._boot(one)
            for one in more[first : first + BATCH]:
                self._wait_for(one, ready, seconds=300)
        self.lower = lower

    def _image(self) -> Path:
        """The folder that a container of the lab would have as its root."""
        topology = self.folder / "topology.yml"
        topology.write_text(TOPOLOGY)
        subprocess.run([LAB, "images", topology], check=True, stdout=subprocess.DEVNULL)
        cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        home = Path(os.environ.get("DIALTONE_LAB_CACHE", f"{cache}/dialtone-lab"))
        return max(home.glob("bookworm-*/tree"), key=lambda path: path.stat().st_mtime)

    def _installed(self, tree: Path) -> Path:
        """The layer with the packages and the keys, which all hosts share."""
        upper, work, root = (self.folder / f"base-{part}" for part in ("upper", "work", "root"))
        for path in (upper, work, root):
            path.mkdir()
        options = f"lowerdir={tree},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, root], check=True)
        self.mounts.append(root)
        key = root / "etc" / "ssh" / "fleet_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        shutil.copy(key, self.folder / "key")
        (root / "etc" / "ssh" / "fleet_config").write_text(SSHD)
        script = (
            "mount -t proc proc /proc; apt-get -qq update; apt-get -qq install --yes pppoe ppp iptables nftables;"
            "usermod --password '*' root"  # sshd lets nobody in whose account is locked
        )
        command = ["unshare", "--mount", "--pid", "--fork", "chroot", root, "/bin/sh", "-ec", script]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        if done.returncode != 0:
            raise RuntimeError(f"packages cannot be installed: {done.stdout[-1000:]}{done.stderr[-1000:]}")
        subprocess.run(["umount", root], check=True)
        self.mounts.remove(root)
        return upper

    def _boot(self, name: str) -> None:
        paths = {part: self.folder / name / part for part in ("root", "upper", "work")}
        for path in paths.values():
            path.mkdir(parents=True)
        words = [str(paths["root"]), self.lower, str(paths["upper"]), str(paths["work"]), name]
        self.processes[name] = subprocess.Popen(
            [
                "unshare",
                "--mount",
                "--net",
                "--pid",
                "--uts",
                "--fork",
                "--kill-child",
                "sh",
                "-c",
                BOOT,
                "boot",
                *words,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def _wait_for(self, name: str, ready: str = "/run/ready", seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.processes[name].poll() is None:
            inside = self._inside(name)
            if inside and Path(f"/proc/{inside}/root{ready}").exists():
                return
            time.sleep(0.05)
        raise RuntimeError(f"{name} has not come up")

    def _inside(self, name: str) -> str:
        """The host's process 1, as this machine numbers it."""
        pid = self.processes[name].pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()

    def path(self, name: str, path: str) -> Path:
        """A file of a host."""
        return Path(f"/proc/{self._inside(name)}/root{path}")

    def end(self, name: str) -> None:
        """A host goes down, and stays so."""
        self.processes[name].kill()
        self.processes[name].wait()

    def inventory(self, variables: dict[str, object], more: dict[str, dict[str, object]] | None = None) -> Path:
        """An inventory of all hosts in the group pppoe_servers; ``more``: variables of single ones."""
        hosts = {}
        for name in self.processes:
            into = ["nsenter", "-t", self._inside(name) or "0", "-m", "-n", "-p", "-u", "-r", "-w"]
            proxy = " ".join([*into, "/usr/sbin/sshd", "-i", "-f", "/etc/ssh/fleet_config"])
            hosts[name] = {"ansible_ssh_common_args": f"-o ProxyCommand='{proxy}'", **(more or {}).get(name, {})}
        reach = {
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.folder / "key"),
            "ansible_ssh_extra_args": "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR",
        }
        path = self.folder / "inventory.yml"
        groups = {"pppoe_servers": {"hosts": hosts, "vars": {**reach, **variables}}}
        path.write_text(json.dumps({"all": {"children": groups}}))
        return path

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        for path in self.mounts:
            subprocess.run(["umount", "--lazy", path], check=False)


def short_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder with a name that leaves room for the names of ssh's sockets."""
    return tempfile.TemporaryDirectory(prefix="fleet-", dir="/var/tmp")
