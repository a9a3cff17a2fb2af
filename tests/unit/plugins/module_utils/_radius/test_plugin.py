from __future__ import annotations

import re

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _dictionary as _radius_dictionary
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _plugin as _radius_plugin

CLIENT = _radius_plugin.client_file("bras1")


def test_the_file_is_as_the_plugin_reads_it():
    assert _radius_plugin.grammar_problem(CLIENT) is None
    assert "nas_identifier bras1\n" in CLIENT


def test_pppd_talks_to_its_own_host_and_waits_longer_than_freeradius_does():
    assert re.findall(r"^(?:auth|acct)server (.*):", CLIENT, re.M) == ["127.0.0.1", "127.0.0.1"]
    assert int(re.search(r"^radius_timeout (\d+)$", CLIENT, re.M)[1]) > 3


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("radius_retries 2\n", "radius_retries 2", "last character"),
        ("radius_retries 2", "radius_retries 2 ", "blank at an end"),
        ("radius_retries 2", "radius_retries 0", "not a number above 0"),
        ("radius_retries 2", "radius_retries", "has no value"),
        ("radius_retries 2", "radius_retries  2", "more than one blank"),
        ("radius_retries 2\n", "", "radius_retries is missing"),
        ("radius_retries 2", "radius_retry 2", "no option radius_retry"),
        ("authserver 127", "authserver 127.0.0.1:1\nauthserver 127", "twice"),
        ("authserver 127.0.0.1:21812", "authserver 127.0.0.1", "not a server and port"),
        ("authserver 127.0.0.1:21812", "authserver " + ",".join(["127.0.0.1:1"] * 9), "more than 8"),
        ("auth_order radius", "auth_order guess", "unknown order"),
        ("nas_identifier bras1", "nas_identifier " + "x" * 600, "longer than"),
    ],
)
def test_what_the_plugin_would_read_otherwise(before, after, said):
    assert before in CLIENT
    assert said in _radius_plugin.grammar_problem(CLIENT.replace(before, after))


def test_the_secret_of_the_host_stays():
    text = _radius_plugin.servers_file("a" * 32)
    assert _radius_plugin.secret_of(text) == "a" * 32


@pytest.mark.parametrize("text", [None, "", "127.0.0.1 short\n", "127.0.0.1 " + "a" * 49, "192.0.2.1 " + "a" * 32])
def test_another_secret_is_made_anew(text):
    assert _radius_plugin.secret_of(text) is None


def test_the_lines_of_the_dictionary_are_as_the_plugin_reads_them():
    kinds = "string|integer|ipaddr|date|ifid|ipv6addr|ipv6prefix"
    vendors = set()
    for line in _radius_dictionary.text().splitlines()[1:]:
        if line.startswith("VENDOR "):
            vendors.add(re.fullmatch(r"VENDOR (\S{1,32}) \d+", line)[1])
            continue
        match = re.fullmatch(rf"ATTRIBUTE \S{{1,32}} \d+ (?:{kinds})(?: (\S+))?|VALUE \S{{1,32}} \S{{1,32}} \d+", line)
        assert match, line
        assert match[1] is None or match[1] in vendors


def test_no_attribute_is_there_twice():
    names = _radius_dictionary.names()
    assert len(names) == len(set(names))
    assert {"Framed-Route", "Filter-Id", "WISPr-Bandwidth-Max-Down", "Mikrotik-Rate-Limit"} <= set(names)


@pytest.mark.parametrize(("ac_name", "shown"), [(None, "-"), ("bras1", "bras1")])
def test_the_options_of_an_instance(ac_name, shown):
    lines = _radius_plugin.option_lines(ac_name)
    assert lines.index("plugin radius.so") < lines.index("plugin radattr.so")
    assert f"set DIALTONE_RADIUS={shown}" in lines


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        ("pppd 10.0.0.1:10.0.0.2 file /etc/ppp/pppoe-server/default.options avpair Acct-Multi-Session-Id=1", True),
        # Its instance has been removed: nobody keeps it.
        ("pppd 10.0.0.1:10.0.0.2 file /etc/ppp/pppoe-server/gone.options avpair Acct-Multi-Session-Id=1", False),
        ("pppd 10.0.0.1:10.0.0.2 file /etc/ppp/pppoe-server/default.options", False),
    ],
)
def test_sessions_that_report_to_radius(words, counts):
    process = _processes.Process(7, 1, tuple(words.split()))
    exists = {"/etc/ppp/pppoe-server/default.options"}.__contains__
    assert _radius_plugin.sessions([process], exists) == ([7] if counts else [])
