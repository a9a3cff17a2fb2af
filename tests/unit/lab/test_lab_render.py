"""Command lines and files of a lab."""

from pathlib import Path

import pytest
from dialtone_lab import names, render, topology
from dialtone_lab.errors import LabError

LAB = names.Names("night", Path("/srv/checkout/.lab/night"))
IMAGE = Path("/cache/bookworm-0123456789ab")
TOPOLOGY = topology.load("""
segments: {lan: {}, wan: {gateway: 192.168.5.1/24}}
hosts:
  server:
    interfaces:
      eth0: {segment: wan, address: 192.168.5.109/24, gateway: 192.168.5.1}
      eth1: {segment: lan}
  client:
    kind: container
    interfaces:
      eth0: {segment: lan, address: 192.168.10.80/24}
""")
SERVER, CLIENT = TOPOLOGY.hosts


def test_uml_command():
    assert render.uml_command(LAB, SERVER, IMAGE, Path("/cache/kernel"), "AAAAkey")[1:] == [
        "umid=server",
        "uml_dir=/run/dialtone-lab/night-602784/uml",
        "mem=256M",
        "ubd0=/srv/checkout/.lab/night/hosts/server/disk.cow,/cache/bookworm-0123456789ab/root.ext4",
        "root=/dev/ubda",
        "rw",
        "seccomp=auto",
        "con=null",
        "con0=null,fd:1",
        "pty.legacy_count=0",
        "net.ifnames=0",
        "systemd.hostname=server",
        "vec0:transport=tap,ifname=h0-mgmt0,depth=128,gro=1,mac=02:64:74:00:01:00",
        "vec1:transport=tap,ifname=h0-eth0,depth=128,gro=1,mac=02:64:74:00:01:01",
        "vec2:transport=tap,ifname=h0-eth1,depth=128,gro=1,mac=02:64:74:00:01:02",
        "lab.nic=vec0,mgmt0,172.31.99.11/24",
        "lab.nic=vec1,eth0,192.168.5.109/24,192.168.5.1",
        "lab.nic=vec2,eth1",
        "lab.modules=/cache/kernel/lib/modules",
        "lab.key=AAAAkey",
    ]


def test_hosts_of_a_lab_take_the_processors_in_turn():
    used = [render.on_processor(LAB, host, [2, 5]) for host in TOPOLOGY.hosts]
    assert sorted(used) == [["taskset", "--cpu-list", "2"], ["taskset", "--cpu-list", "5"]]
    assert used == [render.on_processor(LAB, host, [2, 5]) for host in TOPOLOGY.hosts]
    assert render.on_processor(LAB, SERVER, [7]) == ["taskset", "--cpu-list", "7"]


def test_a_uml_host_reboots_through_our_own_program():
    program = Path(render.uml_command(LAB, SERVER, IMAGE, Path("/cache/kernel"), "AAAAkey")[0])
    assert program.is_absolute()
    assert program.name == "uml-boot"
    assert program.stat().st_mode & 0o111


def test_the_command_line_of_uml_has_no_blanks_to_be_torn_at():
    assert all(
        word.split() == [word] for word in render.uml_command(LAB, SERVER, IMAGE, Path("/cache/kernel"), "AAAAkey")
    )


def test_a_container_is_not_privileged_and_has_the_lab_s_network_only():
    arguments = render.container_arguments(LAB, CLIENT, IMAGE, ["/dev/ppp"])
    assert "--privileged" not in arguments
    pairs = list(zip(arguments, arguments[1:], strict=False))
    assert ("--network", "ns:/run/netns/dialtone-night-602784.host-client") in pairs
    assert ("--cgroup-parent", "/dialtone-night-602784") in pairs
    assert ("--device", "/dev/ppp") in pairs
    assert arguments[-3:] == ["--rootfs", "/cache/bookworm-0123456789ab/tree:O", "/sbin/init"]


def test_podman_never_uses_the_user_s_storage():
    assert render.podman_command(LAB) == [
        "podman",
        "--root",
        "/srv/checkout/.lab/night/podman/root",
        "--runroot",
        "/run/dialtone-lab/night-602784/p",
        "--tmpdir",
        "/run/dialtone-lab/night-602784/podman",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Host server\n    HostName 172.31.99.11\n",
        "Host client\n    HostName 172.31.99.12\n",
        "    User root\n",
        '    IdentityFile "/srv/checkout/.lab/night/id_ed25519"\n',
        "    ProxyCommand nsenter --net=/run/netns/dialtone-night-602784 nc %h %p\n",
        "    UserKnownHostsFile /dev/null\n",
        "    ControlPath /run/dialtone-lab/night-602784/ssh-%n\n",
    ],
)
def test_ssh_config(line):
    assert line in render.ssh_config(LAB, TOPOLOGY)


def test_ssh_config_gives_hosts_before_what_holds_for_all():
    text = render.ssh_config(LAB, TOPOLOGY)
    assert text.index("Host server") < text.index("Host client") < text.index("Host *")


def test_connections():
    assert render.connections(LAB, TOPOLOGY) == {
        "all": {
            "hosts": {"server": {"ansible_host": "server"}, "client": {"ansible_host": "client"}},
            "vars": {
                "ansible_user": "root",
                "ansible_ssh_common_args": "-F /srv/checkout/.lab/night/ssh_config "
                "-o ControlPath=/run/dialtone-lab/night-602784/ssh-%n",
                "ansible_python_interpreter": "/usr/bin/python3",
                "ansible_ssh_pipelining": True,
            },
        }
    }


def test_sockets_have_short_paths_however_deep_the_checkout_and_long_the_names():
    deep = names.Names("n" * 22, Path("/d" * 200))
    assert len(str(deep.run / "uml" / ("h" * 31) / "mconsole")) < 108
    assert len(str(deep.podman_run)) <= 50
    # ssh adds 17 characters while it makes the socket.
    assert len(render.control_path(deep).replace("%n", "h" * 31)) + 17 < 108


@pytest.mark.parametrize(
    "device", [names.bridge("s" * 12), names.gateway_port("s" * 12), names.port(topology.MAX_HOSTS, "n" * 8)]
)
def test_interfaces_have_names_that_linux_takes(device):
    assert len(device) <= 15


def test_namespaces_of_one_lab_are_not_another_s():
    short, long = names.Names("a", Path("/s/a")), names.Names("a-b", Path("/s/a-b"))
    assert not long.namespace.startswith(f"{short.namespace}.")
    assert LAB.gateway_namespace("wan") == "dialtone-night-602784.gw-wan"


@pytest.mark.parametrize("name", ["", "../etc", "a b", "a.b", "-a", "x" * 32])
def test_names_that_no_lab_may_have(name):
    with pytest.raises(LabError, match="no usable name"):
        names.check_lab_name(name)


@pytest.mark.parametrize(
    ("environment", "state", "cache"),
    [
        ({"HOME": "/home/u"}, "/repo/.lab", "/home/u/.cache/dialtone-lab"),
        ({"HOME": "/home/u", "XDG_CACHE_HOME": "/xdg"}, "/repo/.lab", "/xdg/dialtone-lab"),
        ({"DIALTONE_LAB_STATE": "/s", "DIALTONE_LAB_CACHE": "/c"}, "/s", "/c"),
    ],
)
def test_folders(environment, state, cache):
    assert str(names.state_root(environment, Path("/repo"))) == state
    assert str(names.cache_root(environment)) == cache


@pytest.mark.parametrize("path", ["/my labs", "/a,b", "/a:b"])
def test_folders_that_uml_cannot_be_told(path):
    with pytest.raises(LabError, match="blank, comma or colon"):
        names.state_root({"DIALTONE_LAB_STATE": path}, Path("/repo"))


def test_mmdebstrap_ends_with_us_and_with_all_its_mounts():
    command = render.mmdebstrap_command("trixie", "http://mirror/debian", Path("/t"), ["--include=systemd,udev"])
    assert command[: command.index("mmdebstrap")] == [
        "setpriv",
        "--pdeathsig",
        "KILL",
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
    ]
    assert command[-5:] == ["--mode=root", "--include=systemd,udev", "trixie", "/t", "http://mirror/debian"]


@pytest.mark.parametrize("suite", ["forky", "sid"])
def test_an_index_that_a_frozen_mirror_has_expired_is_taken(suite):
    command = render.mmdebstrap_command(suite, "http://mirror/debian", Path("/t"), [])
    assert "--aptopt=Acquire::Check-Valid-Until false" in command
