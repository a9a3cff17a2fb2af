"""What a host cannot have, without a host: ``ObservedClient`` is made up."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _check as _client_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _observe as _client_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _plan as _client_plan
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._connections import Configured
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._link import Link
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._observe import Ethernet, ObservedClient
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest, Connection
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._interfaces import Route
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._systemd import Unit
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._capabilities import Pppd

DSL = Connection("dsl", "eth0", "cmz")
RC_LOCAL = "/etc/rc.local"


def host(**changes) -> ObservedClient:
    there = dict.fromkeys([*_client_observe.paths("dsl"), RC_LOCAL], (None, None))
    there.update(changes.pop("there", {}))
    plain = {
        "systemd": True, "to_systemd": changes.get("systemd", True), "unit": Unit(), "units": {},
        "pppd": Pppd(), "kernel_problem": None,
        "interfaces": ("eth0", "eth1"), "ethernet": Ethernet(True, None, 1500), "routes": (), "connections": {},
        "links": {}, "rc_local": RC_LOCAL, "failed": False, "polkit": True, "there": there,
    }  # fmt: skip
    return ObservedClient(**{**plain, **changes})


def request(wanted: Connection = DSL, **changes) -> ClientRequest:
    return ClientRequest(**{"name": "dsl", "state": "connected", "wanted": wanted, "secret": "s", **changes})


OPTIONS = ("-chap", "-pap")
VLAN = Connection("dsl", "eth0", "cmz", vlan=7)
REFUSED = [
    (request(), {"ethernet": None, "interfaces": ("eth1",)},
     "interface: this host has no interface 'eth0'. It has: eth1."),
    (request(), {"ethernet": Ethernet(False, None, 1500)}, "interface: 'eth0' is not an Ethernet interface."),
    (request(), {"ethernet": Ethernet(True, "br0", 1500)}, "interface: 'eth0' is a port of 'br0'"),
    (request(), {"ethernet": Ethernet(True, None, 1400)}, "mtu: 1492 is out of range. Give 128 to 1392"),
    (request(VLAN), {"vlans": {"vlan7": ("eth0", 7)}}, "vlan: VLAN 7 of eth0 exists already, as vlan7."),
    (request(VLAN), {"vlans": {"eth0.7": ("eth1", 7)}, "interfaces": ("eth0", "eth0.7")},
     "vlan: this host has an interface 'eth0.7' already, and it is another VLAN."),
    (request(startup="systemd"), {"systemd": False}, "startup: "),
    (request(user_control=True), {"systemd": False}, "user_control: only root can stop what rc.local has started"),
    (request(user_control=True), {"polkit": False}, "user_control: polkit, which"),
    (request(), {"there": {_layout_client.peers_path("dsl"): (b"mine", 0o644)}}, "name: /etc/ppp/peers/dsl exists"),
    (request(), {"pppd": Pppd(path=None)}, "state: pppd is not installed on this host."),
    (request(), {"pppd": Pppd(plugin=None)}, "state: pppd has no PPPoE plugin here"),
    (request(), {"kernel_problem": "no PPP"}, "state: no connection is possible here: no PPP."),
    (request(Connection("dsl", "eth0", "cmz", methods=("chap", "pap"))), {"options": OPTIONS},
     "authentication: none of chap, pap is left, since /etc/ppp/options has -chap, -pap"),
    (request(), {"connections": {"b": Configured("b", metric=0)}}, "route_metric: 0 is the metric"),
    (request(Connection("dsl", "eth0", "cmz", link="eth1")), {}, "link_interface: this host has an interface 'eth1'"),
    (request(), {"routes": (Route("eth1", "192.0.2.1", 0),)}, "default_route: this host has a default route via 192"),
]  # fmt: skip


def check_and_plan(asked: ClientRequest, observed: ObservedClient) -> _client_plan.ClientPlan:
    _client_check.check(asked, observed)
    planned = _client_plan.plan(asked, observed)
    _client_check.check_dial(asked, observed, planned.decision)
    return planned


@pytest.mark.parametrize(("asked", "changes", "message"), REFUSED)
def test_refused(asked, changes, message):
    observed = host(**changes)
    with pytest.raises(Refused) as refused:
        check_and_plan(asked, observed)
    assert str(refused.value).startswith(message)


FINE = [
    (request(), {}),
    (request(VLAN), {"vlans": {"eth0.7": ("eth0", 7)}, "interfaces": ("eth0", "eth0.7")}),
    (request(VLAN), {"vlans": {"vlan7": ("eth1", 7), "vlan8": ("eth0", 8)}}),
    (request(check_mode=True), {"pppd": Pppd(path=None, plugin=None)}),
    (request(), {"options": OPTIONS}),
    (request(together=("b",)), {"connections": {"b": Configured("b", metric=0)}}),
    (request(), {"routes": (Route("eth1", "192.0.2.1", 9),)}),
]


@pytest.mark.parametrize(("asked", "changes"), FINE)
def test_not_refused(asked, changes):
    planned = check_and_plan(asked, host(**changes))
    assert planned.decision.applied == "dialled"
    assert planned.boot == "enable"


def applied(observed: ObservedClient) -> ObservedClient:
    """The host as a plan leaves it, with a link that is up."""
    planned = _client_plan.plan(request(), observed)
    there = {**observed.there, **{one.file.path: (one.file.content, one.file.mode) for one in planned.changes}}
    there[_layout_client.started_path("dsl")] = there[_layout_client.peers_path("dsl")]
    return host(there=there, unit=Unit("active", True), links={"dsl": Link(7, "ppp0", "192.0.2.7", "192.0.2.1", 1492)})


LATER = [
    ({}, {}, "none", False),
    ({"unit": Unit("active", True, stale=True)}, {}, "none", True),
    ({"unit": Unit("active", False)}, {}, "none", True),
    ({}, {_layout_client.started_path("dsl"): (b"another", 0o600)}, "redialled", True),
    # A former version has started it, and left no copy.
    ({}, {_layout_client.started_path("dsl"): (None, None)}, "none", False),
    ({}, {_layout_client.peers_path("dsl"): (_layout_client.MARKER.encode(), 0o600)}, "redialled", True),
    ({"links": {}}, {}, "dialled", True),
    ({"unit": Unit("inactive", True)}, {}, "redialled", True),
]


@pytest.mark.parametrize(("changes", "there", "word", "changed"), LATER)
def test_a_second_run(changes, there, word, changed):
    first = applied(host())
    second = host(**{"there": {**first.there, **there}, "unit": first.unit, "links": first.links, **changes})
    planned = _client_plan.plan(request(), second)
    assert (planned.decision.applied, planned.changed) == (word, changed)
    assert planned.reload is second.unit.stale
