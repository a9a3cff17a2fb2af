"""Their sessions are the same, and the daemon is another."""

testinfra_hosts = ["ansible://pppoe_servers"]


def test_the_sessions_are_the_same_processes(host):
    before = host.file("/var/tmp/before/sessions").content_string.split()
    assert len(before) == 2
    for pid in before:
        assert host.file(f"/proc/{pid}/comm").content_string == "pppd\n"


def test_the_daemon_is_another(host):
    daemon = host.check_output("pidof pppoe-server")
    assert daemon != host.file("/var/tmp/before/daemon").content_string.strip()
    assert "/etc/ppp/pppoe-server/default.options" in host.file(f"/proc/{daemon}/cmdline").content_string.split("\0")
