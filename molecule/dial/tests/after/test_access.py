"""The server holds early packets of new sessions until its pppd listens, now and after a reboot."""

import json

testinfra_hosts = ["ansible://pppoe_servers"]


def test_pads_and_lcp_requests_take_the_detour(host):
    filters = json.loads(host.check_output("tc -j filter show dev eth1 egress"))
    actions = {
        (entry["pref"], action["kind"], action.get("to_dev"))
        for entry in filters
        for action in entry.get("options", {}).get("actions", [])
    }
    index = host.file("/sys/class/net/eth1/ifindex").content_string.strip()
    device = f"pppoe-hold{index}"
    assert actions == {(25180, "mirred", device), (25181, "mirred", device)}
    delays = {
        entry["parent"]: entry["options"].get("delay", {}).get("delay", 0)
        for entry in json.loads(host.check_output(f"tc -j qdisc show dev {device}"))
        if entry["kind"] == "netem"
    }
    assert 0.03 <= delays["1:1"] <= 0.3
    assert delays["1:2"] == 0


def test_session_data_does_not(host):
    """The interface has the root qdisc that the kernel gave it."""
    roots = [entry for entry in json.loads(host.check_output("tc -j qdisc show dev eth1")) if entry.get("root")]
    assert [entry["handle"] for entry in roots] == ["0:"]


def test_each_session_has_passed_it(host):
    """Each dial sends one PADS, and it went by the detour."""
    shown = host.check_output("tc -s filter show dev eth1 egress pref 25180")
    sent = [int(line.split()[3]) for line in shown.splitlines() if line.strip().startswith("Sent ")]
    assert sum(sent) >= 2
