from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text


@pytest.mark.parametrize(
    ("items", "separator", "expected"),
    [
        ([], ", ", ""),
        (["a", "b"], ", ", "a, b"),
        ([str(number) for number in range(22)], ", ", ", ".join(map(str, range(20))) + " and 2 more"),
        ([str(number) for number in range(21)], "; ", "; ".join(map(str, range(20))) + "; and 1 more"),
    ],
)
def test_listed(items, separator, expected):
    assert _text.listed(items, separator) == expected


def test_printable():
    assert _text.printable("a\x1b[2J\nb\u202ec\xe9") == "a?[2J?b?c\xe9"
