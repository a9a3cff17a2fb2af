"""What a client's container sees of the server."""

import pytest

testinfra_hosts = ["ansible://pppoe_clients"]


def test_the_server_answers_a_padi(host):
    name = host.ansible.get_variables()["inventory_hostname"].replace("client", "server")
    answer = host.check_output("timeout 20 pppoe-discovery -I eth0")
    assert f"Access-Concentrator: {name}\n" in answer


def test_a_service_that_nobody_offers_gets_no_answer(host):
    assert "Access-Concentrator" not in host.run("timeout 20 pppoe-discovery -I eth0 -S unknown -t 1 -a 1").stdout


@pytest.mark.parametrize("name", ["chap-secrets", "pap-secrets"])
def test_secrets_are_root_s_alone(host, name):
    secrets = host.file(f"/etc/ppp/{name}")
    assert (secrets.user, secrets.group, secrets.mode) == ("root", "root", 0o600)


def test_the_internet_answers_through_the_session(host):
    if not host.file("/dev/ppp").exists:
        pytest.skip("NO DIAL: the kernel of this machine has no PPP, so containers on it cannot hold a session")
    assert "ttl=63" in host.check_output("ping -c 1 -W 5 192.168.5.1")
