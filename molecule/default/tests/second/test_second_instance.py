"""A second instance beside the first."""

testinfra_hosts = ["ansible://server-trixie"]


def test_a_pool_that_the_first_hands_out_is_refused(site):
    result = site("server-trixie", pppoe_server_name="second", pppoe_server_pool=["192.168.10.20+20"])
    assert result.returncode != 0
    assert "'192.168.10.20+20' holds 192.168.10.20, which instance 'default' hands out" in result.stdout
    assert " changed=0 " in result.stdout
