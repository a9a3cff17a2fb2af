"""What goes wrong between a concentrator's FreeRADIUS and its centre, with real ones on hosts made of namespaces."""

from __future__ import annotations

import re

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _upstream
from ansible_collections.dialtone.pppoe.tests.support import radius_centre, radius_site
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(radius_centre.why_not()), reason=f"no centre here: {radius_centre.why_not()}")

SETTINGS = {
    "clients": [
        {"name": "gate1", "address": radius_site.CONCENTRATOR, "secret": radius_site.SECRET},
        {"name": "here", "address": "127.0.0.1", "secret": radius_site.SECRET},
    ],
    "pools": {"main": ["10.20.1.10-10.20.1.60"]},
    "groups": {"home": {"pool": "main"}},
}
CENTRE = {"address": radius_site.CENTRE, "secret": radius_site.SECRET}
NOBODY = {"address": radius_site.NOBODY, "secret": radius_site.SECRET}
ANN = "User-Name=ann,User-Password=geheim,NAS-Port=0,Calling-Station-Id=02:00:00:00:00:01"
SILENCE = "No RADIUS server answers"

# What the centre does with records, in the order in which it does it.
BOOK = """
CREATE TABLE IF NOT EXISTS book (id serial, session text, what text, at timestamptz);
TRUNCATE book;
CREATE OR REPLACE FUNCTION booked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO book (session, what, at)
    VALUES (NEW.acctsessionid, TG_OP, COALESCE(NEW.acctstoptime, NEW.acctupdatetime));
  RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS booked ON radacct;
CREATE TRIGGER booked AFTER INSERT OR UPDATE ON radacct FOR EACH ROW EXECUTE FUNCTION booked();
"""


@pytest.fixture(scope="module")
def hosts():
    centre = radius_centre.Centre(COLLECTIONS)
    concentrator = radius_site.Concentrator(COLLECTIONS)
    radius_site.hub(centre)
    radius_site.wire(centre, radius_site.CONCENTRATOR, concentrator.host)
    done = centre.module(**SETTINGS)
    assert not done.get("failed"), done["msg"]
    yield centre, concentrator
    concentrator.close()
    centre.close()


@pytest.fixture
def centre(hosts):
    """It runs, with one account, and nothing in the accounting."""
    made = hosts[0]
    made.sql(
        "TRUNCATE radcheck, radreply, radusergroup, radacct;"
        "UPDATE radippool SET expiry_time = now() - interval '1 s', nasipaddress = '', pool_key = '';"
        "INSERT INTO radcheck (username, attribute, op, value) VALUES ('ann', 'Cleartext-Password', ':=', 'geheim');"
        "INSERT INTO radusergroup (username, groupname) VALUES ('ann', 'home');" + BOOK
    )
    if made.freeradius is None:
        made.start()
    return made


@pytest.fixture
def concentrator(hosts):
    """``start`` it with its servers."""
    yield hosts[1]
    hosts[1].stop()


def record(status: str, session: str, **more: object) -> str:
    attributes = {
        "Acct-Status-Type": status,
        "Acct-Session-Id": session,
        "User-Name": "ann",
        "NAS-Port": "0",
        "Framed-IP-Address": "10.20.1.10",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return ",".join(f"{name}={value}" for name, value in attributes.items())


def keep(concentrator, status: str, session: str, **more: object) -> None:
    answer = concentrator.ask(record(status, session, **more), "acct")
    assert answer.startswith("Accounting-Response"), answer


def test_the_first_of_two_is_away(centre, concentrator):
    """The login that finds it out may fail; all others use the second one at once."""
    concentrator.start([NOBODY, CENTRE])
    first = concentrator.ask(ANN)
    assert first.startswith("Access-Accept") or SILENCE in first
    answers = [concentrator.ask(ANN) for _each in range(3)]
    assert [answer.startswith("Access-Accept") for answer in answers] == [True] * 3
    keep(concentrator, "Start", "one")
    assert radius_site.until(lambda: centre.sql("SELECT count(*) FROM radacct") == "1")


def test_records_of_an_outage_arrive_later_in_order_and_once(centre, concentrator):
    concentrator.start([CENTRE])
    assert concentrator.ask(ANN).startswith("Access-Accept")
    centre.stop()
    assert SILENCE in concentrator.ask(ANN)
    # It counts for the metrics: this is how FreeRADIUS logs it.
    messages = [line.partition(" : ")[2] for line in concentrator.log().splitlines()]
    servers = _upstream.servers(concentrator.host.sh(f"cat {radius_site.FOLDER}/radiusd.conf"))
    assert _upstream.failures(messages, servers) == {f"{radius_site.CENTRE}:1812": 1}
    sent = []
    for session in ("one", "two", "three"):
        for status, number in (("Start", 0), ("Interim-Update", 60), ("Stop", 90)):
            keep(concentrator, status, session, Acct_Session_Time=number)
            sent.append((session, "INSERT" if status == "Start" else "UPDATE"))
    kept = centre.host.sh("date +%s").strip()
    centre.start()
    assert radius_site.until(lambda: not concentrator.waiting(), 60)
    book = [tuple(line.split("|")) for line in centre.sql("SELECT session, what FROM book ORDER BY id").splitlines()]
    assert book == sent
    assert centre.sql(f"SELECT count(*) FROM book WHERE at > to_timestamp({kept})") == "0"
    assert centre.sql("SELECT count(*), count(acctstoptime) FROM radacct") == "3|3"


def test_the_disk_of_the_centre_is_full(centre, concentrator):
    """No login is rejected for it, and no record is lost."""
    concentrator.start([CENTRE])
    keep(concentrator, "Start", "before")
    assert radius_site.until(lambda: not concentrator.waiting())
    centre.host.sh("head -c 300m /dev/zero >/run/pg/full", check=False)
    try:
        # More than what is left of the pages that the tables have.
        for number in range(60):
            keep(concentrator, "Start", f"session-{number}", Calling_Station_Id="x" * 40, NAS_Port_Id="y" * 30)
        login = concentrator.ask(ANN)
        assert login.startswith("Access-Accept") or SILENCE in login
        assert concentrator.waiting()
    finally:
        centre.host.sh("rm -f /run/pg/full")
        if centre.postgres.poll() is not None:
            centre.start_database()
    assert radius_site.until(lambda: not concentrator.waiting(), 60)
    assert centre.sql("SELECT count(DISTINCT acctsessionid), count(*) FROM radacct") == "61|61"
    assert concentrator.ask(ANN).startswith("Access-Accept")


def test_a_slow_server_and_one_that_is_too_slow(concentrator):
    second = {**CENTRE, "address": radius_site.SECOND}
    concentrator.start([second])
    concentrator.serve(radius_site.SECOND, delay=1.5)
    assert concentrator.ask(ANN).startswith("Access-Accept")
    concentrator.start([second])
    concentrator.serve(radius_site.SECOND, delay=6)
    assert SILENCE in concentrator.ask(ANN)
    # The late answer is nobody's.
    assert SILENCE in concentrator.ask(ANN)


def test_an_attribute_that_nobody_knows(concentrator):
    unknown = bytes([26, 12, 0, 1, 0x86, 0x9F, 1, 6]) + b"blue" + bytes([250, 4, 1, 2])
    concentrator.start([{**CENTRE, "address": radius_site.SECOND}])
    concentrator.serve(radius_site.SECOND, attributes=unknown + bytes([8, 6, 10, 20, 1, 77]))
    answer = concentrator.ask(ANN)
    assert answer.startswith("Access-Accept")
    assert "Framed-IP-Address = 10.20.1.77" in answer
    assert "Acct-Interim-Interval = 300" in answer


def test_an_answer_that_is_malformed_is_none(concentrator):
    """Attributes of no length, and one that is longer than the packet; the next login is asked for as ever."""
    second = {**CENTRE, "address": radius_site.SECOND}
    for attributes in (bytes([8, 1, 10, 20]), bytes([8, 200, 10, 20])):
        concentrator.start([second])
        concentrator.serve(radius_site.SECOND, attributes=attributes)
        assert SILENCE in concentrator.ask(ANN)
        assert SILENCE in concentrator.ask(ANN)
    concentrator.start([second])
    concentrator.serve(radius_site.SECOND)
    assert concentrator.ask(ANN).startswith("Access-Accept")


def test_a_server_with_another_secret_is_named(centre, concentrator):
    """By the log of the centre, and by the module on the concentrator."""
    concentrator.start([{**CENTRE, "secret": "another"}])
    assert SILENCE in concentrator.ask(ANN)
    keep(concentrator, "Start", "one")
    assert concentrator.waiting()
    assert "has another secret" in concentrator.problems()[0]
    said = centre.host.sh("cat /var/log/freeradius/radius.log")
    assert "Shared secret is incorrect" in said
    # The run at the centre knows it for certain, until both have the same again.
    warning = str(centre.module(**SETTINGS)["warnings"])
    assert re.search(r"gate1 has another secret, and its requests are ignored, the last one at \w{3} ", warning)
    assert "clients: here" not in warning
    concentrator.start([CENTRE])
    centre.stop()
    centre.start()
    assert "warnings" not in centre.module(**SETTINGS)
    # A server that does not ask for a proof of it answers, and its answers are not taken.
    concentrator.start([{**CENTRE, "address": radius_site.SECOND}])
    concentrator.serve(radius_site.SECOND, secret="another")
    assert SILENCE in concentrator.ask(ANN)
    assert concentrator.problems() == ["it answers, but with another secret"]


def test_a_flood_of_wrong_logins(centre, concentrator):
    """Whoever has the right password gets in meanwhile, and memory stays as it was."""
    concentrator.start([CENTRE])
    assert concentrator.ask(ANN).startswith("Access-Accept")
    before = concentrator.memory(), radius_site.resident(centre.freeradius.pid)
    wrong = "\n\n".join(f"User-Name=guess{number},User-Password=x,NAS-Port=9" for number in range(1500))
    with concentrator.asking(wrong, more=["-p", "100", "-q"]) as flood:
        answers = [concentrator.ask(ANN) for _each in range(5)]
        assert flood.poll() is None, "the flood was over too early"
        assert [answer.startswith("Access-Accept") for answer in answers] == [True] * 5
        assert flood.wait(120) in (0, 1)
    after = concentrator.memory(), radius_site.resident(centre.freeradius.pid)
    assert all(now - then < 60_000 for then, now in zip(before, after)), (before, after)
    assert concentrator.ask(ANN).startswith("Access-Accept")


def test_a_concentrator_whose_clock_is_ahead(centre, concentrator):
    """Nothing has happened later than now; sessions are closed as ever."""
    concentrator.start([CENTRE])
    ahead = int(centre.host.sh("date +%s")) + 40_000_000
    for status, number in (("Start", 0), ("Interim-Update", 60)):
        sent = record(
            status, "one", Acct_Session_Time=number, Event_Timestamp=ahead + number, NAS_IP_Address="10.0.0.1"
        )
        assert centre.ask(sent, "acct").startswith("Accounting-Response")
    assert centre.sql("SELECT count(*) FROM radacct WHERE acctupdatetime > now() + interval '5 s'") == "0"
    on = "Acct-Status-Type=Accounting-On,Acct-Session-Id=boot,NAS-IP-Address=10.0.0.1"
    assert centre.ask(on, "acct").startswith("Accounting-Response")
    assert centre.sql("SELECT acctterminatecause, acctsessiontime >= 0 FROM radacct") == "NAS-Reboot|t"


def test_a_concentrator_whose_clock_is_behind(centre, concentrator):
    """As one without a battery: the record is stored with the time it has, and put right by the end."""
    for status, number, at in (("Start", 0, 100_000_000), ("Stop", 60, "")):
        more = {"Event_Timestamp": at} if at else {}
        sent = record(status, "one", Acct_Session_Time=number, NAS_IP_Address="10.0.0.1", **more)
        assert centre.ask(sent, "acct").startswith("Accounting-Response")
    assert centre.sql("SELECT acctsessiontime, acctstoptime > now() - interval '9 s' FROM radacct") == "60|t"


def test_a_record_that_comes_again_is_answered(centre, concentrator):
    """The first answer may have been lost."""
    concentrator.start([CENTRE])
    for status in ("Start", "Start", "Stop", "Stop", "Interim-Update"):
        keep(concentrator, status, "one", Acct_Session_Time=5)
        assert radius_site.until(lambda: not concentrator.waiting()), status
    assert centre.sql("SELECT count(*), count(acctstoptime) FROM radacct") == "1|1"
    assert concentrator.ask("Acct-Status-Type=Accounting-On,Acct-Session-Id=boot", "acct")
    assert radius_site.until(lambda: not concentrator.waiting())
