"""Two centres on one database, and RadSec: with real programs on hosts made of namespaces."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.dialtone.pppoe.tests.support import radius_centre, radius_site
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(radius_centre.why_not()), reason=f"no centre here: {radius_centre.why_not()}")

SETTINGS = {
    "clients": [
        {"name": "gate1", "address": radius_site.CONCENTRATOR, "secret": radius_site.SECRET},
        {"name": "here", "address": "127.0.0.1", "secret": radius_site.SECRET, "disconnect_secret": "secret-of-3799"},
    ],
    "pools": {"main": ["10.20.1.0/26"]},
    "groups": {"home": {"pool": "main"}},
}
PASSWORD = "secret-of-database"
DATABASE = {"host": radius_site.CENTRE, "password": PASSWORD, "ca": "/etc/ours.pem"}
PLACES = {name: f"/etc/freeradius/{name}.pem" for name in ("ca", "certificate", "key")}
RADSEC = {"address": radius_site.CENTRE, "tls": PLACES}
ANN = "User-Name=ann,User-Password=geheim,NAS-IP-Address=192.168.5.109,NAS-Port=0"
START = "Acct-Status-Type=Start,Acct-Session-Id=one,User-Name=ann,NAS-IP-Address=127.0.0.1,NAS-Port=0"


@pytest.fixture(scope="module")
def authority():
    return radius_site.Authority("ours")


@pytest.fixture(scope="module")
def first(authority):
    """A centre with its database, which other hosts may use by TLS."""
    made = radius_centre.Centre(COLLECTIONS)
    radius_site.hub(made)
    certificate, key = authority.issue("database", radius_site.CENTRE)
    put(made.host, "/run/pg/data/server.crt", certificate, "postgres")
    put(made.host, "/run/pg/data/server.key", key, "postgres")
    made.host.sh(
        "echo 'hostssl radius radius 192.168.5.0/24 scram-sha-256' >>/run/pg/data/pg_hba.conf;"
        "echo 'ssl = on' >>/run/pg/data/postgresql.conf"
    )
    made.stop_database()
    made.start_database()
    set_up(made, database={"password": PASSWORD})
    yield made
    made.close()


@pytest.fixture(scope="module")
def second(first, authority):
    """Another centre, without a database of its own."""
    made = radius_centre.Centre(COLLECTIONS, database=False)
    radius_site.wire(first, radius_site.SECOND, made.host)
    made.host.write("/etc/ours.pem", authority.text)
    yield made
    made.close()


@pytest.fixture(scope="module")
def concentrator(first):
    made = radius_site.Concentrator(COLLECTIONS)
    radius_site.wire(first, radius_site.CONCENTRATOR, made.host)
    yield made
    made.close()


def put(host, path: str, text: str, user: str) -> None:
    host.write(path, text)
    host.sh(f"chown {user}:{user} {path}; chmod 600 {path}")


def set_up(centre, **settings) -> None:
    centre.stop()
    done = centre.module(**{**SETTINGS, **settings})
    assert not done.get("failed"), done["msg"]
    centre.start()


def empty(centre) -> None:
    centre.sql(
        "TRUNCATE radcheck, radreply, radusergroup, radacct;"
        "UPDATE radippool SET expiry_time = now() - interval '1 s', nasipaddress = '', pool_key = '';"
        "INSERT INTO radcheck (username, attribute, op, value) VALUES ('ann', 'Cleartext-Password', ':=', 'geheim');"
        "INSERT INTO radusergroup (username, groupname) VALUES ('ann', 'home');"
    )


def test_a_database_elsewhere_has_to_prove_who_it_is(authority, first, second):
    other = radius_site.Authority("theirs")
    for text, host, words in (
        (other.text, radius_site.CENTRE, "certificate verify failed"),
        (authority.text, "database.example", 'does not match host name "database.example"'),
    ):
        second.host.write("/etc/ours.pem", text)
        second.host.sh(f"sed -i '/example/d' /etc/hosts; echo '{radius_site.CENTRE} database.example' >>/etc/hosts")
        refused = second.module(**SETTINGS, database={**DATABASE, "host": host})
        assert refused["failed"]
        assert words in refused["msg"]
        assert PASSWORD not in str(refused)
        assert second.host.sh("ls /etc/freeradius").split() == ["3.0"]
    wrong = second.module(**SETTINGS, database={**DATABASE, "password": "wrong"})
    assert "password authentication failed" in wrong["msg"]
    second.host.write("/etc/ours.pem", authority.text)
    set_up(second, database=DATABASE)
    assert second.module(**SETTINGS, database=DATABASE)["changed"] is False
    used = second.sql("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    assert used.startswith("t|TLSv1.")


def test_two_centres_that_are_set_up_at_once(first, second):
    """As by a play for both: each address and each item of a group is there once."""
    pools = {"main": ["10.20.0.0/19"]}
    everything = """DO $$ DECLARE name text; BEGIN
      FOR name IN SELECT tablename FROM pg_tables WHERE tableowner = current_user LOOP
        EXECUTE 'DROP TABLE ' || quote_ident(name) || ' CASCADE';
      END LOOP; END $$;"""
    for statement in (everything, "DELETE FROM radippool; DELETE FROM radgroupreply;"):
        for centre in (first, second):
            centre.stop()
        first.sql(statement)
        with ThreadPoolExecutor() as pool:
            runs = [
                pool.submit(centre.module, **{**SETTINGS, "pools": pools}, database=database)
                for centre, database in ((first, {"password": PASSWORD}), (second, DATABASE))
            ]
        results = [run.result() for run in runs]
        assert not any(result.get("failed") for result in results), results
        assert sorted(result["database"]["addresses_added"] for result in results) == [0, 8190]
        assert first.sql("SELECT count(*), count(DISTINCT framedipaddress) FROM radippool") == "8190|8190"
        assert first.sql("SELECT count(*) = count(DISTINCT groupname) FROM radgroupreply") == "t"
    set_up(first, database={"password": PASSWORD})


def test_no_address_is_given_twice_by_two_centres(first, second):
    """Both are asked at once, for more than the pool has."""
    set_up(second, database=DATABASE)
    empty(first)
    asking = []
    for number, centre in enumerate((first, second)):
        logins = "\n\n".join(
            f"{ANN},NAS-Port={port},Message-Authenticator=0x00".replace("NAS-Port=0,", "")
            for port in range(number * 100, number * 100 + 40)
        )
        command = [*centre.host.into, "radclient", "-x", "-r", "2", "-t", "5", "-p", "20", "127.0.0.1:1812", "auth",
                   radius_site.SECRET]  # fmt: skip
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process.stdin.write(logins)
        process.stdin.close()
        asking.append(process)
    text = "".join(process.stdout.read() for process in asking)
    assert [process.wait(60) for process in asking].count(0) < 2  # some are refused
    given = [line.split()[-1] for line in text.splitlines() if "Framed-IP-Address = " in line]
    assert len(given) == len(set(given)) == 62
    assert text.count("Received Access-Reject") == 18
    assert text.count('"No address is free"') == 18


@pytest.mark.parametrize("asked", ["first", "second"])
def test_a_session_counts_at_both_centres(first, second, asked):
    for centre, database in ((first, {"password": PASSWORD}), (second, DATABASE)):
        set_up(centre, database=database, single_session="deny")
    empty(first)
    started, other = (first, second) if asked == "second" else (second, first)
    assert started.ask(START, "acct").startswith("Accounting-Response")
    refused = other.ask(f"{ANN},Calling-Station-Id=02:00:00:00:00:02", wait=3)
    assert refused.startswith("Access-Reject")
    assert "There is a session of this account already" in refused


def test_a_session_of_one_centre_is_replaced_by_the_other(first, second):
    for centre, database in ((first, {"password": PASSWORD}), (second, DATABASE)):
        set_up(centre, database=database, single_session="replace")
    empty(first)
    assert first.ask(START, "acct").startswith("Accounting-Response")
    with second.listening(3799) as packets:
        assert second.ask(f"{ANN},Calling-Station-Id=02:00:00:00:00:02").startswith("Access-Accept")
        packet = packets.next()
    assert packet[0] == 40  # Disconnect-Request
    assert b"\x2c\x05one" in packet


def secure(host, authority, name: str, address: str, days: int = 10, ca: str | None = None) -> None:
    """Have certificate and key of a host where they are looked for, and the authority that it trusts."""
    host.sh("mkdir -p /etc/freeradius")
    certificate, key = authority.issue(name, address, days)
    for path, text in zip(PLACES.values(), (ca or authority.text, certificate, key)):
        put(host, path, text, "freerad")


def test_radsec(authority, first, concentrator):
    secure(first.host, authority, "centre", radius_site.CENTRE)
    secure(concentrator.host, authority, "gate1", radius_site.CONCENTRATOR)
    by_tls = [{key: value for key, value in client.items() if key != "secret"} for client in SETTINGS["clients"]]
    set_up(first, clients=by_tls, database={"password": PASSWORD}, radsec=PLACES)
    empty(first)
    concentrator.start([RADSEC])
    # By UDP nobody is asked for a certificate, and everybody knows the secret of RADIUS over TLS.
    assert "Received" not in first.ask(ANN, secret="radsec")
    assert concentrator.problems() == [None]
    answer = concentrator.ask(ANN)
    assert answer.startswith("Access-Accept")
    assert "Framed-IP-Address = 10.20.1." in answer
    assert "Access-Reject" in concentrator.ask(ANN.replace("geheim", "falsch"))
    for status in ("Start", "Interim-Update", "Stop"):
        record = START.replace("Start", status) + ",Acct-Session-Time=5"
        assert concentrator.ask(record, "acct").startswith("Accounting-Response")
    assert radius_site.until(lambda: not concentrator.waiting())
    assert first.sql("SELECT acctsessiontime, acctstoptime IS NULL FROM radacct") == "5|f"
    # The centre was away: a new connection is made by itself.
    first.stop()
    assert "No RADIUS server answers" in concentrator.ask(ANN)
    assert concentrator.ask(START.replace("one", "two"), "acct").startswith("Accounting-Response")
    first.start()
    assert radius_site.until(lambda: not concentrator.waiting(), 90)
    assert radius_site.until(lambda: concentrator.ask(ANN).startswith("Access-Accept"))


def test_from_udp_to_tls_without_an_outage(authority, first, concentrator):
    """The concentrator has both ways; the centre is the first to change."""
    secure(first.host, authority, "centre", radius_site.CENTRE)
    secure(concentrator.host, authority, "gate1", radius_site.CONCENTRATOR)
    for radsec in ({}, {"radsec": PLACES}):
        set_up(first, database={"password": PASSWORD}, **radsec)
        empty(first)
        concentrator.start([RADSEC, {"address": radius_site.CENTRE, "secret": radius_site.SECRET}])
        assert radius_site.until(lambda: concentrator.ask(ANN).startswith("Access-Accept"))
        problems = concentrator.problems()
        assert [problem is None for problem in problems] == [bool(radsec), True], problems


def test_the_first_of_two_by_radsec_is_away(authority, first, concentrator):
    secure(first.host, authority, "centre", radius_site.CENTRE)
    secure(concentrator.host, authority, "gate1", radius_site.CONCENTRATOR)
    set_up(first, database={"password": PASSWORD}, radsec=PLACES)
    empty(first)
    concentrator.start([{**RADSEC, "address": radius_site.NOBODY}, RADSEC])
    assert [bool(problem) for problem in concentrator.problems()] == [True, False]
    answers = [concentrator.ask(ANN) for _each in range(3)]
    assert [answer.startswith("Access-Accept") for answer in answers[1:]] == [True] * 2
    assert concentrator.ask(START, "acct").startswith("Accounting-Response")
    assert radius_site.until(lambda: first.sql("SELECT count(*) FROM radacct") == "1")


@pytest.mark.parametrize(
    ("theirs", "ours", "trusted", "words"),
    [
        (-1, 10, None, "its certificate is not valid: certificate has expired"),
        (10, -1, None, f"the certificate of this host has expired: {PLACES['certificate']}"),
        (10, 10, "another authority", "self-signed certificate in certificate chain"),
    ],
)
def test_a_certificate_that_is_not_valid_is_named(authority, first, concentrator, theirs, ours, trusted, words):
    secure(first.host, authority, "centre", radius_site.CENTRE, theirs)
    ca = radius_site.Authority(trusted).text if trusted else None
    secure(concentrator.host, authority, "gate1", radius_site.CONCENTRATOR, ours, ca)
    set_up(first, database={"password": PASSWORD}, radsec=PLACES)
    empty(first)
    concentrator.start([RADSEC])
    assert words in concentrator.problems()[0]
    assert not concentrator.ask(ANN).startswith("Access-Accept")
    assert concentrator.ask(START, "acct").startswith("Accounting-Response")
    assert first.sql("SELECT count(*) FROM radacct") == "0"


def test_a_key_that_freeradius_cannot_read_is_named(authority, first, concentrator):
    secure(concentrator.host, authority, "gate1", radius_site.CONCENTRATOR)
    concentrator.host.sh(f"chown root {PLACES['key']}")
    said = concentrator.refusal([RADSEC])
    assert "Permission denied" in said
    assert PLACES["key"] in said
