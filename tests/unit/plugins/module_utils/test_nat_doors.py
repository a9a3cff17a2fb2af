# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._nat import request
from ansible_collections.dialtone.pppoe.plugins.module_utils._nat_doors import NftDoor, forward_chains

LISTED = """\
table ip filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
	chain DOCKER {
	}
}
table inet mine {
	chain input {
		type filter hook input priority filter; policy drop;
	}
	chain forward {
		type filter hook forward priority 10; policy accept;
	}
}
table ip6 filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
}
"""


def test_chains_that_forwarded_ipv4_packets_pass():
    assert forward_chains(LISTED) == [(("ip", "filter", "FORWARD"), "drop"), (("inet", "mine", "forward"), "accept")]


@pytest.mark.parametrize(
    ("rule", "drops"),
    [
        ("drop", True),
        ("counter drop", True),
        ("reject", True),
        ("reject with icmpx admin-prohibited", True),
        ('iifname "eth0" drop', False),
        ("ip saddr 10.0.0.0/8 counter drop", False),
        ("accept", False),
        ("jump drop", False),
    ],
)
def test_a_rule_that_takes_every_packet(rule, drops):
    text = (
        "table inet mine { # handle 1\n\tchain forward { # handle 2\n"
        f"\t\ttype filter hook forward priority 10; policy accept;\n\t\t{rule} # handle 9\n\t\tiif 1 drop # handle 11\n"
    )
    door = NftDoor(lambda *_: (0, text, ""), "nft", ("inet", "mine", "forward"), "accept", request("x", "e", [], True))
    assert bool(door.rules) == drops
    assert door.compare().missing == drops
