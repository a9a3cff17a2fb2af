"""masquerade beside rules made by hand that do the same."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.masquerade import BY_HAND, everything, foretold
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")
NATIVE = """table inet mine {
    chain out {
        type nat hook postrouting priority 90; policy accept;
        counter oifname "eth0" masquerade
        oifname "eth1" masquerade
    }
}
"""


@pytest.fixture
def router():
    made = lab.Router(COLLECTIONS)
    yield made
    made.close()


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


def test_a_native_rule_made_by_hand_is_reported(router):
    router.machine("nft -f - <<'EOF'\n" + NATIVE + "EOF\n")
    made = foretold(router, out_interface="eth0", source=[lab.CLIENT], backend="nftables")
    assert made["equal_rules"] == ['add rule inet mine out counter oifname "eth0" masquerade']
    assert "inet mine" in str(made["warnings"])
    assert not foretold(router, out_interface="eth0", source=[lab.CLIENT])["changed"]


@pytest.mark.parametrize(
    ("backend", "by_hand", "rule"),
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
def test_a_rule_made_by_hand_in_another_backend_is_reported(router, backend, by_hand, rule):
    client, outside = router.ends()
    router.machine(by_hand)
    made = foretold(router, out_interface="eth0", backend=backend)
    assert (made["backend"], made["equal_rules"]) == (backend, [rule])
    assert len(made["warnings"]) == 1
    assert rule.partition('"')[0] in str(made["warnings"])
    assert lab.connection(client, outside) == (lab.ROUTER, 1360, 1360)
    assert not foretold(router, out_interface="eth0", backend=backend)["changed"]
    foretold(router, state="absent")
    assert router.module(check=True, out_interface="eth0", backend=backend)["equal_rules"] == [rule]


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
