"""A second instance beside the first."""

testinfra_hosts = ["ansible://server-trixie"]


def test_a_pool_that_the_first_hands_out_is_refused(site):
    result = site("server-trixie", pppoe_server_name="second", pppoe_server_pool=["192.168.10.20+20"])
    assert result.returncode != 0
    assert "'192.168.10.20+20' holds 192.168.10.20, which instance 'default' hands out" in result.stdout
    assert " changed=0 " in result.stdout


NORTH = {"name": "north", "interfaces": ["eth2"], "local_address": "10.1.0.1", "pool": ["10.1.0.2+9"]}
SOUTH = {
    "name": "south",
    "interfaces": ["eth3"],
    "local_address": "10.2.0.1",
    "pool": ["10.2.0.2+9"],
    "dns_servers": ["9.9.9.9"],
}


def test_two_more_from_one_list(host, site):
    """Checked together, set up together, unchanged by a second run, and removed together; the first one stays."""

    def run(*entries, words=(), **variables):
        return site("server-trixie", *words, pppoe_server_instances=list(entries), **variables).stdout

    said = run(NORTH, {**SOUTH, "pool": ["10.1.0.5+9"]})
    assert "which instance 'south' hands out" in said
    assert " changed=0 " in said
    said = run(NORTH, SOUTH, words=["--check"])
    assert " failed=0 " in said, said
    assert not host.file("/etc/ppp/pppoe-server/north.options").exists

    said = run(NORTH, SOUTH)
    assert " failed=0 " in said, said
    assert "but not in pppoe_server_instances: default." in " ".join(said.split())
    for name in ("default", "north", "south"):
        assert host.service(f"pppoe-server@{name}").is_running
        assert host.service(f"pppoe-server@{name}").is_enabled
    assert "\nms-dns 9.9.9.9\n" in host.file("/etc/ppp/pppoe-server/south.options").content_string
    assert "9.9.9.9" not in host.file("/etc/ppp/pppoe-server/north.options").content_string
    said = run(NORTH, SOUTH)
    assert " changed=0 " in said, said

    said = run(*({**entry, "state": "absent", "keep_accounts": True} for entry in (NORTH, SOUTH)))
    assert " failed=0 " in said, said
    for name in ("north", "south"):
        assert not host.file(f"/etc/ppp/pppoe-server/{name}.options").exists
        assert not host.service(f"pppoe-server@{name}").is_running
    assert host.service("pppoe-server@default").is_running
