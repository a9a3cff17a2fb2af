from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.tests.unit.plugins.module_utils._pppd import word_cases
from hypothesis import given
from hypothesis import strategies as st

WORD = st.binary(max_size=1023).map(lambda word: word.replace(b"\0", b"0"))
# Text made of what the grammar gives a meaning to.
TEXT = st.lists(st.sampled_from([bytes([c]) for c in b"ab017xn\"'\\# \t\r\n\0\x80*"]), max_size=60).map(b"".join)


@pytest.mark.parametrize(("text", "expected"), word_cases.READ)
def test_words_are_what_pppd_reads(text, expected):
    assert _words.words(text) == expected


@pytest.mark.parametrize("word", word_cases.WRITE)
def test_a_written_word_is_read_back(word):
    assert _words.words(b"before " + _words.quote(word) + b" after") == [b"before", word, b"after"]


@given(WORD)
def test_any_word_is_read_back(word):
    written = _words.quote(word)
    assert _words.words(written + b"\n") == [word]
    assert _words.words(b"a " + written + b"#c\nd") == [b"a", word, b"d"]
    assert b"\n" not in written


@pytest.mark.parametrize("word", ["cmz", "a-b_c.d@e", "x!$%&()*+,/:;<=>?[]^`{|}~"])
def test_plain_words_stay_bare(word):
    assert _words.quote(word.encode()) == word.encode()


@pytest.mark.parametrize(
    ("word", "reason"), [(b"a\0b", "NUL"), (b"x" * 1024, "1023 bytes .* 1024"), (b" " * 1024, "1023")]
)
def test_what_cannot_be_read_back_is_not_written(word, reason):
    with pytest.raises(ValueError, match=reason):
        _words.quote(word)


@pytest.mark.parametrize(
    ("text", "line", "last_line"),
    [
        (b"a 'b", 1, 1),
        (b'a\nb "c\nd\n', 2, 4),
        (b"a\nbob * don't *\ncmz * x *\n# it's\n", 2, 4),
        (b"a \\\n 'b\nc'\n", 2, 3),
        (b"'a\\", 1, 1),
    ],
)
def test_an_open_quotation_is_reported_by_line(text, line, last_line):
    with pytest.raises(_words.UnclosedQuote) as raised:
        _words.words(text)
    assert (raised.value.line, raised.value.last_line) == (line, last_line)


def test_lines_are_counted_as_in_an_editor_after_one_that_is_continued():
    lines = list(_words.lines(b"a b \\\n c \\\n d\n\ne f\n"))
    assert [(line.number, line.words) for line in lines] == [(1, (b"a", b"b", b"c", b"d")), (4, ()), (5, (b"e", b"f"))]


@pytest.mark.parametrize("word", [b"x" * 1023, b" " * 1023])
def test_the_longest_word_is_written(word):
    assert _words.words(_words.quote(word) + b"\n") == [word]


@given(TEXT)
def test_lines_are_the_text_byte_for_byte(text):
    try:
        lines = list(_words.lines(text))
    except _words.UnclosedQuote:
        return
    assert b"".join(text[line.start : line.end] for line in lines) == text
    for line in lines:
        assert line.number == text.count(b"\n", 0, line.start) + 1
        for (start, end), word in zip(_words.spans(text, line), line.words):
            assert _words.words(text[start:end] + b" .")[0] == word


@given(TEXT)
def test_appended_text_is_a_line_of_its_own_where_closed_says_so(text):
    try:
        lines = list(_words.lines(text))
    except _words.UnclosedQuote:
        return
    if lines and lines[-1].closed:
        after = list(_words.lines(text + b"new line\n"))
        assert after[:-1] == lines
        assert after[-1].words == (b"new", b"line")


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        (b"cmz", b"cmz"),
        ("josé".encode(), b"josM-CM-)"),
        ("jürgen".encode(), b"jM-CM-<rgen"),
        (b"a\tb", b"a\tb"),
        (b"\xc3 b\xa0", b"M-C bM- "),
        (b"a\x01\x1f\x7f", b"a^A^_^?"),
        (b"\x80\x89\x8a\xff", b"M-^@M-\tM-^JM-^?"),
        (b"josM-CM-)", b"josM-CM-)"),
    ],
)
def test_names_in_the_notation_in_which_pppd_looks_them_up(name, seen):
    assert _words.visible(name) == seen


def pppd_reads(tmp_path, written: bytes) -> bytes:
    """What pppd prints of the word, in its printing notation."""
    options = tmp_path / "options"
    options.write_bytes(b"ipparam " + written + b"\n")
    command = ["pppd", "notty", "nodetach", "dryrun", "dump", "noauth", "file", str(options)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
    found = re.search(rb"^ipparam (.*)\t\t# \(from", done.stdout + done.stderr, re.MULTILINE)
    assert found, done
    return found.group(1)


def printed(word: bytes) -> bytes:
    """A word as pppd's ``%q`` prints it (utils.c vslprintf)."""
    letters = {0x09: b"\\t", 0x0A: b"\\n", 0x08: b"\\b", 0x0C: b"\\f", 0x22: b'\\"', 0x5C: b"\\\\"}
    return b"".join(letters.get(c) or (b"\\x%02x" % c if c < 0x20 or 0x7F <= c < 0xA0 else bytes([c])) for c in word)


@pytest.mark.skipif(
    not (shutil.which("pppd") and os.path.exists("/dev/ppp") and os.geteuid() == 0),
    reason="needs pppd, /dev/ppp and root: pppd prints nothing without them",
)
def test_pppd_itself_reads_what_was_written(tmp_path):
    cases = [word for word in [*word_cases.WRITE, *word_cases.random_words(40)] if 0 < len(word) <= 60]
    differing = [word for word in cases if pppd_reads(tmp_path, _words.quote(word)) != printed(word)]
    assert not differing
