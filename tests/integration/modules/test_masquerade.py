"""masquerade for real, on a router made of namespaces: what is the same with every backend."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.masquerade import (
    BACKENDS,
    FOREIGN,
    IPTABLES_UNSUPPORTED,
    UNSUPPORTED,
    everything,
    foretold,
    of_others,
)
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")
CLOSED = "table ip closed { chain c { type filter hook forward priority 5; policy drop; }\n}\n"


@pytest.fixture
def router():
    made = lab.Router(COLLECTIONS)
    yield made
    made.close()


@pytest.fixture(params=sorted(BACKENDS))
def taken(request, router):
    """A router on which one backend is taken, with the parameters, the program and the way to flush its rules."""
    if request.param == "iptables-legacy":
        router.replace("nft", UNSUPPORTED)
        router.replace("iptables-nft", IPTABLES_UNSUPPORTED)
    return (router, *BACKENDS[request.param])


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


def test_who_is_in_the_walled_garden_reaches_what_is_allowed(taken):
    router, parameters, _program, _flush = taken
    client, outside = router.ends()
    elsewhere = "192.168.5.77"
    outside.sh(f"ip addr add {elsewhere}/24 dev outside0")
    garden = {"pool": [lab.CLIENT], "allow": [], "dns_server": lab.OUTSIDE, "redirect": f"{lab.OUTSIDE}:7"}
    foretold(router, out_interface="eth0", walled_garden=garden, **parameters)
    assert not foretold(router, out_interface="eth0", walled_garden=garden, **parameters)["changed"]
    # http to anybody goes to the operator's page, and nothing else gets there.
    assert lab.dialled(client, outside, "9.9.9.9", 80, at=lab.OUTSIDE) == lab.ROUTER
    assert lab.dialled(client, outside, lab.OUTSIDE) == lab.ROUTER
    assert lab.dialled(client, outside, elsewhere) == ""
    assert not lab.pings(client, elsewhere)
    foretold(router, out_interface="eth0", walled_garden={**garden, "allow": [elsewhere]}, **parameters)
    assert lab.dialled(client, outside, elsewhere) == lab.ROUTER
    # Everybody else is as ever.
    others = {**garden, "pool": ["10.99.0.0/24"]}
    foretold(router, out_interface="eth0", walled_garden=others, **parameters)
    assert lab.dialled(client, outside, elsewhere) == lab.ROUTER
    foretold(router, state="absent")
    assert "dialtone" not in everything(router)


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
        "out_interface: this host has no interface 'eth0'. It has: wan7, ppp0. The default route leads through wan7."
    )
    assert lab.connection(client, outside)[0] != lab.ROUTER
    router.host.sh("ip link set wan7 down; ip link set wan7 name eth0; ip link set eth0 up")
    assert lab.connection(client, outside) == (lab.ROUTER, 1360, 1360)
