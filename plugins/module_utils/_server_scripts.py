# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two scripts that a server needs on its host, as text. Private to this collection.

They are POSIX sh with awk, ps and ip: what is there on any host that runs pppd, also early at boot.
"""

from __future__ import annotations

DIRECTORY = "/usr/local/libexec/dialtone-pppoe"
INSTANCE = DIRECTORY + "/pppoe-server-instance"
PPPD = DIRECTORY + "/pppoe-server-pppd"
CONFIGURATION = "/etc/ppp/pppoe-server"
STATE = "/run/pppoe-server"

# pppoe-server counts session ids and addresses anew from its arguments each time it starts, though the sessions of
# an earlier process may live on. So what they hold is taken out right before it starts.
_INSTANCE = r"""#!/bin/sh
# Managed by Ansible (dialtone.pppoe). Changes made here are overwritten.
#
# pppoe-server-instance start NAME INTERFACE... -- COMMAND...
#     Wait for the interfaces, then become COMMAND (pppoe-server and its options), with the session ids and the
#     addresses that living sessions hold kept back.
# pppoe-server-instance hangup NAME PID
#     End the daemon PID and all sessions of the instance. Without a PID the daemon has died by itself: nothing is
#     ended, since its sessions live on and another daemon takes its place.
set -u
configuration=@CONFIGURATION@
state=@STATE@

say() {
    echo "pppoe-server $name: $1" >&2
}

# A line for each session of any pppoe-server on this host: its pppd's pid, session id, address, options file.
# Those in containers are another host's, though ps shows them too.
sessions() {
    ps -ww -eo pidns=,pid=,args= | awk -v "here=$(ps -o pidns= -p $$)" '
        BEGIN {
            two = "[0-9a-f][0-9a-f]"
            session = "^[0-9]+:" two ":" two ":" two ":" two ":" two ":" two "$"
            dotted = "[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+"
        }
        $1 == here + 0 {
            id = address = options = ""
            for (i = 3; i <= NF; i++) {
                split($i, part, ":")
                if ($i ~ session) id = part[1]
                else if ($i ~ "^" dotted ":" dotted "$") address = part[2]
                else if ($(i - 1) == "file") options = $i
            }
            if (id != "" && address != "") print $2, id, address, options
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

# The smallest offset after which as many ids as there are addresses are free; ids run from offset + 1.
offset() {
    awk 'FILENAME == ARGV[1] { ids[++living] = $2 + 0; next } { count++ }
        END {
            for (i = 2; i <= living; i++) {
                value = ids[i]
                for (j = i - 1; j > 0 && ids[j] > value; j--) ids[j + 1] = ids[j]
                ids[j + 1] = value
            }
            for (i = 1; i <= living && ids[i] <= start + count; i++) start = ids[i]
            print start + 0
        }' "$1" "$2"
}

start() {
    interfaces=
    while [ "$1" != -- ]; do
        interfaces="$interfaces $1"
        shift
    done
    shift
    modprobe -q -a ppp_generic pppoe 2>/dev/null || :
    for interface in $interfaces; do
        wait_for "$interface"
    done
    mkdir -p "$state" || exit 1
    cp "$configuration/$name.pool" "$state/$name.started" || exit 1
    waiting=
    while :; do
        sessions >"$state/$name.living"
        awk 'FILENAME == ARGV[1] { held[$3] = 1; next } !($1 in held)' \
            "$state/$name.living" "$state/$name.started" >"$state/$name.pool"
        [ -s "$state/$name.pool" ] && break
        [ -n "$waiting" ] || say "living sessions hold every address of the pool: waiting until one ends"
        waiting=yes
        sleep 1
    done
    exec "$@" -o "$(offset "$state/$name.living" "$state/$name.pool")" -p "$state/$name.pool"
}

hangup() {
    daemon=${1:-}
    [ -n "$daemon" ] || exit 0
    kill -TERM "$daemon" 2>/dev/null
    tries=50
    while [ "$tries" -gt 0 ]; do
        pids=$(sessions | awk -v options="$configuration/$name.options" '$4 == options { print $1 }')
        [ -n "$pids" ] || exit 0
        [ $((tries % 25)) -ne 0 ] || kill -TERM $pids 2>/dev/null
        tries=$((tries - 1))
        sleep 0.2
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
# pppoe-server runs this instead of pppd. It has the kernel carry the session where pppoe-server would have a relay
# process do it, and lets the MTU and MRU of the options file count instead of a fixed 1492.
set -u -f

refuse() {
    logger -t pppoe-server -p daemon.err "pppd not started: $1" 2>/dev/null
    echo "pppoe-server: pppd not started: $1" >&2
    exit 2
}

left=$#
while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    case $word in
        pty | mru | mtu)
            [ "$left" -gt 0 ] || refuse "nothing follows $word"
            value=$1
            shift
            left=$((left - 1))
            ;;
    esac
    case $word in
        pty)
            # /usr/sbin/pppoe -n -I eth1 -e 12:02:00:00:00:00:01 [options of the relay] -S 'service'
            rest=${value#*/pppoe -n -I }
            [ "$rest" != "$value" ] || refuse "unknown relay command: $value"
            interface=${rest%% *}
            rest=${rest#"$interface" -e }
            session=${rest%% *}
            case $interface in
                '' | *[!A-Za-z0-9._:@-]*) refuse "unknown interface in: $value" ;;
            esac
            case $session in
                [0-9]*:??:??:??:??:??:??) ;;
                *) refuse "unknown session in: $value" ;;
            esac
            case $session in
                *[!0-9a-f:]*) refuse "unknown session in: $value" ;;
            esac
            set -- "$@" plugin pppoe.so "nic-$interface" rp_pppoe_sess "$session"
            ;;
        sync) ;;
        mru | mtu) [ "$value" = 1492 ] || set -- "$@" "$word" "$value" ;;
        *) set -- "$@" "$word" ;;
    esac
done
exec @PPPD@ "$@"
"""


def instance_script() -> bytes:
    """Starts an instance, and ends it with its sessions."""
    return _INSTANCE.replace("@CONFIGURATION@", CONFIGURATION).replace("@STATE@", STATE).encode()


def pppd_script(pppd: str) -> bytes:
    """What pppoe-server runs as its pppd; ``pppd``: the path of the real one."""
    return _PPPD.replace("@PPPD@", pppd).encode()
