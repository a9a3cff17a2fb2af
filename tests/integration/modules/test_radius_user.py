"""radius_user with a real PostgreSQL and FreeRADIUS, on a host made of namespaces."""

from __future__ import annotations

import datetime
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _nt_hash, _users, _users_digest
from ansible_collections.dialtone.pppoe.tests.support import radius_centre
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

pytestmark = pytest.mark.skipif(bool(radius_centre.why_not()), reason=f"no centre here: {radius_centre.why_not()}")

CLIENTS = [{"name": "gate1", "address": "127.0.0.1", "secret": "secret-of-gate1"}]
NAS = "NAS-IP-Address=192.168.5.109,NAS-Port=0"


@pytest.fixture(scope="module")
def host():
    made = radius_centre.Centre(COLLECTIONS, "radius_user")
    done = made.run_module("pppoe_radius", clients=CLIENTS)
    assert not done.get("failed"), done["msg"]
    made.start()
    yield made
    made.close()


@pytest.fixture
def users(host):
    """Run the module: first in check mode, which has to predict what is done."""
    host.sql("TRUNCATE radcheck, radreply, radusergroup")

    def run(*accounts, **parameters):
        given = {**({"users": list(accounts)} if accounts else {}), **parameters}
        before = rows(host)
        predicted = host.module(check=True, **given)
        assert rows(host) == before
        done = host.module(**given)
        for result in (predicted, done):
            result.pop("invocation", None)
        assert predicted == done
        return done

    return run


def rows(host) -> list[str]:
    return host.sql(
        "SELECT 'c', username, attribute, op, value FROM radcheck UNION ALL"
        " SELECT 'r', username, attribute, op, value FROM radreply UNION ALL"
        " SELECT 'g', username, '', '', groupname FROM radusergroup ORDER BY 1, 2, 3, 5"
    ).splitlines()


def test_an_account_comes_changes_and_goes(host, users):
    ann = {
        "name": "ann",
        "secret": "geheim-1",
        "addresses": ["10.20.0.5"],
        "group": "home",
        "attributes": {"Filter-Id": "2000/1000", "Simultaneous-Use": 2, "Framed-Route": ["10.1.0.0/24", "10.2.0.0/24"]},
    }
    done = users(ann, {"name": "bob", "secret": "geheim-2"})
    assert (done["added"], done["total"], done["changed"]) == (["ann", "bob"], 2, True)
    assert "geheim" not in str(done)
    assert rows(host) == [
        "c|ann|Cleartext-Password|:=|geheim-1",
        "c|ann|Simultaneous-Use|:=|2",
        "c|bob|Cleartext-Password|:=|geheim-2",
        "g|ann|||home",
        "r|ann|Filter-Id|:=|2000/1000",
        "r|ann|Framed-IP-Address|:=|10.20.0.5",
        "r|ann|Framed-Route|:=|10.1.0.0/24",
        "r|ann|Framed-Route|+=|10.2.0.0/24",
    ]
    assert users(ann)["changed"] is False
    assert users({"name": "ann", "secret": "geheim-3"})["updated"] == ["ann"]
    assert rows(host) == ["c|ann|Cleartext-Password|:=|geheim-3", "c|bob|Cleartext-Password|:=|geheim-2"]
    assert users(name="ann", state="absent")["removed"] == ["ann"]
    assert users(name="ann", state="absent")["changed"] is False


def test_a_secret_that_was_changed_elsewhere_can_stay(host, users):
    users({"name": "ann", "secret": "one"})
    assert users({"name": "ann", "secret": "two"}, update_secret="on_create")["changed"] is False
    done = users(
        {"name": "ann", "secret": "two", "group": "g"}, {"name": "bob", "secret": "x"}, update_secret="on_create"
    )
    assert (done["updated"], done["added"]) == (["ann"], ["bob"])
    assert rows(host)[0] == "c|ann|Cleartext-Password|:=|one"


def test_exclusive_removes_the_others_but_not_too_many(host, users):
    users(*({"name": name, "secret": "x"} for name in ("ann", "bob", "cid", "dan")))
    before = rows(host)
    refused = users({"name": "ann", "secret": "x"}, exclusive=True)
    assert refused["msg"].startswith(
        "exclusive: of the 4 accounts it would remove 3 that are not listed, more than half"
    )
    assert rows(host) == before
    done = users({"name": "ann", "secret": "x"}, {"name": "eve", "secret": "x"}, exclusive=True, max_removals=3)
    assert (done["removed"], done["added"], done["total"]) == (["bob", "cid", "dan"], ["eve"], 2)
    assert "would remove every account" in users(name="ann", secret="x", exclusive=True)["msg"]


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize(
    "left",
    [
        "radreply (username, attribute, op, value) VALUES ('ann', 'Filter-Id', ':=', 'old')",
        "radusergroup (username, groupname) VALUES ('ann', 'old')",
        "radcheck (username, attribute, op, value) VALUES ('bob', 'Cleartext-Password', ':=', 'old')",
    ],
)
def test_what_is_left_of_somebody_does_not_come_with_a_new_account(host, users, left, exclusive):
    host.sql(f"INSERT INTO {left}")
    done = users({"name": "ann", "secret": "x", "group": "g"}, exclusive=exclusive, max_removals=9)
    assert done["added"] == ["ann"]
    assert (done["removed"] == ["bob"]) is ("bob" in left and exclusive)
    assert [row for row in rows(host) if "bob" not in row] == ["c|ann|Cleartext-Password|:=|x", "g|ann|||g"]
    assert done["total"] == len({row.split("|")[1] for row in rows(host)})


MANY = [
    {"name": f"many{number}", "secret": f"geh'eim ü{number}", "group": "home" if number % 9 else None}
    for number in range(_users_digest.LEAST)
]
MANY[0].update(
    addresses=["10.20.0.5"], attributes={"Filter-Id": "a\\b", "Framed-Route": ["10.1.0.0/24", "10.2.0.0/24"]}
)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE radcheck SET value = 'x' WHERE username = 'many7'",
        "UPDATE radcheck SET op = '==' WHERE username = 'many7'",
        "UPDATE radreply SET value = 'a' WHERE attribute = 'Filter-Id'",
        "UPDATE radusergroup SET groupname = 'other' WHERE username = 'many7'",
        "DELETE FROM radusergroup WHERE username = 'many7'",
        "INSERT INTO radreply (username, attribute, op, value) VALUES ('many7', 'Filter-Id', ':=', 'x')",
        # The values of two accounts are exchanged.
        "UPDATE radcheck SET value = CASE username WHEN 'many7' THEN 'geh''eim ü8' ELSE 'geh''eim ü7' END"
        " WHERE username IN ('many7', 'many8')",
    ],
)
def test_many_accounts_that_are_as_given_are_known_by_their_hash(host, users, change):
    done = users(*MANY)
    assert (done["added_count"], done["total"]) == (len(MANY), len(MANY))
    entries = [{**dict.fromkeys(_users.COLUMNS), **one} for one in MANY]
    question = _users_digest.statement(_users.encode(entries, str).rows)
    assert host.sql(question) == "t"
    done = users(*MANY, exclusive=True)
    assert (done["changed"], done["total"], done["added_count"], done["removed"]) == (False, len(MANY), 0, [])
    before = rows(host)
    host.sql(change)
    assert host.sql(question) == "f"
    assert users(*MANY)["updated_count"] in (1, 2)
    assert rows(host) == before


def test_logins_go_on_while_accounts_are_written(host, users):
    """Whoever was there before and is afterwards is never refused, and does not wait for the end of it."""
    ann = {"name": "ann", "secret": "x", "attributes": {"Filter-Id": "old"}}
    users(ann, *({"name": f"gone{number}", "secret": "x"} for number in range(100)))
    ann["attributes"] = {"Filter-Id": "new"}
    answers = []
    with ThreadPoolExecutor() as pool:
        run = pool.submit(host.module, users=[ann, *MANY], exclusive=True, max_removals=100)
        while not run.done():
            answers.append(host.ask(f"User-Name=ann,User-Password=x,{NAS}"))
    done = run.result()
    assert (done["added_count"], done["removed_count"], done["updated"]) == (len(MANY), 100, ["ann"])
    answers.append(host.ask(f"User-Name=ann,User-Password=x,{NAS}"))
    assert len(answers) > 2
    assert all(answer.startswith("Access-Accept") for answer in answers)
    found = [answer.partition("Filter-Id = ")[2].split()[0] for answer in answers]
    assert found == sorted(found, reverse=True)
    assert {found[0], found[-1]} == {'"old"', '"new"'}


@pytest.mark.parametrize("secret", ["plain", "it's", 'a"b', "a%{User-Name}b", "${x}", "#hash", "a b", "größe", "x=y,z"])
def test_a_login_with_any_secret(host, users, secret):
    users({"name": "ann", "secret": secret})
    quoted = secret.replace("\\", "\\\\").replace('"', '\\"')
    assert host.ask(f'User-Name=ann,User-Password="{quoted}",{NAS}').startswith("Access-Accept")
    assert host.ask(f'User-Name=ann,CHAP-Password="{quoted}",{NAS}').startswith("Access-Accept")


def test_hours_of_the_day(host, users):
    """FreeRADIUS's rlm_logintime: who comes at another time gets the reason, and a session ends when its hours do."""
    now = datetime.datetime.now()

    def hours(first, last):
        begin, end = ((now + datetime.timedelta(hours=number)).strftime("%H%M") for number in (first, last))
        users({"name": "ann", "secret": "x", "attributes": {"Login-Time": f"Al{begin}-{end}"}})
        return host.ask(f"User-Name=ann,User-Password=x,{NAS}", wait=3)

    within = hours(-1, 2)
    assert within.startswith("Access-Accept")
    # Two hours and no more, counted from the beginning of the minute.
    assert 7000 < int(re.search(r"Session-Timeout = (\d+)", within).group(1)) <= 7260
    outside = hours(2, 3)
    assert outside.startswith("Access-Reject")
    assert 'Reply-Message = "The account may not connect at this time"' in outside


def test_an_account_that_has_expired(host, users):
    for day, answer in (("1 Jan 2030", "Access-Accept"), ("1 Jan 2020", "Access-Reject")):
        users({"name": "ann", "secret": "x", "attributes": {"Expiration": day}})
        said = host.ask(f"User-Name=ann,User-Password=x,{NAS}", wait=3)
        assert said.startswith(answer)
    assert 'Reply-Message = "The account has expired"' in said


@pytest.mark.parametrize("name", ["jürgen", "ann@isp.example", "a=b", "x&y", "{a}", "a#b;c"])
def test_a_login_with_any_name(host, users, name):
    users({"name": name, "secret": "x", "attributes": {"Filter-Id": "a"}})
    asked = host.sql("SELECT username FROM radcheck")
    assert host.ask(f'User-Name="{asked}",User-Password=x,{NAS}').startswith("Access-Accept")


def test_a_hash_is_enough_for_pap_but_not_for_chap(host, users):
    refused = users({"name": "ann", "secret": "geheim"}, store="nt")
    assert refused["msg"].startswith("store: nt keeps a hash of each secret, and with CHAP")
    users({"name": "ann", "secret": "geheim"}, store="nt", authentication="pap")
    assert "geheim" not in str(rows(host))
    assert host.ask(f"User-Name=ann,User-Password=geheim,{NAS}").startswith("Access-Accept")
    assert host.ask(f"User-Name=ann,User-Password=falsch,{NAS}", wait=3).startswith("Access-Reject")


def test_an_unknown_attribute_is_refused_before_anything_is_written(host, users):
    refused = users({"name": "ann", "secret": "x", "attributes": {"Filter-ID": "1"}})
    assert refused["msg"].startswith("users[0].attributes: Filter-ID is not in FreeRADIUS's dictionary")
    assert rows(host) == []


def test_without_a_database_nothing_is_told_of_the_secrets(host):
    failed = host.module(name="ann", secret="geheim", service_file="/etc/nowhere")
    assert "there is no /etc/nowhere" in failed["msg"]
    assert "geheim" not in str(failed)


def ms_chap(name: str, secret: str) -> str:
    """The attributes of a login by MS-CHAPv2 (RFC 2759, 8; RFC 2548, 2.3)."""
    theirs, ours = bytes(range(16)), bytes(range(16, 32))
    challenge = hashlib.sha1(ours + theirs + name.encode(), usedforsecurity=False).digest()[:8]
    key = bytes.fromhex(_nt_hash.nt_hash(secret)) + bytes(5)
    answer = b"".join(des(key[part : part + 7], challenge) for part in (0, 7, 14))
    whole = bytes(2) + ours + bytes(8) + answer
    return f"User-Name={name},{NAS},MS-CHAP-Challenge=0x{theirs.hex()},MS-CHAP2-Response=0x{whole.hex()}"


def des(key: bytes, data: bytes) -> bytes:
    """A key of 56 bits, which gets its parity."""
    bits = int.from_bytes(key, "big")
    whole = bytes((bits >> (49 - 7 * place) & 0x7F) << 1 for place in range(8))
    encryptor = Cipher(TripleDES(whole * 3), modes.ECB()).encryptor()  # noqa: S305
    return encryptor.update(data) + encryptor.finalize()


@pytest.mark.parametrize("store", ["clear", "nt"])
def test_ms_chap_v2(host, users, store):
    users({"name": "ann", "secret": "geheim"}, store=store, authentication="mschap-v2")
    answer = host.ask(ms_chap("ann", "geheim"))
    assert answer.startswith("Access-Accept")
    assert "MS-CHAP2-Success = 0x00533d" in answer
    refused = host.ask(ms_chap("ann", "falsch"), wait=3)
    assert refused.startswith("Access-Reject")
    assert "MS-CHAP-Error" in refused
