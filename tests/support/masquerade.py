"""What tests of masquerade have in common: a router, its rules, and runs that are predicted first."""

from __future__ import annotations

import re

UNSUPPORTED = "#!/bin/sh\necho 'Error: Could not process rule: Operation not supported' >&2\nexit 1\n"
# As on a kernel without nf_tables: listing works all the same.
IPTABLES_UNSUPPORTED = """#!/bin/sh
case "$*" in
-V) echo 'iptables v1.8.9 (nf_tables)' ;;
*-S*) echo '-P POSTROUTING ACCEPT' ;;
*) echo 'iptables v1.8.9 (nf_tables):  TABLE_ADD failed (Operation not supported): table nat' >&2; exit 4 ;;
esac
"""
BY_HAND = "-t nat -A POSTROUTING -o eth0 -j MASQUERADE"
# Rules of others, in every place where ours come too.
FOREIGN = """
nft -f - <<'EOF'
table ip others { chain postrouting { type nat hook postrouting priority 90; oifname "eth9" masquerade; } }
table inet dialtone_pppoe_default { set mine { type ipv4_addr; elements = { 10.9.9.9 } } }
table ip dialtone_pppoe_other { chain c { counter accept; } }
EOF
for iptables in iptables-nft iptables-legacy; do
    $iptables -t nat -A POSTROUTING -s 10.1.0.0/16 -o eth0 -m comment --comment "dialtone.pppoe other" -j MASQUERADE
    $iptables -t nat -A POSTROUTING -o eth9 -m comment --comment "say \\"hi\\"" -j SNAT --to-source 10.0.0.1
    $iptables -t mangle -A FORWARD -i eth9 -j MARK --set-mark 7
    $iptables -t filter -P FORWARD ACCEPT
done
"""
BACKENDS = {
    "nftables": ({"backend": "nftables"}, "/nft", "nft flush ruleset"),
    "iptables-nft": ({"backend": "iptables"}, "/iptables", "iptables -t nat -F; iptables -t mangle -F"),
    "iptables-legacy": ({}, "/iptables-legacy", "iptables-legacy -t nat -F; iptables-legacy -t mangle -F"),
}


def everything(router):
    """All rules of the router; counters are not rules."""
    text = router.machine("nft -s list ruleset; iptables-legacy-save; iptables-nft-save")
    return "\n".join(line for line in re.sub(r"\[\d+:\d+\]", "", text).splitlines() if not line.startswith("# "))


def of_others(router):
    """All rules that are not ours, in their order."""
    text = re.sub(r"table ip dialtone_pppoe_default \{.*?\n\}\n", "", everything(router), flags=re.DOTALL)
    lines = [line for line in text.splitlines() if '"dialtone.pppoe default"' not in line]
    # nft lists the rules of iptables without their comments: those two tables are compared as iptables lists them.
    return re.sub(r"table ip (nat|mangle) \{.*?\n\}", "", "\n".join(lines), flags=re.DOTALL)


def foretold(router, **parameters):
    """Run in check mode and then for real: both must tell the same, and check mode must touch nothing."""
    before = (everything(router), router.etc())
    check = router.module(check=True, **parameters)
    assert (everything(router), router.etc()) == before
    real = router.module(**parameters)
    for result in (check, real):
        assert not result.get("failed"), result
        result.pop("invocation", None)
    assert check == real
    assert real["changed"] == ((everything(router), router.etc()) != before)
    return real
