# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that pppd runs in the place of /etc/ppp/ip-up and the like. Private to this collection.

It sees to it that an account has one session only, and that the administrator's scripts get names that are visible.
pppd is told to run it by the script that begins sessions, and only where one of both is needed (``_manager/_hooks``).

pppd has hooks that come earlier than ip-up, but 2.4.9 knows them by fixed names in /etc/ppp only, which are the
administrator's, and it waits for none of them in such a way that a session could be refused there (auth.c
network_phase, ipcp.c ipcp_up).
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_pppd

#: The same script under each of these names goes on to another one of /etc/ppp.
NAMES = ("up", "down", "pre-up", "ipv6-up", "ipv6-down")
PATHS = tuple(f"{_layout_server.DIRECTORY}/pppoe-server-{name}" for name in NAMES)
#: pppd before 2.5 knows a script that it waits for by its place only, and so does what is in this folder.
HOOK, HOOK_FOLDER = "0dialtone-plans", "/etc/ppp/ip-pre-up.d"
CHOICES = ("allow", "replace", "deny")

# The variable that pppd's option `set` gives to the script.
VARIABLE = "DIALTONE_SINGLE_SESSION"

_UP = r"""#!/bin/sh
# First of all: a pppd that gets a signal while it ends passes it on to this script (main.c childwait_end), and the
# administrator's must go on. What this script becomes or runs has signals as ever.
trap : TERM
# The session manager runs what has not said that it has begun (_manager/_farewell.py).
case ${0##*/pppoe-server-}:${PPPD_PID:-} in
    *down:?*)
        queue=${PPPOE_SERVER_STATE:-@STATE@}/ask
        [ ! -p "$queue" ] || echo "begun $PPPD_PID ${0##*/pppoe-server-}" 1<>"$queue"
        ;;
esac
#
# pppd runs this in place of /etc/ppp/ip-up and its like, which this goes on to.
# - Of two sessions of an account, the one whose turn it is later stays with DIALTONE_SINGLE_SESSION=replace, and the
#   one whose turn was earlier with =deny. The session manager decides that; for one that is refused, nothing is run.
# - Routes that RADIUS has for the session (Framed-Route) are set on its interface, with which they go.
# - Before the link has IPv4, as ip-pre-up, it has its rates set, if the instance has plans.
# - PEERNAME is made visible as in pppd's messages (control characters ^X, bytes from 0x80 on M-x), since with PAP it is
#   what the client has sent.
# Arguments: INTERFACE TTY SPEED LOCAL REMOTE IPPARAM.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}
LC_ALL=C
export PATH LC_ALL
umask 077
state=${PPPOE_SERVER_STATE:-@STATE@}
scripts=${PPPOE_SERVER_SCRIPTS:-@SCRIPTS@}
ppp=${PPPOE_SERVER_PPP:-/etc/ppp}
run=${PPPOE_SERVER_RUN:-/run}
name=${0##*/pppoe-server-}
# Scripts of ours that pppd before 2.5 knows by their place read this into their shell.
case ${0##*/} in
    @HOOK@ | ip-pre-up) name=pre-up ;;
esac
printable='	 -~'

say() {
    logger -t pppoe-server -p daemon.notice -- "$1"
}
@MANAGER@
make_visible() {
    awk 'BEGIN {
        name = ENVIRON["PEERNAME"]
        for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i
        for (i = 1; i <= length(name); i++) {
            number = code[substr(name, i, 1)]
            if (number >= 128) { result = result "M-"; number -= 128 }
            if (number == 9 || (number >= 32 && number < 127)) result = result sprintf("%c", number)
            else result = result "^" sprintf("%c", number < 64 ? number + 64 : number - 64)
        }
        printf "%s", result
    }'
}

# Ends this script if the session is refused.
take_turn() {
    if ! need_manager; then
        say "$1: the session manager does not run, so it could not be seen whether its account has another session"
        return
    fi
    # A session from before there were queues has none.
    queue=${DIALTONE_LANE:-100000$PPPD_PID}
    ask_manager "$PPPD_PID" "account $PPPD_PID $queue $DIALTONE_SINGLE_SESSION $1 $PEERNAME" "$queue" || return
    [ -n "${DIALTONE_LANE:-}" ] || rm -f "$state/answers/$queue"
    [ "$answer" != leave ] || exit 0
}

# A line is: Framed-Route 192.0.2.0/24 GATEWAY METRIC. A metric above 0 keeps the host's own networks as they are.
set_routes() {
    while read -r attribute prefix gateway metric _; do
        [ "$attribute" = Framed-Route ] || continue
        case $metric in
            '' | 0 | *[!0-9]* | ??????????*) metric=1 ;;
        esac
        case $prefix in
            *[!0-9./]* | 0.* | 127.* | 22[4-9].* | 2[3-9]?.* | */0 | */[1-7] | '')
                say "$1: the route $prefix of $PEERNAME is not set, since no customer can have it"
                ;;
            *)
                ip -4 route replace "$prefix" dev "$1" proto static metric "$metric" 2>/dev/null ||
                    say "$1: the route $prefix of $PEERNAME could not be set"
                ;;
        esac
    done <"$run/radattr.$1"
}

# pppd waits for this before IPv4 packets pass, so that the session has its rates by then.
take_plan() {
    need_manager || return
    ask_manager "$PPPD_PID" "plan $PPPD_PID $DIALTONE_LANE - $1 $PEERNAME" "$DIALTONE_LANE" || return
    [ "$answer" != leave ] || exit 0
}

case ${PEERNAME:-} in
    *[!$printable]*) PEERNAME=$(make_visible) ;;
esac
case $name in
    up)
        [ -z "${PEERNAME:-}" ] || [ -z "${PPPD_PID:-}" ] || [ "${DIALTONE_SINGLE_SESSION:-allow}" = allow ] ||
            take_turn "$1"
        [ -z "${RADIUS_FRAMED_ROUTE:-}" ] || [ ! -r "$run/radattr.$1" ] || set_routes "$1"
        [ -n "${DIALTONE_HOOKS:-}" ] || exit 0
        ;;
    pre-up)
        [ -z "${DIALTONE_PLANS:-}" ] || [ -z "${PEERNAME:-}" ] || [ -z "${DIALTONE_LANE:-}" ] || take_plan "$1"
        [ "${DIALTONE_PLANS:-}" != only ] || exit 0
        ;;
esac
case $name in
    ipv6-*) script=$ppp/$name ;;
    *) script=$ppp/ip-$name ;;
esac
umask 022
[ -x "$script" ] || exit 0
case $name in
    down | ipv6-down) "$script" "$@" ;;
    *) exec "$script" "$@" ;;
esac
"""


#: What pppd before 2.5 finds as /etc/ppp/ip-pre-up (``mask`` of ``_pppoe_server_instance``).
PRE_UP = f"{_layout_server.DIRECTORY}/pppoe-server-ip-pre-up"
_PRE_UP = r"""#!/bin/sh
# pppd before 2.5 has no option for this script: each daemon and its sessions see this file in the place of
# /etc/ppp/ip-pre-up, and the host's own in the state folder. Nobody else does.
# As long as the host's own has only the distribution's scripts to run, a session needs nothing but its rates, if any.
[ "${DIALTONE_PRE_UP:-}" = none ] || exec "${PPPOE_SERVER_STATE:-@STATE@}/ip-pre-up" "$@"
[ -z "${DIALTONE_PLANS:-}" ] || . "${PPPOE_SERVER_SCRIPTS:-@SCRIPTS@}/pppoe-server-pre-up"
"""


def up_script() -> bytes:
    return _pppoe_server_pppd.filled(_UP.replace("@HOOK@", HOOK))


def hook_script() -> bytes:
    """For ip-pre-up.d. It reads the other script instead of running it, which would be one more program a session."""
    command = f'[ "${{DIALTONE_PLANS:-}}" != only ] || . {_layout_server.DIRECTORY}/pppoe-server-pre-up\n'
    return _layout_header.headed(f"#!/bin/sh\n{command}").encode()


def pre_up_script() -> bytes:
    return _pppoe_server_pppd.filled(_PRE_UP)


def option_lines(single_session: str) -> list[str]:
    """What the options of pppd say of it; nothing for ``allow``."""
    return [] if single_session == "allow" else [f"set {VARIABLE}={single_session}"]
