"""What starts them at boot: a unit, or after the scenario has switched over, rc.local."""

testinfra_hosts = ["ansible://pppoe_servers", "ansible://pppoe_clients"]


def test_what_starts_it_at_boot(host):
    if "pppoe_servers" in host.ansible.get_variables()["group_names"]:
        unit, words = "pppoe-server@default.service", "pppoe-server-instance start default eth1 -- "
    else:
        unit, words = "pppoe-client@uplink.service", "uplink"
    if host.file(f"/etc/systemd/system/{unit}").exists:
        assert host.service(unit).is_running
        assert host.service(unit).is_enabled
        assert not host.file("/etc/rc.local").exists
    else:
        script = host.file("/etc/rc.local")
        assert script.mode & 0o111
        assert words in script.content_string


def test_no_unit_has_failed(host):
    assert host.check_output("systemctl --failed --no-legend") == ""
