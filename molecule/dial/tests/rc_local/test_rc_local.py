"""With start-up by rc.local, nothing of ours is left to systemd."""

testinfra_hosts = ["ansible://pppoe_servers", "ansible://pppoe_clients"]


def test_no_unit(host):
    assert host.check_output("systemctl list-unit-files --no-legend 'pppoe-*' 'dialtone-pppoe-*'") == ""
