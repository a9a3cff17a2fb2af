"""The rules that hide the clients, in the backend that each host has."""

testinfra_hosts = ["ansible://pppoe_servers"]


def test_one_rule_hides_the_clients(host):
    if host.ansible.get_variables().get("pppoe_server_nat_backend", "auto") == "iptables":
        rules = host.check_output("iptables -t nat -S POSTROUTING").splitlines()
        assert [rule for rule in rules if "MASQUERADE" in rule] == [
            "-A POSTROUTING -o eth0 -m iprange --src-range 192.168.10.2-192.168.10.21 "
            '-m comment --comment "dialtone.pppoe default" -j MASQUERADE'
        ]
        assert host.run("nft list table ip dialtone_pppoe_default").failed
    else:
        rules = host.check_output("nft list ruleset").splitlines()
        assert [rule.strip() for rule in rules if "masquerade" in rule] == [
            'oifname "eth0" ip saddr 192.168.10.2-192.168.10.21 masquerade'
        ]


def test_the_rules_come_back_at_boot(host):
    unit = host.service("dialtone-pppoe-masquerade@default.service")
    assert unit.is_running
    assert unit.is_enabled
