# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that starts an instance of pppoe-server and ends it with its sessions. Private to this collection.

See ``_pppoe_server_pppd`` for what it is made of, and for who hands out addresses and session ids.
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppd_database, _pppoe_server_pppd

_INSTANCE = r"""#!/bin/sh
#
# pppoe-server-instance start NAME [mtu=BYTES] INTERFACE... -- COMMAND...
#     Wait for the interfaces, raise their MTU if it is lower, then start the daemon COMMAND (pppoe-server and its
#     options) with session ids of its own. Once it answers, every other daemon of the instance is ended, and their
#     sessions live on. If it does not, the former ones stay.
# pppoe-server-instance hangup NAME PID
#     End the daemon PID (- if there is none), any other daemon and all sessions of the instance. Without a PID the
#     daemon has died by itself: nothing is ended, since its sessions live on and another daemon takes its place.
#
# It may be killed anywhere: each state file is written beside and renamed, and the next start ends what this one has
# left.
set -u
umask 077
configuration=${PPPOE_SERVER_CONFIGURATION:-@CONFIGURATION@}
state=${PPPOE_SERVER_STATE:-@STATE@}
run=${PPPOE_SERVER_RUN:-/run}
scripts=${PPPOE_SERVER_SCRIPTS:-@SCRIPTS@}
manager=$scripts/pppoe-server-manager
pppd=${PPPOE_SERVER_PPPD:-pppd}
ppp=${PPPOE_SERVER_PPP:-/etc/ppp}
last_id=65534

say() {
    echo "pppoe-server $name: $*" >&2
}

fail() {
    say "$1"
    exit 1
}

# Closed to others: who can open a lock can also hold it, and nobody could dial.
make_state() {
    mkdir -p "$state" && chmod 700 "$state" || fail "no folder $state can be made"
}

@GUARD@

# One start or hangup of an instance at a time. Dials do not wait for this lock.
lock_instance() {
    exec 8>>"$state/$name.lock" && flock -w 60 8
}

# Read once what runs on this host. A ps that fails is not a host without sessions.
look() {
    snapshot=$(ps -ww -u "$(id -u)" -o pidns=,netns=,pid=,ppid=,args=) && here=$(ps -o pidns=,netns= -p $$) &&
        printf '%s\n' "$snapshot" | awk -v "me=$$" '$3 == me { found = 1 } END { exit !found }' ||
        return 1
}

# A line for each session of any pppoe-server on this host: its pppd's pid and that one's parent, session id, address,
# options file or -, interface, session as pppoe and pppd name it. Those in containers and other network namespaces are
# another host's, though ps shows them too, and what another user runs is none, whatever he calls it.
sessions() {
    printf '%s\n' "$snapshot" | awk -v "here=$here" '
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

# A line for each daemon of any instance of ours: its pid, its options file, and the first and last of its session ids.
# A child has its parent's command line until it becomes the pppd of a new session.
daemons() {
    printf '%s\n' "$snapshot" | awk -v "here=$here" -v "folder=$configuration/" '
        BEGIN { split(here, ours) }
        $1 == ours[1] && $2 == ours[2] && $5 ~ "(^|/)pppoe-server$" {
            options = ""
            offset = count = 0
            for (i = 6; i < NF; i++) {
                if ($i == "-O") options = $(i + 1)
                else if ($i == "-o") offset = $(i + 1)
                else if ($i == "-N") count = $(i + 1)
            }
            if (index(options, folder) != 1) next
            parent[$3] = $4
            line[$3] = $3 " " options " " offset + 1 " " offset + count
        }
        END { for (pid in line) if (!(parent[pid] in line)) print line[pid] }'
}

# The pids of the daemons of this instance.
own_daemons() {
    daemons | awk -v "options=$configuration/$name.options" '$2 == options { print $1 }'
}

wait_for() {
    tries=120
    until [ -d "/sys/class/net/$1" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "the interface $1 has not appeared in 60 seconds"
        sleep 0.5
    done
    ip link set "$1" up
    [ -z "$ethernet" ] || raise_mtu "$1"
}

# A VLAN carries no more than what it is on.
raise_mtu() {
    ! read -r now <"/sys/class/net/$1/mtu" || [ "$now" -lt "$ethernet" ] || return 0
    for lower in "/sys/class/net/$1"/lower_*; do
        [ ! -e "$lower" ] || raise_mtu "${lower##*/lower_}"
    done
    ip link set "$1" mtu "$ethernet" || say "$1 keeps its MTU of $now, so clients get no more than $((now - 8))"
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

# Session ids for a daemon with COUNT slots: none that a living session has, and if possible none that a daemon which
# lives or lived, of this instance or another, could have given to a client that is dialling now.
choose_ids() {
    busy=$(printf '%s\n' "$living" | awk 'NF { print $3, $3 }')
    after=0
    ! [ -s "$state/$name.ids" ] || read -r _ after <"$state/$name.ids"
    given=$(daemons | awk '{ print $3, $4 }' && cat "$state"/*.ids 2>/dev/null)
    set -- "$1" $(printf '%s\n' "$busy" "$given" | awk NF | gap "$1" "$after")
    [ "$3" -eq "$1" ] || set -- "$1" $(printf '%s\n' "$busy" | awk NF | gap "$1" 0)
    [ "$3" -eq "$1" ] || say "living sessions leave only $3 session ids in a row: no more sessions for now"
    offset=$2
    size=$3
    echo "$((offset + 1)) $((offset + size))" >"$state/$name.ids.part" && mv "$state/$name.ids.part" "$state/$name.ids"
}

# A line for each slot of the daemon, with the address that it will suggest to the session manager.
slots() {
    awk -v "size=$size" '
        { address[NR] = $1 }
        END { for (i = 0; i < size && NR; i++) print address[i % NR + 1] }' "$state/$name.pool" \
        >"$state/$name.slots.part" &&
        [ "$(awk 'END { print NR }' "$state/$name.slots.part")" -eq "$size" ] &&
        mv "$state/$name.slots.part" "$state/$name.slots"
}

# Whether the process $1 listens for discovery on $2 interfaces.
answers() {
    ls -l "/proc/$1/fd" 2>/dev/null | awk -v "interfaces=$2" '
        FNR == NR { if (sub(/.*socket:[[]/, "")) { sub(/[]].*/, ""); mine[$0] } next }
        $4 == "8863" && $5 > 0 && ($9 in mine) { interfaces-- }
        END { exit interfaces > 0 }' - /proc/net/packet
}

# What the daemon with COUNT slots gets: the pool, the ids and the slots. Dials wait meanwhile.
choose() {
    exec 9>>"$state/lock" && flock -w 30 9 || give_up "$state/lock is held for more than 30 seconds"
    rm -f "$state/$name.former"
    ! [ -s "$state/$name.pool" ] || cp "$state/$name.pool" "$state/$name.former" || give_up "$no_room"
    living=$(sessions)
    [ -r "$configuration/$name.pool" ] || give_up "there is no $configuration/$name.pool"
    cp "$configuration/$name.pool" "$state/$name.pool.part" && mv "$state/$name.pool.part" "$state/$name.pool" &&
        choose_ids "$1" && slots || give_up "$no_room"
    exec 9>&-
}

# The start has failed: the former daemons go on with the pool that they had.
give_up() {
    exec 9>&-
    ! [ -s "$state/$name.former" ] || mv "$state/$name.former" "$state/$name.pool"
    rm -f "$state/$name".*.part
    fail "$1"
}

# Whether pppd runs a script at a fixed place for each session (ip-pre-up before 2.5), and it can see another one there.
masks() {
    # A start by a session's script sees it already.
    [ -f "$ppp/ip-pre-up" ] && [ -x "$scripts/pppoe-server-ip-pre-up" ] && ! [ -s "$state/ip-pre-up" ] || return
    case $("$pppd" --version 2>&1) in
        *'version 2.4.'*) unshare --mount true 2>/dev/null && : >>"$state/ip-pre-up" ;;
        *) return 1 ;;
    esac
}

# In a mount namespace of its own: see ours there, and the host's in the state folder.
# shellcheck disable=SC2016 # another shell expands it
mask='mount --bind "$3/ip-pre-up" "$1/ip-pre-up" && mount --bind "$2/pppoe-server-ip-pre-up" "$3/ip-pre-up"
shift 3
exec "$@"'

# Its pid; process 1 is its parent and no script, and it holds no lock of ours.
launch() {
    (
        ! masks || set -- unshare --mount --propagation slave sh -c "$mask" sh "$state" "$scripts" "$ppp" "$@"
        umask 022
        trap '' HUP
        # What it starts has nothing to say to systemd.
        unset NOTIFY_SOCKET
        # It has precedence over the sessions: one that answers late is asked again, and begins a session for each time.
        nice -n -10 setsid "$@" </dev/null >/dev/null 2>&1 8>&- 9>&- &
        echo $!
    )
}

# From now on, systemd restarts the unit when the process $1 ends, even if it has ended by now (sd_notify(3)). With a
# file for its pid (PIDFile=) instead, systemd would wait for another one until the start times out.
hand_over() {
    [ -z "${NOTIFY_SOCKET:-}" ] || systemd-notify "MAINPID=$1" READY=1
}

# Without a unit of ours, the daemon would be a part of rc-local.service or of the login that starts it: one pppd that
# the kernel kills for want of memory would end them all there, and their number would be limited (OOMPolicy= in
# systemd.service(5), TasksMax= in systemd.resource-control(5)). So it gets a scope, which systemd 252 and before take
# without OOMPolicy=, as they have none for scopes.
own_scope() {
    [ -d "$run/systemd/system" ] && command -v systemd-run >/dev/null || return 0
    ! grep -q -e "/pppoe-server@${name}[.]service" -e "/pppoe-server-$name-[0-9a-f]*[.]scope" /proc/self/cgroup ||
        return 0
    read -r id </proc/sys/kernel/random/uuid
    for policy in OOMPolicy=continue TasksMax=infinity; do
        ! systemd-run --quiet --collect --scope --property="$policy" true 2>/dev/null ||
            exec systemd-run --quiet --collect --scope --unit="pppoe-server-$name-${id%%-*}" \
                --description="PPPoE access concentrator $name" --property="$policy" --property=TasksMax=infinity \
                --property=After=network.target sh "$0" start "$name" "$@"
    done
    say "systemd gives it no scope of its own"
}

start() {
    own_scope "$@"
    interfaces=
    ethernet=
    while [ "$1" != -- ]; do
        case $1 in
            mtu=*) ethernet=${1#mtu=} ;;
            *) interfaces="$interfaces $1" ;;
        esac
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

    make_state
    lock_instance || fail "another start of it has not ended in 60 seconds"
    guard_database
    look || fail "ps does not tell which sessions live"
    former=$(own_daemons)
    no_room="files in $state cannot be written: see 'df $state'"
    choose "$count"
    "$manager" ensure 8>&- || give_up "the session manager does not start, so nobody could dial"

    set -- "$@" -o "$offset" -p "$state/$name.slots"
    cd /
    pid=$(launch "$@")
    tries=100
    until answers "$pid" "$number"; do
        tries=$((tries - 1))
        if [ "$tries" -le 0 ] || ! [ -d "/proc/$pid" ]; then
            kill "$pid" 2>/dev/null
            give_up "it does not answer: $(timeout 10 "$@" 2>&1 </dev/null 8>&-)"
        fi
        sleep 0.05
    done
    "$manager" daemon "$pid" 8>&- || :
    echo "$pid" >"$state/$name.pid.part" && mv "$state/$name.pid.part" "$state/$name.pid" || {
        kill -KILL "$pid"
        give_up "$no_room"
    }
    hand_over "$pid" || {
        kill -KILL "$pid"
        give_up "systemd does not take $pid for the daemon"
    }
    # Only then may the former ones end.
    answers "$pid" "$number" || give_up "it has ended as soon as it answered"
    ! look || former=$(own_daemons)
    for each in $former; do
        # SIGTERM would end the sessions (pppoe-server.c termHandler).
        [ "$each" = "$pid" ] || kill -KILL "$each" 2>/dev/null
    done
    # The others are files of earlier versions.
    rm -f "$state/$name.former" "$state/$name".*.part "$state/$name.started" "$state/$name.living" "$state/$name.busy"
}

# Wait until the processes $@ are gone, at most $tries fifths of a second.
wait_for_end() {
    for pid in "$@"; do
        while [ "$tries" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
            tries=$((tries - 1))
            sleep 0.2
        done
    done
}

own_sessions() {
    sessions | awk -v "options=$configuration/$name.options" '$5 == options'
}

hangup() {
    main=${1:-}
    [ -n "$main" ] || exit 0
    [ "$main" != - ] || main=
    make_state
    lock_instance || say "another start of it has not ended in 60 seconds"
    look || {
        [ -z "$main" ] || kill -TERM "$main"
        fail "ps does not tell which sessions live, so some may be left"
    }
    ending="$main $(own_daemons)"
    living=$(own_sessions)
    for pid in $ending; do
        kill -TERM "$pid" 2>/dev/null
    done
    # Again for those that were on their way when the daemon ended.
    for tries in 25 25; do
        pids=$(printf '%s\n' "$living" | awk '{ print $1 }')
        [ -z "$pids" ] || kill -TERM $pids 2>/dev/null
        wait_for_end $ending $pids
        # A daemon sends a PADT to the clients of its own sessions, but knows of no others.
        others=$(printf '%s\n' "$living" | awk -v "ending=$ending" '
            BEGIN { for (i = split(ending, daemon); i; i--) ended[daemon[i]] }
            NF && !($2 in ended) { print $6, $7 }')
        [ -z "$others" ] || printf '%s\n' "$others" | "$manager" padt 8>&- ||
            say "some clients notice the end of their sessions only by missing echoes"
        look && living=$(own_sessions) && ending=$(own_daemons)
        [ -n "$living$ending" ] || {
            # The last one needs it no more.
            [ -n "$(daemons)$(sessions)" ] || "$manager" stop 8>&-
            exit 0
        }
    done
    say "these processes do not end:" $ending $(printf '%s\n' "$living" | awk '{ print $1 }')
    exit 1
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
    return _pppoe_server_pppd.filled(_INSTANCE.replace("@GUARD@\n", _pppd_database.GUARD))
