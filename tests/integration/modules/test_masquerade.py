"""masquerade for real, on a router made of namespaces."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab

HERE = Path(__file__).resolve().parent
SUPPORT = HERE.parents[1] / "support"
COLLECTIONS = HERE.parent.parent.parent / ".build" / "collections"
pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")

UNSUPPORTED = "#!/bin/sh\necho 'Error: Could not process rule: Operation not supported' >&2\nexit 1\n"
# As on a kernel without nf_tables: listing works all the same.
IPTABLES_UNSUPPORTED = """#!/bin/sh
case "$*" in
-V) echo 'iptables v1.8.9 (nf_tables)' ;;
*-S*) echo '-P POSTROUTING ACCEPT' ;;
*) echo 'iptables v1.8.9 (nf_tables):  TABLE_ADD failed (Operation not supported): table nat' >&2; exit 4 ;;
esac
"""
# One that works in its own namespace, and for lists, but adds nothing to the table mangle of the router.
IPTABLES_HALF = """#!/bin/sh
case "$*" in
*"mangle -A"*) grep -q eth0: /proc/net/dev && exit 4 ;;
esac
exec /run/tools/iptables-real iptables "$@"
"""
# Rules of others, in every place where ours come too.
FOREIGN = """
nft -f - <<'EOF'
table ip others { chain postrouting { type nat hook postrouting priority 90; oifname "eth9" masquerade; } }
table inet dialtone_pppoe_default { set mine { type ipv4_addr; elements = { 10.9.9.9 } } }
table ip dialtone_pppoe_other { chain c { counter accept; } }
EOF
for iptables in iptables-nft iptables-legacy; do
    $iptables -t nat -A POSTROUTING -s 10.1.0.0/16 -o eth0 -m comment --comment "dialtone.pppoe other" -j MASQUERADE
    $iptables -t nat -A POSTROUTING -o eth9 -m comment --comment "say \\"hi\\"" -j SNAT --to-source 10.0.0.1
    $iptables -t mangle -A FORWARD -i eth9 -j MARK --set-mark 7
    $iptables -t filter -P FORWARD ACCEPT
done
"""
CLOSED = "table ip closed { chain c { type filter hook forward priority 5; policy drop; }\n}\n"
NATIVE = """table inet mine {
    chain out {
        type nat hook postrouting priority 90; policy accept;
        counter oifname "eth0" masquerade
        oifname "eth1" masquerade
    }
}
"""
BY_HAND = "-t nat -A POSTROUTING -o eth0 -j MASQUERADE"


@pytest.fixture
def router():
    made = lab.Router(COLLECTIONS)
    yield made
    made.close()


def everything(router):
    """All rules of the router; counters are not rules."""
    text = router.machine("nft -s list ruleset; iptables-legacy-save; iptables-nft-save")
    return "\n".join(line for line in re.sub(r"\[\d+:\d+\]", "", text).splitlines() if not line.startswith("# "))


def of_others(router):
    """All rules that are not ours, in their order."""
    text = re.sub(r"table ip dialtone_pppoe_default \{.*?\n\}\n", "", everything(router), flags=re.DOTALL)
    lines = [line for line in text.splitlines() if '"dialtone.pppoe default"' not in line]
    # nft lists the rules of iptables without their comments: those two tables are compared as iptables lists them.
    return re.sub(r"table ip (nat|mangle) \{.*?\n\}", "", "\n".join(lines), flags=re.DOTALL)


BACKENDS = {
    "nftables": ({"backend": "nftables"}, "/nft", "nft flush ruleset"),
    "iptables-nft": ({"backend": "iptables"}, "/iptables", "iptables -t nat -F; iptables -t mangle -F"),
    "iptables-legacy": ({}, "/iptables-legacy", "iptables-legacy -t nat -F; iptables-legacy -t mangle -F"),
}


@pytest.fixture(params=sorted(BACKENDS))
def taken(request, router):
    """A router on which one backend is taken, with the parameters, the program and the way to flush its rules."""
    if request.param == "iptables-legacy":
        router.replace("nft", UNSUPPORTED)
        router.replace("iptables-nft", IPTABLES_UNSUPPORTED)
    return (router, *BACKENDS[request.param])


def foretold(router, **parameters):
    """Run in check mode and then for real: both must tell the same, and check mode must touch nothing."""
    before = (everything(router), router.etc())
    check = router.module(check=True, **parameters)
    assert (everything(router), router.etc()) == before
    real = router.module(**parameters)
    for result in (check, real):
        assert not result.get("failed"), result
        result.pop("invocation", None)
    assert check == real
    assert real["changed"] == ((everything(router), router.etc()) != before)
    return real


def test_life(taken):
    router, parameters, program, _flush = taken
    router.machine(FOREIGN)
    others, start, etc = of_others(router), everything(router), router.etc()

    made = foretold(router, out_interface="eth0", **parameters)
    assert made["changed"]
    assert made["program"].endswith(program)
    assert sum("asquerade" in line.lower() and "eth0" in line for line in made["rules"]) == 1
    assert made["persistence"] == "/etc/rc.local"
    assert [part["before_header"] for part in made["diff"]][:1] == ["rules"]
    assert of_others(router) == others

    assert not foretold(router, out_interface="eth0", **parameters)["changed"]

    narrowed = foretold(
        router, out_interface="eth0", source=["192.168.10.0/24", "10.0.0.9"], clamp_mss=False, **parameters
    )
    assert narrowed["changed"]
    assert not [line for line in narrowed["rules"] if "ppp+" in line or "ppp*" in line]
    assert not foretold(router, out_interface="eth0", source=["10.0.0.9", "192.168.10.0/24"], clamp_mss=False)[
        "changed"
    ]
    assert of_others(router) == others

    gone = foretold(router, state="absent")
    assert (gone["changed"], gone["rules"], gone["persistence"]) == (True, [], None)
    assert everything(router) == start
    assert router.etc() == etc
    assert not foretold(router, state="absent")["changed"]


def test_flushed_rules_come_back(taken):
    router, parameters, _program, flush = taken
    foretold(router, out_interface="eth0", **parameters)
    whole = everything(router)
    router.machine(flush)
    repaired = foretold(router, out_interface="eth0", **parameters)
    assert repaired["changed"]
    assert [part["before_header"] for part in repaired["diff"]] == ["rules"]
    assert everything(router) == whole


def test_boot_by_rc_local(taken):
    router, parameters, _program, flush = taken
    router.host.sh("printf '#!/bin/sh\\n# mine\\nexit 0\\n' > /etc/rc.local")
    foretold(router, out_interface="eth0", source=["10.0.0.0/8"], **parameters)
    whole = everything(router)
    router.machine(flush)
    for _times in range(2):
        router.host.sh("/etc/rc.local")
        assert everything(router) == whole
    assert not foretold(router, out_interface="eth0", source=["10.0.0.0/8"], **parameters)["changed"]
    foretold(router, out_interface="eth0", source=["10.0.0.0/8"], persistent=False, **parameters)
    assert everything(router) == whole
    assert router.host.sh("cat /etc/rc.local; ls -d /etc/dialtone-pppoe || true") == "#!/bin/sh\n# mine\nexit 0\n"


def test_packets(taken):
    router, parameters, _program, _flush = taken
    client, outside = router.ends()
    assert lab.connection(client, outside) == ("TimeoutError: timed out", 0, 0)
    foretold(router, out_interface="eth0", **parameters)
    # The path through ppp0 carries 1400 bytes; neither end knows but by the clamp.
    assert lab.connection(client, outside) == (lab.ROUTER, 1360, 1360)
    foretold(router, out_interface="eth0", clamp_mss=False, **parameters)
    assert lab.connection(client, outside) == (lab.ROUTER, 1460, 1460)
    foretold(router, out_interface="eth0", source=["192.168.11.0/24"], **parameters)
    assert lab.connection(client, outside) == ("TimeoutError: timed out", 0, 0)
    foretold(router, out_interface="eth0", source=["192.168.11.0/24", lab.CLIENT], **parameters)
    assert lab.connection(client, outside) == (lab.ROUTER, 1360, 1360)


def test_auto_takes_what_works(router):
    assert router.module(check=True, out_interface="eth0")["backend"] == "nftables"
    router.replace("nft", UNSUPPORTED)
    assert router.module(check=True, out_interface="eth0")["program"].endswith("/iptables")
    router.replace("iptables-nft", IPTABLES_UNSUPPORTED)
    assert router.module(check=True, out_interface="eth0")["program"].endswith("/iptables-legacy")
    assert router.machine("cat /proc/net/ip_tables_names") == ""
    router.replace("iptables-legacy", UNSUPPORTED)
    for check in (True, False):
        failed = router.module(check=check, out_interface="eth0")
        assert failed["failed"]
        assert [(one["backend"], one["answer"]) for one in failed["tried"]] == [
            ("nftables", "Error: Could not process rule: Operation not supported"),
            ("iptables", "iptables v1.8.9 (nf_tables):  TABLE_ADD failed (Operation not supported): table nat"),
            ("iptables", "Error: Could not process rule: Operation not supported"),
        ]
        assert "/usr/sbin/nft: Error: Could not process rule: Operation not supported" in failed["msg"]


@pytest.mark.parametrize("backend", ["auto", "nftables", "iptables"])
def test_a_bare_host_is_foretold_and_then_fails(router, backend):
    for program in ("nft", "iptables-nft", "iptables-legacy"):
        router.replace(program, None)
    etc = router.etc()
    foreseen = router.module(check=True, out_interface="eth0", backend=backend)
    assert (foreseen["changed"], foreseen["backend"]) == (True, None)
    assert "not installed" in foreseen["msg"]
    failed = router.module(out_interface="eth0", backend=backend)
    assert failed["failed"]
    assert {one["answer"] for one in failed["tried"]} == {"not installed"}
    assert not router.module(state="absent")["changed"]
    assert router.etc() == etc


def test_a_backend_in_force_stays(router):
    assert foretold(router, out_interface="eth0", backend="iptables", persistent=False)["backend"] == "iptables"
    assert foretold(router, out_interface="eth0", persistent=False)["changed"] is False
    assert foretold(router, out_interface="eth0")["backend"] == "iptables"
    # Even if its rules have been flushed, the files of boot tell.
    router.machine("iptables -t nat -F; iptables -t mangle -F")
    assert foretold(router, out_interface="eth0")["backend"] == "iptables"


def test_never_two_backends(router):
    for backend, there in (("iptables", ".sh"), ("nftables", ".nft"), ("iptables", ".sh")):
        moved = foretold(router, out_interface="eth0", backend=backend)
        assert (moved["changed"], moved["backend"]) == (True, backend)
        assert ("table ip dialtone_pppoe_default" in everything(router)) == (backend == "nftables")
        assert ('"dialtone.pppoe default"' in everything(router)) == (backend == "iptables")
        assert router.host.sh("ls /etc/dialtone-pppoe") == f"masquerade-default{there}\n"
    # The kernel has lost nf_tables, as by booting another one: what works is taken, and the traces of the other go.
    router.replace("iptables-nft", IPTABLES_UNSUPPORTED)
    assert router.module(out_interface="eth0")["backend"] == "nftables"


def test_a_rule_made_by_hand_is_not_doubled(router):
    router.machine(f"iptables {BY_HAND}")
    made = foretold(router, out_interface="eth0", backend="iptables")
    assert made["equal_rules"] == [BY_HAND]
    assert BY_HAND in str(made["warnings"])
    assert router.machine("iptables -t nat -S").count("MASQUERADE") == 1
    assert not foretold(router, out_interface="eth0", backend="iptables")["changed"]
    router.host.sh("/etc/rc.local")
    assert router.machine("iptables -t nat -S").count("MASQUERADE") == 1
    # Ours comes once it has gone, and removing ours leaves it.
    router.machine("iptables -t nat -F")
    assert foretold(router, out_interface="eth0", backend="iptables")["equal_rules"] == []
    router.machine(f"iptables {BY_HAND}")
    assert not foretold(router, out_interface="eth0", backend="iptables")["changed"]
    foretold(router, state="absent")
    assert router.machine("iptables -t nat -S | grep MASQ") == "-A POSTROUTING -o eth0 -j MASQUERADE\n"


def test_a_native_rule_made_by_hand_is_told_of(router):
    router.machine("nft -f - <<'EOF'\n" + NATIVE + "EOF\n")
    made = foretold(router, out_interface="eth0", source=[lab.CLIENT], backend="nftables")
    assert made["equal_rules"] == ['add rule inet mine out counter oifname "eth0" masquerade']
    assert "inet mine" in str(made["warnings"])
    assert not foretold(router, out_interface="eth0", source=[lab.CLIENT])["changed"]


@pytest.mark.parametrize(
    ("backend", "by_hand", "told"),
    [
        ("nftables", f"iptables {BY_HAND}", BY_HAND),
        ("nftables", f"iptables-legacy {BY_HAND}", BY_HAND),
        ("iptables", f"iptables-legacy {BY_HAND}", BY_HAND),
        (
            "iptables",
            "nft -f - <<'EOF'\n" + NATIVE + "EOF\n",
            'add rule inet mine out counter oifname "eth0" masquerade',
        ),
    ],
)
def test_a_rule_made_by_hand_in_another_backend_is_told_of(router, backend, by_hand, told):
    client, outside = router.ends()
    router.machine(by_hand)
    made = foretold(router, out_interface="eth0", backend=backend)
    assert (made["backend"], made["equal_rules"]) == (backend, [told])
    assert len(made["warnings"]) == 1
    assert told.partition('"')[0] in str(made["warnings"])
    assert lab.connection(client, outside) == (lab.ROUTER, 1360, 1360)
    assert not foretold(router, out_interface="eth0", backend=backend)["changed"]
    foretold(router, state="absent")
    assert router.module(check=True, out_interface="eth0", backend=backend)["equal_rules"] == [told]


def test_a_rule_for_every_source_made_by_hand_is_not_doubled(router):
    router.machine(f"iptables {BY_HAND}")
    made = foretold(router, out_interface="eth0", source=[lab.CLIENT], backend="iptables")
    assert made["equal_rules"] == [BY_HAND]
    router.host.sh("/etc/rc.local")
    assert router.machine("iptables -t nat -S").count("MASQUERADE") == 1


def test_one_of_duplicates_stays(router):
    foretold(router, out_interface="eth0", backend="iptables")
    whole = everything(router)
    for _times in range(3):
        router.machine(
            'iptables -t nat -A POSTROUTING -o eth0 -m comment --comment "dialtone.pppoe default" -j MASQUERADE'
        )
    assert foretold(router, out_interface="eth0", backend="iptables")["changed"]
    assert everything(router) == whole


@pytest.mark.parametrize("backend", ["nftables", "iptables"])
def test_instances_stand_side_by_side(router, backend):
    foretold(router, out_interface="eth0", backend=backend)
    alone, etc = everything(router), router.etc()
    foretold(router, name="-Second_1", out_interface="ppp0", backend=backend)
    assert not foretold(router, out_interface="eth0", backend=backend)["changed"]
    assert not foretold(router, name="-Second_1", out_interface="ppp0", backend=backend)["changed"]
    foretold(router, name="-Second_1", state="absent")
    assert (everything(router), router.etc()) == (alone, etc)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"out_interface": "eth7"}, ["out_interface", "'eth7'", "client0, eth0, outside0, ppp0"]),
        ({"out_interface": "eth0; id"}, ["out_interface", "'eth0; id'"]),
        ({"out_interface": "eth0", "name": "a b"}, ["name: 'a b'"]),
        ({"state": "absent", "name": "../../x"}, ["name: '../../x'"]),
        ({"out_interface": "eth0", "source": ["10.0.0.0/8", "10.0.0.1/8"]}, ["source[1]", "10.0.0.0/8"]),
        ({"out_interface": "eth0", "startup": "systemd"}, ["startup", "systemd does not run"]),
        ({}, ["out_interface"]),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_refused_before_anything_is_written(router, check, parameters, words):
    before = (everything(router), router.etc())
    refused = router.module(check=check, **parameters)
    assert refused["failed"]
    assert [word for word in words if word not in refused["msg"]] == []
    assert (everything(router), router.etc()) == before


# What programs make of a host's chain FORWARD, as iptables-save told it on hosts that have them.
DOCKER = """
iptables-nft-restore <<'EOF'
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
COMMIT
*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
EOF
"""
RED_HAT = """
iptables-legacy-restore <<'EOF'
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s 10.66.0.0/16 -j DROP
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
COMMIT
EOF
"""
BY_HAND_NFT = """
nft -f - <<'EOF'
table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        iifname "eth9" accept
    }
    chain late {
        type filter hook forward priority 10; policy accept;
        iifname "eth9" accept
        counter reject with icmpx admin-prohibited
        iifname "eth8" accept
    }
}
EOF
"""
LIBVIRT = """
iptables-nft-restore --noflush <<'EOF'
*nat
:LIBVIRT_PRT - [0:0]
-A POSTROUTING -j LIBVIRT_PRT
-A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -p tcp -j MASQUERADE --to-ports 1024-65535
-A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE
COMMIT
*filter
:LIBVIRT_FWI - [0:0]
:LIBVIRT_FWO - [0:0]
-A FORWARD -j LIBVIRT_FWI
-A FORWARD -j LIBVIRT_FWO
-A LIBVIRT_FWI -d 192.168.122.0/24 -o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A LIBVIRT_FWI -o virbr0 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWO -s 192.168.122.0/24 -i virbr0 -j ACCEPT
-A LIBVIRT_FWO -i virbr0 -j REJECT --reject-with icmp-port-unreachable
COMMIT
EOF
"""
# As ufw with DEFAULT_FORWARD_POLICY="REJECT" has it, in less.
UFW = """
iptables-nft-restore <<'EOF'
*filter
:FORWARD ACCEPT [0:0]
:ufw-before-forward - [0:0]
:ufw-user-forward - [0:0]
:ufw-reject-forward - [0:0]
-A FORWARD -j ufw-before-forward
-A FORWARD -j ufw-reject-forward
-A ufw-before-forward -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A ufw-before-forward -j ufw-user-forward
-A ufw-reject-forward -j REJECT --reject-with icmp-port-unreachable
COMMIT
EOF
"""
JUMPING = """
nft -f - <<'EOF'
table inet filter {
    chain closing {
        iifname "eth9" accept
        counter drop
    }
    chain user {
        iifname "eth8" drop
    }
    chain forward {
        type filter hook forward priority filter; policy accept;
        jump user
        jump closing
    }
}
EOF
"""
FIREWALLS = {
    "ufw": (UFW, ["iptables: ufw-reject-forward"]),
    "nft that jumps": (JUMPING, ["nft: inet filter closing"]),
    "docker": (DOCKER, ["iptables: FORWARD"]),
    "red hat": (RED_HAT, ["iptables-legacy: FORWARD"]),
    "nft": (BY_HAND_NFT, ["nft: inet filter forward", "nft: inet filter late"]),
    "docker, libvirt, nft": (
        DOCKER + LIBVIRT + BY_HAND_NFT,
        ["iptables: FORWARD", "nft: inet filter forward", "nft: inet filter late"],
    ),
    "libvirt": (LIBVIRT, []),
}


LEGACY = "/proc/net/ip_tables_names"


def without_ours(router):
    return [line for line in everything(router).splitlines() if "dialtone.pppoe default" not in line]


@pytest.mark.parametrize("backend", ["nftables", "iptables"])
@pytest.mark.parametrize("firewall", sorted(FIREWALLS))
def test_a_firewall_that_drops_lets_ours_through_and_no_more(router, firewall, backend):
    commands, chains = FIREWALLS[firewall]
    client, outside = router.ends()
    router.machine(commands)
    start, etc = everything(router), router.etc()
    parameters = {"out_interface": "eth0", "backend": backend, "source": [lab.CLIENT]}
    made = foretold(router, **parameters)
    assert made["accepted_in"] == chains
    assert lab.connection(client, outside) == (lab.ROUTER, 1360, 1360)
    assert not foretold(router, **parameters)["changed"]
    # Nobody else is let through, and rules of others that drop come first.
    if chains:
        client.sh("ip addr add 192.168.10.77/24 dev client0")
        client.sh(f"ip route change default via {lab.CLIENT_GATEWAY} src 192.168.10.77")
        assert lab.connection(client, outside)[0] != lab.ROUTER
    # As after a boot: what drops is there again, ours comes by rc.local.
    whole = everything(router)
    router.machine(f"nft flush ruleset; if [ -s {LEGACY} ]; then iptables-legacy -F FORWARD; fi; {commands}")
    for _times in range(2):
        router.host.sh("/etc/rc.local")
        assert everything(router) == whole
    foretold(router, state="absent")
    assert router.etc() == etc
    assert without_ours(router) == start.splitlines() or backend == "iptables"
    assert "dialtone" not in everything(router)


def test_a_chain_that_begins_or_ends_to_drop(router):
    client, outside = router.ends()
    parameters = {"out_interface": "eth0", "backend": "nftables"}
    assert foretold(router, **parameters)["accepted_in"] == []
    router.machine("iptables -P FORWARD DROP")
    assert foretold(router, **parameters)["accepted_in"] == ["iptables: FORWARD"]
    assert lab.connection(client, outside)[0] == lab.ROUTER
    # What an administrator adds behind ours takes nothing away; what drops everything before them does.
    router.machine("iptables -P FORWARD ACCEPT; iptables -I FORWARD -j REJECT")
    assert lab.connection(client, outside)[0] != lab.ROUTER
    assert foretold(router, **parameters)["changed"]
    assert lab.connection(client, outside)[0] == lab.ROUTER
    # What drops has moved to a chain of its own, and then gone: ours follow it.
    router.machine(
        "iptables -D FORWARD -j REJECT; iptables -N last; iptables -A last -j DROP; iptables -A FORWARD -j last"
    )
    assert foretold(router, **parameters)["accepted_in"] == ["iptables: last"]
    assert lab.connection(client, outside)[0] == lab.ROUTER
    assert "dialtone" not in router.machine("iptables -S FORWARD")
    router.machine("iptables -D FORWARD -j last")
    assert foretold(router, **parameters)["accepted_in"] == []
    assert "dialtone" not in router.machine("iptables -S last")
    assert "dialtone" not in router.machine("iptables -S FORWARD")
    assert not foretold(router, **parameters)["changed"]


def test_ports_lead_to_a_customer(taken):
    router, parameters, program, _flush = taken
    client, outside = router.ends()
    router.machine("iptables-legacy -P FORWARD DROP")
    if not program.endswith("legacy"):
        router.machine("nft -f - <<'EOF'\n" + CLOSED + "EOF\n")
    forwards = [
        {"port": "7000", "to_address": lab.CLIENT, "to_port": "7"},
        {"protocol": "udp", "port": "8000-8010", "to_address": lab.CLIENT},
    ]
    foretold(router, out_interface="eth0", port_forwards=forwards, **parameters)
    assert lab.dialled(outside, client, lab.ROUTER, 7000, at=lab.CLIENT) == lab.OUTSIDE
    assert lab.dialled(outside, client, lab.ROUTER, 7001, at=lab.CLIENT) == ""
    assert not foretold(router, out_interface="eth0", port_forwards=forwards[::-1])["changed"]
    foretold(router, out_interface="eth0")
    assert lab.dialled(outside, client, lab.ROUTER, 7000, at=lab.CLIENT) == ""


def test_random_ports_where_they_can_be_had(taken):
    router, parameters, _program, _flush = taken
    made = foretold(router, out_interface="eth0", random_fully=True, **parameters)
    assert made["random_fully"]
    assert "fully" in " ".join(made["rules"])
    assert not foretold(router, out_interface="eth0", random_fully=True)["changed"]


def test_an_outside_interface_that_is_renamed_or_comes_after_the_boot(taken):
    router, parameters, _program, flush = taken
    client, outside = router.ends()
    foretold(router, out_interface="eth0", **parameters)
    router.host.sh("ip link set eth0 down; ip link set eth0 name wan7; ip link set wan7 up")
    router.host.sh(f"ip route add default via {lab.OUTSIDE}; {flush}; /etc/rc.local")
    refused = router.module(out_interface="eth0", **parameters)
    assert refused["msg"] == (
        "out_interface: this host has no interface 'eth0'. It has: ppp0, wan7. The default route leads through wan7."
    )
    assert lab.connection(client, outside)[0] != lab.ROUTER
    router.host.sh("ip link set wan7 down; ip link set wan7 name eth0; ip link set eth0 up")
    assert lab.connection(client, outside) == (lab.ROUTER, 1360, 1360)


def test_an_uplink_that_is_not_dialled_yet(router):
    made = foretold(router, out_interface="ppp-uplink")
    assert made["changed"]
    assert "warnings" not in made
    assert "ppp7" in str(foretold(router, out_interface="ppp7")["warnings"])


UNIT = "dialtone-pppoe-masquerade@default.service"


@pytest.fixture
def booted(router):
    router.boot_with_systemd(SUPPORT / "fake_systemctl.py")
    return router


def said(router):
    """What systemctl was told, questions aside, since it was last asked."""
    log = router.host.sh("cat /run/fake-systemd/log; : > /run/fake-systemd/log").splitlines()
    return [line.split()[0] for line in log if not line.startswith(("is-", "status"))]


@pytest.mark.parametrize("backend", ["nftables", "iptables"])
def test_systemd_loads_the_rules(booted, backend):
    start, etc = everything(booted), booted.etc()
    made = foretold(booted, out_interface="eth0", backend=backend)
    assert made["persistence"] == f"/etc/systemd/system/{UNIT}"
    assert said(booted) == ["daemon-reload", "enable", "start"]
    assert booted.host.sh(f'systemctl() {{ /run/tools/systemctl "$@"; }}; systemctl is-active {UNIT}') == "active\n"
    whole = everything(booted)
    assert not foretold(booted, out_interface="eth0", backend=backend)["changed"]
    assert said(booted) == []

    booted.machine("nft flush ruleset")
    assert foretold(booted, out_interface="eth0", backend=backend)["changed"]
    assert (everything(booted), said(booted)) == (whole, ["reload"])

    booted.host.sh(f"/run/tools/systemctl stop {UNIT}")
    assert "dialtone" not in everything(booted)
    assert said(booted) == ["stop"]
    assert foretold(booted, out_interface="eth0", backend=backend)["changed"]
    assert (everything(booted), said(booted)) == (whole, ["start"])

    foretold(booted, state="absent")
    assert said(booted) == ["disable", "daemon-reload", "stop"]
    assert booted.etc() == etc
    if backend == "nftables":
        assert everything(booted) == start
    assert not foretold(booted, state="absent")["changed"]


def test_startup_can_be_changed(booted):
    foretold(booted, out_interface="eth0")
    whole = everything(booted)
    assert foretold(booted, out_interface="eth0", startup="rc_local")["persistence"] == "/etc/rc.local"
    assert everything(booted) == whole
    assert "dialtone" not in booted.host.sh("find /etc/systemd/system; ls /run/fake-systemd/active")
    foretold(booted, out_interface="eth0", startup="systemd")
    assert everything(booted) == whole
    assert UNIT in booted.host.sh("ls /run/fake-systemd/active")
    assert "rc.local" not in booted.host.sh("ls /etc")
    assert not foretold(booted, out_interface="eth0")["changed"]


def test_backend_can_be_changed_under_the_unit(booted):
    foretold(booted, out_interface="eth0", backend="iptables")
    said(booted)
    foretold(booted, out_interface="eth0", backend="nftables")
    assert said(booted) == ["daemon-reload", "reload"]
    assert '"dialtone.pppoe default"' not in everything(booted)
    assert not foretold(booted, out_interface="eth0")["changed"]


@pytest.mark.parametrize("earlier", [True, False])
def test_a_unit_that_fails_leaves_the_host_as_it_was(booted, earlier):
    booted.machine(FOREIGN)
    if earlier:
        foretold(booted, out_interface="eth0")
    before = (everything(booted), booted.etc())
    # Whatever its probe says, iptables refuses the second table.
    booted.host.sh("cp /usr/sbin/xtables-nft-multi /run/tools/iptables-real")
    booted.replace("iptables-nft", IPTABLES_HALF)
    failed = booted.module(out_interface="eth0", source=["10.0.0.0/8"], backend="iptables")
    assert failed["failed"]
    assert f"the last words of {UNIT}" in failed["msg"]
    assert (everything(booted), booted.etc()) == before
    booted.host.sh("umount /usr/sbin/xtables-nft-multi")
    assert foretold(booted, out_interface="eth0", backend="iptables")["changed"]
