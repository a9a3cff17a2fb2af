from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account, _batch, _old_files, _secrets
from hypothesis import given
from hypothesis import strategies as st

DEBIAN = b"""# Every regular user can use PPP and has to use passwords from /etc/passwd
*\thostname\t""\t*
guest\thostname\t"*"\t-
# INBOUND connections
"""


def asked(*entries: dict) -> list[_account.Account]:
    accounts = [{"secret": None if entry.get("state") else "x", **entry} for entry in entries]
    return [_account.of_server(entry, f"users[{index}]") for index, entry in enumerate(accounts)]


BOB = {"name": "bob"}
GONE = {"name": "bob", "state": "absent"}
AT_GATE = {"name": "bob", "server": "gate"}

# Content, accounts of the call, and a part of each warning.
CASES = [
    (b"", [BOB], []),
    (DEBIAN, [BOB], []),
    (b"# Secrets\r\nbob\t*\tpw\t10.0.0.2 -- idle 60\t# vip\r\n", [BOB], []),
    (b"a * 'x y' *\nb * x\\\n *\n'c' \"*\" @/file !10.0.0.1 10.0.0.0/8 10.0.0.0/24+ dsl.example\n", [BOB], []),
    # Another server's name.
    (b"bob gate pw *\n", [BOB], ["for other servers too, which it does not change: 'bob' for 'gate' (line 1)."]),
    (b"\n# c\nbob gate pw *\n", [GONE], ["'bob' for 'gate' (line 3)."]),
    (b"bob * pw *\nbob gate pw *\n", [AT_GATE], ["'bob' for '*' (line 1)."]),
    (b"bob * pw *\nbob gate pw *\n", [BOB, AT_GATE], []),
    (b"al gate pw *\nbob * pw *\n", [BOB], []),
    # A rate of accel-ppp.
    (b"bob * pw 10.0.0.2 512/2048\nal * pw * 10000\n", [BOB],
     ["none for pppd: '512/2048' (line 1); '10000' (line 2). A file of accel-ppp"]),
    (b"bob * pw 10.0.0.2 10M/20M\nal * pw * 512kbit\n", [BOB], ["'10M/20M' (line 1); '512kbit' (line 2)."]),
    # A secret with a blank and without quotes.
    (b"al * hush hush *\nbo * hush and hush\n", [BOB], ["takes for names of hosts: line 1; line 2. If one is"]),
    (b"al * x dsl.example -\nbo * x * -- idle 60\n", [BOB], []),
    # Words that end earlier than they seem to.
    (b"al * hush#hush 10.0.0.5 # VIP\n", [BOB], ["end at a # for pppd, and the rest is a comment: line 1."]),
    (b"al#2 * hush *\nal * hush *#hush\nal * hush * #hush\n", [BOB], ["comment: line 1; line 2."]),
    (b"al * 'hush'# c\n", [BOB], []),
    # Names that no peer can have.
    (b"\xef\xbb\xbfbob * hush *\nal * x *\n", [BOB], ["'M-oM-;M-?bob' (a byte order mark) (line 1)."]),
    (b"jos\xe9 * hush *\n", [BOB], ["another spelling: 'josM-i' (line 1)."]),
    (b"jos\xc3\xa9 * hush *\n\xe2\x80\x9cal\xe2\x80\x9d * x *\n", [BOB], ["another spelling: 'josM-CM-)' (line 1); '"]),
    (b"josM-CM-) * hush *\n", [BOB], []),
    # No account at all, or none to log in with.
    (b"bob hush\nal\n", [BOB], ["less than the three words of an account: line 1; line 2. pppd ignores them."]),
    (b"al\xc2\xa0*\xc2\xa0hush\n", [BOB], ["less than the three words"]),
    (b"al * hush\nal gate hush -- idle 60\n", [BOB], ["by which nobody can log in: line 1; line 2."]),
    (b"uplink pppoe-client-dsl hush\n", [BOB], []),
    # What a comment hides.
    (b"bob * x *\n# old\ral * hush *\n", [BOB], ["has comments with carriage returns"]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "entries", "parts"), CASES)
@pytest.mark.parametrize("as_batch", [False, True])
def test_what_is_odd_is_named_with_its_line(content, entries, parts, as_batch):
    accounts = asked(*entries)
    if as_batch:
        accounts = _batch.encode([{"secret": "x", **entry} for entry in entries], "users[{}]".format)
    warnings = _old_files.warnings(content, "/etc/ppp/chap-secrets", accounts)
    assert len(warnings) == len(parts), warnings
    for warning, part in zip(warnings, parts):
        assert warning.startswith("/etc/ppp/chap-secrets has ")
        assert part in warning
        assert "hush" not in warning


def test_the_usual_lines_of_a_large_file_are_not_taken_apart(monkeypatch):
    line = b"user%d * secret%d 10.0.0.1\n# c\n\n"
    content = b"".join(line % (number, number) for number in range(5000)) + b"al * hush\n"
    looked_at = []
    look_at = _old_files._look_at
    monkeypatch.setattr(_old_files, "_look_at", lambda *found: looked_at.append(found) or look_at(*found))
    (warning,) = _old_files.warnings(content, "f", asked(BOB))
    assert "line 15001." in warning
    assert len(looked_at) == 1


WORD = st.sampled_from([b"a", b"*", b"gate", b"b#c", b"'x'", b"512/1", b"1.2.3.4", b"--", b"#", b"caf\xe9", b"x\\\ny"])
LINE = st.builds(
    lambda words, end: b" ".join(words) + end, st.lists(WORD, max_size=6), st.sampled_from([b"\n", b"\r\n"])
)


@given(st.lists(LINE, max_size=8).map(b"".join))
def test_what_is_passed_over_is_not_odd(content):
    """The quick look finds what a look at each line does."""
    every = _old_files.Odd()
    for line in _old_files._unusual(content, every=True):
        _old_files._look_at(every, content, line)
    quick = _old_files.Odd()
    for line in _old_files._unusual(content, every=False):
        _old_files._look_at(quick, content, line)
    every.servers = [found for found in every.servers if found[1] != b"*"]
    quick.servers = [found for found in quick.servers if found[1] != b"*"]
    assert quick == every


@given(st.lists(LINE, max_size=8).map(b"".join))
def test_no_call_loses_what_it_does_not_manage(content):
    plan = _secrets.plan(content, asked({"name": "new"}))
    assert (plan.content or b"").replace(b"\r\n", b"\n").startswith(content.replace(b"\r\n", b"\n"))
