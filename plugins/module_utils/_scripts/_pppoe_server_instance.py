# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that starts an instance of pppoe-server and ends it with its sessions. Private to this collection.

See ``_pppoe_server_pppd`` for what it is made of, and for who hands out addresses and session ids.
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_pppd

_INSTANCE = r"""#!/bin/sh
# Managed by Ansible (dialtone.pppoe). Changes made here are overwritten.
#
# pppoe-server-instance start NAME INTERFACE... -- COMMAND...
#     Wait for the interfaces, then start the daemon COMMAND (pppoe-server and its options) with session ids of its own.
#     Once it answers, the daemon that there was before is ended, and its sessions live on. If it does not, the one
#     before stays.
# pppoe-server-instance hangup NAME PID
#     End the daemon PID (- if there is none) and all sessions of the instance. Without a PID the daemon has died by
#     itself: nothing is ended, since its sessions live on and another daemon takes its place.
set -u
configuration=@CONFIGURATION@
state=@STATE@
last_id=65534

say() {
    echo "pppoe-server $name: $1" >&2
}

# Closed to others: who can open a lock can also hold it, and nobody could dial.
make_state() {
    mkdir -p "$state/leases" && chmod 700 "$state"
}

# A line for each session of any pppoe-server on this host: its pppd's pid and that one's parent, session id, address,
# options file or -, interface, session as pppoe and pppd name it. Those in containers and other network namespaces are
# another host's, though ps shows them too, and what another user runs is none, whatever he calls it.
sessions() {
    ps -ww -u "$(id -u)" -o pidns=,netns=,pid=,ppid=,args= | awk -v "here=$(ps -o pidns=,netns= -p $$)" '
        BEGIN {
            split(here, ours)
            two = "[0-9a-f][0-9a-f]"
            session = "^[0-9]+:" two ":" two ":" two ":" two ":" two ":" two "$"
            dotted = "[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+"
        }
        $1 == ours[1] && $2 == ours[2] {
            id = address = interface = ""
            options = "-"
            for (i = 5; i <= NF; i++) {
                split($i, part, ":")
                if ($i ~ session) { id = part[1]; whole = $i }
                else if ($i ~ "^" dotted ":" dotted "$") address = part[2]
                else if ($(i - 1) == "file") options = $i
                else if ($(i - 1) == "-I") interface = $i
                else if ($i ~ /^nic-/) interface = substr($i, 5)
            }
            if (id != "" && address != "") print $3, $4, id, address, options, interface, whole
        }'
}

wait_for() {
    tries=120
    until [ -d "/sys/class/net/$1" ]; do
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
            say "the interface $1 has not appeared in 60 seconds"
            exit 1
        fi
        sleep 0.5
    done
    ip link set "$1" up
}

# Give a lease to living sessions that have none: of a pppoe-server that was started in another way.
adopt() {
    awk -v "leases=$state/leases" '@LEASES@
        !holder($4) { lease($4, $1, $3, "-") }' "$state/$name.living"
}

# Of the ids that the lines "FIRST LAST" of the input leave free: the offset and size of COUNT in a row, if possible
# after AFTER; or of the most that there are.
gap() {
    sort -n | awk -v "count=$1" -v "after=$2" -v "last=$last_id" '
        function gap(first, end) {
            if (end - first + 1 > most) { most = end - first + 1; largest = first }
            if (end - first + 1 >= count) {
                if (!lowest) lowest = first
                if (!later && first > after) later = first
            }
        }
        BEGIN { first = 1 }
        { gap(first, $1 - 1); if ($2 >= first) first = $2 + 1 }
        END {
            gap(first, last)
            if (lowest) print (later ? later : lowest) - 1, count
            else print largest - 1, most + 0
        }'
}

# Session ids for a daemon with COUNT slots: none that a living session has, and if possible none that the daemon
# before it or one of another instance could have given to a client that is dialling now.
choose_ids() {
    awk '{ print $3, $3 }' "$state/$name.living" >"$state/$name.busy"
    after=0
    ! [ -s "$state/$name.ids" ] || read -r _ after <"$state/$name.ids"
    set -- "$1" $(cat "$state/$name.busy" "$state"/*.ids 2>/dev/null | gap "$1" "$after")
    [ "$3" -eq "$1" ] || set -- "$1" $(gap "$1" 0 <"$state/$name.busy")
    [ "$3" -eq "$1" ] || say "living sessions leave only $3 session ids in a row: no more sessions for now"
    offset=$2
    size=$3
    echo "$((offset + 1)) $((offset + size))" >"$state/$name.ids"
}

# A line for each slot of the daemon, with the address that it will suggest: those that are free now come first.
slots() {
    awk -v "leases=$state/leases" -v "size=$size" '@LEASES@
        { if (holder($1)) held[++waiting] = $1; else if (count < size) { print $1; count++ } }
        END {
            for (i = 1; count < size; i++) {
                print waiting ? held[(i - 1) % waiting + 1] : $1
                count++
            }
        }' "$state/$name.pool" >"$state/$name.slots"
}

# The daemon of the instance, if it lives.
daemon() {
    [ -s "$state/$name.pid" ] && read -r pid <"$state/$name.pid" || return
    case $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") in
        */pppoe-server\ *"-O $configuration/$name.options "*) echo "$pid" ;;
    esac
}

# Whether the process $1 listens for discovery on $2 interfaces.
answers() {
    ls -l "/proc/$1/fd" 2>/dev/null | awk -v "interfaces=$2" '
        FNR == NR { if (sub(/.*socket:[[]/, "")) { sub(/[]].*/, ""); mine[$0] } next }
        $4 == "8863" && $5 > 0 && ($9 in mine) { interfaces-- }
        END { exit interfaces > 0 }' - /proc/net/packet
}

start() {
    interfaces=
    while [ "$1" != -- ]; do
        interfaces="$interfaces $1"
        shift
    done
    shift
    modprobe -q -a ppp_generic pppoe 2>/dev/null || :
    number=0
    for interface in $interfaces; do
        wait_for "$interface"
        number=$((number + 1))
    done
    count=
    for word in "$@"; do
        [ "$count" != -N ] || { count=$word; break; }
        [ "$word" != -N ] || count=-N
    done

    make_state && exec 9>>"$state/lock" && flock 9 || exit 1
    former=$(daemon)
    [ -z "$former" ] || mv "$state/$name.pool" "$state/$name.former" || exit 1
    cp "$configuration/$name.pool" "$state/$name.pool" || exit 1
    sessions >"$state/$name.living"
    adopt
    choose_ids "$count"
    slots
    exec 9>&-

    set -- "$@" -o "$offset" -p "$state/$name.slots"
    cd /
    # In a subshell that ends at once, so that process 1 is its parent and no script.
    (
        trap '' HUP
        setsid "$@" </dev/null >/dev/null 2>&1 &
        echo $! >"$state/$name.new"
    )
    read -r pid <"$state/$name.new"
    tries=100
    until answers "$pid" "$number"; do
        tries=$((tries - 1))
        if [ "$tries" -le 0 ] || ! [ -d "/proc/$pid" ]; then
            kill "$pid" 2>/dev/null
            [ -z "$former" ] || mv "$state/$name.former" "$state/$name.pool"
            say "it does not answer: $(timeout 10 "$@" 2>&1 </dev/null)"
            exit 1
        fi
        sleep 0.05
    done
    # systemd reads the file when the process that it took for the daemon has ended (PIDFile= in systemd.service(5)).
    mv "$state/$name.new" "$state/$name.pid"
    # SIGTERM would end the sessions (pppoe-server.c termHandler).
    [ -z "$former" ] || kill -KILL "$former"
}

# The pids of $@ that are still there after at most $tries fifths of a second.
left() {
    while :; do
        for pid in "$@"; do
            shift
            ! kill -0 "$pid" 2>/dev/null || set -- "$@" "$pid"
        done
        [ $# -gt 0 ] && [ "$tries" -gt 0 ] || break
        tries=$((tries - 1))
        sleep 0.2
    done
    echo "$@"
}

hangup() {
    daemon=${1:-}
    [ -n "$daemon" ] || exit 0
    options=$configuration/$name.options
    [ "$daemon" = - ] || kill -TERM "$daemon" 2>/dev/null
    make_state || exit 1
    sessions | awk -v "options=$options" '$5 == options' >"$state/$name.living"
    # Again for those that were on their way when the daemon ended.
    for tries in 25 25; do
        pids=$(awk '{ print $1 }' "$state/$name.living")
        [ -z "$pids" ] || kill -TERM $pids 2>/dev/null
        pids=$(left $pids)
        sessions | awk -v "options=$options" '$5 == options' >"$state/$name.rest"
        # The daemon sends a PADT to the clients of its own sessions, but knows of no others.
        awk -v "daemon=$daemon" '$2 != daemon { print $6, $7 }' "$state/$name.living" |
            while read -r interface session; do
                pppoe -I "$interface" -e "$session" -k
            done
        mv "$state/$name.rest" "$state/$name.living"
        [ -s "$state/$name.living" ] || exit 0
    done
    say "these pppd do not end: $pids"
}

action=$1
name=$2
shift 2
case $action in
    start | hangup) "$action" "$@" ;;
    *) say "unknown action $action"; exit 2 ;;
esac
"""


def instance_script() -> bytes:
    """Starts an instance, and ends it with its sessions."""
    return _pppoe_server_pppd.filled(_INSTANCE)
