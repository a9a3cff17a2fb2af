"""With start-up by rc.local, nothing of ours is left to systemd but the scope that keeps the daemon apart."""

testinfra_hosts = ["ansible://pppoe_servers", "ansible://pppoe_clients"]


def test_no_unit(host):
    # It exits with 1 where it finds none.
    units = host.run("systemctl list-unit-files --no-legend 'pppoe-*' 'dialtone-pppoe-*'").stdout.splitlines()
    assert [unit for unit in units if ".scope transient" not in unit] == []
