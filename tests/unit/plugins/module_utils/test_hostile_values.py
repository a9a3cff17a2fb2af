"""Whatever a value of the inventory is: it is refused, or what reads our files reads it as that one value.

The values are of two kinds: what means something to a shell, pppd, systemd or nft, and whatever the patterns in our own
code let through. The readers are a real shell with stand-ins for programs, and pppd's word reader as ``_words`` has it,
which the tests of the scenario ``dial`` hold against pppd itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _config as _client_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _options as _client_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _iptables_rules as _firewall_iptables_rules,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _nftables as _firewall_nftables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _request as _firewall_request
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _rules as _firewall_rules
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._capabilities import Pppd
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics as _server_metrics
from ansible_collections.dialtone.pppoe.tests.support import parameters
from ansible_collections.dialtone.pppoe.tests.support.programs import stand_in
from hypothesis import given, settings
from hypothesis import strategies as st

FRAGMENTS = [
    "$(touch broken)", "`touch broken`", ";touch broken;", "\n", "\r", "'", '"', "\\", "#", " ", "\t", "$HOME",
    "${IFS}", "%n", "%%", "%H", "*", "?", "~", "&", "|", "<", ">", "(", "{{ 1 }}", "-", "--", "@/etc/passwd", "noauth",
    "eth0", "accept", "}", "é", "\0", "\x1b[2J", ";", "!",
]  # fmt: skip
MEANT_FOR_HARM = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), min_size=1, max_size=4).map("".join)
DEBIAN_12 = _server_config.Capabilities(
    "/usr/sbin/pppoe-server", "3.15", frozenset("CFILNOQSkgq"), "/usr/sbin/pppd", "/p/pppoe.so", None
)
# systemd.service(5), "Command lines": none of these is special within a word, and the first word is a path of ours.
PLAIN_TO_SYSTEMD = re.compile(r"#.*|[][A-Za-z0-9 ._:@=+/,()-]*")


def means_what_it_says(unit: bytes | str, like: bytes | str) -> bool:
    """Whether systemd finds nothing special in a unit, which has as many lines as another of its kind."""
    lines, others = ((text.decode() if isinstance(text, bytes) else text).split("\n") for text in (unit, like))
    return len(lines) == len(others) and all(
        PLAIN_TO_SYSTEMD.fullmatch(line.removesuffix("$MAINPID")) for line in lines
    )


def like(*patterns: str | re.Pattern) -> st.SearchStrategy:
    """Values that a pattern of ours lets through, and values meant for harm."""
    return st.one_of(MEANT_FOR_HARM, *(st.from_regex(pattern, fullmatch=True) for pattern in patterns))


def run_by_sh(text: str, *programs: str) -> list[list[str]]:
    """Have a shell run the text with stand-ins for programs: their names and the words that each was given, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        for program in programs:
            path = Path(folder, os.path.basename(program))
            stand_in(path, f'#!/bin/sh\nprintf "%s\\0" "${{0##*/}}" "$@" >>{folder}/asked\necho >>{folder}/asked\n')
            text = text.replace(program, str(path)) if "/" in program else text
        environment = {"PATH": f"{folder}:/usr/bin:/bin", "HOME": "/root"}
        done = subprocess.run(
            ["sh", "-c", text + "\nwait\n"], cwd=folder, env=environment, capture_output=True, text=True, timeout=20
        )
        assert done.stderr == ""
        assert not Path(folder, "broken").exists()
        asked = Path(folder, "asked")
        return [line.split("\0")[:-1] for line in asked.read_text().split("\n")[:-1]] if asked.exists() else []


def server(**changes):
    return _server_config.instance(
        {**parameters.SERVER, "local_address": "10.0.0.1", "pool": ["10.0.0.2+20"], "lcp_echo_failure": 2, **changes}
    )


SERVER = {
    "name": like(_names.NAME).map(lambda value: {"name": value}),
    "interfaces": like(_names.INTERFACE).map(lambda value: {"interfaces": [value]}),
    "ac_name": like(_server_config.DISCOVERY_NAME).map(lambda value: {"ac_name": value}),
    "service_names": like(_server_config.DISCOVERY_NAME).map(lambda value: {"service_names": [value]}),
    "local_address": like(r"10\.0\.0\.1\s?").map(lambda value: {"local_address": value}),
    "pool": like(r"10\.0\.0\.2[-+/][0-9]{1,2}\s?").map(lambda value: {"pool": [value]}),
    "dns_servers": like(r"[0-9]\.8\.8\.8\s?").map(lambda value: {"dns_servers": [value]}),
    "reserved_addresses": like(r"10\.0\.0\.[0-9]\s?").map(lambda value: {"reserved_addresses": [value]}),
}


@pytest.mark.parametrize("parameter", SERVER)
def test_what_starts_a_server(parameter):
    @given(SERVER[parameter])
    @settings(max_examples=30)
    def holds(changes):
        try:
            wanted = server(**changes)
        except Refused:
            return
        how = _server_config.mode("auto", DEBIAN_12, wanted)
        command = _server_config.command(wanted, DEBIAN_12, how)
        expected = ["pppoe-server-instance", "start", wanted.name, *wanted.interfaces, "--", *command]
        text = "\n".join(_server_config.rc_local_lines(wanted, command))
        assert run_by_sh(text, _layout_server.INSTANCE) == [expected]
        assert means_what_it_says(*(_server_config.unit_file(each, command) for each in (wanted, server())))
        for word in _words.words(_server_config.options_file(wanted)):
            assert re.fullmatch(rb"[a-z0-9.+-]+", word)
        pool = _server_config.pool_file(wanted).decode()
        assert pool
        assert all(re.fullmatch(r"10\.0\.0\.\d+", line) for line in pool.splitlines())

    holds()


@given(st.lists(MEANT_FOR_HARM | st.sampled_from(["idle 600", "ipparam 'a b'", "nobsdcomp"]), max_size=3))
def test_an_option_of_a_server_is_what_pppd_reads_and_hides_no_other(lines):
    try:
        wanted = server(options=lines)
    except Refused:
        return
    asked = [word for line in lines for word in _words.words(line.encode("utf-8", "surrogatepass"))]
    read = _words.words(_server_config.options_file(wanted))
    assert read == _words.words(_server_config.options_file(server())) + asked
    assert b"noauth" not in read


DSL = {**parameters.CLIENT, "secret": "s"}
CLIENT = {
    "name": like(_names.CONNECTION),
    "interface": like(_names.INTERFACE_OR_ALIAS),
    "link_interface": like(_names.LINK),
    "username": MEANT_FOR_HARM,
    "ac_name": MEANT_FOR_HARM,
    "service_name": MEANT_FOR_HARM,
    "dns": like(r"fe80::1%.{1,4}", r"8\.8\.8\.[0-9]\s?"),
}


@pytest.mark.parametrize("parameter", CLIENT)
def test_what_starts_a_client(parameter):
    @given(CLIENT[parameter])
    @settings(max_examples=30)
    def holds(value):
        try:
            wanted = _client_options.connection({**DSL, parameter: value})
        except Refused:
            return
        marked = _client_options.connection({**DSL, parameter: {"dns": "8.8.8.7"}.get(parameter, "MARK")})
        meant = ",".join(wanted.dns).replace(",", " ") if parameter == "dns" else value
        read, expected = (_words.words(_client_config.peers_file(each, Pppd())) for each in (wanted, marked))
        mark = b"8.8.8.7" if parameter == "dns" else b"MARK"
        # An empty name is none at all.
        if meant or parameter not in ("ac_name", "service_name"):
            assert read == [word.replace(mark, meant.encode()) for word in expected]
        assert means_what_it_says(*(_client_config.unit_file(each) for each in (wanted, marked)))
        text = "\n".join(_client_config.background_lines(wanted)).replace("-ge 60", "-ge 0")
        options = _client_config.persistent(wanted)
        expected_words = _client_config.attempt(wanted, pauses=False, options=options)[1:]
        assert run_by_sh(text, _layout_client.ATTEMPT) == [["pppoe-client-attempt", *expected_words]]

    holds()


@given(like(_client_options._GROUP))
def test_the_group_of_a_polkit_rule(group):
    if _client_options._GROUP.match(group):
        rule, plain = (_client_config.rule_file("dsl", each).decode() for each in (group, "MARK"))
        assert rule == plain.replace("MARK", group)
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", group)


NAT = {
    "name": like(_names.NAME).map(lambda value: {"name": value}),
    "out_interface": like(_names.INTERFACE).map(lambda value: {"out_interface": value}),
    "source": like(r"10\.0\.0\.0(/24|-10\.0\.0\.9)\s?").map(lambda value: {"source": [value]}),
    "to_address": like(r"10\.0\.0\.[0-9]\s?").map(lambda value: {"to_address": value}),
    "port": like(_firewall_request.PORTS).map(lambda value: {"port": value}),
    "to_port": like(_firewall_request.PORTS).map(lambda value: {"to_port": value}),
}


@pytest.mark.parametrize("parameter", NAT)
def test_what_loads_rules_of_nat(parameter):
    @given(NAT[parameter])
    @settings(max_examples=30)
    def holds(changes):
        forward = {"protocol": "tcp", "port": "80", "to_address": "10.0.0.9", "to_port": None}
        forward.update({key: value for key, value in changes.items() if key in forward})
        asked = {"name": "default", "out_interface": "eth0", "source": ["10.0.0.0/24"], **changes}
        try:
            wanted = _firewall_request.request(
                asked["name"], asked["out_interface"], asked["source"], True, port_forwards=[forward]
            )
        except Refused:
            return
        rules = [_firewall_iptables_rules.render(rule) for rule in _firewall_rules.rules(wanted)]
        mark = _firewall_request.comment(wanted.owner)
        text = _firewall_iptables_rules.script("/usr/sbin/iptables", rules, mark)
        given_words = run_by_sh("set -- start\n" + text.replace('exit "$failed"', ""), "/usr/sbin/iptables")
        # Each is asked for with the comment first, and the stand-in says that it is there.
        ordered = [rule for rule in rules if not rule.first] + [rule for rule in rules if rule.first][::-1]
        assert given_words == [
            ["iptables", "-w", "-t", rule.table, "-C", rule.chain, *rule.spec(mark)] for rule in ordered
        ]
        for line in _firewall_nftables.rules(wanted):
            assert re.fullmatch(r'\t*[A-Za-z0-9 ."@_:;{}/,!=*-]*', line)
            assert line.count('"') in (0, 2, 4)
        plain = _firewall_request.request("default", "eth0", [], True)
        assert means_what_it_says(*(_firewall_boot.unit_text(each, []) for each in (wanted, plain)))

    holds()


@given(like(_names.NAME), like(_server_metrics._DIRECTORY))
def test_the_units_of_metrics(name, directory):
    try:
        _server_metrics.check(name, directory, 30)
    except Refused:
        return
    units = [_server_metrics.files(*each, 30, "/python3")[-2:] for each in ((name, directory), ("default", "/run"))]
    assert all(means_what_it_says(one.content, other.content) for one, other in zip(*units))
    assert re.search(rb"^ExecStart=(.*)$", units[0][0].content, re.M)[1].decode().split(" ")[1:] == [name, directory]
