"""pppoe_radius with a real FreeRADIUS and PostgreSQL, on a host made of namespaces."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._history import _question
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _psql
from ansible_collections.dialtone.pppoe.tests.support import radius_centre
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(radius_centre.why_not()), reason=f"no centre here: {radius_centre.why_not()}")

SETTINGS = {
    "clients": [
        {"name": "gate1", "address": "127.0.0.1", "secret": "secret-of-gate1", "disconnect_secret": "secret-of-3799"},
        {"name": "gate2", "address": "192.168.5.110", "secret": "secret-of-gate2"},
    ],
    "pools": {"main": ["10.20.1.10-10.20.1.12"]},
    "groups": {"home": {"pool": "main", "attributes": {"Filter-Id": "2000/1000"}}},
}
ANN = "User-Name=ann,User-Password=geheim,NAS-IP-Address=192.168.5.109,NAS-Port=0,Calling-Station-Id=02:00:00:00:00:01"


@pytest.fixture(scope="module")
def host():
    made = radius_centre.Centre(COLLECTIONS)
    yield made
    made.close()


@pytest.fixture
def centre(host):
    """Set up, with one account, and nothing in the accounting."""

    def set_up(**settings):
        host.stop()
        done = host.module(**{**SETTINGS, **settings})
        assert not done.get("failed"), done["msg"]
        host.sql(
            "TRUNCATE radcheck, radreply, radusergroup, radacct;"
            "UPDATE radippool SET expiry_time = now() - interval '1 s', nasipaddress = '', pool_key = '';"
            "INSERT INTO radcheck (username, attribute, op, value)"
            " VALUES ('ann', 'Cleartext-Password', ':=', 'geheim');"
            "INSERT INTO radusergroup (username, groupname) VALUES ('ann', 'home');"
        )
        host.start()
        return host

    return set_up


def accounting(status: str, session: str = "one", **more: str) -> str:
    attributes = {
        "Acct-Status-Type": status,
        "Acct-Session-Id": session,
        "User-Name": "ann",
        "NAS-IP-Address": "192.168.5.109",
        "NAS-Port": "0",
        "Calling-Station-Id": "02:00:00:00:00:01",
        "Framed-IP-Address": "10.20.1.10",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return ",".join(f"{name}={value}" for name, value in attributes.items())


def test_from_nothing_to_the_same(host):
    predicted = host.module(check=True, **SETTINGS)
    assert predicted["changed"]
    assert "secret-of" not in str(predicted)
    assert host.host.sh("ls /etc/freeradius").split() == ["3.0"]
    done = host.module(**SETTINGS)
    assert not done.get("failed"), done["msg"]
    assert done["database"]["addresses_added"] == 3
    assert "secret-of" not in str(done)
    assert host.host.sh("stat -c '%U %G %a' /etc/freeradius/pppoe-radius/clients.conf") == "root freerad 640\n"
    assert host.module(**SETTINGS)["changed"] is False
    assert host.module(check=True, **SETTINGS)["changed"] is False
    # Nothing of the package's own configuration is touched, and nothing is left of the trial.
    assert host.host.sh("ls -d /run/pppoe-radius-* 2>/dev/null", check=False) == ""


def test_what_freeradius_does_not_accept_is_not_written(host):
    host.module(**SETTINGS)
    before = host.etc()
    files = {"certificate": "/etc/nothing.pem", "key": "/etc/nothing.pem", "ca": "/etc/nothing.pem"}
    refused = host.module(radsec=files, **SETTINGS)
    assert "FreeRADIUS does not accept the configuration" in refused["msg"]
    assert host.etc() == before


def test_a_login_gets_an_address_of_its_pool_and_what_its_group_has(centre):
    host = centre()
    answer = host.ask(ANN)
    assert answer.startswith("Access-Accept")
    assert "Framed-IP-Address = 10.20.1.1" in answer
    assert 'Filter-Id = "2000/1000"' in answer
    assert "Acct-Interim-Interval = 300" in answer
    assert host.ask(ANN.replace("geheim", "falsch"), wait=3).startswith("Access-Reject")
    assert host.ask(ANN, secret="wrong") == ""


def test_no_address_is_given_twice_and_none_is_left_in_the_end(centre):
    host = centre()
    answers = [host.ask(ANN.replace("NAS-Port=0", f"NAS-Port={port}"), wait=3) for port in range(4)]
    given = [answer.partition("Framed-IP-Address = ")[2].split("\n")[0] for answer in answers]
    assert sorted(given[:3]) == ["10.20.1.10", "10.20.1.11", "10.20.1.12"]
    assert answers[3].startswith("Access-Reject")
    assert "No address is free" in answers[3]


def test_an_address_that_leaves_its_pool_stays_with_its_session(centre):
    host = centre()
    address = host.ask(ANN).partition("Framed-IP-Address = ")[2].split("\n")[0]
    rest = [f"10.20.1.{last}" for last in (10, 11, 12) if f"10.20.1.{last}" != address]
    done = host.module(**{**SETTINGS, "pools": {"main": rest}})
    assert (done["database"]["addresses_removed"], done["database"]["addresses_leased"]) == (1, 1)
    assert host.sql(f"SELECT pool_name FROM radippool WHERE framedipaddress = '{address}'") == ""
    assert host.module(**{**SETTINGS, "pools": {"main": rest}})["changed"] is False
    assert host.module(**SETTINGS)["database"]["addresses_added"] == 1


def test_while_the_database_is_away_there_is_no_answer_and_afterwards_there_is(centre):
    host = centre()
    assert host.ask(ANN).startswith("Access-Accept")
    host.stop_database()
    try:
        assert host.ask(ANN) == ""
        assert host.ask(accounting("Start"), "acct") == ""
    finally:
        host.start_database()
    # It tries to connect again every three seconds.
    answers = [host.ask(ANN) for _attempt in range(5)]
    assert answers[-1].startswith("Access-Accept")
    assert not any(answer.startswith("Access-Reject") for answer in answers)
    assert host.ask(accounting("Start"), "acct").startswith("Accounting-Response")


def test_a_pool_that_fails_gives_no_answer_either(centre):
    host = centre()
    host.sql("ALTER TABLE radippool RENAME TO away")
    try:
        assert host.ask(ANN) == ""
    finally:
        host.sql("ALTER TABLE away RENAME TO radippool")


def test_accounting_of_a_session(centre):
    host = centre()
    for status, more in (
        ("Start", {}),
        ("Interim-Update", {"Acct_Session_Time": "300", "Acct_Input_Octets": "1000"}),
        # A fixed address, which no pool has, is answered as well.
        ("Interim-Update", {"Acct_Session_Time": "600", "Framed_IP_Address": "10.99.0.1"}),
        ("Stop", {"Acct_Session_Time": "700", "Acct_Terminate_Cause": "User-Request", "Acct_Input_Octets": "2000"}),
    ):
        assert host.ask(accounting(status, **more), "acct").startswith("Accounting-Response"), status
    row = "SELECT username, acctsessiontime, acctinputoctets, acctterminatecause FROM radacct"
    assert host.sql(row) == "ann|700|2000|User-Request"


def test_who_had_which_address(centre):
    host = centre()
    host.ask(accounting("Start", NAS_Port_Id="eth1:41"), "acct")
    host.ask(accounting("Stop", NAS_Port_Id="eth1:41", Acct_Session_Time="0", Acct_Input_Octets="2000"), "acct")
    found = host.run_module("pppoe_session_history_info", address=["10.20.1.10"], mac=["02-00-00-00-00-01"])["sessions"]
    assert [(one["account"], one["device"], one["session_id"], one["bytes_in"]) for one in found] == [
        ("ann", "eth1", 41, 2000)
    ]
    assert found[0]["server"] == "192.168.5.109"
    assert host.run_module("pppoe_session_history_info", at="2020-01-01")["sessions"] == []


@pytest.mark.parametrize(
    ("selector", "index"),
    [
        ({"username": ["ann"]}, "dialtone_radacct_account"),
        ({"address": ["10.20.1.10"], "at": "2026-11-28"}, "dialtone_radacct_address"),
        ({"mac": ["02-00-00-00-00-01"]}, "dialtone_radacct_device"),
    ],
)
def test_a_question_about_the_past_has_its_index(centre, selector, index):
    host = centre()
    none = dict.fromkeys(("username", "address", "mac", "at", "since", "until"))
    statement = _question.for_radacct(_question.question({**none, "limit": 10, **selector}), _psql.literal)
    # Without it PostgreSQL reads a table as small as this one from its beginning to its end.
    assert f"using {index} " in host.sql(f"SET enable_seqscan = off; SET enable_bitmapscan = off; EXPLAIN {statement}")


def test_a_power_cut_closes_what_is_open(centre):
    host = centre()
    host.ask(accounting("Start"), "acct")
    on = "Acct-Status-Type=Accounting-On,Acct-Session-Id=boot,NAS-IP-Address=192.168.5.109"
    assert host.ask(on, "acct").startswith("Accounting-Response")
    assert host.sql("SELECT acctterminatecause FROM radacct") == "NAS-Reboot"


def test_deny_refuses_a_second_session_but_never_for_one_of_a_crash(centre):
    host = centre(single_session="deny")
    other = ANN.replace("00:01", "00:02").replace("NAS-Port=0", "NAS-Port=1")
    host.ask(accounting("Start"), "acct")
    refused = host.ask(other, wait=3)
    assert refused.startswith("Access-Reject")
    assert "There is a session of this account already" in refused
    # Somebody who does not know the password closes nothing.
    host.ask(ANN.replace("geheim", "falsch"), wait=3)
    assert host.sql("SELECT count(*) FROM radacct WHERE acctstoptime IS NULL") == "1"
    # The same device dials again: its session is over.
    assert host.ask(ANN).startswith("Access-Accept")
    assert host.sql("SELECT acctterminatecause FROM radacct") == "Stale"
    # Nothing was heard for long.
    host.sql("UPDATE radacct SET acctstoptime = NULL, acctupdatetime = now() - interval '901 s'")
    assert host.ask(other).startswith("Access-Accept")


def test_replace_ends_the_former_session_where_it_is(centre):
    host = centre(single_session="replace")
    assert host.ask(ANN).startswith("Access-Accept")
    host.ask(accounting("Start", NAS_IP_Address="127.0.0.1"), "acct")
    with host.listening(3799) as packets:
        other = ANN.replace("00:01", "00:02").replace("NAS-Port=0", "NAS-Port=1")
        assert host.ask(other).startswith("Access-Accept")
        packet = packets.next()
    assert packet[0] == 40  # Disconnect-Request
    assert b"\x01\x05ann" in packet
    assert b"\x2c\x05one" in packet
    assert bytes([8, 6, 10, 20, 1, 10]) in packet


def test_the_timer_closes_what_is_stale_and_deletes_what_is_old(centre):
    host = centre(keep_days=30)
    host.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,"
        " acctstoptime) SELECT i, i, 'ann', '192.168.5.109', now() - age, now() - age + interval '1 min', stop FROM"
        " (VALUES (1, interval '2 h', NULL), (2, interval '2 min', NULL),"
        " (3, interval '31 d', now() - interval '31 d'), (4, interval '29 d', now() - interval '29 d'))"
        " AS rows (i, age, stop)"
    )
    unit = host.host.sh("cat /etc/systemd/system/pppoe-radius-upkeep.service")
    command = unit.partition("ExecStart=")[2].splitlines()[0]
    host.host.sh(f"{radius_centre.SERVICE} runuser -u freerad -- {command}")
    rows = host.sql("SELECT acctsessionid, acctterminatecause, acctsessiontime FROM radacct ORDER BY 1").split()
    assert rows == ["1|Stale|60", "2||", "4||"]
    # The session lives after all.
    host.sql("UPDATE radacct SET acctuniqueid = md5('ann,1,192.168.5.109,,,0') WHERE acctsessionid = '1'")
    host.ask(accounting("Interim-Update", session="1"), "acct")
    assert host.sql("SELECT acctstoptime IS NULL FROM radacct WHERE acctsessionid = '1'") == "t"


def test_the_address_of_a_session_that_died_unheard_is_free_again(centre):
    """But not while its concentrator may be cut off, and nobody knows whether the session lives."""
    host = centre()
    assert "10.20.1.1" in host.ask(ANN)
    host.sql(
        "UPDATE radippool SET expiry_time = now() - interval '2 h' + interval '1 day' WHERE expiry_time > now();"
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, framedipaddress, acctstarttime,"
        " acctupdatetime) SELECT 'dead', 'dead', 'ann', '192.168.5.109', framedipaddress, now() - interval '3 h',"
        " now() - interval '2 h' FROM radippool WHERE expiry_time > now()"
    )
    leased = "SELECT count(*) FROM radippool WHERE expiry_time > now()"
    unit = host.host.sh("cat /etc/systemd/system/pppoe-radius-upkeep.service")
    upkeep = f"{radius_centre.SERVICE} runuser -u freerad -- {unit.partition('ExecStart=')[2].splitlines()[0]}"
    host.host.sh(upkeep)
    assert host.sql("SELECT acctterminatecause FROM radacct") == "Stale"
    assert host.sql(leased) == "1"
    later = accounting("Start", session="later", Framed_IP_Address="10.99.0.1", NAS_Port="7")
    assert host.ask(later, "acct", wait=9).startswith("Accounting-Response")
    host.host.sh(upkeep)
    assert host.sql(leased) == "0"


def test_a_database_on_another_host_has_to_be_verified(host):
    refused = host.module(**{**SETTINGS, "database": {"host": "192.0.2.1", "password": "x"}})
    assert refused["msg"].startswith("database.ca: is missing")
    away = {"host": "127.0.0.2", "password": "secret-of-db", "ca": "/etc/ssl/certs/ca-certificates.crt", "port": 1}
    failed = host.module(**{**SETTINGS, "database": away})
    assert failed["msg"].startswith("database: 127.0.0.2 cannot be used")
    assert "secret-of-db" not in str(failed)


def test_a_backup_is_restored(centre):
    host = centre()
    host.sql("INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress) VALUES (1, 1, 'ann', '::1')")
    dump = f"{radius_centre.SERVICE} pg_dump -Fc -f /run/radius.dump service=pppoe_radius"
    host.host.sh(f"umask 077; {dump}")
    host.sql("TRUNCATE radcheck, radacct, radippool")
    host.host.sh(
        f"{radius_centre.SERVICE} pg_restore --clean --if-exists --single-transaction --exit-on-error"
        " -d service=pppoe_radius /run/radius.dump"
    )
    assert host.sql("SELECT username FROM radacct") == "ann"
    assert host.ask(ANN).startswith("Access-Accept")
    assert host.module(**SETTINGS)["changed"] is False


def test_a_centre_is_removed_but_its_database_stays(host):
    host.stop()
    host.module(**SETTINGS)
    files = "ls -d /etc/freeradius/* /etc/systemd/system/*radius* 2>/dev/null"
    assert "pppoe-radius" in host.host.sh(files)
    before = host.etc()
    assert host.module(check=True, state="absent")["changed"]
    assert host.etc() == before
    done = host.module(state="absent")
    assert done["changed"]
    assert "secret-of" not in str(done)
    assert host.host.sh(files, check=False).split() == ["/etc/freeradius/3.0"]
    assert host.module(state="absent")["changed"] is False
    # It is there again with what the database has.
    assert host.module(**SETTINGS)["database"]["addresses_added"] == 0
