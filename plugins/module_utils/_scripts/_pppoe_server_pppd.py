# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the two scripts of a server have in common, and the one that begins sessions. Private to this collection.

They are POSIX sh with awk, flock, ps and ip: what is there on any host that runs pppd, also early at boot.

pppoe-server counts session ids and addresses anew from its arguments each time it starts, and knows only of sessions
that it has begun itself, though those of an earlier one live on. So addresses are not its business: the script that it
runs as pppd takes one for each session, from the leases of all sessions of the host. A lease is a file named by its
address, with the pid of the session's pppd and the time when that started; it is over when that process is, whatever
ended it. Session ids are pppoe-server's business, but each daemon gets ids that no living session has, and none that
the daemon before it had, whose clients may still be dialling.
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server

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


def pppd_script(pppd: str) -> bytes:
    """What pppoe-server runs as its pppd; ``pppd``: the path of the real one."""
    return filled(_PPPD).replace(b"@PPPD@", pppd.encode())


def filled(text: str) -> bytes:
    """A script of ours, with the folders and the functions of leases that it names as ``@NAME@``."""
    for name, value in (
        ("LEASES", _LEASES.rstrip()),
        ("CONFIGURATION", _layout_server.CONFIGURATION),
        ("STATE", _layout_server.STATE),
    ):
        text = text.replace(f"@{name}@", value)
    return text.encode()
