"""Command lines and files of a lab, as text. Pure."""

import hashlib
from pathlib import Path

from . import names
from .names import Names
from .topology import MANAGEMENT_NIC, Host, Topology

UML_BOOT = Path(__file__).with_name("uml-boot")


def uml_command(lab: Names, host: Host, image: Path, kernel: Path, public_key: str) -> list[str]:
    """The command that boots a UML host, to be run in the lab's network namespace.

    `image` is the folder of its image, `kernel` that of its kernel; `public_key` is the base64 word of the lab's
    ed25519 key.
    """
    devices = list(enumerate(host.all_interfaces))
    return [
        str(UML_BOOT),
        f"umid={host.name}",
        f"uml_dir={lab.run}/uml",
        f"mem={host.memory}M",
        f"ubd0={lab.disk(host.name)},{image / 'root.ext4'}",
        "root=/dev/ubda",
        "rw",
        # Without ptrace, if the kernel can.
        "seccomp=auto",
        "con=null",
        "con0=null,fd:1",
        "pty.legacy_count=0",
        "net.ifnames=0",
        f"systemd.hostname={host.name}",
        *(
            f"vec{number}:transport=tap,ifname={names.port(host.index, nic.name)},depth=128,gro=1,mac={nic.mac}"
            for number, nic in devices
        ),
        *(
            f"lab.nic=vec{number},{nic.name},{nic.address or ''},{nic.gateway or ''}".rstrip(",")
            for number, nic in devices
        ),
        f"lab.modules={kernel / 'lib/modules'}",
        f"lab.key={public_key}",
    ]


def on_processor(lab: Names, host: Host, processors: list[int]) -> list[str]:
    """What goes before the command of a UML host: it stays on one of the `processors`, in turn by its place in the lab.

    Each system call of a guest goes from one process of this machine to another and back. Between two processors
    that takes eight times as long as on one.
    """
    first = int(hashlib.sha256(lab.lab.encode()).hexdigest(), 16)
    return ["taskset", "--cpu-list", str(processors[(first + host.index) % len(processors)])]


def containers_conf(lab: Names) -> str:
    """Podman's settings for the containers of this lab."""
    return f"""# Written by tests/lab/lab.
[containers]
# Podman's own defaults may lie above what this machine allows, and then no container starts.
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]

[engine]
# crun refuses machines with both versions of control groups; runc runs everywhere.
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
# Locks in shared memory would be shared with the user's own podman.
lock_type = "file"
tmp_dir = "{lab.run}/podman"
"""


def podman_command(lab: Names) -> list[str]:
    """Podman with the lab's own storage, to be run with CONTAINERS_CONF naming the lab's settings."""
    return [
        "podman",
        "--root",
        str(lab.podman / "root"),
        "--runroot",
        str(lab.podman_run),
        "--tmpdir",
        f"{lab.run}/podman",
    ]


def container_arguments(lab: Names, host: Host, image: Path, devices: list[str]) -> list[str]:
    """Podman's arguments that create and start a host's container from the image's tree."""
    return [
        "run",
        "--detach",
        "--name",
        host.name,
        "--hostname",
        host.name,
        "--systemd",
        "always",
        # A host that reboots comes back; `podman stop`, our power cut, is no reason to.
        "--restart",
        "always",
        "--network",
        f"ns:/run/netns/{lab.host_namespace(host.name)}",
        "--dns",
        "none",
        "--no-hosts",
        # What a router and systemd need, and far from --privileged: sysctls outside the network stay read-only.
        "--cap-add",
        "NET_ADMIN,NET_RAW,SYS_ADMIN",
        "--memory",
        f"{host.memory}m",
        # Control groups that go by the lab's name, so that none is left over.
        "--cgroup-parent",
        f"/{lab.namespace}",
        "--log-driver",
        "k8s-file",
        "--log-opt",
        f"path={lab.console(host.name)}",
        "--volume",
        f"{lab.key}.pub:/root/.ssh/authorized_keys:ro",
        *(word for device in devices for word in ("--device", device)),
        "--rootfs",
        f"{image / 'tree'}:O",
        "/sbin/init",
    ]


def control_path(lab: Names) -> str:
    """Where ssh keeps its open connections: short, since a socket's path has at most 107 characters."""
    return f"{lab.run}/ssh-%n"


def ssh_config(lab: Names, topology: Topology) -> str:
    """An ssh_config for every host of the lab, usable from outside its network namespace."""
    hosts = "".join(f"Host {host.name}\n    HostName {host.management_address}\n\n" for host in topology.hosts)
    return f"""# Written by tests/lab/lab for the lab {lab.lab}: ssh -F {lab.ssh_config} HOST
{hosts}Host *
    User root
    IdentityFile "{lab.key}"
    IdentitiesOnly yes
    ProxyCommand nsenter --net=/run/netns/{lab.namespace} nc %h %p
    # Hosts come and go and share the host keys of their image: nothing here is worth remembering.
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    GlobalKnownHostsFile /dev/null
    LogLevel ERROR
    ConnectTimeout 10
    ServerAliveInterval 10
    ServerAliveCountMax 6
    ControlMaster auto
    ControlPath {control_path(lab)}
    ControlPersist 60s
"""


def connections(lab: Names, topology: Topology) -> dict:
    """An Ansible inventory that says how to reach the hosts; their roles stand in another inventory beside it."""
    return {
        "all": {
            "hosts": {host.name: {"ansible_host": host.name} for host in topology.hosts},
            "vars": {
                "ansible_user": "root",
                # Ansible's own control path is made of user and host name only: hosts of the same name in another lab
                # would answer in their stead.
                "ansible_ssh_common_args": f"-F {lab.ssh_config} -o ControlPath={control_path(lab)}",
                "ansible_python_interpreter": "/usr/bin/python3",
                "ansible_ssh_pipelining": True,
            },
        }
    }


def mmdebstrap_command(suite: str, mirror: str, tree: Path, options: list[str]) -> list[str]:
    """The command that makes a root file system in `tree`.

    Namespaces of its own, so that its mounts and processes end with it, and it ends with us.
    """
    return [
        "setpriv",
        "--pdeathsig",
        "KILL",
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "mmdebstrap",
        "--mode=root",
        *options,
        # A mirror that is frozen at some day has indices of these that have expired, unlike those of releases.
        *(["--aptopt=Acquire::Check-Valid-Until false"] if suite in ("forky", "sid") else []),
        suite,
        str(tree),
        mirror,
    ]


def host_table(rows: list[tuple[str, ...]]) -> str:
    """Rows in columns, the first row being the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def addresses(host: Host) -> str:
    """A host's interfaces in one line, for people."""
    return " ".join(f"{nic.name}={nic.address or '-'}" for nic in host.all_interfaces if nic.name != MANAGEMENT_NIC)
