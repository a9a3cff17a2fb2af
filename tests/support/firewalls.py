"""Firewalls of others in many spellings: those that drop what they do not know, and those that mean customers.

``THROUGH``: what customers send has to get through once masquerade has run. ``REFUSED``: somebody has forbidden it, so
masquerade says so and changes nothing. ``OPEN``: nothing drops it, so nothing is to be opened. Each is a shell script.
"""

from __future__ import annotations

HEAD = "type filter hook forward priority {}; policy {};"
KNOWN = 'ct state established,related accept; iifname "br0" accept;'


def nft(*rules: str, policy: str = "accept", more: str = "", priority: str = "0", family: str = "inet") -> str:
    """A table with a chain that knows some packets, and then these rules; ``more``: other parts of the table."""
    lines = "\n".join(f"        {rule}" for rule in (*KNOWN.split("; "), *rules))
    head = HEAD.format(priority, policy)
    table = f"table {family} fw {{\n{more}\n    chain forward {{\n        {head}\n{lines}\n    }}\n}}\n"
    return f"nft -f - <<'EOF'\n{table}EOF\n"


def iptables(*rules: str, program: str = "iptables-nft", policy: str = "ACCEPT") -> str:
    """Rules of FORWARD (or ``CHAIN ...`` where they begin with a name), after some that know packets."""
    lines = [f"{program} -P FORWARD {policy}"]
    for rule in ("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-i br0 -j ACCEPT", *rules):
        chain, words = ("FORWARD", rule) if rule.startswith(("-", "!")) else rule.split(" ", 1)
        if chain != "FORWARD":
            lines.append(f"{program} -N {chain} 2>/dev/null || true")
        lines.append(f"{program} -A {chain} {words}")
    return "\n".join(lines) + "\n"


NFT_RULES = {
    "drop": ["drop"],
    "counter": ["counter drop"],
    "comment": ['counter drop comment "the rest"'],
    "comment like a verdict": ['drop comment "accept # handle 7"'],
    "log": ['log prefix "FORWARD DROP: " drop'],
    "log with level and flags": ['log prefix "a b" level info flags all counter drop'],
    "log group": ["counter log group 2 drop"],
    "log then drop": ['limit rate 5/minute log prefix "drop: "', "counter drop"],
    "named counter": ["counter name c1 drop"],
    "nfproto": ["meta nfproto ipv4 drop"],
    "nfproto set": ["meta nfproto { ipv4, ipv6 } counter drop"],
    "protocol": ["meta protocol ip drop"],
    "ip version": ["ip version 4 drop"],
    "any address": ["ip saddr 0.0.0.0/0 drop"],
    "not loopback": ["ip daddr != 127.0.0.0/8 drop"],
    "reject": ["reject"],
    "reject icmp": ["reject with icmp admin-prohibited"],
    "reject icmpx": ['log level info prefix "x" reject with icmpx port-unreachable comment "last"'],
    "reject by protocol": ["meta l4proto tcp reject with tcp reset", "reject with icmpx port-unreachable"],
    "reject each protocol": [
        "meta l4proto tcp reject with tcp reset",
        "meta l4proto udp reject",
        "reject with icmp prot-unreachable",
    ],
    "new only": ["ct state new drop"],
    "new and invalid": ['ct state { invalid, new, untracked } log prefix "n" drop'],
    "not established": ["ct state != established counter drop"],
    "original direction": ["ct direction original drop"],
    "not from the office": ['iifname != "br0" drop'],
    "not from a list": ['iifname != { "br0", "br1" } counter log prefix "z" drop'],
    "not from a named list": ["iifname != @lan drop"],
    "not to": ['oifname != "br0" drop'],
    "not from a network": ["ip saddr != 172.16.0.0/12 drop"],
    "not icmp": ["meta l4proto != icmp drop"],
    "no mark": ["meta mark 0 drop"],
    "not that mark": ["meta mark & 0xff != 0x1 drop"],
    "state map": ["ct state vmap { established : accept, invalid : drop, new : drop }"],
    "family map": ["meta nfproto vmap { ipv4 : drop, ipv6 : drop }"],
    "family map that jumps": ["meta nfproto vmap { ipv4 : jump deny, ipv6 : drop }"],
    "jump": ["jump deny"],
    "jump with comment": ['counter jump deny comment "all else"'],
    "goto": ["goto deny"],
    "goto over two chains": ["goto first"],
    "mark before": ["meta mark set 7", "drop"],
    "some drops before": ["ip saddr 10.66.0.0/16 drop", 'iifname "eth9" drop', "tcp dport 25 drop", "drop"],
    "forwarded packets are not local": ["fib daddr type != local drop"],
    "unicast": ["meta pkttype host drop"],
    "ttl": ["ip ttl > 0 drop"],
    "neither of some states": ["ct state ! established,related drop"],
    "not in a set of states": ["ct state != { established, related } log drop"],
    "every protocol": ["meta l4proto { tcp, udp, icmp } drop"],
}
NFT_MORE = """
    counter c1 { }
    set lan { type ifname; elements = { "br0", "br9" } }
    chain deny { limit rate 3/second log prefix "deny "; counter drop; }
    chain first { ip saddr 10.66.0.0/16 accept; goto deny; }
"""

IPTABLES_RULES = {
    "drop": ["-j DROP"],
    "comment": ["-m comment --comment 'the rest' -j DROP"],
    "comment with a quote": ["-m comment --comment 'say \"-j ACCEPT\" it' -j DROP"],
    "reject": ["-j REJECT --reject-with icmp-host-prohibited"],
    "reject with comment": ["-m comment --comment end -j REJECT --reject-with icmp-admin-prohibited"],
    "reject by protocol": [
        "-p tcp -j REJECT --reject-with tcp-reset",
        "-p udp -j REJECT --reject-with icmp-port-unreachable",
        "-j REJECT --reject-with icmp-proto-unreachable",
    ],
    "log before": ["-m limit --limit 5/min -j LOG --log-prefix 'FW drop: '", "-j DROP"],
    "nflog before": ["-j NFLOG --nflog-group 2", "-j DROP"],
    "log chain": ["LOGDROP -m limit --limit 2/sec -j LOG", "LOGDROP -j DROP", "-j LOGDROP"],
    "log chain, entered for others too": [
        "LOGDROP -j LOG",
        "LOGDROP -j DROP",
        "-s 10.66.0.0/16 -j LOGDROP",
        "-m comment --comment all -j LOGDROP",
    ],
    "goto": ["END -j REJECT", "-g END"],
    "chain in a chain": [
        "INNER -j DROP",
        "OUTER -p icmp -m icmp --icmp-type 8 -j ACCEPT",
        "OUTER -j INNER",
        "-j OUTER",
    ],
    "new only": ["-m conntrack --ctstate NEW -j DROP"],
    "new by state": ["-m state --state INVALID,NEW -j DROP"],
    "not established": ["-m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP"],
    "not from the office": ["! -i br0 -j DROP"],
    "not to the office": ["! -o br0 -j REJECT"],
    "not from a network": ["! -s 172.16.0.0/12 -j DROP"],
    "not to loopback": ["! -d 127.0.0.0/8 -j DROP"],
    "not icmp": ["! -p icmp -j DROP"],
    "all": ["-p all -i + -o + -j DROP"],
    "no mark": ["-m mark --mark 0x0/0xff -j DROP"],
    "not that mark": ["-m mark ! --mark 0x1/0x1 -j DROP"],
    "not local": ["-m addrtype ! --dst-type LOCAL -j DROP"],
    "some drops before": ["-s 10.66.0.0/16 -j DROP", "-p tcp -m tcp --dport 25 -j DROP", "-i eth9 -j DROP", "-j DROP"],
    "odd chain": ["a.b-c -j DROP", "-j a.b-c"],
}

THROUGH: dict[str, str] = {}
for _name, _rules in NFT_RULES.items():
    THROUGH[f"nft, {_name}"] = nft(*_rules, more=NFT_MORE)
for _name in ("drop", "comment", "log", "reject by protocol", "not from the office", "jump", "family map"):
    THROUGH[f"nft with policy drop, {_name}"] = nft(*NFT_RULES[_name], more=NFT_MORE, policy="drop")
for _name, _rules in IPTABLES_RULES.items():
    THROUGH[f"iptables-nft, {_name}"] = iptables(*_rules)
for _name in ("drop", "comment", "log chain", "reject by protocol"):
    THROUGH[f"iptables-nft with policy DROP, {_name}"] = iptables(*IPTABLES_RULES[_name], policy="DROP")
for _name in ("comment", "reject by protocol", "log chain", "new only", "not from the office", "odd chain"):
    THROUGH[f"iptables-legacy, {_name}"] = iptables(*IPTABLES_RULES[_name], program="iptables-legacy")
THROUGH.update(
    {
        "nft, policy drop alone": nft(policy="drop"),
        "nft, family ip": nft('log prefix "d" drop', family="ip"),
        "nft, a negative priority": nft('log prefix "d" drop', priority="-5"),
        "nft, protocols refused before the policy": nft("meta l4proto tcp reject with tcp reset", policy="drop"),
        "nft, two chains": nft('log prefix "d" drop') + nft("drop", priority="9").replace("inet fw", "inet late"),
        # iptables cannot list a chain of its own that nft has put more into than it knows.
        "nft in iptables' own place": nft('log prefix "FORWARD DROP: " drop', family="ip", policy="drop")
        .replace("ip fw", "ip filter")
        .replace("chain forward", "chain FORWARD"),
        "nft in iptables' own place, readable": (
            "nft add table ip filter; nft 'add chain ip filter FORWARD { type filter hook forward priority 0; }'; "
            "nft add rule ip filter FORWARD counter drop\n"
        ),
        "iptables-legacy, policy": iptables(program="iptables-legacy", policy="DROP"),
        "nft beside iptables": nft('counter drop comment "x"') + iptables("-m comment --comment y -j DROP"),
        "answers are not accepted either": "nft -f - <<'EOF'\ntable inet fw {\n    chain forward {\n        "
        + HEAD.format(0, "accept")
        + '\n        iifname "br0" accept\n        log prefix "x" drop\n    }\n}\nEOF\n',
    }
)

REFUSED = {
    "nft, customers' links": nft('iifname "ppp*" drop'),
    "nft, customers' links with a log": nft('iifname "ppp*" oifname "eth0" counter log prefix "no" drop'),
    "nft, customers' network": nft("ip saddr 192.168.10.0/24 reject"),
    "nft, the outside interface": nft('oifname "eth0" drop', policy="drop"),
    "nft, a named set": nft("oifname @wan drop", more='    set wan { type ifname; elements = { "eth0", "eth5" } }'),
    "nft, a map": nft('oifname vmap { "eth0" : drop, "eth5" : accept }'),
    "nft, all TCP": nft("meta l4proto tcp drop"),
    "nft, every SYN": nft("tcp flags & (fin | syn | rst | ack) == syn drop"),
    "iptables, every SYN": iptables("-p tcp --syn -j DROP"),
    "iptables-legacy, another table": "iptables-legacy -t mangle -A FORWARD -j DROP\n",
    "nft, a chain for customers": nft('iifname "ppp*" jump closed', more="    chain closed { counter drop; }"),
    "iptables, customers' links": iptables("-i ppp+ -j DROP"),
    "iptables, customers' network": iptables("-s 192.168.10.0/24 -j REJECT", "-j DROP"),
    "iptables, customers' range": iptables("-m iprange --src-range 192.168.10.0-192.168.10.255 -j DROP"),
    "iptables-legacy, the outside interface": iptables("-o eth0 -j DROP", program="iptables-legacy"),
    "iptables, a chain that drops, entered for customers first": iptables(
        "LOGDROP -j LOG", "LOGDROP -j DROP", "-i ppp+ -j LOGDROP", "-j LOGDROP"
    ),
}

OPEN = {
    "nothing": "true\n",
    "nft, accepts at the end": nft("ip saddr 10.66.0.0/16 drop", "accept", "drop"),
    "nft, some ports": nft("tcp dport { 25, 137 } drop", "udp dport 53 reject"),
    "nft, another host": nft("ip saddr 10.66.0.0/16 drop", "ip daddr 10.0.0.0/8 reject"),
    "nft, invalid": nft("ct state invalid drop", "ct state vmap { established : accept, invalid : drop }"),
    "nft, ipv6": nft("meta nfproto ipv6 drop"),
    "nft, too many": nft("limit rate over 1000000/second drop"),
    "nft, another interface": nft('iifname { "eth8", "eth9" } drop', 'oifname "br0" drop'),
    "nft, a chain that returns": nft("jump some", more="    chain some { return; drop; }"),
    "nft, input": "nft 'add table inet f; add chain inet f i { type filter hook input priority 0; policy drop; }'\n",
    "iptables, some": iptables("-s 10.66.0.0/16 -j DROP", "-p tcp -m tcp --dport 25 -j REJECT", "-i eth9 -j DROP"),
    "iptables, accepts at the end": iptables("-j ACCEPT", "-j DROP"),
    "iptables, fragments": iptables("-f -j DROP"),
    "iptables, a chain that returns": iptables("USER -j RETURN", "USER -j DROP", "-j USER"),
    "iptables, pings": iptables("-p icmp -m icmp --icmp-type 8 -j DROP"),
}
