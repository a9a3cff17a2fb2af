"""The playbooks of every day, run as a user runs them."""

import json
import os
import re
import subprocess

import pytest

# One host asks for all: a playbook does not need to be run once for each.
testinfra_hosts = ["ansible://client-bookworm"]
CLIENTS = ("client-bookworm", "client-trixie")


def table(stdout: str) -> list[list[str]]:
    """The rows of the last table that a playbook has shown, without its head."""
    _before, _task, shown = stdout.rpartition("TASK [Show ")
    lines = shown.partition("\nok: ")[0].splitlines()
    return [re.split(r"  +", line.rstrip()) for line in lines[2:]]


@pytest.fixture(scope="module")
def macs(host):
    """The Ethernet addresses of those who answer."""
    return {
        name: host.get_host(f"ansible://{name}", ansible_inventory=host.backend.ansible_inventory).check_output(
            f"cat /sys/class/net/{interface}/address"
        )
        for name, interface in (("ac-one", "eth1"), ("ac-two", "eth1"), ("rogue", "eth0"))
    }


def test_whoever_answers_is_listed(playbook, macs):
    result = playbook("find_servers", "--extra-vars=pppoe_discovery_timeout=2")
    assert result.returncode == 0, result.stdout
    found = {tuple(row[:4]) for row in table(result.stdout)}
    for client in CLIENTS:
        assert (client, "eth0", "ac-one", macs["ac-one"]) in found
        assert (client, "eth0", "rogue", macs["rogue"]) in found
        assert (client, "eth1", "ac-two", macs["ac-two"]) in found
    # A server does not hear itself, but the other one on its wire.
    assert ("ac-one", "eth1", "rogue", macs["rogue"]) in found
    assert ("ac-two", "eth1", "-", "-") in found
    assert len(found) == 8


def test_a_stranger_is_a_failure(playbook, macs):
    allowed = [{"ac_name": "ac-one"}, {"mac": macs["ac-two"].upper()}]
    variables = json.dumps({"pppoe_discovery_allowed": allowed, "pppoe_discovery_timeout": 2})
    result = playbook("find_servers", "--limit=client-trixie", f"--extra-vars={variables}")
    assert result.returncode == 2
    assert f"{macs['rogue']} answers client-trixie and is not among pppoe_discovery_allowed." in result.stdout
    verdicts = {(row[0], row[2]): row[6] for row in table(result.stdout)}
    assert verdicts == {
        ("client-trixie", "ac-one"): "yes",
        ("client-trixie", "ac-two"): "yes",
        ("client-trixie", "rogue"): "no",
    }


def test_a_vlan_is_a_wire_of_its_own(host, playbook):
    host.check_output("ip link add link eth0 name eth0.7 type vlan id 7")
    host.check_output("ip link set eth0.7 up")
    try:
        variables = json.dumps({"pppoe_discovery_interfaces": ["eth0", "eth0.7"], "pppoe_discovery_timeout": 2})
        result = playbook("find_servers", "--limit=client-bookworm", f"--extra-vars={variables}")
    finally:
        host.check_output("ip link del eth0.7")
    found = {(row[1], row[2]) for row in table(result.stdout)}
    assert found == {("eth0", "ac-one"), ("eth0", "rogue"), ("eth0.7", "tagged")}


def test_status_of_all(playbook):
    rows = table(playbook("status", "--tags=clients").stdout)
    assert [row[:3] for row in rows] == [[client, name, "connected"] for client in CLIENTS for name in ("one", "two")]
    assert all(re.fullmatch(r"192\.168\.[12]0\.\d+", row[3]) for row in rows)
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", row[4]) for row in rows)


def test_one_connection_is_hung_up_and_dialled(host, playbook):
    only = ("--limit=client-bookworm", "--extra-vars=connections=two")
    pppd = host.check_output("pgrep -f 'pppd call one'")
    result = playbook("disconnect", *only)
    assert "client-bookworm            : ok=3    changed=1 " in result.stdout
    rows = table(playbook("status", "--tags=clients").stdout)
    assert [row[2] for row in rows] == ["connected", "disconnected", "connected", "connected"]
    assert " changed=0 " in playbook("disconnect", *only).stdout

    result = playbook("connect", *only)
    assert "client-bookworm            : ok=3    changed=1 " in result.stdout
    assert "inet " in host.check_output("ip -4 -o addr show dev ppp7")
    assert " changed=0 " in playbook("connect", *only).stdout
    # The other one has not noticed.
    assert host.check_output("pgrep -f 'pppd call one'") == pppd


def test_a_connection_that_nobody_has(playbook):
    result = playbook("connect", "--extra-vars=connections=three")
    assert result.returncode == 2
    assert "connections: none of the hosts has three." in result.stdout


def test_a_playbook_runs_against_whoever_is_connected(request, tmp_path):
    inventory = request.config.getoption("--ansible-inventory")
    config = os.path.join(os.path.dirname(inventory), "ssh_config")
    (tmp_path / "pppoe_sessions.yml").write_text(
        f"plugin: dialtone.pppoe.sessions\ncompose:\n  ansible_ssh_common_args: \"'-F {config} -J ' ~ pppoe_server\"\n"
    )
    sources = ["-i", inventory, "-i", str(tmp_path / "pppoe_sessions.yml")]
    answer = subprocess.run(
        ["ansible", *sources, "pppoe_sessions", "-m", "ansible.builtin.command", "-a", "hostname"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_FORCE_COLOR": "false", "ANSIBLE_NOCOLOR": "true"},
    )
    # The clients share one account, so each session has its address in its name.
    found = re.findall(r"^session@cmz#192\.168\.10\.\d+ \| CHANGED \| rc=0 >>\n(\S+)$", answer.stdout, re.MULTILINE)
    assert sorted(found) == list(CLIENTS), answer.stdout
    # Their other connection has a firewall, which lets nobody in.
    assert len(re.findall(r"^session@cmz#192\.168\.20\.\d+ \| UNREACHABLE!", answer.stdout, re.MULTILINE)) == len(
        CLIENTS
    )
