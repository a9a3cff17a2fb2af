from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _settings as _radius_settings

TLS = {"ca": "/etc/pppoe/ca.pem", "certificate": "/etc/pppoe/own.pem", "key": "/etc/pppoe/own.key"}
ONE = {"address": "192.0.2.20", "secret": "S3cret"}


def settings(servers=(ONE,), **more):
    parameters = {
        "servers": list(servers),
        "nas_identifier": None,
        "nas_address": None,
        "disconnect_secret": None,
        "disconnect_from": [],
        **more,
    }
    return _radius_settings.settings(parameters, "bras1")


def test_the_least_that_is_needed():
    found = settings()
    assert found.servers == (_radius_settings.Server("192.0.2.20", 1812, "S3cret"),)
    assert (found.nas_identifier, found.nas_address, found.disconnect_from) == ("bras1", "", ())


def test_by_tls():
    server = settings([{"address": "2001:db8::1", "tls": TLS}]).servers[0]
    assert (server.port, server.secret, server.tls) == (2083, "radsec", _radius_settings.Tls(**TLS))


def test_the_servers_may_end_sessions_unless_others_are_named():
    assert settings(disconnect_secret="d").disconnect_from == ("192.0.2.20/32",)
    others = settings(disconnect_secret="d", disconnect_from=["198.51.100.0/24", "2001:db8::5"])
    assert others.disconnect_from == ("198.51.100.0/24", "2001:db8::5/128")


@pytest.mark.parametrize(
    ("servers", "more", "said"),
    [
        ([], {}, "servers: 0 servers"),
        ([ONE] * 9, {}, "servers: 9 servers"),
        ([ONE, ONE], {}, "servers[1].address: 192.0.2.20 is named twice"),
        ([{**ONE, "address": "radius.example"}], {}, "servers[0].address: 'radius.example'"),
        ([{**ONE, "address": "192.0.2.20\n}"}], {}, "servers[0].address"),
        ([{**ONE, "port": 65535}], {}, "servers[0].port: 65535"),
        ([{"address": "192.0.2.20"}], {}, "servers[0].secret: it is not set"),
        ([{**ONE, "tls": {**TLS, "key": "own.key"}}], {}, "servers[0].tls.key: 'own.key'"),
        ([{**ONE, "tls": {**TLS, "ca": '/x"\n'}}], {}, "servers[0].tls.ca"),
        ([ONE], {"nas_identifier": "a b"}, "nas_identifier: 'a b'"),
        ([ONE], {"nas_identifier": "a" * 64}, "nas_identifier"),
        ([ONE], {"nas_address": "2001:db8::1"}, "nas_address: 2001:db8::1"),
        ([ONE], {"nas_address": "bras1"}, "nas_address: 'bras1'"),
        ([ONE], {"disconnect_from": ["192.0.2.1"]}, "disconnect_from: no one may ask"),
        ([ONE], {"disconnect_secret": "d", "disconnect_from": ["192.0.2.1/24"]}, "disconnect_from[0]"),
    ],
)
def test_refused(servers, more, said):
    with pytest.raises(Refused) as caught:
        settings(servers, **more)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "secret", ['hush"', "hush hush", "hush\n", "hush$", "hush\\", "hush'", "hush`", "hüsh", "h" * 129]
)
def test_a_secret_that_means_something_else_to_freeradius_is_refused_and_not_shown(secret):
    for servers, more in (([{**ONE, "secret": secret}], {}), ([ONE], {"disconnect_secret": secret})):
        with pytest.raises(Refused) as caught:
            settings(servers, **more)
        assert secret not in str(caught.value)
