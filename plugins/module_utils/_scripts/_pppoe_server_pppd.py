# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that begins the sessions of a server. Private to this collection.

It is POSIX sh and starts no program, but the real pppd in its own place: what it costs, it costs for each dial.

pppoe-server counts session ids and addresses anew from its arguments each time it starts, and knows only of sessions
that it has begun itself, though those of an earlier one live on. So addresses are not its business: the script that it
runs as pppd asks the session manager of the host for one (``_manager``), which knows what all sessions have. Session
ids are pppoe-server's business, but each daemon gets ids that no living session has, and none that the daemon before
it had, whose clients may still be dialling.
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server

# What two scripts have in common: whether the session manager runs, and what starts it. A link leads to the queue of
# questions as the manager has it open, through its folder of files in /proc. The shell reads a file byte by byte, so
# that a look into one would cost a dial more than all else here.
MANAGER = r"""
manager_runs() {
    # Not of POSIX, but of dash, bash and busybox: both are the same file.
    # shellcheck disable=SC3013
    [ "$state/manager" -ef "$state/ask" ] && [ -e "$state/manager.pid" ] && [ -d "$state/answers" ]
}

# Of many who find that it has ended, one starts it.
need_manager() {
    ! manager_runs || return 0
    [ -d "$state" ] || mkdir -p "$state"
    exec 9>>"$state/start.lock" && flock -w 20 9
    manager_runs || "$scripts/pppoe-server-manager" ensure >&2
    exec 9>&-
    manager_runs
}

# Say $2 to it, and read what it answers to $1 through the queue of the session $3, behind its first word.
ask_manager() {
    [ -p "$state/answers/$3" ] || mkfifo "$state/answers/$3" || return
    # Opened for both, since that never waits for somebody at the other end; and a question stays in its queue until it
    # is answered, should another manager take the place of the one that was asked.
    exec 7<>"$state/ask" 8<>"$state/answers/$3"
    printf '%s\n' "$2" >&7
    while read -r whom answer <&8; do
        [ "$whom" != "$1" ] || break
    done
    exec 7<&- 8<&-
}
"""

# The words are those of pppoe-server.c startPPPD; anything else is refused rather than guessed.
_PPPD = r"""#!/bin/sh
#
# pppoe-server runs this instead of pppd, for each session. It
# - asks the session manager for an address of the instance's pool that nobody has, if free the one that pppoe-server
#   suggests, and waits for its turn there;
# - has the kernel carry the session in the place of a relay process called "kernel" (pppoe-server -Q kernel);
# - lets the MTU and MRU of the options file count, but that a client who has not asked for as much, by the tag
#   PPP-Max-Payload (RFC 4638), has what pppoe-server says;
# - tells RADIUS, where the instance has it, what session this is.
# It starts no other program.
set -u -f
umask 077
configuration=${PPPOE_SERVER_CONFIGURATION:-@CONFIGURATION@}
state=${PPPOE_SERVER_STATE:-@STATE@}
scripts=${PPPOE_SERVER_SCRIPTS:-@SCRIPTS@}
pppd=${PPPOE_SERVER_PPPD:-@PPPD@}

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
@MANAGER@
local='' suggested='' session='' id='' name='' interface='' service='' agreed=''
left=$#
while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    case $word in
        pty | mru | mtu | file | rp_pppoe_sess | rp_pppoe_service)
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
            case $rest in
                "$session -S '"*"'") service=${rest#"$session -S '"} service=${service%"'"} ;;
            esac
            case $relay in
                kernel) set -- "$@" plugin pppoe.so "nic-$interface" rp_pppoe_sess "$session" ;;
                /*/pppoe) set -- "$@" pty "$value" ;;
                *) refuse "unknown relay command: $value" ;;
            esac
            ;;
        rp_pppoe_sess)
            session=$value
            known_session "$session" "$word $session"
            id=${value%%:*}
            set -- "$@" "$word" "$value"
            ;;
        nic-*)
            interface=${word#nic-}
            set -- "$@" "$word"
            ;;
        rp_pppoe_service)
            service=$value
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
        mru | mtu)
            case $value in
                '' | *[!0-9]* | ??????*) refuse "unknown $word: $value" ;;
            esac
            agreed=$value
            ;;
        *) set -- "$@" "$word" ;;
    esac
done
[ -n "$id" ] && [ -n "$name" ] && [ -n "$local" ] || refuse "session, options file or addresses are missing"
need_manager || refuse "session $id: the session manager does not run, and could not be started"
ask_manager $$ "dial $$ $session $name $suggested" "$id" || refuse "session $id: no queue in $state/answers"
address=${answer%% *}
words=${answer#"$address"}
[ "$address" != - ] || refuse "session $id:$words"
# With pools for plans, the account's line in the secrets file has pppd read the file of its pool, which is here.
case $words in
    ' pools='*)
        folder=${words#' pools='}
        folder=${folder%% *}
        words=${words#" pools=$folder"}
        cd "$folder" || refuse "session $id: there is no $folder"
        ;;
esac
# Behind the options file, and where that has more than any client may have.
case $words in
    ' large='*)
        large=${words#' large='}
        large=${large%% *}
        words=${words#" large=$large"}
        [ "${agreed:-1492}" -ge "${large%,*}" ] || set -- "$@" mtu "${agreed:-1492}"
        [ "${agreed:-1492}" -ge "${large#*,}" ] || set -- "$@" mru "${agreed:-1492}"
        ;;
esac
# What RADIUS gets comes last, behind the plugin of the options file that knows these options. A value of 64 bytes
# overruns a buffer of it, and one ends at a blank, a comma and an equals sign (pppd/plugins/radius/avpair.c).
case $words in
    *' radius='*)
        called=${words##*' radius='}
        words=${words%" radius=$called"}
        offers=''
        case $called in
            *' offers='*) offers=${called#*' offers='} called=${called%%' offers='*} ;;
        esac
        case $service in
            *[!A-Za-z0-9._:@+/-]*) ;;
            *) [ $((${#called} + ${#service})) -gt 62 ] || called=$called:$service ;;
        esac
        case $interface in
            *[!A-Za-z0-9._:@-]*) interface=- ;;
        esac
        read -r unique </proc/sys/kernel/random/uuid
        # A pppd gives its unit back before it ends. At its end it removes the file of radattr.so of it, which may
        # be that of a newer session by then (auth.c link_terminated, radattr.c cleanup). pppoe-server gives an ID
        # to another session only after the pppd has ended. If that unit is taken, pppd chooses a free one.
        set -- "$@" unit "$id" remotenumber "${session#*:}" avpair "Acct-Multi-Session-Id=$unique" \
            avpair "NAS-Port-Id=$interface:$id" avpair "Called-Station-Id=$called"
        # What the named pools have for it: our FreeRADIUS takes it from there, if a server answers with Framed-Pool.
        while [ -n "$offers" ]; do
            set -- "$@" avpair "Framed-Pool=${offers%%,*}"
            case $offers in
                *,*) offers=${offers#*,} ;;
                *) offers='' ;;
            esac
        done
        ;;
esac
# The addresses come first: behind the plugin, pppd would ask the kernel whether they are an interface, for which that
# runs modprobe four times, and the client's first request would come and go meanwhile.
# Whatever this script's files are closed to, those of pppd and of your scripts that it runs are as ever.
umask 022
exec "$pppd" "$local:$address" set "DIALTONE_LANE=$id" $words "$@"
"""


def pppd_script(pppd: str) -> bytes:
    """What pppoe-server runs as its pppd; ``pppd``: the path of the real one."""
    return filled(_PPPD.replace("@PPPD@", pppd))


def filled(text: str) -> bytes:
    """A script of ours with its header, and the folders and functions that it names as ``@NAME@``."""
    for name, value in (
        ("CONFIGURATION", _layout_server.CONFIGURATION),
        ("STATE", _layout_server.STATE),
        ("SCRIPTS", _layout_server.DIRECTORY),
        ("MANAGER", MANAGER),
    ):
        text = text.replace(f"@{name}@", value)
    return _layout_header.headed(text).encode()
