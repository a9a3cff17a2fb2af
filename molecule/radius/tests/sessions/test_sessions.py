"""What customers get by RADIUS, what is recorded of them, and who may end their sessions."""

from __future__ import annotations

import re

import pytest

testinfra_hosts = ["ansible://pppoe_servers"]


def test_a_session_is_as_radius_says(concentrator, until):
    # One of the two concentrators finds out now that the first of its servers is away, which costs one attempt.
    # A pppd that ends while its successor begins may take the file of the same interface with it.
    concentrator.hang_up(1)
    (customer,) = concentrator.dial(1, "fixed", redial=1)
    assert customer["address"] == "10.20.0.5"
    assert customer["dns"][:1] == ["9.9.9.9"]
    host = concentrator.host

    # A customer who has dialled again gets them on its new link.
    def has_routes():
        shown = host.check_output(f"ip -4 route show dev {concentrator.interface('10.20.0.5')}")
        return re.findall(r"^(10\.30\.\S+)", shown, re.M) == ["10.30.0.0/24", "10.30.1.0/24"]

    assert until(has_routes, 30)
    name = concentrator.interface("10.20.0.5")
    assert " mtu 1400 " in host.check_output(f"ip -o link show {name}")
    known = host.check_output(f"cat /run/radattr.{name}").splitlines()
    assert {"Filter-Id 2000/1000", "Framed-Route 10.30.1.0/24 0.0.0.0 1"} <= set(known)


def test_ipv6_prefixes_are_as_radius_says(concentrator):
    concentrator.dial(60, "six", ipv6="true")
    (customer,) = concentrator.customers("wait_for_prefixes", first=60, count=1, seconds=60)
    expected = ("2001:db8:7:1::/64", "2001:db8:8::/48")
    assert (customer["ipv6"]["framed"], customer["ipv6"]["delegated"]) == expected
    concentrator.hang_up(60)


def test_its_row_says_who_and_where(concentrator, until):
    columns = (
        "acctsessionid, nasportid, callingstationid, calledstationid, host(framedipaddress), nasporttype, acctstoptime"
    )

    # Other tests have let the same account dial, and the customer dials again where the first server is away: in the
    # end one row is open, that of the session which is up.
    def row_of_now():
        rows = [row for row in concentrator.rows("fixed", columns) if not row[-1]]
        port = f"eth1:{concentrator.status(1)['session_id']}"
        return rows if [row[1] for row in rows] == [port] else []

    (row,) = until(row_of_now, 60)
    session, _port, mac, called, address, kind, stop = row
    customer = concentrator.status(1)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", session)
    assert mac == customer["mac"]
    assert called.split(":")[0] == customer["ac_name"]
    assert (address, kind, stop) == ("10.20.0.5", "Ethernet", "")


def test_addresses_of_radius_take_none_of_the_pool(concentrator):
    """The pool has two, and three customers are up beside the first when these two come."""
    homes = [
        concentrator.dial(10 + number, name)[0]["address"] for number, name in enumerate(("home", "home2", "home3"))
    ]
    assert len(set(homes)) == 3
    assert all(address.startswith("10.20.1.") for address in homes)
    local = [concentrator.dial(number, name)[0]["address"] for number, name in ((20, "local"), (21, "local2"))]
    assert sorted(local) == ["10.10.0.2", "10.10.0.3"]


def test_without_an_address_of_either_there_is_no_session(concentrator):
    concentrator.dial(22, "local3", state="ended")
    assert "RADIUS has given it no address" in concentrator.host.file("/run/pppoe-server/refused").content_string
    concentrator.hang_up(20, 2)


def test_a_pool_of_the_concentrator(concentrator):
    (customer,) = concentrator.dial(39, "firm")
    assert customer["address"].startswith("10.40.0.")
    concentrator.hang_up(39)
    (customer,) = concentrator.dial(39, "lost", state="ended")
    assert "There is no pool nothing at this server" in customer["message"]


def test_an_account_of_a_server_by_hand(concentrator):
    """adopt has read it in a file of the server, and the run has moved it to the centres."""
    (customer,) = concentrator.dial(40, "before")
    assert customer["address"] == "10.20.0.9"
    concentrator.hang_up(40)


def test_radsec(concentrator):
    """One of the two has all its answers by TLS."""
    connections = concentrator.host.check_output("ss -Htn state established '( dport = :2083 )'")
    assert bool(connections) is (concentrator.suite == "trixie")


def test_the_server_itself_knows_who_had_an_address(concentrator, until):
    (customer,) = concentrator.dial(41, "any")
    concentrator.hang_up(41)

    def ended():
        found = concentrator.history(customer["mac"])
        return found if found and found[0]["cause"] else []

    (session,) = until(ended, 30)
    assert {
        "account": "any",
        "address": customer["address"],
        "device": "eth1",
        "session_id": customer["session_id"],
        "cause": "User-Request",
        "source": "server",
    }.items() <= session.items()
    assert session["start"] <= session["stop"]
    assert session["bytes_in"] > 0


def test_addresses_and_routes_of_radius_are_masqueraded(concentrator):
    rules = concentrator.host.check_output("iptables-legacy-save -t nat")
    assert all(f"-A POSTROUTING -s {network} -o eth0 " in rules for network in ("10.20.0.0/16", "10.30.0.0/16"))


def test_nobody_has_an_address_that_is_another_s(concentrator):
    for number, name in ((30, "twice"), (31, f"host-{concentrator.suite}")):
        concentrator.dial(number, name, state="ended")
    assert concentrator.status(1)["state"] == "up"
    said = concentrator.host.file("/run/pppoe-server/refused").content_string
    assert "10.20.0.5 belongs to the session" in said
    assert f"{concentrator.address} is an address of this host" in said


def test_nobody_chooses_his_own_address(concentrator):
    (customer,) = concentrator.dial(32, "any", address="10.20.0.99")
    assert customer["address"] in ("10.10.0.2", "10.10.0.3")
    concentrator.hang_up(32)


def test_a_wrong_password_and_a_message_for_terminals(concentrator):
    (refused,) = concentrator.dial(33, "fixed", secret="wrong", state="ended")
    assert refused["reason"].startswith("authentication")
    # The role refuses it, but not every centre is made by it.
    message = "(username, attribute, op, value) VALUES ('colours', 'Reply-Message', ':=', E'\\x1b[31mred')"
    concentrator.query(f"INSERT INTO radreply {message}")
    (customer,) = concentrator.dial(34, "colours")
    assert "\x1b" not in customer["message"]
    concentrator.hang_up(34)


def test_an_attribute_that_nobody_knows_is_no_harm(concentrator):
    values = "VALUES ('unknown', 'Attr-26.99999.1', ':=', '0x626c7565'), ('unknown', 'Filter-Id', ':=', 'gold')"
    concentrator.query(f"INSERT INTO radreply (username, attribute, op, value) {values}")
    concentrator.dial(36, "unknown")
    concentrator.hang_up(36)


def test_a_session_that_ends_slowly_leaves_the_next_one_its_attributes(concentrator, until):
    """pppd gives back its unit when the link goes down, and removes its file of attributes after the last script."""
    host, script = concentrator.host, "/etc/ppp/ip-down.d/slow"
    waits = "for i in $(seq 600); do [ -e /run/slow ] || exit; sleep 0.1; done"
    host.check_output(f"touch /run/slow; printf '#!/bin/sh\\n{waits}\\n' >{script}; chmod 755 {script}")
    try:
        name = concentrator.interface(concentrator.dial(37, "colours")[0]["address"])
        pid = host.check_output(f"head -1 /run/{name}.pid")
        # With a PADT, pppoe-server would send pppd a signal, upon which it waits for no script.
        concentrator.customers("hang_up", first=37, count=1, how="vanish")
        host.check_output(f"kill {pid}")
        assert until(lambda: not host.file(f"/sys/class/net/{name}").exists, 30)
        address = concentrator.dial(38, "unknown")[0]["address"]
        assert host.file(f"/proc/{pid}").exists
        host.check_output("rm /run/slow")
        assert until(lambda: not host.file(f"/proc/{pid}").exists, 30)
        assert host.file(f"/run/radattr.{concentrator.interface(address)}").exists
    finally:
        host.check_output(f"rm -f {script} /run/slow")
    concentrator.hang_up(38)


def test_a_session_has_its_time(concentrator, until):
    limits = {"short": "Session-Timeout", "idle": "Idle-Timeout"}
    for number, name in enumerate(limits, 35):
        concentrator.dial(number, name)
    concentrator.wait(35, 2, state="ended")
    for name, cause in limits.items():
        assert until(lambda name=name: [row for row in concentrator.rows(name) if row[1] == "f"], 30)[0][2] == cause


def test_a_new_session_replaces_the_former(concentrator, until):
    concentrator.dial(13, "home")
    assert until(lambda: concentrator.status(10)["state"] == "ended", 30)
    assert until(lambda: [row[1] for row in concentrator.rows("home")][-2:] == ["f", "t"], 30)
    assert concentrator.status(13)["state"] == "up"


def test_a_billing_system_ends_one_session(concentrator, until):
    session = next(row[0] for row in concentrator.rows("home2") if row[1] == "t")
    address = concentrator.status(12)["address"]
    for number, attributes in (
        (11, f"Acct-Session-Id={session}"),
        (12, f"Framed-IP-Address={address}"),
        (13, "User-Name=home"),
    ):
        assert concentrator.status(number)["state"] == "up"
        assert "Disconnect-ACK" in concentrator.radius(attributes)
        concentrator.wait(number, state="ended")
        assert concentrator.status(1)["state"] == "up"
    assert until(
        lambda: {row[1] for name in ("home", "home2", "home3") for row in concentrator.rows(name)} == {"f"}, 30
    )


def test_a_request_that_names_none_ends_none(concentrator):
    for attributes, cause in (
        ("User-Name=nobody", "Session-Context-Not-Found"),
        ("User-Name=fixed,Framed-IP-Address=10.20.0.6", "Session-Context-Not-Found"),
        ("NAS-Port=1", "Session-Context-Not-Found"),
    ):
        answer = concentrator.radius(attributes)
        assert "Disconnect-NAK" in answer
        assert cause in answer
    assert concentrator.status(1)["state"] == "up"


def rates(concentrator) -> str:
    name = concentrator.interface("10.20.0.5")
    return concentrator.host.file(f"/sys/class/net/{name}/ifalias").content_string


def test_a_billing_system_changes_the_rates_of_a_session(concentrator, until):
    """At once, without an end of the session or a packet lost; what cannot be changed is not said to be."""
    concentrator.customers("ping", first=1, count=1, interval=0.02)
    assert "CoA-ACK" in concentrator.radius("User-Name=fixed,Filter-Id=5000/3000", kind="coa")
    assert "download=5000000 upload=3000000" in rates(concentrator)
    name = concentrator.interface("10.20.0.5")
    assert "Filter-Id 5000/3000" in concentrator.host.file(f"/run/radattr.{name}").content_string
    assert "rate 5Mbit" in concentrator.host.check_output(f"tc qdisc show dev {name}")
    for attributes, cause in (
        ("User-Name=nobody,Filter-Id=1000/500", "Session-Context-Not-Found"),
        ("User-Name=fixed,Filter-Id=gold", "Invalid-Attribute-Value"),
        ("User-Name=fixed,Mikrotik-Rate-Limit=1M/1M", "Missing-Attribute"),
        ("User-Name=fixed,Filter-Id=1000/500,Session-Timeout=60", "Unsupported-Attribute"),
    ):
        answer = concentrator.radius(attributes, kind="coa")
        assert "CoA-NAK" in answer
        assert cause in answer
    assert "Received" not in concentrator.radius("User-Name=fixed,Filter-Id=1000/500", secret="wrong", kind="coa")
    assert "download=5000000 upload=3000000" in rates(concentrator)
    assert concentrator.status(1)["state"] == "up"
    assert "CoA-ACK" in concentrator.radius("User-Name=fixed,Filter-Id=2000/1000", kind="coa")
    concentrator.customers("stop_pings", first=1, count=1)
    assert until(lambda: (pings := concentrator.status(1)["pings"])["answered"] == pings["sent"] > 50, 30)


def test_a_wrong_secret_does_nothing_and_is_logged(concentrator):
    assert "Received" not in concentrator.radius("User-Name=fixed", secret="wrong")
    assert concentrator.status(1)["state"] == "up"
    assert re.search("(Disconnect|CoA)-Request .*Shared secret is incorrect", concentrator.log("pppoe-server-radius"))


def test_a_session_ends_by_its_account(concentrator, until):
    concentrator.dial(14, "home")
    result = concentrator.host.ansible("dialtone.pppoe.pppoe_session", "state=absent username=home", check=False)
    assert result["count"] == 1
    concentrator.wait(14, state="ended")
    assert until(lambda: {row[1] for row in concentrator.rows("home")} == {"f"}, 30)


@pytest.mark.parametrize(
    ("method", "secret", "answer"),
    [
        ("mschap-v2", "pw", 'CHAP Success id=0x[0-9a-f]+ "S='),
        ("pap", "pw", "PAP AuthAck"),
        ("pap", "other", "PAP AuthNak"),
    ],
)
def test_a_hash_in_the_database_is_enough_for(concentrator, method, secret, answer):
    """pppd asks as in an instance with this authentication; its client is another pppd, at a pseudo-terminal."""
    # The NT hash of pw.
    values = "VALUES ('hashed', 'NT-Password', ':=', '8cc19b6a8cfeac299c2871c86b38de28')"
    concentrator.query("DELETE FROM radcheck WHERE username = 'hashed'")
    concentrator.query(f"INSERT INTO radcheck (username, attribute, op, value) {values}")
    server = (
        f"nodetach debug auth require-{method} 10.99.0.1:10.99.0.2 maxconnect 1 plugin radius.so"
        " radius-config-file /etc/ppp/pppoe-server-radius/client.conf"
    )
    client = f"pppd notty nodetach noauth user hashed password {secret} nodefaultroute"
    said = concentrator.host.run(f"timeout 30 pppd {server} pty '{client}'").stdout
    assert re.search(rf"sent \[{answer}", said), said
