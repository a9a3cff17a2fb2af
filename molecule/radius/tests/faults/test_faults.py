"""What goes wrong between a concentrator and its centre. Customers who are connected notice nothing."""

from __future__ import annotations

import json
import re

import pytest

testinfra_hosts = ["ansible://pppoe_servers"]


@pytest.fixture
def away(concentrator):
    """``away(unit)``: a service of the centre is away, until the test ends or ``come_back`` is called."""
    units = []

    class Away:
        def __call__(self, unit):
            concentrator.centre.check_output(f"systemctl stop {unit}")
            units.append(unit)

        def come_back(self):
            while units:
                concentrator.centre.check_output(f"systemctl start {units.pop()}")

    gone = Away()
    yield gone
    gone.come_back()


def waiting(concentrator) -> str:
    return concentrator.host.check_output("cat /var/lib/pppoe-server-radius/detail* 2>/dev/null || true")


def test_the_centre_is_away(concentrator, away, until):
    """A login fails with the reason, and records wait and come later: each once, with the time when it happened."""
    concentrator.hang_up(1)
    concentrator.dial(1, "fixed", redial=1)
    concentrator.dial(40, "home")
    before, ups = len(concentrator.rows("home")), concentrator.status(1)["ups"]
    assert until(lambda: any(row[1] == "t" for row in concentrator.rows("home")), 30)
    away("freeradius")
    (refused,) = concentrator.dial(41, "home2", state="ended")
    assert refused["reason"].startswith("authentication")
    assert "No RADIUS server answers" in refused["message"] + refused["reason"]
    concentrator.hang_up(40)
    stopped = int(concentrator.host.check_output("date +%s"))
    assert until(lambda: "Acct-Status-Type = Stop" in waiting(concentrator), 15)
    assert concentrator.status(1)["state"] == "up"
    away.come_back()
    assert until(lambda: not waiting(concentrator), 90) is True
    rows = concentrator.rows("home", "acctstoptime IS NULL, EXTRACT(EPOCH FROM acctstoptime)::bigint")
    assert len(rows) in (before, before + 1)
    assert [row[0] for row in rows] == ["f"] * len(rows)
    assert abs(int(rows[-1][1]) - stopped) <= 6
    assert concentrator.status(1)["state"] == "up"
    assert concentrator.status(1)["ups"] == ups


def test_the_database_is_away(concentrator, away):
    """That is no wrong password, and the next login is right again."""
    away("postgresql")
    (refused,) = concentrator.dial(42, "home2", state="ended")
    assert "No RADIUS server answers" in refused["message"] + refused["reason"]
    away.come_back()
    concentrator.dial(42, "home2", redial=1)
    assert concentrator.status(1)["state"] == "up"
    concentrator.hang_up(42)


def test_a_secret_that_differs_is_named(concentrator):
    """By the centre, which knows the one concentrator by its certificate only."""
    server = {"bookworm": "192.168.5.21", "trixie": "192.168.5.20"}[concentrator.suite]
    arguments = json.dumps({"servers": [{"address": server, "secret": "other"}]})
    result = concentrator.host.ansible("dialtone.pppoe.pppoe_server_radius", arguments, check=True)
    assert result["servers"][0]["answers"] is False
    said = concentrator.centre.file("/var/log/freeradius/radius.log").content_string
    cause = {
        "bookworm": "(Shared secret is incorrect.) (from client server-bookworm)",
        "trixie": "unknown client 192.168.5.110",
    }
    assert cause[concentrator.suite] in said


def test_a_pppd_is_killed(concentrator, until):
    """Its customer dials again and has address and routes; the centre closes the row in time."""
    pid = concentrator.host.check_output(f"head -1 /run/{concentrator.interface('10.20.0.5')}.pid")
    # The centre may not have heard of this session yet, after an outage.
    words = concentrator.host.check_output(f"tr '\\0' '\\n' </proc/{pid}/cmdline")
    killed = re.search("^Acct-Multi-Session-Id=(.*)$", words, re.M)[1]
    assert until(lambda: [killed, "t", ""] in concentrator.rows("fixed"), 60)
    ups = concentrator.status(1)["ups"]
    concentrator.host.check_output(f"kill -9 {pid}")
    assert until(lambda: concentrator.status(1)["ups"] > ups and concentrator.status(1)["state"] == "up", 90)
    assert concentrator.status(1)["address"] == "10.20.0.5"

    def routes():
        shown = concentrator.host.check_output("ip -4 route show")
        return re.findall(r"^(10\.(?:30|20)\.\S+)", shown, re.M)

    assert until(lambda: sorted(routes()) == ["10.20.0.5", "10.30.0.0/24", "10.30.1.0/24"], 30), routes()
    assert until(lambda: concentrator.rows("fixed")[-1][0] != killed, 30)
    age = "UPDATE radacct SET acctupdatetime = now() - interval '2 h' WHERE acctstoptime IS NULL AND acctsessionid ="
    concentrator.query(f"{age} '{killed}'")
    concentrator.centre.check_output("systemctl start pppoe-radius-upkeep.service")
    ended = {row[0]: row[1:] for row in concentrator.rows("fixed")}
    assert ended.pop(killed) == ["f", "Stale"]
    assert "t" in {row[0] for row in ended.values()}


def test_a_concentrator_loses_its_power(concentrator, lab, until):
    """Its sessions are closed in the books once it is back, and customers dial again."""
    assert [row[1] for row in concentrator.rows("fixed")][-1] == "t"
    session, now = concentrator.status(1), concentrator.host.check_output("date -u +%FT%TZ")
    name = f"server-{concentrator.suite}"
    lab("kill", name)
    concentrator.customers("hang_up", first=1, count=1, how="vanish")
    lab("start", name)
    assert until(lambda: concentrator.rows("fixed")[-1][1:] == ["f", "NAS-Reboot"], 120)
    assert until(lambda: "active" in concentrator.host.run("systemctl is-active pppoe-server@default").stdout, 60)
    (customer,) = concentrator.dial(1, "fixed", redial=1)
    assert customer["address"] == "10.20.0.5"
    assert until(lambda: concentrator.rows("fixed")[-1][1] == "t", 30)

    # Its own records have lost none of them, either.
    def recorded():
        found = concentrator.history(session["mac"])
        return [one for one in found if one["session_id"] == session["session_id"] and one["cause"] == "boot"]

    (record,) = until(recorded, 30)
    assert (record["account"], record["address"]) == ("fixed", "10.20.0.5")
    assert record["start"] <= record["stop"] <= now
