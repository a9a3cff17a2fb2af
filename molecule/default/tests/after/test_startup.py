"""The units run, and start at boot."""

testinfra_hosts = ["ansible://pppoe_servers", "ansible://pppoe_clients"]


def test_the_server_runs_and_starts_at_boot(host):
    if "pppoe_servers" in host.ansible.get_variables()["group_names"]:
        unit = host.service("pppoe-server@default.service")
        assert unit.is_running
    else:
        unit = host.service("pppoe-client@uplink.service")
    assert unit.is_enabled


def test_no_unit_has_failed(host):
    assert host.check_output("systemctl --failed --no-legend") == ""
