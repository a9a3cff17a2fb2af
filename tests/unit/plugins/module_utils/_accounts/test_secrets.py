from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account, _secrets, _secrets_diff
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.tests.support.programs import calls
from hypothesis import assume, given
from hypothesis import strategies as st


def user(name, secret="new", **more):  # noqa: S107
    return _account.of_server({"name": name, "secret": secret, **more}, "users[0]")


def gone(name, **more):
    return user(name, state="absent", **more)


HEAD = b"# Secrets for authentication using CHAP\n# client\tserver\tsecret\t\t\tIP addresses\n"

# Content, accounts, options of the call; the content after it, and what it says was added, updated, removed.
PLANS = [
    # New accounts stand at the end.
    (None, [user("cmz")], {}, b"cmz * new *\n", "cmz", "", ""),
    (b"", [user("a b", 'p"w')], {}, b'"a b" * "p\\"w" *\n', "a b", "", ""),
    (HEAD, [user("b"), user("a")], {}, HEAD + b"b * new *\na * new *\n", "b a", "", ""),
    (HEAD[:-1], [user("a")], {}, HEAD + b"a * new *\n", "a", "", ""),
    (b"# x\r\n", [user("a")], {}, b"# x\r\na * new *\r\n", "a", "", ""),
    (b"x * y *\\\n", [user("a")], {}, b"x * y *\\\n\na * new *\n", "a", "", ""),
    (b"x * y *\\", [user("a")], {}, b"x * y *\\\n\na * new *\n", "a", "", ""),
    (b"x * y * # c\\", [user("a")], {}, b"x * y * # c\\\n\na * new *\n", "a", "", ""),
    (None, [user("josé", "ü")], {}, b'josM-CM-) * "\xc3\xbc" *\n', "josé", "", ""),
    # What is as asked for stays as it is, however it is written.
    (b"'a'\t\"*\" n\\x65w\\\n  * # c", [user("a")], {}, b"'a'\t\"*\" n\\x65w\\\n  * # c", "", "", ""),
    (b"a * new * -- mtu 1400\n", [user("a")], {}, b"a * new * -- mtu 1400\n", "", "", ""),
    (b"josM-CM-) * new *\n", [user("josé")], {}, b"josM-CM-) * new *\n", "", "", ""),
    # The pool of an account is an option behind its addresses; options of others stay.
    (None, [user("a", pool="p")], {}, b"a * new * -- file pool-p\n", "a", "", ""),
    (None, [user("a", pool="", until=9)], {}, b"a * new * -- file ../until-9\n", "a", "", ""),
    (
        b"a * new * -- file pool-p\n",
        [user("a", pool="p", until=9)],
        {},
        b"a * new * -- file pool-p file ../until-9\n",
        "",
        "a",
        "",
    ),
    (
        b"a * new * -- mtu 9 file ../until-8 # c\n",
        [user("a", pool="", until=9)],
        {},
        b"a * new * -- mtu 9 file ../until-9 # c\n",
        "",
        "a",
        "",
    ),
    (b"a * new * -- file pool-p file ../until-9\n", [user("a", pool="")], {}, b"a * new *\n", "", "a", ""),
    (b"a * new * # c\n", [user("a", pool="p")], {}, b"a * new * -- file pool-p # c\n", "", "a", ""),
    (b"a * new\n", [user("a", pool="p")], {}, b"a * new * -- file pool-p\n", "", "a", ""),
    (b"a * new  *  --  file pool-p\n", [user("a", pool="p")], {}, b"a * new  *  --  file pool-p\n", "", "", ""),
    (b"a * new * -- file pool-o # c\n", [user("a", pool="p")], {}, b"a * new * -- file pool-p # c\n", "", "a", ""),
    (b"a * new * -- file pool-p # c\n", [user("a", pool="")], {}, b"a * new * # c\n", "", "a", ""),
    (b"a * new * -- file pool-p\n", [user("a")], {}, b"a * new * -- file pool-p\n", "", "", ""),
    (
        b"a * old * -- mtu 9 file pool-p file x\n",
        [user("a", pool="")],
        {},
        b"a * new * -- mtu 9 file x\n",
        "",
        "a",
        "",
    ),
    (
        b"a * new 1.1.1.1 -- mtu 9\n",
        [user("a", pool="p")],
        {},
        b"a * new * -- mtu 9 file pool-p\n",
        "",
        "a",
        "",
    ),
    # Changes write the changed words and nothing else.
    (b" a\t\t*  old\t* # c\r\nb * x *", [user("a")], {}, b" a\t\t*  new\t* # c\r\nb * x *", "", "a", ""),
    (b"a * 'o l d'#c\n", [user("a")], {}, b"a * new *#c\n", "", "a", ""),
    (b"a * new", [user("a")], {}, b"a * new *", "", "a", ""),
    (b"a * new -- mtu 9\n", [user("a")], {}, b"a * new * -- mtu 9\n", "", "a", ""),
    (b"a * x  1.1.1.1\t2.2.2.2 --  mtu 9\n", [user("a")], {}, b"a * new  * --  mtu 9\n", "", "a", ""),
    (b"a * new *\n", [user("a", addresses=["1.1.1.1", "!2.2.2.2"])], {}, b"a * new 1.1.1.1 !2.2.2.2\n", "", "a", ""),
    (b"jos\xc3\xa9 * new *\n", [user("josé")], {}, b"josM-CM-) * new *\n", "", "josé", ""),
    (b"a * o\\\n\\\n", [user("a"), user("b")], {}, b"a * new *\nb * new *\n", "b", "a", ""),
    # The rest of a secret that was written without quotes goes with it, a comment of its own stays.
    (b"a * pw#1 10.0.0.5 # VIP\nb * x#y *\n", [user("a", "pw#1")], {}, b'a * "pw#1" * # VIP\nb * x#y *\n', "", "a", ""),
    (b"a * pw#1 10.0.0.5\r\n", [user("a")], {}, b"a * new *\r\n", "", "a", ""),
    (b"a * pw##1\t# c # d", [user("a")], {}, b"a * new *\t# c # d", "", "a", ""),
    (b"a * old *#c\n", [user("a")], {}, b"a * new *#c\n", "", "a", ""),
    (b"a * pw#1\n", [user("b")], {}, b"a * pw#1\nb * new *\n", "b", "", ""),
    # A rate of accel-ppp stays.
    (
        b"a * old 10.0.0.2 512/2048\n",
        [user("a", addresses=["10.0.0.3"])],
        {},
        b"a * new 10.0.0.3 512/2048\n",
        "",
        "a",
        "",
    ),
    (b"a * new * 512 # c\n", [user("a")], {}, b"a * new * 512 # c\n", "", "", ""),
    (b"a * old * 512/1 -- idle 60\n", [user("a")], {}, b"a * new * 512/1 -- idle 60\n", "", "a", ""),
    # The server's name tells accounts apart, and so does the case of letters.
    (b"a s old *\n", [user("a")], {}, b"a s old *\na * new *\n", "a", "", ""),
    (b"a s old *\na * old *\n", [user("a", server="s")], {}, b"a s new *\na * old *\n", "", "a", ""),
    (b"A * old *\n", [user("a")], {}, b"A * old *\na * new *\n", "a", "", ""),
    # Of several lines pppd takes the first.
    (b"a * old *\nb * x *\na * old2 *\n", [user("a")], {}, b"a * new *\nb * x *\na * old2 *\n", "", "a", ""),
    (
        b"jos\xc3\xa9 * x *\njosM-CM-) * y *\n",
        [user("josé")],
        {},
        b"jos\xc3\xa9 * x *\njosM-CM-) * new *\n",
        "",
        "josé",
        "",
    ),
    # Who goes, goes with all lines.
    (b"a * 1 *\n# c\nb * x *\n\ta * 2 * # c\n", [gone("a")], {}, b"# c\nb * x *\n", "", "", "a"),
    (b"a * 1 *\\\n  1.1.1.1\nb * x *", [gone("a")], {}, b"b * x *", "", "", "a"),
    (b"jos\xc3\xa9 * x *\njosM-CM-) * y *\n", [gone("josé")], {}, b"", "", "", "josé"),
    (b"a s 1 *\n", [gone("a")], {}, b"a s 1 *\n", "", "", ""),
    (None, [gone("a")], {}, None, "", "", ""),
    (b"b * x *", [gone("a")], {}, b"b * x *", "", "", ""),
    (b"b * x *\na * x *\\", [gone("a"), user("c")], {}, b"b * x *\nc * new *\n", "c", "", "a"),
    # on_create
    (b"a * old *\n", [user("a")], {"update_secret": False}, b"a * old *\n", "", "", ""),
    (b"a * old 1.1.1.1\n", [user("a")], {"update_secret": False}, b"a * old *\n", "", "a", ""),
    (b"", [user("a")], {"update_secret": False}, b"a * new *\n", "a", "", ""),
    # exclusive: comments, and lines that are no account, stay.
    (
        b"x * x *\na * new *\n# c\n\nhalf *\n",
        [user("a")],
        {"exclusive": True},
        b"a * new *\n# c\n\nhalf *\n",
        "",
        "",
        "x",
    ),
    (b"a * new *\na * 2 *\na s 3 *\n", [user("a")], {"exclusive": True}, b"a * new *\n", "", "a", "a"),
    (b"* * x *\n\xff * x *", [gone("a")], {"exclusive": True}, b"", "", "", "* M-^?"),
    # Bytes that mean nothing to us.
    (b"\0\xff # \0\xfe\n\x0b\n", [user("a")], {}, b"\0\xff # \0\xfe\n\x0b\na * new *\n", "a", "", ""),
]


@pytest.mark.parametrize(("content", "accounts", "options", "expected", "added", "updated", "removed"), PLANS)
def test_plan(content, accounts, options, expected, added, updated, removed):
    plan = _secrets.plan(content, accounts, **options)
    assert plan.content == expected
    assert [" ".join(names) for names in (plan.added, plan.updated, plan.removed)] == [added, updated, removed]
    again = _secrets.plan(plan.content, accounts, **options)
    assert (again.content, again.added, again.updated, again.removed) == (expected, [], [], [])
    assert plan.total == again.total == sum(len(line.words) > 2 for line in _words.lines(expected or b""))


@pytest.mark.parametrize(
    ("content", "accounts", "warning"),
    [
        (b"a * 1 *\n\na * 2 *\na * 3 *\n", [user("a")], "'a': line 1 counts, not line 3, 4."),
        (b"jos\xc3\xa9 * 1 *\njosM-CM-) * 2 *\n", [user("josé")], "'josé': line 2 counts, not line 1."),
        (
            b"\nb * x !1.1.1.2 1.1.1.1/32\n",
            [user("a", addresses=["1.1.1.1"])],
            "to another account: 1.1.1.1/32 of 'a' (line 2).",
        ),
        (b"b * x 1.1.1.1\n", [user("a", addresses=["1.1.1.1"]), user("b")], None),
        (b"b * x * -- 1.1.1.1\n", [user("a", addresses=["1.1.1.1"])], None),
        (b"\na * pw#1 *\n", [user("a")], "line 2. Its rest, a comment for pppd, is removed with the change."),
        (b"a * x *\n" * 30, [user("a")], "12, 13, 14, 15, 16, 17, 18, 19, 20, 21 and 9 more."),
    ],
)
def test_warnings(content, accounts, warning):
    warnings = _secrets.plan(content, accounts).warnings
    assert [text.endswith(warning) for text in warnings] == [True] if warning else not warnings


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a * x *\nb * 'open *\nc * x *\n", ["line 2", "line 4", "not closed"]),
        (b"# it's\nbob * don't *\ncmz * x *\n# it's\n", ["line 2", "line 4"]),
        (b"\0" * 17, ["not a text file", "17 NUL"]),
        (b"bob * pw *\rcarl * y *\r", ["carriage returns and no newline", "one line"]),
        (b"# Secrets\rbob * pw *\r", ["carriage returns and no newline"]),
        (b"# x\nbob * pw *\rcarl * y *\r\nd * x *\n", ["line 2", "carriage return in it"]),
        ("bob * pw *\n".encode("utf-16"), ["UTF-16"]),
        ("bob * pw *\n".encode("utf-16-le"), ["UTF-16"]),
        ("bob * pw *\n".encode("utf-16-be"), ["UTF-16"]),
        (b"\n" + b"''" * 40000, ["line 2", "80000 bytes long"]),
    ],
)
@pytest.mark.parametrize("options", [{}, {"exclusive": True}])
def test_a_file_that_pppd_cannot_read_line_by_line_is_refused(content, words, options):
    with pytest.raises(Refused) as refused:
        _secrets.plan(content, [user("a")], path="/etc/ppp/chap-secrets", **options)
    assert refused.value.parameter == "path"
    assert all(word in str(refused.value) for word in words)


def test_a_clients_account_is_kept_beside_a_servers():
    client = _account.of_client("josé", "pw")
    plan = _secrets.plan(b"josM-CM-) * x *\n", [client])
    assert plan.content == b'josM-CM-) * x *\n"jos\xc3\xa9" * pw\n'
    kept = b'"jos\xc3\xa9" * old 10.0.0.1\n'
    assert _secrets.plan(kept, [client]).content == kept.replace(b"old", b"pw")


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n"), min_size=1, max_size=20)
ENTRY = st.fixed_dictionaries(
    {
        "name": TEXTS,
        "secret": TEXTS,
        "server": st.sampled_from(["*", "s"]),
        "addresses": st.sampled_from([["*"], ["10.0.0.0/8"], ["!1.1.1.1", "*"]]),
        "state": st.sampled_from(["present", "present", "absent"]),
    }
)
# Lines of all kinds, more than a few of them about the same few accounts.
WORD = st.sampled_from([b"a", b"*", b"s", b"'b c'", b"\\x61", b'"#"', b"--", b"caf\xc3\xa9", b"10.0.0.1", b"x\\\ny"])
ROW = st.one_of(
    st.lists(WORD, max_size=6).map(b" ".join),
    st.sampled_from([b"", b"# it's a comment", b"a * x * # c", b"\x00\xff", b"a\t*\ty\t*\r"]),
)
CONTENT = st.lists(ROW, max_size=8).map(b"\n".join)


@given(CONTENT, st.lists(ENTRY, max_size=4), st.booleans())
def test_whatever_is_asked_for_is_read_back_and_the_rest_keeps_its_bytes(content, entries, exclusive):
    accounts = []
    for index, entry in enumerate(entries):
        try:
            accounts.append(_account.of_server(entry, f"users[{index}]"))
        except Refused:
            assume(False)
    assume(len({account.key for account in accounts}) == len(accounts))
    plan = _secrets.plan(content, accounts, exclusive=exclusive)
    after = plan.content or b""
    first: dict = {}
    for line in _words.lines(after):
        if len(line.words) > 2:
            first.setdefault(line.words[:2], line.words)
    for account in accounts:
        if account.present:
            assert first[account.key][2] == account.secret
            assert _secrets.address_words(first[account.key]) == account.addresses
        else:
            assert account.key not in first
    mine = {account.key for account in accounts} | {(account.alias, account.server) for account in accounts}
    if exclusive:
        assert set(first) <= mine
    else:
        others = [line for line in _words.lines(content) if len(line.words) < 3 or line.words[:2] not in mine]
        position = 0
        for line in others:
            raw = content[line.start : line.end]
            found = after.find(raw, position)
            assert found >= 0
            position = found + len(raw)
    again = _secrets.plan(plan.content, accounts, exclusive=exclusive)
    assert (again.content, again.edits, again.additions) == (plan.content, [], [])


@given(CONTENT, st.booleans())
def test_a_diff_shows_no_secret(content, exclusive):
    content = content.replace(b"x", b"hush").replace(b"y", b"hush")
    plan = _secrets.plan(content, [user("cmz", "hush2"), gone("b c")], exclusive=exclusive)
    before, after = _secrets_diff.shown(content, plan)
    assert "cmz * (secret) *" in after
    secrets = [line.words[2] for line in _words.lines(content) if len(line.words) > 2]
    assume(not any(b"hush" in word for line in _words.lines(content) for word in line.words[:2] + line.words[3:]))
    assert not any(b"hush" in secret for secret in secrets) or "hush" not in before + after


def test_the_diff_of_a_small_file():
    content = HEAD + b"cmz * old *\n#was * hunter2 *\nbob * x 1.1.1.1 -- name sesame\n\nbob sesame\n"
    plan = _secrets.plan(content, [user("cmz"), gone("bob"), user("new")])
    assert _secrets_diff.shown(content, plan) == (
        "# (comment)\n# (comment)\ncmz * (secret) *\n# (comment)\nbob * (secret) 1.1.1.1 -- (options)\n"
        "\nbob (incomplete)\n",
        "# (comment)\n# (comment)\ncmz * (new secret) *\n# (comment)\n\nbob (incomplete)\nnew * (secret) *\n",
    )


def test_only_the_neighbourhood_of_a_change_is_shown():
    content = b"".join(b"u%d * x *\n" % number for number in range(1000))
    plan = _secrets.plan(content, [user("u500")])
    before, after = _secrets_diff.shown(content, plan)
    assert before.splitlines()[0] == "(497 more lines)"
    assert before.splitlines()[4] == "u500 * (secret) *"
    assert after.splitlines()[4] == "u500 * (new secret) *"
    assert len(before.splitlines()) == len(after.splitlines()) == 8


def test_a_diff_is_no_longer_than_a_person_reads():
    content = b"".join(b"u%d * x *\n" % number for number in range(3000))
    plan = _secrets.plan(content, [user(f"u{number}") for number in range(0, 3000, 2)])
    _before, after = _secrets_diff.shown(content, plan)
    assert after.endswith("(1000 more changed lines are not shown)\n")
    assert len(after.splitlines()) < 4 * _secrets_diff.MOST_CHANGES


def work(count: int) -> None:
    """Make that many accounts, and change them."""
    accounts = [user(f"user{number}", f"se cret{number}") for number in range(count)]
    changed = [user(f"user{number}", f"other{number}") for number in range(count)]
    content = _secrets.plan(None, accounts).content
    plan = _secrets.plan(content, changed)
    _secrets_diff.shown(content, plan)
    assert len(plan.updated) == count


def test_the_cost_is_linear():
    assert calls(lambda: work(2000)) < 4.5 * calls(lambda: work(500))
