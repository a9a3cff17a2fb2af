"""masquerade beside firewalls that programs make: rules of Docker, ufw, libvirt and Red Hat."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.masquerade import everything, foretold
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")
# What programs make of a host's chain FORWARD, as iptables-save printed it on hosts that have them.
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


@pytest.fixture
def router():
    made = lab.Router(COLLECTIONS)
    yield made
    made.close()


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
