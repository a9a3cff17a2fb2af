# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two scripts that a server needs on its host, as text. Private to this collection.

They are POSIX sh with awk, flock, ps and ip: what is there on any host that runs pppd, also early at boot.

pppoe-server counts session ids and addresses anew from its arguments each time it starts, and knows only of sessions
that it has begun itself, though those of an earlier one live on. So addresses are not its business: the script that it
runs as pppd takes one for each session, from the leases of all sessions of the host. A lease is a file named by its
address, with the pid of the session's pppd and the time when that started; it is over when that process is, whatever
ended it. Session ids are pppoe-server's business, but each daemon gets ids that no living session has, and none that
the daemon before it had, whose clients may still be dialling.
"""

from __future__ import annotations

DIRECTORY = "/usr/local/libexec/dialtone-pppoe"
INSTANCE = DIRECTORY + "/pppoe-server-instance"
PPPD = DIRECTORY + "/pppoe-server-pppd"
CONFIGURATION = "/etc/ppp/pppoe-server"
STATE = "/run/pppoe-server"
LEASES = STATE + "/leases"

# What a process with a lease looks like in /proc/PID/stat: after the name in parentheses (proc(5)) come its state and,
# as the twentieth, the time when it started, which tells it from a later one with the same pid.
_LEASES = r"""
        function started(pid, line, field, file) {
            file = "/proc/" pid "/stat"
            if ((getline line < file) <= 0) return 0
            close(file)
            sub(/^.*[)] /, "", line)
            split(line, field, " ")
            return field[1] == "Z" ? 0 : field[20]
        }
        function holder(address, line, field, file) {
            file = leases "/" address
            if ((getline line < file) <= 0) return 0
            close(file)
            split(line, field, " ")
            return field[2] && started(field[1]) == field[2] ? field[1] : 0
        }
        function lease(address, pid, id, name, file) {
            file = leases "/" address
            print pid, started(pid), id, name >file
            close(file)
        }
"""

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
            say "it does not answer: $(timeout 2 "$@" 2>&1 </dev/null)"
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

# The words are those of pppoe-server.c startPPPD; anything else is refused rather than guessed.
_PPPD = r"""#!/bin/sh
# Managed by Ansible (dialtone.pppoe). Changes made here are overwritten.
#
# pppoe-server runs this instead of pppd, for each session. It
# - takes an address of the instance's pool that no living session of this host has, if free the one that pppoe-server
#   suggests;
# - has the kernel carry the session in the place of a relay process called "kernel" (pppoe-server -Q kernel);
# - lets the MTU and MRU of the options file count instead of a fixed 1492.
set -u -f
configuration=@CONFIGURATION@
state=@STATE@

# pppoe-server closes these, and other programs do not bear that.
[ -e /proc/$$/fd/0 ] || exec </dev/null
[ -e /proc/$$/fd/1 ] || exec >/dev/null
[ -e /proc/$$/fd/2 ] || exec 2>/dev/null

refuse() {
    logger -t pppoe-server -p daemon.err "pppd not started: $1" 2>/dev/null
    echo "pppoe-server: pppd not started: $1" >&2
    exit 2
}

known_session() {
    case $1 in
        *[!0-9a-f:]* | *:*:*:*:*:*:*:*) ;;
        [0-9]*:??:??:??:??:??:??) return ;;
    esac
    refuse "unknown session in: $2"
}

# Sessions of accounts with an address of their own hold one of the pool for nothing: only if no other is left, it is
# looked up which these are.
take_address() {
    flock -w 30 "$state/lock" awk -v "leases=$state/leases" -v "pool=$state/$name.pool" -v "suggested=$1" \
        -v "pid=$$" -v "id=$id" -v "name=$name" '@LEASES@
        function take(address) {
            lease(address, pid, id, name)
            print address
            exit
        }
        BEGIN {
            while ((getline line < pool) > 0) {
                addresses[++count] = line
                if (line == suggested) known = 1
            }
            if (known && !holder(suggested)) take(suggested)
            for (i = 1; i <= count; i++) if (!holder(addresses[i])) take(addresses[i])
            while (("ip -4 -o addr show" | getline line) > 0) {
                split(line, word, " ")
                split(word[6], peer, "/")
                # ppp 2.5 has a folder of its own for these files.
                file = "/run/" word[2] ".pid"
                if (word[5] == "peer" && (getline owner < file) > 0) has[owner + 0] = peer[1]
                file = "/run/pppd/" word[2] ".pid"
                if (word[5] == "peer" && (getline owner < file) > 0) has[owner + 0] = peer[1]
            }
            for (i = 1; i <= count; i++) {
                owner = holder(addresses[i])
                if ((owner in has) && has[owner] != addresses[i]) take(addresses[i])
            }
            exit 3
        }'
}

local= suggested= id= name=
left=$#
while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    case $word in
        pty | mru | mtu | file | rp_pppoe_sess)
            [ "$left" -gt 0 ] || refuse "nothing follows $word"
            value=$1
            shift
            left=$((left - 1))
            ;;
    esac
    case $word in
        pty)
            # /usr/sbin/pppoe -n -I eth1 -e 12:02:00:00:00:00:01 [options of the relay] -S 'service'
            rest=${value#* -n -I }
            [ "$rest" != "$value" ] || refuse "unknown relay command: $value"
            relay=${value%%" -n -I $rest"}
            interface=${rest%% *}
            rest=${rest#"$interface" -e }
            session=${rest%% *}
            case $interface in
                '' | *[!A-Za-z0-9._:@-]*) refuse "unknown interface in: $value" ;;
            esac
            known_session "$session" "$value"
            id=${session%%:*}
            case $relay in
                kernel) set -- "$@" plugin pppoe.so "nic-$interface" rp_pppoe_sess "$session" ;;
                /*/pppoe) set -- "$@" pty "$value" ;;
                *) refuse "unknown relay command: $value" ;;
            esac
            ;;
        rp_pppoe_sess)
            known_session "$value" "$word $value"
            id=${value%%:*}
            set -- "$@" "$word" "$value"
            ;;
        file)
            name=${value#"$configuration/"}
            name=${name%.options}
            [ "$value" = "$configuration/$name.options" ] || refuse "unknown options file: $value"
            case $name in
                '' | *[!A-Za-z0-9_-]*) refuse "unknown options file: $value" ;;
            esac
            set -- "$@" "$word" "$value"
            ;;
        [0-9]*.*.*.*:[0-9]*.*.*.*)
            local=${word%%:*}
            suggested=${word#*:}
            case $local$suggested in
                *[!0-9.]*) refuse "unknown addresses: $word" ;;
            esac
            ;;
        mru | mtu) [ "$value" = 1492 ] || set -- "$@" "$word" "$value" ;;
        *) set -- "$@" "$word" ;;
    esac
done
[ -n "$id" ] && [ -n "$name" ] && [ -n "$local" ] || refuse "session, options file or addresses are missing"
address=$(take_address "$suggested")
case $? in
    0) ;;
    3) refuse "session $id: living sessions hold every address of the pool of $name" ;;
    *) refuse "session $id: no lease can be written in $state" ;;
esac
# The addresses come first: behind the plugin, pppd would ask the kernel whether they are an interface, for which that
# runs modprobe four times, and the client's first request would come and go meanwhile.
exec @PPPD@ "$local:$address" "$@"
"""


def instance_script() -> bytes:
    """Starts an instance, and ends it with its sessions."""
    return _script(_INSTANCE)


def pppd_script(pppd: str) -> bytes:
    """What pppoe-server runs as its pppd; ``pppd``: the path of the real one."""
    return _script(_PPPD).replace(b"@PPPD@", pppd.encode())


def _script(text: str) -> bytes:
    for name, value in (("LEASES", _LEASES.rstrip()), ("CONFIGURATION", CONFIGURATION), ("STATE", STATE)):
        text = text.replace(f"@{name}@", value)
    return text.encode()
