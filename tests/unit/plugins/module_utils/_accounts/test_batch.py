from __future__ import annotations

import io

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import (
    _account,
    _batch,
    _secrets,
    _secrets_batch,
    _secrets_diff,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.tests.support.programs import calls
from hypothesis import example, given, settings
from hypothesis import strategies as st


def place(index: int) -> str:
    return f"users[{index}]"


def both(content, entries, **options):
    """The plan of the accounts one by one, and that of the batch; or what each says against it."""
    plans = []
    for batched in (False, True):
        try:
            if batched:
                dumped = _batch.encode(entries, place).dump()
                plans.append(_secrets_batch.plan(content, _batch.read(io.BytesIO(dumped)), **options))
            else:
                accounts = [_account.of_server(entry, place(index)) for index, entry in enumerate(entries)]
                _account.check_together(accounts)
                plans.append(_secrets.plan(content, accounts, **options))
        except Refused as refused:
            plans.append(refused)
    return plans


def shown(content, plan):
    """All that a result tells of a plan."""
    if isinstance(plan, Refused):
        return str(plan)
    counts = (len(plan.added) + plan.more_added, len(plan.additions) + plan.more_additions)
    texts = (plan.content, plan.added[:100], plan.updated, plan.removed, plan.total, plan.warnings)
    return counts, texts, _secrets_diff.shown(content, plan)


def words(*often):
    odd = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
    return st.one_of(st.sampled_from(often), st.sampled_from(often), odd)


NAMES = ("a", "b", "c", "d", "e", "josé", "f g", "*")
HOSTS = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4/32")
ENTRY = st.fixed_dictionaries(
    {"name": words(*NAMES), "secret": words("x", "y", "@z", "s s", "10.0.0.1", "'", "#")},
    optional={
        "server": st.sampled_from(["*", "*", "s", "", None, "s t"]),
        "addresses": st.one_of(
            st.none(),
            st.lists(st.sampled_from([*HOSTS, "*", "!10.0.0.1", "10.0.0.0/8", "127.0.0.1", "x 1"]), max_size=2),
        ),
        "state": st.sampled_from(["present", "present", "absent"]),
    },
)
USUAL = st.builds(
    lambda name, secret, host: {"name": name, "secret": secret, "addresses": [host]},
    st.sampled_from(NAMES[:5]),
    st.sampled_from("xy"),
    st.sampled_from(["*", "*", *HOSTS[:3]]),
)
ENTRIES = st.lists(st.one_of(USUAL, USUAL, ENTRY), max_size=7, unique_by=lambda entry: entry["name"])
# What such accounts look like in a file, and what may come between them.
KEPT = st.builds(
    lambda name, secret, host: f"{name} * {secret} {host}".encode(),
    st.sampled_from("abcde"),
    st.sampled_from("xy"),
    st.sampled_from(["*", *HOSTS]),
)
ODD = st.sampled_from(
    [
        b"",
        b"# it's",
        b"a",
        b"'a' * x *",
        b"b * x *\\",
        b"c * 'x",
        b"josM-CM-) * x *",
        b"a * x *\r",
        b"z * x * -- name y",
    ]
)
CONTENT = st.lists(st.one_of(KEPT, KEPT, KEPT, ODD), max_size=9).flatmap(
    lambda lines: st.sampled_from([b"\n".join(lines), b"\n".join([*lines, b""])])
)


def row(name, secret="x", host="*"):  # noqa: S107
    return {"name": name, "secret": secret, "addresses": [host]}


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(CONTENT, ENTRIES, st.booleans(), st.booleans())
@example(b"a * x *\nq * x 10.0.0.1\n", [row("a"), row("b", host="10.0.0.1")], False, True)
@example(b"a * x 10.0.0.1\nq * x 10.0.0.1\n", [row("a", host="10.0.0.1")], False, True)
@example(b"a * x *\nb * x *\na * x *\n", [row("a"), row("b")], False, True)
@example(b"q * 'x\na * x *\nb' * *\n", [row("a")], False, True)
@example(b"q * x\\\na * x *\n", [row("a")], True, True)
def test_a_batch_does_what_the_accounts_one_by_one_do(content, entries, exclusive, update_secret):
    one_by_one, batched = both(content, entries, exclusive=exclusive, update_secret=update_secret)
    assert shown(content, batched) == shown(content, one_by_one)
    if not isinstance(batched, Refused):
        again = _secrets_batch.plan(batched.content, _batch.encode(entries, place), exclusive=exclusive)
        assert again.content == batched.content or not update_secret


@settings(max_examples=100, deadline=None)
@given(CONTENT, ENTRIES, st.data())
def test_a_file_that_holds_most_of_them_already(content, entries, data):
    first = both(None, data.draw(st.permutations(entries)))[1]
    if not isinstance(first, Refused):
        content = (first.content or b"") + content
        content = data.draw(st.sampled_from([content, content.replace(b" x ", b" new "), b"# head\n" + content]))
    one_by_one, batched = both(content, entries)
    assert shown(content, batched) == shown(content, one_by_one)


@pytest.mark.slow
def test_thousands_in_every_state():
    users = [row(f"u{number}", host=f"10.0.{number >> 8}.{number & 255}") for number in range(700)]
    full = both(None, users)[1].content
    changed = [dict(user, secret="y") if number % 97 == 5 else user for number, user in enumerate(users)]
    mixed = [*changed[::-1][:50], row("ü"), *changed[:650], row("new one")]
    for content in (None, b"# head", full, b"# head\r\n" + full, full[100:], full[:-1], full.replace(b"u7", b"v7")):
        for asked in (users, changed, mixed, users[:300] + users[400:]):
            for exclusive in (False, True):
                one_by_one, batched = both(content, asked, exclusive=exclusive)
                assert shown(content, batched) == shown(content, one_by_one)


def test_what_is_no_batch_is_refused():
    with pytest.raises(Refused, match="has not been read on the controller"):
        _batch.read(io.BytesIO(b"name,secret\na,b\n"))


def work(count: int) -> None:
    users = [row(f"user{number}") for number in range(count)]
    changed = [*users[: count // 2], row(f"user{count // 2}", "other"), *users[count // 2 + 1 :]]
    content = _secrets_batch.plan(None, _batch.encode(users, place)).content
    for asked in (users, changed):
        assert _secrets_batch.plan(content, _batch.encode(asked, place)).total == count


def test_the_cost_is_linear():
    assert calls(lambda: work(8000)) < 4.5 * calls(lambda: work(2000))
