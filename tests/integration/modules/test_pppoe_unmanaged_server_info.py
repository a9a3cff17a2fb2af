"""Servers as people set them up, on a host made of namespaces, with the real pppoe-server, nft and iptables."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS, SUPPORT

pytestmark = [
    pytest.mark.skipif(bool(lab.why_not()), reason=f"no host can be made here: {lab.why_not()}"),
    pytest.mark.skipif(shutil.which("pppoe-server") is None, reason="pppoe-server is not installed"),
]

GUIDE = "pppoe-server -I eth1 -L 10.9.0.1 -R 10.9.0.10 -N 100"
POOL = ["10.9.0.10-10.9.0.109"]
OPTIONS = "require-chap\nlcp-echo-interval 10\nlcp-echo-failure 2\n"
# Daemons of this network namespace alone: the machine may have others.
END = """
for pid in $(pidof pppoe-server); do
    [ "$(readlink /proc/$pid/ns/net)" = "$(readlink /proc/self/ns/net)" ] && kill -9 $pid
done
"""


class Host:
    """A host with eth0 outside and eth1 inside, whose /etc is the test's."""

    def __init__(self, module: str = "pppoe_unmanaged_server_info") -> None:
        self.router = lab.Router(COLLECTIONS, module)
        self.sh = self.router.host.sh
        self.sh("mkdir /etc/ppp; ip link add eth1 type veth peer name lan1; ip link set eth1 up")
        self.sh("ip link set outside0 up; ip route add default via 192.168.5.1")

    def write(self, files: dict[str, str]) -> None:
        for path, text in {"/etc/ppp/pppoe-server-options": OPTIONS, **files}.items():
            script = f"mkdir -p {os.path.dirname(path)}; cat >{path}; chmod 755 {path}"
            subprocess.run([*self.router.host.into, "sh", "-c", script], input=text, text=True, check=True)

    def close(self) -> None:
        self.sh(END, check=False)
        self.sh(END.replace("pidof pppoe-server", "pgrep -f [p]ppoe-server-manager"), check=False)
        self.router.close()


@pytest.fixture
def host():
    made = Host()
    yield made
    made.close()


CASES = {
    "a line in rc.local": (
        {"/etc/rc.local": f"#!/bin/sh\n{GUIDE}\n"}, "",
        {"pppoe_server_interfaces": ["eth1"], "pppoe_server_local_address": "10.9.0.1", "pppoe_server_pool": POOL},
        [("change", "line 2 of /etc/rc.local no longer does")],
    ),
    "su -c": (
        {"/etc/rc.local": f'#!/bin/sh\nsu - root -c "{GUIDE}"\n'}, "", {"pppoe_server_pool": POOL},
        [("change", "line 2 of /etc/rc.local no longer does")],
    ),
    "a script of rc.local's": (
        {"/etc/rc.local": "#!/bin/sh\n/usr/local/sbin/pppoe up &\n",
         "/usr/local/sbin/pppoe": f"#!/bin/bash\nPATH=/usr/sbin\n{GUIDE}\n"}, "", {"pppoe_server_pool": POOL},
        [("refused", "Line 3 of /usr/local/sbin/pppoe would start a second daemon")],
    ),
    "a relative pool file": (
        {"/etc/rc.local": "#!/bin/sh\ncd /etc/ppp\npppoe-server -I eth1 -L 10.9.0.1 -p allip -N 9\n",
         "/etc/ppp/allip": "10.9.0.10-12\n10.9.1.10-300\n"}, "sh /etc/rc.local; sleep 0.3",
        {"pppoe_server_pool": ["10.9.0.10-10.9.0.12", "10.9.1.10"]}, [("problem", "Line 2 of /etc/ppp/allip")],
    ),
    "a pool file that is not there": (
        {"/etc/rc.local": "#!/bin/sh\npppoe-server -I eth1 -L 10.9.0.1 -p allip\n"}, "",
        {"pppoe_server_local_address": "10.9.0.1", "pppoe_server_pool": None},
        [("problem", "The pool file 'allip' cannot be read.")],
    ),
    "sessions at random": ({"/etc/rc.local": f"#!/bin/sh\n{GUIDE} -r\n"}, "", {"pppoe_server_pool": POOL}, []),
    "what is no range": (
        {"/etc/rc.local": "#!/bin/sh\npppoe-server -I eth1 -L 10.9.0.1/24 -R 10.9.0.10-254 -N 253\n"}, "",
        {"pppoe_server_local_address": "10.9.0.1", "pppoe_server_pool": ["10.9.0.10-10.9.1.6"]},
        [("problem", "it hands out 10.9.0.10 to 10.9.1.6, over 10.9.0.255, 10.9.1.0.")],
    ),
    "a label of an interface": (
        {"/etc/rc.local": "#!/bin/sh\nsudo pppoe-server -I eth1:3 -L 10.9.0.1 -R 10.9.0.10 -N 100\n"},
        f"ip addr add 10.9.0.1/24 dev eth1 label eth1:3; {GUIDE.replace('eth1', 'eth1:3')}; sleep 0.3",
        {"pppoe_server_interfaces": ["eth1"]}, [("change", "line 2 of /etc/rc.local no longer does")],
    ),
    "a daemon that nothing explains": (
        {}, f"{GUIDE}; sleep 0.3", {"pppoe_server_pool": POOL}, [("problem", "No line that was read starts process")],
    ),
    "a hook of an interface": (
        {"/etc/network/interfaces": f"iface eth1 inet manual\n  up {GUIDE.replace('eth1', '$IFACE')}\n"}, "",
        {"pppoe_server_interfaces": ["eth1"]}, [("refused", "Line 2 of /etc/network/interfaces would start a second")],
    ),
    "cron": (
        {"/etc/cron.d/x": f"@reboot root sleep 9; {GUIDE}\n"}, "", {"pppoe_server_pool": POOL},
        [("refused", "Line 1 of /etc/cron.d/x would start a second daemon")],
    ),
    "accounts for PAP": (
        {"/etc/rc.local": f"{GUIDE}\n", "/etc/ppp/pppoe-server-options": "ms-dns 8.8.8.8\n",
         "/etc/ppp/pap-secrets": "a * b *\n"}, "", {"pppoe_server_authentication": "pap"}, [],
    ),
    "RADIUS": (
        {"/etc/rc.local": f"{GUIDE}\n", "/etc/ppp/pppoe-server-options": "require-chap plugin radius.so\n",
         "/etc/radiusclient/radiusclient.conf": "authserver 192.0.2.20\nacctserver 192.0.2.20\n"
         "servers /etc/radiusclient/servers\ndictionary /etc/radiusclient/dictionary\n",
         "/etc/radiusclient/servers": "192.0.2.20 geheim\n",
         "/etc/radiusclient/dictionary": "ATTRIBUTE User-Name 1 string\n"}, "",
        {"pppoe_server_radius": {
            "servers": [{"address": "192.0.2.20", "secret": "{{ vault_radius_192_0_2_20_secret }}"}]}},
        [("refused", "The secret for 192.0.2.20 is in line 1 of /etc/radiusclient/servers.")],
    ),
    "RADIUS without its files": (
        {"/etc/rc.local": f"{GUIDE}\n", "/etc/ppp/pppoe-server-options": "require-chap plugin radius.so\n"}, "",
        {"pppoe_server_radius": None}, [("refused", "/etc/radiusclient/radiusclient.conf cannot be read.")],
    ),
    "a quotation without end": (
        {"/etc/rc.local": f"{GUIDE}\n", "/etc/ppp/chap-secrets": "alice * a *\no'brien * b *\ncarol * c *\n"}, "", {},
        [("problem", "Line 2 of /etc/ppp/chap-secrets"), ("stays", "2 accounts stay")],
    ),
    "a VPN before the customers": (
        {"/etc/rc.local": f"{GUIDE}\n"},
        "iptables -t nat -A POSTROUTING -s 10.50.0.0/24 -o tun0 -j MASQUERADE;"
        "iptables -t nat -A POSTROUTING -s 10.9.0.0/24 -o eth0 -j MASQUERADE",
        {"pppoe_server_outside_interface": "eth0", "pppoe_server_nat_sources": ["10.9.0.0/24"]},
        [("stays", "is not for these customers."), ("change", "-s 10.9.0.0/24 -o eth0 -j MASQUERADE' is there after")],
    ),
    "a chain of iptables": (
        {"/etc/rc.local": f"iptables-restore </etc/rules\n{GUIDE}\n", "/etc/rules": "-A POSTROUTING -o eth0 -j X\n"},
        "iptables -t nat -N WAN; iptables -t nat -A POSTROUTING -o eth0 -j WAN; iptables -t nat -A WAN -j MASQUERADE",
        {"pppoe_server_outside_interface": "eth0"}, [("change", "-A WAN -j MASQUERADE' is there after a reboot too.")],
    ),
    "a rule that a script loads": (
        {"/etc/rc.local": f"WAN=eth0\niptables -t nat -A POSTROUTING -o $WAN -j MASQUERADE\n{GUIDE}\n"},
        "iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE",
        {"pppoe_server_outside_interface": "eth0"}, [("stays", "-o eth0 -j MASQUERADE' stays as it is.")],
    ),
    "nftables": (
        {"/etc/rc.local": f"{GUIDE}\n"},
        "nft 'add table ip t; add chain ip t c { type nat hook postrouting priority 100; };"
        " add rule ip t c ip saddr 10.9.0.0/16 oifname \"eth0\" counter masquerade'",
        {"pppoe_server_outside_interface": "eth0", "pppoe_server_nat_sources": ["10.9.0.0/16"]},
        [("change", "ip saddr 10.9.0.0/16 oifname eth0 counter masquerade' is there after a reboot too.")],
    ),
    "a restriction in nftables": (
        {"/etc/rc.local": f"{GUIDE}\n"},
        "nft 'add table ip t; add chain ip t c { type nat hook postrouting priority 100; };"
        " add rule ip t c oifname { \"eth0\", \"wwan0\" } tcp dport 80 masquerade'",
        {"pppoe_server_nat": False}, [("stays", "is left to you.")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_server(host, name):
    files, setup, variables, findings = CASES[name]
    host.write(files)
    host.sh(setup)
    etc = host.router.etc()
    result = host.router.module()
    assert result["changed"] is False
    assert host.router.etc() == etc
    (server,) = result["servers"]
    assert {key: server["variables"].get(key) for key in variables} == variables
    for kind, words in findings:
        assert [one for one in server["findings"] if one["kind"] == kind and words in one["text"]], server["findings"]
    # Another reading gives the same.
    assert host.router.module()["servers"] == result["servers"]


def test_a_line_that_cannot_be_read_is_named(host):
    host.write(
        {"/etc/rc.local": "#!/bin/sh\npppoe-server -I $(cat /etc/lan)\ntmux send-keys 'pppoe-server -I eth1' C-m\n"}
    )
    result = host.router.module()
    assert result["servers"] == []
    texts = [one["text"] for one in result["findings"] if one["kind"] == "refused"]
    assert texts == [
        "Line 2 of /etc/rc.local cannot be read literally: 'pppoe-server -I $(cat /etc/lan)'.",
        "Line 3 of /etc/rc.local cannot be read literally: 'tmux send-keys 'pppoe-server -I eth1' C-m'.",
    ]


def test_two_daemons_with_one_pool(host):
    host.sh("ip link add eth2 type veth peer name lan2")
    host.write({"/etc/rc.local": f"#!/bin/sh\nfor i in 1 2; do\n{GUIDE.replace('eth1', 'eth$i')}\ndone\n"})
    one, two = host.router.module()["servers"]
    assert [server["variables"]["pppoe_server_name"] for server in (one, two)] == ["eth1", "eth2"]
    assert (one["variables"]["pppoe_server_pool"], two["variables"]["pppoe_server_pool"]) == (POOL, [])
    assert any("The daemon on eth1 hands out the same addresses" in found["text"] for found in two["findings"])
    for server in (one, two):
        assert any(found["kind"] == "refused" and "eth1, eth2" in found["text"] for found in server["findings"])


PARAMETERS = {
    "interfaces": ["eth1"], "local_address": "10.9.0.1", "pool": ["10.9.0.10+100"], "startup": "rc_local",
    "require_kernel_ppp": False, "kernel_mode": "never",
}  # fmt: skip


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"/etc/cron.d/x": f"@reboot root {GUIDE}\n"}, "line 1 of /etc/cron.d/x would start a second daemon"),
        ({"/etc/rc.local": "#!/bin/sh\npppoe-server $OPTS\n"}, "line 2 of /etc/rc.local starts a pppoe-server"),
        ({"/etc/rc.local": "/root/none\n", "/etc/ppp/ip-up.d/x": f"{GUIDE}\n"},
         "line 1 of /etc/ppp/ip-up.d/x would start a second daemon"),
        ({"/etc/rc.local": "start\n", "/usr/local/sbin/start": f"#!/bin/sh\n{GUIDE}\n"},
         "line 2 of /usr/local/sbin/start would start a second daemon"),
        ({"/etc/network/interfaces": f"iface eth1 inet manual\n up {GUIDE}\n"}, "line 2 of /etc/network/interfaces"),
        ({"/etc/rc.local": f"{GUIDE}\n", "/etc/ppp/pppoe-server-options": "plugin radius.so\n"}, "'plugin radius.so'"),
    ],
)  # fmt: skip
def test_the_server_is_refused_before_anything_is_written(files, words):
    host = Host("pppoe_server")
    try:
        host.write(files)
        etc = host.router.etc()
        result = host.router.module(name=f"test{os.getpid()}", **PARAMETERS)
        assert result.get("failed")
        assert words in result["msg"]
        assert host.router.etc() == etc
    finally:
        host.close()


#: An rc.local that starts five daemons, each in a way of its own.
FIVE_DAEMONS = """\
#!/bin/sh
for n in 2; do
  pppoe-server -I eth$n -L 10.2.0.1 -R 10.2.0.10 -N 5
done
su root -c "pppoe-server -I eth3 -L 10.3.0.1 -R 10.3.0.10 -N 5"
(sleep 0.1 && nohup pppoe-server -I eth4:7 -L 10.4.0.1 -R 10.4.0.10 -N 5) &
LAN=eth5
pppoe-server -I $LAN -L 10.5.0.1 -R 10.5.0.10 -N 5 >/dev/null 2>&1 &
sh -c 'exec pppoe-server -I eth6 -L 10.6.0.1 -R 10.6.0.10 -N 5'
wait
sleep 0.3
"""


def test_after_a_boot_there_is_one_daemon_an_interface():
    """Each is taken over by an instance of its own; then everything ends, and rc.local runs as at boot."""
    host = Host("pppoe_server")
    lans = [f"eth{number}" for number in range(2, 7)]
    try:
        for lan in lans:
            host.sh(f"ip link add {lan} type veth peer name {lan}x; ip link set {lan} up")
        host.write({"/etc/rc.local": FIVE_DAEMONS})
        host.sh("ip addr add 10.4.0.1/24 dev eth4 label eth4:7; /etc/rc.local >/dev/null 2>&1")
        for lan in lans:
            parameters = {**PARAMETERS, "interfaces": [lan], "local_address": f"10.{lan[-1]}.0.1"}
            parameters.update(name=f"{lan}-{os.getpid()}", pool=[f"10.{lan[-1]}.0.10+5"])
            assert host.router.module(**parameters)["applied"] in ("live", "started")
            assert host.router.module(**parameters)["changed"] is False
        assert daemons(host) == dict.fromkeys(lans, 1)
        for _second in range(20):
            # A daemon that is being killed is there for a moment, and may have been starting when they were listed.
            host.sh(END, check=False)
            if not daemons(host):
                break
            time.sleep(1)
        assert daemons(host) == {}
        host.sh("/etc/rc.local >/dev/null 2>&1")
        for _second in range(20):
            if len(daemons(host)) == len(lans):
                break
            time.sleep(1)
        assert daemons(host) == dict.fromkeys(lans, 1)
    finally:
        host.close()


def daemons(host: Host) -> dict[str, int]:
    """How many daemons of this network namespace serve each interface."""
    listing = host.sh(END.replace("kill -9 $pid", "tr '\\0' ' ' </proc/$pid/cmdline && echo"), check=False)
    found: dict[str, int] = {}
    for words in map(str.split, listing.splitlines()):
        interface = words[words.index("-I") + 1].partition(":")[0]
        found[interface] = found.get(interface, 0) + 1
    return found


@pytest.mark.parametrize(
    ("start", "refused"),
    [
        ("/usr/sbin/pppoe-server $OPTIONS", ""),
        ("/bin/sh -c '/usr/sbin/pppoe-server $OPTIONS; sleep 1'", ""),
        ("/bin/sh -c '/usr/sbin/pppoe-server $OPTIONS; touch /run/x'", "does more than that"),
        ("/usr/sbin/pppoe-server -I $LAN", "cannot be read literally"),
    ],
)
def test_a_unit_of_others_is_disabled_and_stays(start, refused):
    host = Host("pppoe_server")
    unit = "/etc/systemd/system/pppoe.service"
    try:
        host.router.boot_with_systemd(SUPPORT / "fake_systemctl.py")
        settings = f"[Service]\nType=forking\nEnvironmentFile=/etc/default/pppoe\nExecStart={start}\n"
        options = GUIDE.partition(" ")[2]
        host.write(
            {unit: settings + "[Install]\nWantedBy=multi-user.target\n", "/etc/default/pppoe": f"OPTIONS='{options}'\n"}
        )
        host.sh(f"/run/tools/systemctl enable pppoe.service; {GUIDE}; sleep 0.3")
        before = host.router.etc()
        result = host.router.module(name=f"test{os.getpid()}", **PARAMETERS)
        if refused:
            assert refused in result["msg"]
            assert host.router.etc() == before
            return
        assert result["applied"] == "live", result
        assert host.sh("/run/tools/systemctl is-enabled pppoe.service", check=False).strip() == "disabled"
        assert host.sh(f"cat {unit}").startswith(settings)
        assert daemons(host) == {"eth1": 1}
        assert host.router.module(name=f"test{os.getpid()}", **PARAMETERS)["changed"] is False
    finally:
        host.close()
