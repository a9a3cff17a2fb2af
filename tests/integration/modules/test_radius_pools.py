"""Framed-Pool of a RADIUS server, and the pools of the concentrator: a real FreeRADIUS between both."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.tests.support import radius_centre, radius_site
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(radius_centre.why_not()), reason=f"no FreeRADIUS here: {radius_centre.why_not()}")

SERVER = {"address": radius_site.NOBODY, "secret": radius_site.SECRET}
LOGIN = "User-Name=ann,User-Password=geheim,NAS-Port=0,Calling-Station-Id=02:00:00:00:00:01"
#: What pppd says of the pools of the host: the last one is full.
OFFERS = ("default:192.168.10.2", "business:10.20.0.2", "walled-garden:10.99.0.7", "full:-")
POOL, ADDRESS = 88, 8


@pytest.fixture(scope="module")
def concentrator():
    made = radius_site.Concentrator(COLLECTIONS)
    made.host.sh(f"ip addr add {radius_site.CONCENTRATOR}/32 dev lo")
    made.start([SERVER])
    yield made
    made.close()


def login(concentrator, *attributes, offers=OFFERS):
    """The answer that pppd gets, if the server answers with these attributes (number and value)."""
    concentrator.serve_no_more()
    concentrator.serve(
        radius_site.NOBODY, attributes=b"".join(bytes([kind, 2 + len(value)]) + value for kind, value in attributes)
    )
    return concentrator.ask(",".join([LOGIN, *(f"Framed-Pool={offer}" for offer in offers)]))


@pytest.mark.parametrize(
    ("pool", "address"),
    [("business", "10.20.0.2"), ("walled-garden", "10.99.0.7"), ("default", "192.168.10.2")],
)
def test_an_answer_with_a_pool_has_an_address_of_it(concentrator, pool, address):
    answer = login(concentrator, (POOL, pool.encode()))
    assert answer.startswith("Access-Accept")
    assert f"Framed-IP-Address = {address}" in answer
    assert f'Framed-Pool = "{pool}"' in answer


@pytest.mark.parametrize(
    ("pool", "reason"),
    [
        ("full", "No address is free in the pool full"),
        ("busines", "There is no pool busines at this server"),
        ("usiness", "There is no pool usiness at this server"),
        (".*", "There is no pool .* at this server"),
        ("(", "There is no pool ( at this server"),
    ],
)
def test_a_pool_that_is_full_or_unknown_refuses_the_login(concentrator, pool, reason):
    answer = login(concentrator, (POOL, pool.encode()))
    assert answer.startswith("Access-Reject")
    assert f'Reply-Message = "{reason}"' in answer


def test_an_address_of_the_server_counts_more(concentrator):
    answer = login(concentrator, (POOL, b"full"), (ADDRESS, bytes([10, 1, 1, 1])))
    assert answer.startswith("Access-Accept")
    assert "Framed-IP-Address = 10.1.1.1" in answer


@pytest.mark.parametrize("attributes", [(), ((POOL, b"busines"),)])
def test_without_pools_of_the_host_nothing_is_changed(concentrator, attributes):
    answer = login(concentrator, *attributes, offers=())
    assert answer.startswith("Access-Accept")
    assert "Framed-IP-Address" not in answer


def test_servers_do_not_hear_of_it(concentrator):
    """Neither with the login nor with the records of the session."""
    assert login(concentrator).startswith("Access-Accept")
    session = 'Acct-Status-Type=Start,Acct-Session-Id=one,User-Name=ann,NAS-Port=0,Framed-Pool="business:10.20.0.2"'
    assert concentrator.ask(session, "acct").startswith("Accounting-Response")
    assert "Framed-Pool" not in concentrator.host.sh("cat /run/buffer/*")
