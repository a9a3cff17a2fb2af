"""A RADIUS centre on namespaces of this machine: accounts against a bare COPY, logins, and a year of sessions."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import stage
from measure import chosen, median, say
from measure import table as measured

sys.path.insert(0, str(stage.REPOSITORY / ".build" / "collections"))

from ansible_collections.dialtone.pppoe.plugins.module_utils._history import _question, _records
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _history
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _users
from ansible_collections.dialtone.pppoe.tests.support import radius_centre

COLLECTIONS = stage.REPOSITORY / ".build" / "collections"
MANY = int(chosen("CENTRE_ACCOUNTS", alone="100000", in_whole="20000"))
TIMES = 5
CUSTOMERS, DAYS, A_DAY = 1000, 365, 2
CLIENT = {"name": "gate1", "address": "127.0.0.1", "secret": "secret-of-gate1"}
START = 1_700_000_000


def main() -> None:
    problem = radius_centre.why_not()
    if problem:
        raise stage.StageError(f"no centre can be made here: {problem}")
    centre = radius_centre.Centre(COLLECTIONS, "radius_user", size="4g")
    try:
        centre.run_module("pppoe_radius", clients=[CLIENT], pools={"main": ["10.64.0.0/18"]})
        accounts(centre)
        logins(centre)
        year_of_centre(centre)
    finally:
        centre.close()
    year_of_server()


def table(rows: list[dict[str, str]]) -> None:
    say(measured([tuple(rows[0]), *(tuple(row.values()) for row in rows)]))


def timed(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def accounts(centre: radius_centre.Centre) -> None:
    """As rows of one table, in a table with the same keys and indexes as the one that FreeRADIUS reads."""
    entries = [{"name": f"customer{number:06}", "secret": f"secret-{number:06}"} for number in range(MANY)]
    encoded = timed(lambda: _users.encode(entries, str))
    batch = _users.encode(entries, str)
    rows = "".join(f"{line[2:]}\n" for line in batch.rows.decode().splitlines())
    path = f"/proc/{centre.host.process.pid}/root/run/accounts"
    Path(path).write_bytes(batch.dump())
    columns = "(username, attribute, op, value)"

    def bare() -> None:
        centre.sql(f"TRUNCATE bare; COPY bare {columns} FROM STDIN;\n{rows}\\.\n")

    centre.sql("CREATE TABLE bare (LIKE radcheck INCLUDING ALL)")
    copies, first, again = [], [], []
    # One after the other in each round, so that what else the machine does is a matter of all three.
    for _each in range(TIMES):
        copies.append(timed(bare))
        centre.sql("TRUNCATE radcheck")
        first.append(timed(lambda: centre.module(src="/run/accounts")))
        again.append(timed(lambda: centre.module(src="/run/accounts")))

    def times(seconds: list[float]) -> str:
        return f"{median([one / copy for one, copy in zip(seconds, copies)]):.2f}"

    say(f"\nradius_user: {MANY} accounts, with the start of the module, median of {TIMES}")
    table(
        [
            {"what": what, "seconds": f"{median(seconds):.2f}", "times COPY": times(seconds)}
            for what, seconds in (
                ("bare COPY (psql)", copies),
                ("all new", first),
                ("unchanged", again),
                ("encoding on the controller", [encoded] * TIMES),
            )
        ]
    )


def logins(centre: radius_centre.Centre) -> None:
    """Logins a second, with so many requests in flight, and the memory of FreeRADIUS."""
    centre.start()
    count = 4000
    lines = "".join(
        f"User-Name=customer{number:06},User-Password=secret-{number:06},NAS-IP-Address=127.0.0.1,NAS-Port={number},"
        "Message-Authenticator=0x00\n\n"
        for number in range(count)
    ).replace(",", "\n")
    found = []
    for flight in (1, 16, 64):
        command = [*centre.host.into, "radclient", "-q", "-s", "-p", str(flight), "-r", "3", "-t", "5"]
        begun = time.perf_counter()
        done = subprocess.run(
            [*command, "127.0.0.1:1812", "auth", CLIENT["secret"]], input=lines, capture_output=True, text=True
        )
        seconds = time.perf_counter() - begun
        accepted = next((line.split()[-1] for line in done.stdout.splitlines() if "Accepted" in line), "0")
        found.append({"in flight": str(flight), "accepted": accepted, "logins a second": f"{count / seconds:.0f}"})
    say("\nLogins (PAP) at a centre of this machine, FreeRADIUS, PostgreSQL and client together")
    table(found)
    assert centre.freeradius is not None
    status = Path(f"/proc/{centre.freeradius.pid}/status").read_text()
    resident = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    say(f"FreeRADIUS has {int(resident) // 1024} MB resident")
    centre.stop()


def questions() -> dict[str, _question.HistoryQuestion]:
    none = dict.fromkeys(("username", "address", "mac", "at", "since", "until"))
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + 200 * 86400))
    asked = {
        "address and time": {"address": ["10.0.1.77"], "at": moment},
        "account": {"username": ["customer0077"]},
        "MAC": {"mac": ["02:00:00:00:00:4d"]},
        "a day, everybody": {"since": moment, "until": moment[:11] + "23:59:59Z"},
    }
    return {what: _question.question({**none, "limit": 10000, **params}) for what, params in asked.items()}


def year_of_centre(centre: radius_centre.Centre) -> None:
    count = CUSTOMERS * DAYS * A_DAY
    centre.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, nasportid, acctstarttime,"
        " acctupdatetime, acctstoptime, callingstationid, framedipaddress) SELECT i, i, 'customer' ||"
        f" lpad((i % {CUSTOMERS})::text, 4, '0'), '10.9.9.9', 'eth1:' || i % 999, at, at + interval '11 h',"
        f" at + interval '11 h', '02:00:00:00:00:' || lpad(to_hex(i % {CUSTOMERS} % 256), 2, '0'),"
        f" inet '10.0.0.0' + (i * 7 % 1024)::bigint FROM (SELECT i, to_timestamp({START}) + i / {CUSTOMERS} * interval"
        f" '12 h' AS at FROM generate_series(0, {count - 1}) AS i) AS s; ANALYZE radacct;"
    )
    found = []
    for what, asked in questions().items():
        statement = _question.for_radacct(asked, lambda value: f"'{value}'" if isinstance(value, str) else str(value))
        answers: list[str] = []
        seconds = timed(lambda: answers.append(centre.sql(statement)))  # noqa: B023
        found.append({"question": what, "sessions": str(len(answers[0].splitlines())), "seconds": f"{seconds:.3f}"})
    say(f"\nA year of {CUSTOMERS} customers at a centre, {count} sessions, with the start of psql")
    table(found)


def year_of_server() -> None:
    count = CUSTOMERS * DAYS * A_DAY
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/history/history.db"
        database = _history.open_database(path)
        with database:
            database.executemany(
                "INSERT INTO session VALUES (?, ?, 1, 'default', ?, ?, ?, 'eth1', ?, 7, ?, ?, 1, 1, NULL)",
                (
                    (
                        *("boot", number, f"customer{number % CUSTOMERS:04}"),
                        f"10.0.{number * 7 % 1024 >> 8}.{number * 7 % 256}",
                        f"02:00:00:00:00:{number % CUSTOMERS % 256:02x}",
                        f"ppp{number % CUSTOMERS}",
                        *(START + number // CUSTOMERS * 43200, START + number // CUSTOMERS * 43200 + 40000),
                    )
                    for number in range(count)
                ),
            )
        database.close()
        size = Path(path).stat().st_size >> 20
        found = []
        for what, asked in questions().items():
            answers: list[list] = []
            seconds = timed(lambda: answers.append(_records.of_server(path, asked)))  # noqa: B023
            found.append({"question": what, "sessions": str(len(answers[0])), "seconds": f"{seconds:.3f}"})
    say(f"\nA year of {CUSTOMERS} customers in the record of a server, {count} sessions, {size} MB")
    table(found)


if __name__ == "__main__":
    main()
