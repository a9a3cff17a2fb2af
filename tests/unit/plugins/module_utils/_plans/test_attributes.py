"""Rates that RADIUS gives, each in its own order and unit."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _attributes as _plans_attributes

FILTER, MIKROTIK, WISPR = _plans_attributes.NAMES


@pytest.mark.parametrize(
    ("attribute", "text", "rates"),
    [
        (FILTER, "Filter-Id 20000/5000\n", (20_000_000, 5_000_000)),
        (FILTER, "Filter-Id 0/64\n", (0, 64_000)),
        # rx and tx are the router's: upload and download of the customer.
        (MIKROTIK, "Mikrotik-Rate-Limit 5M/20M\n", (20_000_000, 5_000_000)),
        (MIKROTIK, "Mikrotik-Rate-Limit 512k\n", (512_000, 512_000)),
        (MIKROTIK, "Mikrotik-Rate-Limit 5000000/20000000 0/0 0/0 0/0\n", (20_000_000, 5_000_000)),
        (WISPR, "WISPr-Bandwidth-Max-Down 20000000\nWISPr-Bandwidth-Max-Up 5000000\n", (20_000_000, 5_000_000)),
        (WISPR, "WISPr-Bandwidth-Max-Up 5000000\n", (None, 5_000_000)),
        (FILTER, "Framed-Protocol PPP\nSession-Timeout 60\n", None),
        (WISPR, "", None),
    ],
)
def test_rates(attribute, text, rates):
    assert _plans_attributes.rates(attribute, _plans_attributes.read(text)) == rates


@pytest.mark.parametrize(
    ("attribute", "value", "error"),
    [
        (FILTER, "gold", "is not download/upload in kbit/s"),
        (FILTER, "20000", "is not download/upload in kbit/s"),
        (FILTER, "20M/5M", "is not a rate"),
        (FILTER, "63/5000", "not between"),
        (MIKROTIK, "5M/20M 10M/40M 4M/16M 8/8", "bursts"),
        (MIKROTIK, "5M/20M 0/0 0/0 0/0 8", "priority"),
        (MIKROTIK, "", "is not a rate"),
        (MIKROTIK, "5M/", "is not a rate"),
    ],
)
def test_what_cannot_be_kept_is_refused(attribute, value, error):
    with pytest.raises(ValueError, match=error):
        _plans_attributes.rates(attribute, {attribute: value})
