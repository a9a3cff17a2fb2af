"""Firewalls of others that let no forwarded packet pass."""

from __future__ import annotations

#: With rules of theirs that stay where they are.
DROPPING = {
    "nft": """nft -f - <<'EOF'
table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ip saddr != 10.0.0.0/8 counter
        iifname "eth9" accept
    }
    chain late {
        type filter hook forward priority 10; policy accept;
        iifname "eth9" accept
        counter drop
    }
}
EOF
""",
    "iptables-nft": "ip6tables-nft -P FORWARD DROP; ip6tables-nft -A FORWARD -i eth9 -j ACCEPT",
    "iptables-legacy": "ip6tables-legacy -A FORWARD -i eth9 -j ACCEPT; ip6tables-legacy -A FORWARD -j DROP",
}
#: How to list each.
LISTING = {"nft": "nft list ruleset", "iptables-nft": "nft list ruleset", "iptables-legacy": "ip6tables-legacy-save"}
