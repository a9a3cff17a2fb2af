"""The daemon that rc.local has started is as safe as that of a unit."""

testinfra_hosts = ["ansible://pppoe_servers"]


def test_the_daemon_has_a_scope_of_its_own_without_limits(host):
    daemon = host.check_output("pgrep -xo pppoe-server")
    group = host.check_output(f"cat /proc/{daemon}/cgroup")
    scope = group.split("/")[-1].strip()
    assert scope.startswith("pppoe-server-default-"), group
    assert scope.endswith(".scope"), group
    limits = host.check_output(f"systemctl show --property=TasksMax,OOMPolicy {scope}").splitlines()
    assert "TasksMax=infinity" in limits
    # systemd 252 and before have none for scopes, and end nothing.
    assert [line for line in limits if line.startswith("OOMPolicy=")] in ([], ["OOMPolicy=continue"])
