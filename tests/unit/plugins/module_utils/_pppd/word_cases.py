"""Words in pppd's notation and what pppd reads, for tests of our reader and for a run of pppd itself."""

from __future__ import annotations

import random

# What stands in the file, and the words that pppd takes from it.
READ = [
    (b"", []),
    (b"cmz * cmz *\n", [b"cmz", b"*", b"cmz", b"*"]),
    (b" \t a\v\f\r b", [b"a", b"b"]),
    (b"'a b' \"c d\"", [b"a b", b"c d"]),
    (b'"it\'s" \'say "hi"\'', [b"it's", b'say "hi"']),
    (b"a'b c'\"d'\"e", [b"ab cd'e"]),
    (b'"" x', [b"", b"x"]),
    (b'x ""', [b"x"]),
    (b'x ""\\', [b"x"]),
    (b"# a 'comment\nb", [b"b"]),
    (b"# no continuation \\\nb", [b"b"]),
    (b"a#b c\nd", [b"a", b"d"]),
    (b"'a#b' a\\#b", [b"a#b", b"a#b"]),
    (b"a\\\nb", [b"ab"]),
    (b"a \\\n b", [b"a", b"b"]),
    (b"a\\\n#b", [b"a"]),
    (b"'a\\\nb'", [b"ab"]),
    (b"a\\ b \\'c \\\"", [b"a b", b"'c", b'"']),
    (b"\\a\\b\\f\\n\\r\\s\\t", [b"\a\b\f\n\r \t"]),
    (b"'\\a\\b\\f\\n\\r\\s\\t\\q'", [b"\a\b\f\n\r \tq"]),
    (b"\\101\\1012\\7x\\400", [b"AA2\x07x"]),
    (b"\\x41\\x4a1\\xg", [b"AJ1"]),
    (b"a\\0b 'c\\x00d'", [b"a", b"c"]),
    (b"a\0b c", [b"a", b"c"]),
    (b"\xff\x80\xa0 caf\xc3\xa9", [b"\xff\x80\xa0", b"caf\xc3\xa9"]),
    (b"a\\", [b"a"]),
    (b"\\", []),
    (b"a\\\r\n b", [b"a\r", b"b"]),
    (b"x" * 1030 + b" y", [b"x" * 1023, b"y"]),
]

# Words that need care when they are written.
WRITE = [
    b"cmz",
    b"",
    b"a b",
    b"it's",
    b'say "hi"',
    b"back\\slash",
    b"DOMAIN\\user",
    b"#hash",
    b"mid#hash",
    b"tab\tnewline\nreturn\r",
    b"\x01\x1f\x7f",
    b"\a7 \b1",
    b"\n1 and \x018",
    b"\x80\xff\xa0\x85",
    "josé 密码 🔑".encode(),
    b"!a@b$c%d^e&f*g(h)i",
    b"--",
    b"@file",
    b"x" * 1023,
    b'"' * 300,
]


def random_words(count: int, seed: int = 1) -> list[bytes]:
    """Words of all bytes but NUL, the awkward ones more often; the same for the same seed."""
    source = random.Random(seed)  # noqa: S311
    awkward = b" \t\n\r\\\"'#01789abfnrstx\x7f\x80\xa0"
    return [
        bytes(source.choice(awkward) if source.random() < 0.5 else source.randint(1, 255) for _byte in range(length))
        for length in (source.randint(1, 40) for _word in range(count))
    ]
