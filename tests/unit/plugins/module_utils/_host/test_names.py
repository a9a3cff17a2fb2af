from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

SPELLINGS = [
    "02:64:74:00:0A:02",
    "2:64:74:0:a:2",
    "02-64-74-00-0a-02",
    "0264.7400.0a02",
    "026474000A02",
    " 02:64:74:00:0a:02 ",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_spellings_of_a_mac(text):
    assert _names.mac("mac", text) == "02:64:74:00:0a:02"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "02:64:74:00:0a",
        "02:64:74:00:0a:02:03",
        "02:64:74:00:0g:02",
        "2647400a2",
        "ppp0",
        "02:64-74:00:0a:02",
        "1:2",
    ],
)
def test_what_is_no_mac(text):
    with pytest.raises(Refused, match="is not an Ethernet address"):
        _names.mac("mac", text)


def test_numbers():
    assert _names.check_number("interval", 5, 5, 86400) == 5
    with pytest.raises(Refused, match=r"^interval: 4 is out of range\. Give 5 to 86400 seconds\.$"):
        _names.check_number("interval", 4, 5, 86400, "seconds")
