from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.dialtone.pppoe.plugins.filter.nat_sources import nat_sources
from ansible_collections.dialtone.pppoe.plugins.filter.outside_of import outside_of


@pytest.mark.parametrize(
    ("given", "pool", "others", "sources"),
    [
        (["10.0.0.0/8"], ["192.168.10.2+20"], ["192.168.10.3"], ["10.0.0.0/8"]),
        (["0.0.0.0/0"], ["192.168.10.2+20"], [], []),
        ([], ["192.168.10.2+20"], ["192.168.10.3"], ["192.168.10.2-192.168.10.21"]),
        ([], ["192.168.10.4+18"], ["192.168.10.3"], ["192.168.10.3-192.168.10.21"]),
        ([], ["192.168.10.8-192.168.10.15"], ["10.0.0.1"], ["10.0.0.1/32", "192.168.10.8/29"]),
        # A network is translated as a whole, though its ends are nobody's.
        ([], ["10.0.1.0/24", "10.0.0.0/24"], ["10.0.0.7", "10.9.0.0/16"], ["10.0.0.0/23", "10.9.0.0/16"]),
    ],
)
def test_nat_sources(given, pool, others, sources):
    assert nat_sources(given, pool, others) == sources


@pytest.mark.parametrize(
    ("addresses", "entries", "outside"),
    [
        ([], [], []),
        (["10.0.0.3"], [], ["10.0.0.3"]),
        (["10.0.0.3", "10.0.0.9", "10.1.0.0"], ["10.0.0.2-10.0.0.5", "10.1.0.0/24"], ["10.0.0.9"]),
    ],
)
def test_outside_of(addresses, entries, outside):
    assert outside_of(addresses, entries) == outside


def test_what_is_no_address_is_told():
    with pytest.raises(AnsibleFilterError, match=r"10\.0\.0\.100-200"):
        nat_sources([], ["10.0.0.100-200"])
    with pytest.raises(AnsibleFilterError, match="cmz2"):
        outside_of(["cmz2"], [])
