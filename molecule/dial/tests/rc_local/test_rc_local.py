"""With start-up by rc.local, nothing of ours is left to systemd."""

testinfra_hosts = ["ansible://pppoe_servers", "ansible://pppoe_clients"]


def test_no_unit(host):
    # It exits with 1 where it finds none.
    assert host.run("systemctl list-unit-files --no-legend 'pppoe-*' 'dialtone-pppoe-*'").stdout == ""
