"""BIRD's configuration: read by BIRD where it is installed, and what becomes of the administrator's own."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _bird, _settings

OWN = "/etc/bird/pppoe-server.conf"
PARAMETERS = {
    "engine": "bird",
    "table": 88,
    "router_id": "192.0.2.9",
    "ipv6": False,
    "ospf": None,
    "bgp": None,
    "aggregates": [],
    "proxy_arp": [],
}
OSPF = {"interfaces": ["eth0"], "area": "0", "hello": 10, "dead": None, "password": None}
NEIGHBOR = {"address": "192.0.2.1", "as_number": None, "password": None}
BGP = {"as_number": 65001, "neighbors": [NEIGHBOR]}
MANY = {"as_number": 65001, "neighbors": [NEIGHBOR, {**NEIGHBOR, "address": "2001:db8::1", "as_number": 65002}]}
EVERYTHING = {
    "ipv6": True,
    "ospf": {**OSPF, "password": "s3cret", "interfaces": ["eth0", "eth2.7"], "area": "0.0.0.7"},
    "bgp": {**MANY, "neighbors": [{**one, "password": "s3cret"} for one in MANY["neighbors"]]},
    "aggregates": ["198.51.100.0/24", "203.0.113.0/24", "2001:db8:1::/48"],
}


def made(**more):
    return _settings.settings({**PARAMETERS, **more})


@pytest.mark.parametrize("more", [{}, {"ospf": OSPF}, {"bgp": BGP}, {"ipv6": True, "bgp": MANY}, EVERYTHING])
def test_bird_reads_it(tmp_path, more):
    if shutil.which("bird") is None:
        pytest.skip("bird is not installed")
    (tmp_path / "own.conf").write_text(_bird.text(made(**more)))
    main = _bird.included("router id 192.0.2.9;\nprotocol device {}\n", str(tmp_path / "own.conf"))
    (tmp_path / "bird.conf").write_text(main)
    done = subprocess.run(["bird", "-p", "-c", tmp_path / "bird.conf"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_whole_text():
    text = _bird.text(made(ospf=OSPF, aggregates=["198.51.100.0/24"])).splitlines()[1:]
    digest = _bird.digest(made(ospf=OSPF, aggregates=["198.51.100.0/24"]))
    assert text == [
        "ipv4 table pppoe_server_customers4;",
        "protocol kernel pppoe_server_kernel4 {",
        f'  description "dialtone.pppoe {digest}";',
        "  kernel table 88;",
        "  learn;",
        "  ipv4 { table pppoe_server_customers4; import all; export none; };",
        "}",
        "protocol static pppoe_server_static4 {",
        "  ipv4 { table pppoe_server_customers4; };",
        "  route 198.51.100.0/24 unreachable;",
        "}",
        "filter pppoe_server_to_ospf4 {",
        "  if source = RTS_STATIC then { ospf_metric2 = 1; accept; }",
        "  if net ~ [ 198.51.100.0/24+ ] then reject;",
        "  if source != RTS_INHERIT then reject;",
        "  ospf_metric2 = krt_metric;",
        "  accept;",
        "}",
        "protocol ospf v2 pppoe_server_ospf4 {",
        "  router id 192.0.2.9;",
        "  ipv4 { table pppoe_server_customers4; import none; export filter pppoe_server_to_ospf4; };",
        "  area 0.0.0.0 {",
        '    interface "eth0" {',
        "      hello 10;",
        "      dead 40;",
        "    };",
        "  };",
        "}",
    ]


def test_the_mark_says_which_text_it_is_and_nothing_of_passwords():
    marks = [_bird.digest(made(**more)) for more in ({}, {"table": 7}, {"ospf": OSPF}, {"bgp": BGP}, EVERYTHING)]
    assert len(set(marks)) == 5
    other = {**EVERYTHING, "ospf": {**EVERYTHING["ospf"], "password": "another"}}
    assert _bird.digest(made(**other)) == marks[-1]


def test_its_protocols():
    assert _bird.names(made(**EVERYTHING)) == [
        f"pppoe_server_{name}"
        for name in ("kernel4", "static4", "ospf4", "bgp1", "kernel6", "static6", "ospf6", "bgp2")
    ]


@pytest.mark.parametrize("main", ["", "protocol device {}\n", "protocol device {}", f'# include "{OWN}";\n'])
def test_there_and_back(main):
    with_ours = _bird.included(main, OWN)
    assert with_ours.startswith(main)
    assert with_ours.count("\n") - main.count("\n") <= 2
    assert _bird.included(with_ours, OWN) == with_ours
    assert _bird.not_included(with_ours, OWN).rstrip("\n") == main.rstrip("\n")


def test_other_includes_stay_and_ours_keeps_its_place():
    main = f'include "/etc/bird/other.conf";\n  include "{OWN}";\nprotocol device {{}}\n'
    assert _bird.included(main, OWN) == main
    assert _bird.not_included(main, OWN) == 'include "/etc/bird/other.conf";\nprotocol device {}\n'


@pytest.mark.parametrize(
    ("main", "has"), [("router id 1.2.3.4;", True), ("  router  id 1;", True), ("# router id 1;", False), ("", False)]
)
def test_own_statements(main, has):
    assert _bird.has_own(main, "router id") is has


ANSWER = """\
BIRD 2.17.1 ready.
Name       Proto      Table      State  Since         Info
device1    Device     ---        up     09:12:14.091
pppoe_server_kernel4 Kernel     pppoe_server_customers4 up     2026-11-28 09:12:14
pppoe_server_ospf4 OSPF       pppoe_server_customers4 up     09:12:14.091  Running
pppoe_server_bgp1 BGP        ---        start  2026-11-28    Active        Socket: Connection refused
"""


def test_what_bird_answers():
    assert _bird.protocols(ANSWER) == [
        ("pppoe_server_kernel4", "Kernel", "up", ""),
        ("pppoe_server_ospf4", "OSPF", "up", "Running"),
        ("pppoe_server_bgp1", "BGP", "start", "Active Socket: Connection refused"),
    ]


def test_which_text_it_runs():
    assert _bird.running_digest("  Description:    dialtone.pppoe 0123456789abcdef\n") == "0123456789abcdef"
    assert _bird.running_digest("Unable to connect to server control socket\n") is None
