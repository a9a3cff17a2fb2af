"""What the guide checks on the client before it dials."""

testinfra_hosts = ["ansible://pppoe_clients"]


def test_the_server_answers(host):
    assert host.run("ping -c 1 -W 5 192.168.10.109").succeeded


def test_the_internet_is_unreachable(host):
    ping = host.run("ping -c 1 -W 5 192.168.5.1")
    assert ping.failed
    assert "Network is unreachable" in ping.stdout + ping.stderr
