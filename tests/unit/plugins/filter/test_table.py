from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.dialtone.pppoe.plugins.filter.table import table


def test_columns_are_as_wide_as_their_widest_value():
    rows = [{"name": "uplink", "ac_name": "gate"}, {"name": "b", "ac_name": "a long name"}]
    assert table(rows, ["ac_name", "name"]) == [
        "ac name      name",
        "gate         uplink",
        "a long name  b",
    ]


def test_titles_of_ones_own():
    assert table([{"peer_mac": "02:00:00:00:00:01"}], {"MAC": "peer_mac"}) == ["MAC", "02:00:00:00:00:01"]


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("address", None, "-"),
        ("address", "", "-"),
        ("services", [], "-"),
        ("services", ["", "fast"], '"", fast'),
        ("boot", False, "no"),
        ("seconds", 0, "0"),
        ("seconds", 1500, "1500"),
        ("bytes_in", 0, "0 B"),
        ("bytes_in", 999, "999 B"),
        ("bytes_in", 1000, "1.0 kB"),
        ("bytes_out", 123456789, "123.5 MB"),
        ("bytes_out", 5 * 10**15, "5000.0 TB"),
        ("username", "a\x1b[2J\n", r"a\x1b[2J\n"),
    ],
)
def test_values(key, value, shown):
    assert table([{key: value}], [key])[1] == shown


def test_no_rows_and_missing_keys():
    assert table([], ["a"]) == ["a"]
    assert table([{}], ["a"]) == ["a", "-"]


@pytest.mark.parametrize("rows", ["text", [1], {"a": 1}])
def test_what_is_no_table(rows):
    with pytest.raises(AnsibleFilterError, match="not a list of dictionaries"):
        table(rows, ["a"])
