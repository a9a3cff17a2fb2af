# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that brings our rules back into chains of others at boot. Private; pure."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import Loading
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import FirewallRequest, comment
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

SCRIPT = r"""#!/bin/sh
# start: has the chains of others that drop forwarded packets let ours through; stop: takes that away again.
set -f
comment='@COMMENT@'

# The rule that drops every packet, counted from 1: the one that did when this was written, else a plain one.
last() {
    rules=$("$1" -w -S "$2" | grep '^-A ')
    place=$(printf '%s\n' "$rules" | grep -nxF -e "$3" | head -n 1 | cut -d : -f 1)
    [ -n "$place" ] ||
        place=$(printf '%s\n' "$rules" | grep -nE '^-A [^ ]+ -j (DROP|REJECT)' | head -n 1 | cut -d : -f 1)
    printf '%s\n' "$place"
}

# iptables_start IPTABLES CHAIN MATCHES END; a chain that is not there drops nothing.
iptables_start() {
    "$1" -w -S "$2" >/dev/null 2>&1 || return 0
    "$1" -w -C "$2" $3 -m comment --comment "$comment" -j ACCEPT 2>/dev/null && return
    before=$(last "$1" "$2" "$4")
    if [ -n "$before" ]; then place=-I; else place=-A; fi
    "$1" -w "$place" "$2" $before $3 -m comment --comment "$comment" -j ACCEPT || failed=1
}

iptables_stop() {
    while "$1" -w -D "$2" $3 -m comment --comment "$comment" -j ACCEPT 2>/dev/null; do :; done
}

# nft_start NFT "FAMILY TABLE CHAIN" END RULE...
nft_start() {
    nft=$1
    chain=$2
    end=$3
    shift 3
    listing=$("$nft" -a -s list chain $chain 2>/dev/null) || return 0
    before=$(printf '%s\n' "$listing" | sed 's/^[[:space:]]*//' |
        end=$end awk 'index($0, ENVIRON["end"] " # handle ") == 1 { print $NF; exit }')
    [ -n "$before" ] || before=$(printf '%s\n' "$listing" |
        sed -nE 's/^[[:space:]]*(counter )?(drop|reject[^#]*) # handle ([0-9]+)$/\3/p' | head -n 1)
    place="add rule $chain"
    [ -z "$before" ] || place="insert rule $chain handle $before"
    {
        printf '%s\n' "$listing" |
            sed -n "s/.* comment \"$comment\" # handle \([0-9]*\)\$/delete rule $chain handle \1/p"
        for rule in "$@"; do
            echo "$place $rule comment \"$comment\""
        done
    } | "$nft" -f - || failed=1
}

nft_stop() {
    nft_start "$1" "$2" "$3"
}

case "$1" in
start | stop) act=$1 ;;
*) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
failed=0
@LINES@exit "$failed"
"""


def mark(request: FirewallRequest) -> str:
    """The comment of these rules; not that of the backend's, which may stand in the same tables."""
    return comment(request.owner) + " forward"


def loading(request: FirewallRequest, directory: str, lines: t.Sequence[str]) -> Loading | None:
    """What brings these rules back at boot; ``None`` where nothing has to be let through.

    ``lines``: of chains, each a call of ``iptables_"$act"`` or ``nft_"$act"`` with quoted words.
    """
    if not lines:
        return None
    path = f"{directory}/{request.stem}.forward.sh"
    text = _layout_header.headed(SCRIPT).replace("@COMMENT@", mark(request)).replace("@LINES@", "".join(lines))
    return Loading(path, text, ("/bin/sh", path, "start"), ("/bin/sh", path, "stop"))
