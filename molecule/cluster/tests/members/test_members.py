"""Both members serve, and know the sessions of each other."""

from __future__ import annotations

COUNT = 30


def test_customers_get_addresses_of_the_centre(cluster, until):
    assert until(cluster.master, 30)
    cluster.customers("dial", count=COUNT, username="cmz", secret="cmz", redial=1, echo_failure=6)
    found = cluster.customers("wait", seconds=60)["customers"]
    assert {one["state"] for one in found} == {"up"}
    assert {one["ac_name"] for one in found} == {"cluster"}
    assert len({one["address"] for one in found}) == COUNT
    assert all(one["address"].startswith("10.20.1.") for one in found)


def test_both_have_all_sessions(cluster, until):
    for name in cluster.members:
        assert until(lambda name=name: cluster.sessions(name) == COUNT, 30)


def test_its_metrics_say_so(cluster, until):
    for host in cluster.members.values():
        file = host.file("/var/lib/node-exporter/pppoe_server_l2tpns.prom")
        line = f'pppoe_server_sessions{{server="l2tpns"}} {COUNT}\n'
        assert until(lambda file=file, line=line: file.exists and line in file.content_string, 30)
        assert 'pppoe_server_cluster_members{server="l2tpns"} 2\n' in file.content_string


def test_the_status_and_the_history_name_them(playbook):
    status = playbook("status", "--tags=servers")
    assert status.returncode == 0, status.stdout
    assert len([line for line in status.stdout.splitlines() if f"  {COUNT}  " in line and "l2tpns" in line]) == 2
    history = playbook("history", "--extra-vars=account=cmz")
    assert history.returncode == 0, history.stdout
    assert history.stdout.count("10.20.1.") >= COUNT


def test_it_is_not_drained(playbook):
    done = playbook("drain")
    assert done.returncode != 0
    assert "l2tpns cannot be drained" in done.stdout


def test_its_ports_are_closed_to_others(cluster):
    for host in cluster.members.values():
        shown = host.check_output("systemctl show -p IPAddressDeny -p IPAddressAllow -p KillSignal l2tpns")
        denied = next(line for line in shown.splitlines() if line.startswith("IPAddressDeny="))
        assert {"::/0", "0.0.0.0/0"} == set(denied.partition("=")[2].split())
        assert "192.168.5.12/32" in shown
        assert "KillSignal=15" in shown


def test_secrets_are_roots(cluster):
    for host in cluster.members.values():
        for name in ("startup-config", "users"):
            file = host.file(f"/etc/l2tpns/{name}")
            assert (file.user, file.mode) == ("root", 0o600)


def test_no_user_of_the_host_ends_sessions_by_a_plugin(cluster):
    for name, host in cluster.members.items():
        host.run("setpriv --reuid 65534 --clear-groups nsctl load_plugin sessionctl")
        assert "sessionctl" not in cluster.said(name, "show plugins").replace("show plugins", "")


def test_what_it_cannot_do_is_refused_by_name(site):
    done = site("member-trixie", pppoe_server_plans={"home": {"download": "20M", "upload": "5M"}})
    assert done.returncode != 0
    assert "pppoe_server_plans: not possible with engine l2tpns" in done.stdout
