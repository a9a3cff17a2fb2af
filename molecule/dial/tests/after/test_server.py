"""What the guide checks on the server once the clients have dialled."""

testinfra_hosts = ["ansible://pppoe_servers"]


def test_one_rule_hides_the_clients(host):
    # This kernel has no nf_tables for IP, so the legacy program is the one that works.
    rules = host.check_output("iptables-legacy -t nat -S POSTROUTING").splitlines()
    hiding = [rule for rule in rules if "MASQUERADE" in rule]
    assert len(hiding) == 1
    assert "-o eth0" in hiding[0]


def test_the_kernel_carries_both_sessions(host):
    sessions = host.file("/proc/net/pppoe").content_string.splitlines()[1:]
    assert len(sessions) == 2
    assert all(session.split()[2] == "eth1" for session in sessions)


def test_a_link_for_each_client_with_the_server_s_address(host):
    links = host.check_output("ip -4 -o addr show").splitlines()
    peers = sorted(line.split("peer ")[1].split("/")[0] for line in links if "peer" in line)
    assert len(peers) == 2
    assert "192.168.10.3" in peers
    assert all("inet 192.168.10.109 peer" in line for line in links if "peer" in line)
    # The account without a fixed address has one of the pool.
    other = next(peer for peer in peers if peer != "192.168.10.3")
    assert other in host.file("/etc/ppp/pppoe-server/default.pool").content_string.split()


def test_mtu(host):
    for line in host.check_output("ip -o link show type ppp").splitlines():
        assert " mtu 1492 " in line
