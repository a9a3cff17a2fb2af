# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script that sees to it that an account has one session only. Private to this collection.

pppd runs it in place of /etc/ppp/ip-up, for the instances whose options name it and no others, and it goes on to the
host's own script. pppd has hooks that come earlier, but 2.4.9 knows them by fixed names in /etc/ppp only, which are
the administrator's, and it waits for none of them in such a way that a session could be refused there (auth.c
network_phase, ipcp.c ipcp_up).
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server

UP = _layout_server.DIRECTORY + "/pppoe-server-up"
CHOICES = ("allow", "replace", "deny")

# The variable that pppd's option `set` gives to the script.
VARIABLE = "DIALTONE_SINGLE_SESSION"

# What is known of the sessions so far, one a line: interface, pid and start of pppd, account as pppd spells it. A line
# is over when its process is, or its interface has another line.
ACCOUNTS = "accounts"

_UP = r"""#!/bin/sh
# Managed by Ansible (dialtone.pppoe). Changes made here are overwritten.
#
# pppd runs this in place of /etc/ppp/ip-up once a session has its address, for instances of pppoe-server in which an
# account has one session only. Of two sessions of an account, the one whose turn it is later stays with
# DIALTONE_SINGLE_SESSION=replace, and the one whose turn was earlier with =deny. Then it goes on to the host's own
# script, unless the session has been refused. Arguments: INTERFACE TTY SPEED LOCAL REMOTE IPPARAM.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 077
state=${DIALTONE_STATE:-@STATE@}
own=${DIALTONE_OWN:-/etc/ppp/ip-up}
newline='
'

say() {
    logger -t pppoe-server -p daemon.notice -- "$1"
}

# The pids of the account's other sessions that have an address, as one line; one that is hanging up has none any more,
# though its pppd still runs. Then the account as pppd's messages spell it, whatever the client has called himself.
# Nothing if this session is hanging up itself. The list as it shall be is in @ACCOUNTS@.new.
others() {
    awk -v "list=$state/@ACCOUNTS@" -v "interface=$1" -v "pid=$PPPD_PID" '
        function started(pid, line, field, file) {
            file = "/proc/" pid "/stat"
            if ((getline line < file) <= 0) return 0
            close(file)
            sub(/^.*[)] /, "", line)
            split(line, field, " ")
            return field[1] == "Z" ? 0 : field[20]
        }
        function up(interface, command, line) {
            if (interface ~ /\047/) return 0
            command = "ip -4 -o addr show dev \047" interface "\047 2>/dev/null"
            command | getline line
            close(command)
            return line != ""
        }
        function visible(name, code, number, result, i) {
            for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i
            for (i = 1; i <= length(name); i++) {
                number = code[substr(name, i, 1)]
                if (number >= 128) { result = result "M-"; number -= 128 }
                if (number == 9 || (number >= 32 && number < 127)) result = result sprintf("%c", number)
                else result = result "^" sprintf("%c", number < 64 ? number + 64 : number - 64)
            }
            return result
        }
        BEGIN {
            account = visible(ENVIRON["PEERNAME"])
            own = started(pid)
            if (!own || !up(interface)) exit
            printf "" >(list ".new")
            while ((getline line < list) > 0) {
                split(line, field, " ")
                if (field[1] == interface || field[2] == pid) continue
                if (substr(line, length(field[1] field[2] field[3]) + 4) != account) print line >(list ".new")
                else if (field[3] == started(field[2]) && up(field[1])) pids = pids " " field[2]
            }
            print interface, pid, own, account >(list ".new")
            print pids
            print account
        }'
}

# Two sessions of one account can come up at the same moment, so each waits for its turn.
take_turn() {
    [ -d "$state" ] || mkdir -p "$state"
    if ! exec 9<"$state" || ! flock -w 15 9; then
        say "$1: no lock on $state, so it could not be seen whether its account has another session"
        return
    fi
    found=$(others "$1")
    [ -n "$found" ] || return
    pids=${found%%"$newline"*}
    account=${found#*"$newline"}
    if [ -n "$pids" ] && [ "$@VARIABLE@" = deny ]; then
        say "$1: $account is refused, since there is a session of this account already (pid$pids)"
        kill -TERM "$PPPD_PID"
        exit 0
    fi
    mv -f "$state/@ACCOUNTS@.new" "$state/@ACCOUNTS@"
    if [ -n "$pids" ]; then
        say "$1: $account has dialled again, so the former session of this account is hung up (pid$pids)"
        kill -TERM $pids
    fi
}

[ -z "${PEERNAME:-}" ] || [ -z "${PPPD_PID:-}" ] || take_turn "$1"
exec 9<&-
[ ! -x "$own" ] || exec "$own" "$@"
"""


def up_script() -> bytes:
    text = _UP
    for name, value in (("STATE", _layout_server.STATE), ("ACCOUNTS", ACCOUNTS), ("VARIABLE", VARIABLE)):
        text = text.replace(f"@{name}@", value)
    return text.encode()


def option_lines(single_session: str) -> list[str]:
    """The options of pppd that have it run the script; none for ``allow``."""
    if single_session == "allow":
        return []
    return [f"set {VARIABLE}={single_session}", f"ip-up-script {UP}"]
