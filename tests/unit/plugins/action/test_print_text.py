from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.action.print_text import printable


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("one", ["one"]),
        ("one\ntwo\n", ["one", "two"]),
        ("a\n\nb", ["a", "", "b"]),
        ("josé\t|", ["josé    |"]),
        ("\x1b]0;title\x07 \r\x9b31m", ["?]0;title? ??31m"]),
    ],
)
def test_printable(text, lines):
    assert printable(text) == lines
