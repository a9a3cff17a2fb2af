"""Who had which address when: from parameters to SQL."""

from __future__ import annotations

import ipaddress
import re

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._history import _question, _records
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _history, _prefix_records
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _psql

NONE = dict.fromkeys(("username", "address", "mac", "at", "since", "until"))


def asked(**params):
    return _question.question({**NONE, "limit": 10, **params})


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"address": ["10.0.0.300"]}, "address[0]: '10.0.0.300' is not an IP address."),
        ({"mac": ["x"]}, "mac[0]: 'x' is not an Ethernet address."),
        ({"at": "yesterday"}, "at: 'yesterday' is not a time."),
        ({"at": "2026-11-28", "since": "2026-11-28"}, "at: and since or until are both there."),
        ({"since": "2026-11-28", "until": "2026-11-27"}, "until: is before since."),
        ({"limit": 0}, "limit: 0 is out of range."),
    ],
)
def test_questions_that_are_refused(params, error):
    with pytest.raises(Refused, match=re.escape(error)):
        asked(**params)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02", 86400),
        ("1970-01-01T00:00:10Z", 10),
        ("1970-01-01 01:00:10+01:00", 10),
        ("1970-01-01T00:00:10", 10),
    ],
)
def test_times(text, seconds):
    assert (asked(at=text).since, asked(at=text).until) == (seconds, seconds)


#: Account, address, MAC, start and stop.
SESSIONS = [
    ("ann", "10.0.0.2", "02:00:00:00:00:01", 1000, 2000),
    ("bob", "10.0.0.2", "02:00:00:00:00:02", 2000, 3000),
    ("ann", "10.0.0.3", "02:00:00:00:00:01", 4000, None),
]


def moment(seconds: int) -> str:
    return f"1970-01-01T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, [2, 1, 0]),
        ({"limit": 1}, [2]),
        ({"address": ["10.0.0.2"], "at": moment(1500)}, [0]),
        ({"address": ["10.0.0.2"], "at": moment(2000)}, [1, 0]),
        ({"address": ["10.0.0.2"], "at": moment(3500)}, []),
        ({"at": moment(9999)}, [2]),
        ({"username": ["ann"]}, [2, 0]),
        ({"username": []}, []),
        ({"mac": ["02-00-00-00-00-02"]}, [1]),
        ({"since": moment(2500)}, [2, 1]),
        ({"until": moment(1999)}, [0]),
        ({"username": ["x' OR '1'='1"]}, []),
    ],
)
def test_the_record_of_a_server(tmp_path, params, expected):
    path = f"{tmp_path}/sub/history.db"
    database = _history.open_database(path)
    with database:
        for number, (account, address, mac, start, stop) in enumerate(SESSIONS):
            begin = ("boot", number, 1, "default", account, address, mac, "eth1", f"ppp{number}", 7, start)
            _history._Begin(begin).write(database)
            database.execute("UPDATE session SET stop = ? WHERE pid = ?", (stop, number))
    database.close()
    found = _records.of_server(path, asked(**params))
    assert [
        SESSIONS.index(next(one for one in SESSIONS if moment(one[3]) == row["start"])) for row in found
    ] == expected


#: The session's number, its prefix, and the time that it had it.
PREFIXES = [
    (0, "2001:db8:100::/56", 1000, 1500), (1, "2001:db8:100::/56", 2000, 3000), (2, "2001:db8:1:2::/64", 4000, None),
    (2, "2001:db8:100::/56", 4000, 5000),
]  # fmt: skip


def with_prefixes(tmp_path):
    path = f"{tmp_path}/sub/history.db"
    database = _history.open_database(path)
    with database:
        for number, (account, address, mac, start, stop) in enumerate(SESSIONS):
            begin = ("boot", number, 1, "default", account, address, mac, "eth1", f"ppp{number}", 7, start)
            _history._Begin(begin).write(database)
            database.execute("UPDATE session SET stop = ? WHERE pid = ?", (stop, number))
        for number, text, start, stop in PREFIXES:
            prefix = ipaddress.IPv6Network(text)
            _prefix_records.PrefixChange("boot", number, 1, prefix, start, True).write(database)
            if stop:
                _prefix_records.PrefixChange("boot", number, 1, prefix, stop, False).write(database)
    return path, database


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"address": ["2001:db8:100:7::9"]}, [2, 1, 0]),
        ({"address": ["2001:db8:100:7::9"], "at": moment(1200)}, [0]),
        ({"address": ["2001:db8:100:7::9"], "at": moment(1700)}, []),
        ({"address": ["2001:db8:100:ff:ffff:ffff:ffff:ffff"], "since": moment(2500)}, [2, 1]),
        ({"address": ["2001:db8:100:7::9", "10.0.0.3"], "until": moment(1900)}, [0]),
        ({"address": ["2001:db8:1:2::2"]}, [2]),
        ({"address": ["2001:db8:101::1"]}, []),
    ],
)
def test_who_had_an_ipv6_address(tmp_path, params, expected):
    path, database = with_prefixes(tmp_path)
    statement, values = _question.for_sqlite(asked(**params))
    plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    database.close()
    found = _records.of_server(path, asked(**params))
    assert [int(row["interface"][3:]) for row in found] == expected
    assert any("prefix_first" in step for step in plan), plan


def test_the_prefixes_of_a_session(tmp_path):
    path, database = with_prefixes(tmp_path)
    database.close()
    first, *_others = _records.of_server(path, asked())
    assert first["ipv6_prefixes"] == [
        {"prefix": "2001:db8:1:2::/64", "start": moment(4000), "stop": None},
        {"prefix": "2001:db8:100::/56", "start": moment(4000), "stop": moment(5000)},
    ]


def test_a_record_of_a_former_version_has_no_prefixes(tmp_path):
    path, database = with_prefixes(tmp_path)
    with database:
        database.execute("DROP TABLE prefix")
    database.close()
    assert [row["ipv6_prefixes"] for row in _records.of_server(path, asked())] == [[], [], []]
    assert _records.of_server(path, asked(address=["2001:db8:100::1"])) == []


def test_values_are_quoted_for_radacct():
    statement = _question.for_radacct(asked(username=["o'brien"], address=["10.0.0.2"], at=moment(10)), _psql.literal)
    assert "username IN ('o''brien')" in statement
    assert "framedipaddress IN ('10.0.0.2'::inet)" in statement
    assert "acctstarttime <= to_timestamp(10)" in statement


@pytest.fixture(scope="module")
def sixty_days(tmp_path_factory):
    """A thousand customers with a session a day each; a year of theirs is six times that."""
    database = _history.open_database(str(tmp_path_factory.mktemp("history") / "history.db"))
    with database:
        database.executemany(
            "INSERT INTO session VALUES ('boot', ?, 1, 'default', ?, ?, ?, 'eth1', 'ppp0', 7, ?, ?, 1, 1, NULL)",
            (
                (
                    *(day * 1000 + number, f"customer{number}", f"10.0.{(number + day) % 1000 >> 8}.{number % 256}"),
                    *(f"02:00:00:00:{number >> 8:02x}:{number % 256:02x}", day * 86400 + number, day * 86400 + 80000),
                )
                for day in range(60)
                for number in range(1000)
            ),
        )
    yield database
    database.close()


@pytest.mark.parametrize(
    ("params", "index"),
    [
        ({"username": ["customer77"]}, "session_account"),
        ({"username": ["customer77"], "at": "1970-02-10T12:00:00Z"}, "session_account"),
        ({"username": ["customer77", "customer78"]}, "session_account"),
        ({"address": ["10.0.0.77"]}, "session_address"),
        ({"address": ["10.0.0.77"], "at": "1970-02-10T12:00:00Z"}, "session_address"),
        ({"mac": ["02:00:00:00:00:4d"], "since": "1970-02-10"}, "session_mac"),
    ],
)
def test_a_question_reads_the_sessions_that_it_is_about(sixty_days, params, index):
    """By an index, and with a few hundred steps of SQLite for each of them, however many others there are."""
    statement, values = _question.for_sqlite(_question.question({**NONE, "limit": 1000, **params}))
    plan = [row[3] for row in sixty_days.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert [step for step in plan if f"USING INDEX {index} " in step], plan
    assert not [step for step in plan if step.startswith("SCAN")], plan
    steps = []
    sixty_days.set_progress_handler(lambda: steps.append(100) or 0, 100)
    found = sixty_days.execute(statement, values).fetchall()
    sixty_days.set_progress_handler(None, 0)
    assert found
    assert sum(steps) < 100 * 250
