"""Each bad input ends the run with an error that names it, before anything has changed on the host."""

from __future__ import annotations

import pytest

testinfra_hosts = ["ansible://server-bookworm"]

CASES = [
    ({"pppoe_server_interfaces": ["eth7"]}, "interfaces[0]: this host has no interface 'eth7'. It has: eth0, eth1"),
    ({"pppoe_server_pool": ["192.168.10.100+20"]}, "pool: '192.168.10.100+20' holds 192.168.10.109, the server's own"),
    ({"pppoe_server_pool": ["192.168.5.100+20"]}, "pool: it holds 192.168.5.109, which eth0 of this host has"),
    ({"pppoe_server_pool": ["192.168.10.2-300"]}, "pppoe_server_pool[0]: '192.168.10.2-300' is not a range"),
    ({"pppoe_server_pool": []}, "pool: the pool holds no address"),
    (
        {
            "pppoe_server_accounts": [
                {"name": "a", "secret": "hidden-one", "addresses": ["192.168.10.3"]},
                {"name": "b", "secret": "hidden-two", "addresses": ["192.168.10.3"]},
            ]
        },
        "pppoe_server_accounts[1].addresses: 192.168.10.3 is already the address of 'a' (pppoe_server_accounts[0])",
    ),
    (
        {"pppoe_server_accounts": [{"name": "a", "secret": "hidden-one"}, {"name": "b"}]},
        "pppoe_server_accounts[1].secret: is missing",
    ),
    ({"pppoe_server_accounts": [{"name": "*", "secret": "hidden-one"}]}, "pppoe_server_accounts[0].name: "),
    ({"pppoe_server_accounts": [{"name": "a\nb", "secret": "hidden-one"}]}, "pppoe_server_accounts[0].name: "),
    ({"pppoe_server_outside_interface": ""}, "pppoe_server_outside_interface: not set"),
    ({"pppoe_server_outside_interface": "eth7"}, "eth7"),
    ({"pppoe_server_authentication": "none"}, "value of pppoe_server_authentication must be one of: chap, pap"),
    ({"pppoe_server_options": ["noauth"]}, "options[0]: 'noauth' is not for this list"),
    ({"pppoe_server_require_kernel_ppp": True}, "no session is possible here: the kernel"),
]


@pytest.mark.parametrize(("variables", "message"), CASES)
def test_refused_before_anything_changes(host, site, variables, message):
    if "pppoe_server_require_kernel_ppp" in variables and host.file("/dev/ppp").exists:
        pytest.skip("the kernel of this machine has PPP")
    result = site("server-bookworm", **variables)
    assert result.returncode != 0
    # Ansible breaks long lines at the width of the terminal, of which there is none here.
    assert message in result.stdout
    assert " changed=0 " in result.stdout
    assert "hidden-" not in result.stdout


@pytest.fixture
def unknown_distribution(host):
    host.check_output("cp -a /etc/os-release /var/tmp/os-release.kept")
    host.check_output("mv /etc/debian_version /var/tmp/debian_version.kept")
    host.check_output("rm /etc/os-release && printf 'ID=nobody\\nNAME=\"Nobody Linux\"\\n' >/etc/os-release")
    yield
    host.check_output("rm /etc/os-release && mv /var/tmp/os-release.kept /etc/os-release")
    host.check_output("mv /var/tmp/debian_version.kept /etc/debian_version")


@pytest.mark.usefixtures("unknown_distribution")
def test_a_distribution_that_nobody_knows(site):
    result = site("server-bookworm")
    assert result.returncode != 0
    assert "pppoe_server_packages: the packages that provide pppoe-server (rp-pppoe)" in " ".join(result.stdout.split())
    assert " changed=0 " in result.stdout
