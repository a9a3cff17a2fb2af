from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _refused as _l2tpns_refused
from ansible_collections.dialtone.pppoe.plugins.modules import pppoe_l2tpns
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

yaml = pytest.importorskip("yaml")

DEFAULTS = yaml.safe_load((REPOSITORY / "roles/pppoe_server/defaults/main.yml").read_text())
VALUES = {name.removeprefix("pppoe_server_"): value for name, value in DEFAULTS.items()}


def test_the_defaults_are_accepted_but_nat_is_not():
    with pytest.raises(Refused, match=r"^pppoe_server_nat: not possible with engine l2tpns: "):
        _l2tpns_refused.check(VALUES)
    _l2tpns_refused.check({**VALUES, "nat": False})


@pytest.mark.parametrize("name", sorted(set(_l2tpns_refused.REFUSED) & set(VALUES)))
def test_each_is_refused_by_its_name(name):
    given = {"name": "x"} if isinstance(VALUES[name], (dict, list)) else "always"
    with pytest.raises(Refused, match=rf"^pppoe_server_{name}: "):
        _l2tpns_refused.check({**VALUES, "nat": False, name: given})


def test_accounts_are_for_the_centre_where_there_is_one():
    _l2tpns_refused.check({**VALUES, "nat": False, "accounts": [{"name": "cmz"}]}, centre=True)


def test_it_cannot_be_drained():
    with pytest.raises(Refused, match=r"^pppoe_server_state: drained is not possible"):
        _l2tpns_refused.check({**VALUES, "nat": False, "state": "drained"})


#: They mean nothing to l2tpns, and doing without them harms nobody.
HARMLESS = {
    "name", "engine", "instances_exclusive", "outside_interface", "accounts_max_removals", "require_kernel_ppp",
    "nat_backend", "clamp_mss", "rp_filter", "ipv6_delegated_length", "ipv6_filter", "keep_accounts", "packages",
}  # fmt: skip
#: pppoe_server_metrics gets them.
METRICS = {"metrics", "metrics_directory", "metrics_interval"}


def test_no_variable_is_ignored_in_silence():
    taken = set(pppoe_l2tpns.ARGUMENTS)
    assert set(VALUES) - taken - set(_l2tpns_refused.REFUSED) - METRICS == HARMLESS
