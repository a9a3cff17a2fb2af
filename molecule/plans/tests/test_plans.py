"""After the first run, the sessions have the rates of their plan."""

from __future__ import annotations

import json

testinfra_hosts = ["ansible://pppoe_servers"]


def test_a_session_has_the_rates_of_its_plan(host):
    link = json.loads(host.check_output("ip -j link show ppp0"))[0]
    assert link["ifalias"] == "dialtone.pppoe plan home download=10000000 upload=10000000 fq_codel police"
    qdiscs = host.check_output("tc qdisc show dev ppp0")
    assert "tbf 1: root" in qdiscs
    assert "rate 10Mbit burst 12500b" in qdiscs
    assert "fq_codel 10: parent 1:" in qdiscs
    assert "police" in host.check_output("tc filter show dev ppp0 ingress")


def test_pppd_waits_for_the_rates(host):
    """By an option of its own since 2.5, and by a script in ip-pre-up.d before."""
    hook = host.file("/etc/ppp/ip-pre-up.d/0dialtone-plans").exists
    command = host.check_output("tr '\\0' ' ' </proc/$(cat /run/ppp0.pid)/cmdline")
    assert hook != ("ip-pre-up-script /usr/local/libexec/dialtone-pppoe/pppoe-server-pre-up" in command)
    assert "set DIALTONE_PLANS=only" in command
