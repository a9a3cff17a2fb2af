"""All that a run could leave on a host, as text: /etc, the rules, kernel settings of the network, units."""

from __future__ import annotations

# Rules are compared, not the empty tables that iptables makes to look into. A copy of a file that a package keeps of
# its last start (ld.so.cache) and random names are nobody's doing.
COMMANDS = {
    "etc": r"""cd /etc; find . ! -type d -printf '%p %m %u %g %l\n' | sort
        find . -type d -printf '%p %m %u %g\n' | sort
        find . -type f | sort | xargs -d '\n' sha256sum""",
    "iptables": r"""for kind in nft legacy; do for six in '' 6; do
        [ $kind = nft ] || [ -s /proc/net/ip${six}_tables_names ] || continue
        ip${six}tables-$kind-save 2>/dev/null | grep -E '^-A|^:[A-Z]+ DROP' | sed 's/ \[.*//'; done; done; :""",
    "nft": r"""nft -s list ruleset 2>/dev/null |
        awk '/^table ip (nat|mangle|filter) /{skip=1} !skip{print} /^}/{skip=0}'""",
    "firewalld": r"""if command -v firewall-cmd >/dev/null; then for place in '' --permanent; do
        firewall-cmd $place --list-all-zones; firewall-cmd $place --list-all-policies
        firewall-cmd $place --direct --get-all-rules; done; fi""",
    "sysctl": r"""sysctl -a 2>/dev/null | grep -E '^net\.ipv[46]\.(conf\.|ip_forward)'""",
    "units": r"""systemctl list-unit-files --no-legend --no-pager | grep -v '^session-' | sort
        systemctl --failed --no-legend --no-pager""",
    "other": r"""ls -A /usr/local/sbin /var/lib 2>/dev/null
        ip -o link show type ppp""",
}


def of(host):
    """The state of a host, by subject."""
    return {subject: host.run(command).stdout.splitlines() for subject, command in COMMANDS.items()}
