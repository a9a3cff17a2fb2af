# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that owns the queueing disciplines of access interfaces. Private to this collection.

An access interface keeps its own root qdisc, and session data its way through it: only the few packets that are to be
delayed leave by a detour, an ifb device of ours that sends them on after the delay (tc-mirred(8), "redirect"). Filters
of others on the interface stay; ours are known by their preference.
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pado_steps

#: The preferences of our filters on an access interface, which say what they are for.
PREFERENCES = {"pads": 25180, "lcp": 25181, "pado": 25182, "rate": 25183}
#: So many limits there are; clients whose MAC addresses have eight bits in common share one.
BUCKETS = 256
#: So many times the rate may come at once.
BURST = 10

_TEXT = r"""#!/bin/sh
#
# pppoe-access apply HOLD PADO_DELAY DRAINED RATE INTERFACE...
#     Delay PADS and the first LCP requests of sessions by HOLD ms, so that the client's own first request finds a pppd
#     that listens; delay PADO by PADO_DELAY ms; with DRAINED=1, send no PADO at all; drop what a client sends of PADI
#     and PADR beyond RATE a second. 0 for none of these. A PADO_DELAY of SESSIONS:MS,SESSIONS:MS is by the number of
#     sessions: the session manager reads it in the alias of the ifb device.
# pppoe-access remove INTERFACE...
#     Take all of that away.
# Needs ip, tc and modprobe. Session data, other filters and the root qdisc of the interface are left alone.
set -u
alias_of='@ALIAS@'
state=@STATE@

fail() {
    echo "pppoe-access: $1" >&2
    exit 1
}

wait_for() {
    tries=120
    until [ -d "/sys/class/net/$1" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "the interface $1 has not appeared in 60 seconds"
        sleep 0.5
    done
}

# The kernel names neither the module nor the qdisc in its answer, so the file of each is asked for here.
modules() {
    modprobe -q -a sch_ingress sch_prio sch_netem cls_u32 act_mirred act_gact act_police ifb 2>/dev/null || :
}

remove_filters() {
    for preference in @PADS@ @LCP@ @PADO@; do
        tc filter del dev "$1" egress pref "$preference" 2>/dev/null || :
    done
    tc filter del dev "$1" ingress pref @RATE@ 2>/dev/null || :
}

# is_for DEVICE INTERFACE: whether we have made it for this one.
is_for() {
    case $(cat "/sys/class/net/$1/ifalias" 2>/dev/null) in
        "$alias_of$2" | "$alias_of$2 "*) ;;
        *) return 1 ;;
    esac
}

# The devices that were made for $1, under whatever name.
remove_devices() {
    for file in /sys/class/net/pppoe-hold*/ifalias; do
        former=${file%/ifalias}
        former=${former##*/}
        ! is_for "$former" "$1" || ip link del "$former"
    done
}

remove() {
    [ -d "/sys/class/net/$1" ] && remove_filters "$1"
    remove_devices "$1"
    # A clsact without a filter does nothing; one that has filters of others stays.
    if [ -d "/sys/class/net/$1" ] && [ -z "$(tc filter show dev "$1" egress; tc filter show dev "$1" ingress)" ]; then
        tc qdisc del dev "$1" clsact 2>/dev/null || :
    fi
}

# The detour: band 1 for what is held, band 2 for PADO.
make_device() {
    read -r index <"/sys/class/net/$1/ifindex"
    device=pppoe-hold$index
    if ! is_for "$device" "$1"; then
        remove_devices "$1"
        # Of a start that was cut, or of an interface that had this index before.
        [ ! -d "/sys/class/net/$device" ] || ip link del "$device" || return
        ip link add "$device" type ifb || return
    fi
    # Without steps until the qdiscs are there, and so that nobody changes a delay that is one number.
    ip link set dev "$device" alias "$alias_of$1" || return
    # It needs no address, and early at boot there may be no IPv6 to ask.
    ip link set dev "$device" addrgenmode none 2>/dev/null || :
    ip link set "$device" up || return
    tc qdisc replace dev "$device" root handle 1: prio bands 2 priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 &&
        tc qdisc replace dev "$device" parent 1:1 handle 10: netem delay "${hold}ms" limit 10000 &&
        tc qdisc replace dev "$device" parent 1:2 handle 20: netem delay "${first}ms" limit 10000 &&
        tc filter replace dev "$device" parent 1: protocol 0x8863 pref 1 handle 800::1 \
            u32 match u8 0x07 0xff at 1 flowid 1:2 || return
    [ -z "$steps" ] || ip link set dev "$device" alias "$alias_of$1$steps"
}

# detour INTERFACE PROTOCOL PREFERENCE MATCH...
detour() {
    interface=$1 protocol=$2 preference=$3
    shift 3
    tc filter add dev "$interface" egress protocol "$protocol" pref "$preference" u32 "$@" \
        action mirred egress redirect dev "$device"
}

# limit_commands INTERFACE: for tc -batch. Which limit is a client's is said by bits 4 to 11 of its MAC address: these
# differ between devices of one series, also where each of them has several addresses in a row.
limit_commands() {
    # PADI is 0x09, PADR 0x19. What is within the limit is up to filters of others, as if this one were not there.
    rule="filter add dev $1 ingress protocol 0x8863 pref @RATE@ u32 match u8 0x09 0xef at 1"
    police="action police pkts_rate $rate pkts_burst $((rate * @BURST@)) conform-exceed drop/continue"
    bucket=0
    while [ "$bucket" -lt @BUCKETS@ ]; do
        # Not by a hash table of u32, which filters of others on the interface would share.
        printf '%s match u16 0x%x 0x0ff0 at -4 %s\n' "$rule" "$((bucket * 16))" "$police"
        bucket=$((bucket + 1))
    done
}

apply_to() {
    if [ "$hold$delay$drained$rate" = 0000 ]; then
        remove "$1"
        return
    fi
    case $(tc qdisc show dev "$1") in
        *clsact*) ;;
        *) tc qdisc add dev "$1" clsact || return ;;
    esac
    remove_filters "$1"
    if [ "$hold$delay" = 00 ]; then
        remove_devices "$1"
    else
        make_device "$1" || return
    fi
    if [ "$rate" != 0 ]; then
        limit_commands "$1" | tc -batch - || return
    fi
    # Offsets are from behind the Ethernet header: the code of a discovery packet, and the protocol and code of PPP.
    if [ "$hold" != 0 ]; then
        detour "$1" 0x8863 @PADS@ match u8 0x65 0xff at 1 &&
            detour "$1" 0x8864 @LCP@ match u16 0xc021 0xffff at 6 match u8 0x01 0xff at 8 || return
    fi
    if [ "$drained" = 1 ]; then
        tc filter add dev "$1" egress protocol 0x8863 pref @PADO@ u32 match u8 0x07 0xff at 1 action drop
    elif [ "$delay" != 0 ]; then
        detour "$1" 0x8863 @PADO@ match u8 0x07 0xff at 1
    fi
}

action=$1
shift
case $action in
    apply)
        hold=$1 delay=$2 drained=$3 rate=$4
        shift 4
        case $delay in
            *:*) steps=" $delay" ;;
            *) steps= ;;
        esac
        # Without sessions.
        first=${delay#0:} first=${first%%,*}
        [ "$first" = "${first#*:}" ] || first=0
        modules
        for access in "$@"; do
            wait_for "$access"
            apply_to "$access" || fail "$access: tc or ip has refused a step, see above"
        done
        # Have the session manager, if it runs, set the delay for the sessions that there are.
        [ -z "$steps" ] || [ ! -e "$state/manager" ] || echo pado_delay 2>/dev/null >"$state/manager" || :
        ;;
    remove)
        for access in "$@"; do
            remove "$access"
        done
        ;;
    *) fail "unknown action $action" ;;
esac
"""


def script() -> bytes:
    """The program ``pppoe-access``."""
    text = _layout_header.headed(_TEXT).replace("@ALIAS@", _pado_steps.ALIAS)
    text = text.replace("@STATE@", _layout_server.STATE)
    text = text.replace("@BUCKETS@", str(BUCKETS)).replace("@BURST@", str(BURST))
    for name, preference in PREFERENCES.items():
        text = text.replace(f"@{name.upper()}@", str(preference))
    return text.encode()
