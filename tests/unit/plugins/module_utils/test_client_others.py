# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils import _client_config, _client_others
from ansible_collections.dialtone.pppoe.plugins.module_utils._client_options import Connection
from ansible_collections.dialtone.pppoe.plugins.module_utils._client_others import Other
from ansible_collections.dialtone.pppoe.plugins.module_utils._errors import Refused

DSL = Connection("dsl", "eth0", "cmz")

PARSED = [
    ({}, Other("dsl", "eth0", None, 0)),
    ({"metric": 7}, Other("dsl", "eth0", None, 7)),
    ({"default_route": False}, Other("dsl", "eth0", None, None)),
    ({"vlan": 7, "link": "ppp-x"}, Other("dsl", "eth0.7", "ppp-x", 0)),
    ({"unit": 3}, Other("dsl", "eth0", "ppp3", 0)),
    ({"demand_idle": 9}, Other("dsl", "eth0", None, 0, True)),
]


@pytest.mark.parametrize(("changes", "expected"), PARSED)
def test_what_is_written_is_read(changes, expected):
    content = _client_config.peers_file(Connection(**dict(vars(DSL), **changes)), _client_config.Host())
    assert _client_others.parse("dsl", content) == expected


def test_an_older_pppd_has_metric_0():
    content = _client_config.peers_file(DSL, _client_config.Host("rp-pppoe.so"))
    assert _client_others.parse("dsl", content).metric == 0


CLASHES = [
    ({}, Other("b", metric=0), "route_metric: 0 is the metric that the connection 'b' has"),
    ({}, Other("b", metric=1), None),
    ({"metric": 1}, Other("b", metric=1), "route_metric: 1 is the metric"),
    ({"default_route": False}, Other("b", metric=0), None),
    ({}, Other("b", link="ppp0"), None),
    ({"unit": 0}, Other("b", link="ppp0"), "unit: ppp0 is the link of the connection 'b'."),
    ({"link": "ppp-x"}, Other("b", link="ppp-x"), "link_interface: ppp-x is the link of the connection 'b'."),
    ({"link": "ppp-x"}, Other("b", link="ppp-y"), None),
]


@pytest.mark.parametrize(("changes", "other", "message"), CLASHES)
def test_clashes(changes, other, message):
    wanted = Connection(**dict(vars(DSL), **changes))
    if message is None:
        _client_others.refuse_clashes(wanted, [other])
        return
    with pytest.raises(Refused) as refused:
        _client_others.refuse_clashes(wanted, [other])
    assert str(refused.value).startswith(message)
