"""A centre for many concentrators: logins, records, and questions over them, with a real FreeRADIUS and PostgreSQL.

SESSIONS and CONCENTRATORS in the environment: how many (100000, 40). It ends by itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import stage
from measure import chosen, say, table

sys.path.insert(0, str(stage.REPOSITORY / ".build" / "collections"))

from ansible_collections.dialtone.pppoe.plugins.module_utils._history import _question
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _users
from ansible_collections.dialtone.pppoe.tests.support import radius_centre

COLLECTIONS = stage.REPOSITORY / ".build" / "collections"
SESSIONS = int(chosen("SESSIONS", alone="100000", in_whole="20000"))
CONCENTRATORS = int(os.environ.get("CONCENTRATORS") or 40)
#: Packets in flight, and customers of a pool.
FLIGHT, CUSTOMERS = 160, 50_000
SECRET = "secret-of-gates"


def main() -> None:
    problem = radius_centre.why_not()
    if problem:
        raise stage.StageError(f"no centre can be made here: {problem}")
    centre = radius_centre.Centre(COLLECTIONS, "radius_user", size="6g")
    try:
        prepare(centre)
        centre.start()
        load(centre)
        sizes(centre)
        questions(centre)
    finally:
        centre.close()


def prepare(centre: radius_centre.Centre) -> None:
    """The concentrators' addresses, pools and accounts."""
    names = [f"10.77.0.{number + 1}" for number in range(CONCENTRATORS)]
    centre.host.sh("".join(f"ip addr add {address}/32 dev lo;" for address in names))
    clients = [
        {"name": f"gate{number}", "address": address, "secret": SECRET} for number, address in enumerate(names, 1)
    ]
    # A pool has up to 65,534 addresses.
    names = [f"area{number}" for number in range(-(-SESSIONS // CUSTOMERS))]
    pools = {name: [f"10.{64 + number}.0.0/16"] for number, name in enumerate(names)}
    groups = {name: {"pool": name} for name in names}
    done = centre.run_module("pppoe_radius", clients=clients, pools=pools, groups=groups)
    assert not done.get("failed"), done["msg"]
    entries = [
        {"name": f"customer{number:06}", "secret": f"secret-{number:06}", "group": names[number // CUSTOMERS]}
        for number in range(SESSIONS)
    ]
    path = f"/proc/{centre.host.process.pid}/root/run/accounts"
    Path(path).write_bytes(_users.encode(entries, str).dump())
    done = centre.module(src="/run/accounts")
    assert not done.get("failed"), done["msg"]


def load(centre: radius_centre.Centre) -> None:
    command = [*centre.host.into, sys.executable, str(stage.REPOSITORY / "tests/support/radius_load.py")]
    before = processor(centre)
    done = subprocess.run(
        [*command, str(SESSIONS), str(CONCENTRATORS), str(FLIGHT), SECRET], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    phases = [json.loads(line) for line in done.stdout.splitlines()]
    say(f"\n{SESSIONS} sessions of {CONCENTRATORS} concentrators, {FLIGHT} packets in flight; all on this machine")
    columns = ("phase", "count", "seconds", "a_second", "median_ms", "p99_ms", "again", "lost", "refused")
    say(table([columns, *(tuple(str(phase[name]) for name in columns) for phase in phases)]))
    say(f"FreeRADIUS: {processor(centre) - before:.0f} s of processor, {resident(centre)} MB resident")
    found = centre.sql(
        "SELECT count(*), count(DISTINCT framedipaddress), count(acctstoptime) FROM radacct;"
        "SELECT count(*) FROM radippool WHERE expiry_time > now()"
    ).splitlines()
    say(f"records: {found[0]} (all, addresses, ended); addresses in use: {found[1]}")


def processor(centre: radius_centre.Centre) -> float:
    assert centre.freeradius is not None
    fields = Path(f"/proc/{centre.freeradius.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(centre: radius_centre.Centre) -> int:
    assert centre.freeradius is not None
    status = Path(f"/proc/{centre.freeradius.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) // 1024


def sizes(centre: radius_centre.Centre) -> None:
    """Of the tables with their indexes, before and after a vacuum."""
    rows = [("", "radacct MB", "radippool MB", "accounts MB", "database MB")]
    question = (
        "SELECT pg_total_relation_size('radacct') >> 20, pg_total_relation_size('radippool') >> 20,"
        " (pg_total_relation_size('radcheck') + pg_total_relation_size('radusergroup')) >> 20,"
        " pg_database_size(current_database()) >> 20"
    )
    rows.append(("after the load", *centre.sql(question).split("|")))
    centre.sql("ANALYZE radacct")
    centre.sql("VACUUM FULL radacct; VACUUM FULL radippool")
    rows.append(("written anew", *centre.sql(question).split("|")))
    say("\nSizes")
    say(table(rows))


def questions(centre: radius_centre.Centre) -> None:
    """Over these sessions, and over a month of them: two a customer and day are too many for this machine's memory."""
    address = centre.sql("SELECT host(framedipaddress) FROM radacct WHERE username = 'customer000077'")
    none = dict.fromkeys(("username", "address", "mac", "at", "since", "until"))
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    asked = {
        "address and time": {"address": [address], "at": now},
        "account": {"username": ["customer000077"]},
        "MAC": {"mac": ["02:77:00:00:00:4d"]},
    }
    say("\nQuestions, with the start of psql")
    rows = [("sessions", "question", "answers", "seconds")]
    for count in ("as they are", "and 10 of the past for each"):
        if count != "as they are":
            past(centre)
        for what, params in asked.items():
            statement = _question.for_radacct(_question.question({**none, "limit": 1000, **params}), literal)
            began = time.perf_counter()
            answer = centre.sql(statement)
            seconds = time.perf_counter() - began
            rows.append((count, what, str(len(answer.splitlines())), f"{seconds:.3f}"))
    say(table(rows))
    say(f"records: {centre.sql('SELECT count(*), pg_total_relation_size(chr(114)||$$adacct$$) >> 20 FROM radacct')} MB")


def literal(value: str | int) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def past(centre: radius_centre.Centre) -> None:
    """Ten sessions of each customer on the days before."""
    centre.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, nasportid, acctstarttime,"
        " acctupdatetime, acctstoptime, callingstationid, framedipaddress, acctinputoctets, acctoutputoctets)"
        " SELECT acctsessionid || '-' || day, md5(acctuniqueid || day), username, nasipaddress, nasportid,"
        " acctstarttime - day * interval '1 day', acctstarttime - day * interval '1 day' + interval '20 h',"
        " acctstarttime - day * interval '1 day' + interval '20 h', callingstationid, framedipaddress, 1, 1"
        " FROM radacct, generate_series(1, 10) AS day; ANALYZE radacct"
    )


if __name__ == "__main__":
    main()
