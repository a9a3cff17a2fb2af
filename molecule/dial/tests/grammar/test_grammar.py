"""Our reader and writer of pppd's words, held against the pppd that is installed.

pppd reads a file of ``set NAME=VALUE`` options with the word reader that it reads its secrets files with
(``pppd/options.c`` getword), and hands the values, byte for byte, to its connect script, which writes them down.
"""

from __future__ import annotations

import base64
import functools
import re
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

REPOSITORY = Path(__file__).resolve().parents[4]
sys.path[:0] = [str(REPOSITORY / ".build" / "collections"), str(REPOSITORY / "tests/unit/plugins/module_utils/_pppd")]

import word_cases  # noqa: E402
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words  # noqa: E402

testinfra_hosts = ["ansible://pppoe_servers"]

READ, WRITTEN = 3000, 1500
NAME = b"W%05d="
#: pppd keeps so many bytes of a word, those of NAME among them.
MOST = _words.MAX_WORD - len(NAME % 0)

# What the grammar gives a meaning to, by its pieces: any of them in any order, within quotation marks and without.
ESCAPES = st.one_of(
    st.binary(min_size=1, max_size=1).map(lambda byte: b"\\" + byte),
    st.integers(0, 0o7777).map(lambda number: b"\\%o" % number),
    st.integers(0, 0xFFF).map(lambda number: b"\\x%x" % number),
    st.sampled_from([b"\\" + letter for letter in b"a b f n r s t \n \r \" ' # \\ x xg 0 400".split(b" ")]),
)
PLAIN = st.one_of(st.sampled_from([b"a", b"7", b"*", b"@", b"--", b"!", b"\0", b"\xa0"]), st.binary(max_size=3))
BARE = st.one_of(ESCAPES, PLAIN.map(lambda text: re.sub(rb"[\s\"'\\#]", b"x", text)))


def quoted(mark: bytes) -> st.SearchStrategy[bytes]:
    inside = PLAIN.map(lambda text: re.sub(rb"[\n\\" + mark + rb"]", b" #", text))
    return st.lists(st.one_of(ESCAPES, inside), max_size=5).map(lambda pieces: mark + b"".join(pieces) + mark)


LONG = st.integers(1000, 1040).map(lambda length: b"l" * length)
PIECE = st.one_of(BARE, BARE, quoted(b'"'), quoted(b"'"))
RAW = st.one_of(st.lists(PIECE, max_size=6).map(b"".join), st.binary(max_size=12), st.tuples(LONG, PIECE).map(b"".join))
GAP = st.lists(
    st.sampled_from([b" ", b"\t", b"\v", b"\f", b"\r", b"\\\n", b"\n", b"# it's \\\n", b"\n\n"]), min_size=1, max_size=3
).map(b"".join)
CASES = st.tuples(GAP, GAP, RAW, st.sampled_from([b"", b" ", b"# c", b" # c'", b"\r", b"\\\n "]))
WORDS = st.one_of(st.binary(max_size=40), st.binary(max_size=MOST), st.text(max_size=60).map(str.encode))


def generated(strategy: st.SearchStrategy, count: int) -> list:
    found = []

    @settings(max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def collect(case) -> None:
        found.append(case)

    collect()
    return found


@functools.cache
def to_read() -> tuple[bytes, dict[bytes, bytes]]:
    """A file in every spelling, and the words that we read in it."""
    pieces, expected = [], {}
    tables = [(b" ", b" ", raw, b"") for raw, words in word_cases.READ if len(words) <= 1]
    for number, (before, between, raw, after) in enumerate(tables + generated(CASES, READ)):
        name = NAME % number
        piece = before + b"set" + between + name + raw + after + b"\n"
        try:
            lines = list(_words.lines(piece))
        except _words.UnclosedQuote:
            continue
        words = [word for line in lines for word in line.words]
        # More words than two would be options that pppd does not know.
        if lines[-1].closed and len(words) == 2 and words[0] == b"set" and words[1].startswith(name):
            pieces.append(piece)
            expected[name] = words[1][len(name) :]
    return b"".join(pieces), expected


@functools.cache
def to_write() -> tuple[bytes, dict[bytes, bytes]]:
    """Words as we write them."""
    words = [word[:MOST] for word in [*word_cases.WRITE, *generated(WORDS, WRITTEN)]]
    expected = {NAME % number: word.replace(b"\0", b"0") for number, word in enumerate(words)}
    return b"".join(b"set " + _words.quote(name + word) + b"\n" for name, word in expected.items()), expected


def pppd_reads(host, content: bytes) -> dict[bytes, bytes]:
    # The longest argument that Linux takes has 128 KiB.
    chunks = [base64.b64encode(content[start : start + 60_000]).decode() for start in range(0, len(content), 60_000)]
    host.check_output("rm -f /run/grammar*")
    for chunk in chunks[:-1]:
        host.check_output("echo %s | base64 -d >>/run/grammar", chunk)
    # The script fails on purpose, so that pppd ends there.
    script = "env -0 >/run/grammar.read; false"
    ended = host.run(
        "echo %s | base64 -d >>/run/grammar;"
        f"pppd notty nodetach noauth connect '{script}' file /run/grammar </dev/null >&2;"
        "base64 -w 0 /run/grammar.read; rm -f /run/grammar*",
        chunks[-1],
    )
    assert ended.stdout, ended
    pairs = [re.match(rb"(W[0-9]{5}=)(.*)\Z", one, re.DOTALL) for one in base64.b64decode(ended.stdout).split(b"\0")]
    return {pair.group(1): pair.group(2) for pair in pairs if pair}


@pytest.mark.parametrize(("cases", "least"), [(to_read, READ // 2), (to_write, WRITTEN)])
def test_pppd_reads_the_same_words(host, cases, least):
    content, expected = cases()
    assert len(expected) >= least
    read = pppd_reads(host, content)
    differing = [(name, word, read.get(name)) for name, word in expected.items() if read.get(name) != word]
    assert not differing, f"{len(differing)} of {len(expected)}: name, ours, pppd's: {differing[:5]}"
    assert read.keys() == expected.keys()


@pytest.mark.parametrize("raw", [b'"x y', b"x'y\nset W00009=1\n", b"'\\", b"'x\\'\n\\x41\"\n", b"'a\\\nb\nc' "])
def test_pppd_reads_on_where_we_report_an_open_quotation(host, raw):
    name = NAME % 1
    with pytest.raises(_words.UnclosedQuote) as reported:
        _words.words(b"set " + name + raw)
    word = pppd_reads(host, b"set " + name + raw)[name]
    # A newline that a backslash takes away is none of the word.
    taken = raw.count(b"\\\n")
    assert word.count(b"\n") == reported.value.last_line - reported.value.line - taken
