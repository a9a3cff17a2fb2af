# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that prepares each attempt to dial and becomes pppd, with the pauses between. Private to this collection.

systemd has growing pauses of its own since version 254 only (``RestartSteps``), and none that depend on the cause.
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppd_database

# pppd's exit statuses: man 8 pppd, EXIT STATUS; 100 is ours. The file system's limit is in blocks of 512 bytes: 8 MiB,
# more than pppd's database and what else it writes will ever have.
_TEXT = r"""#!/bin/sh
#
# pppoe-client-attempt dial NAME LEAST MOST INTERFACE VLAN [ethernet-mtu=BYTES] [OPTION...]
#     Wait after failures, LEAST seconds after the first and then twice as long each time, up to MOST. Then set up the
#     Ethernet interface and its VLAN (- for none), with that MTU at least, begin a new log, and become pppd with these
#     options.
# pppoe-client-attempt after NAME LEAST
#     Run by systemd with EXIT_*: count a failure. A link that has come up, and stayed for LEAST seconds, is none.
# For tests, DIALTONE_* say where things are.
PATH=${DIALTONE_PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
export PATH
umask 077
action=$1
name=$2
run=${DIALTONE_RUN:-/run}
interfaces=${DIALTONE_INTERFACES:-/sys/class/net}
failures=$run/pppoe-client-$name.failures
shift 2

say() {
    echo "$*"
    # A busy systemd may take longer than it is waited for.
    [ -z "${NOTIFY_SOCKET:-}" ] || systemd-notify --status="$*" || :
}

give_up() {
    say "$*"
    exit 100
}

@GUARD@
# Sets count and status, pppd's last exit status.
read_failures() {
    count=0 status=0
    [ ! -r "$failures" ] || read -r count status <"$failures"
}

pause() {
    least=$1 most=$2
    read_failures
    [ "$count" -gt 0 ] && [ "$most" -gt 0 ] || return 0
    seconds=$least
    doublings=1
    while [ "$doublings" -lt "$count" ] && [ "$seconds" -lt "$most" ]; do
        seconds=$((seconds * 2))
        doublings=$((doublings + 1))
    done
    [ "$seconds" -le "$most" ] || seconds=$most
    case $status in
        19) seconds=$((seconds * 5)) why='the server refuses the account' ;;
        15) why='the server fell silent' ;;
        16) why='no session, or the server hung up' ;;
        100) why='it could not be prepared' ;;
        *) why="pppd ended with status $status" ;;
    esac
    say "Attempts that failed: $count. The last: $why. The next in $seconds seconds."
    sleep "$seconds"
    say "Dialling."
}

# Two would take turns in hanging each other up.
refuse_a_second_pppd() {
    for folder in "$run" "$run/pppd" "$run/ppp"; do
        [ -r "$folder/ppp-pppoe-client-$name.pid" ] || continue
        read -r pid <"$folder/ppp-pppoe-client-$name.pid"
        program=
        [ ! -r "/proc/$pid/comm" ] || read -r program <"/proc/$pid/comm"
        [ "$program" != pppd ] || give_up "pppd with pid $pid holds the connection $name already."
    done
}

set_up() {
    interface=$1 vlan=$2
    link_up "$interface"
    [ "$vlan" != - ] || return 0
    if [ ! -e "$interfaces/$interface.$vlan" ]; then
        ip link add link "$interface" name "$interface.$vlan" type vlan id "$vlan" ||
            give_up "VLAN $vlan of $interface cannot be made: it may be there by another name."
        ip link set dev "$interface.$vlan" alias dialtone.pppoe
    fi
    link_up "$interface.$vlan"
}

link_up() {
    flags=0
    [ ! -r "$interfaces/$1/flags" ] || read -r flags <"$interfaces/$1/flags"
    [ $((flags & 1)) -eq 1 ] || ip link set dev "$1" up || give_up "$1 cannot be set up."
    [ -n "$ethernet" ] || return 0
    mtu=0
    [ ! -r "$interfaces/$1/mtu" ] || read -r mtu <"$interfaces/$1/mtu"
    [ "$mtu" -ge "$ethernet" ] || ip link set dev "$1" mtu "$ethernet" || say "$1 keeps its MTU of $mtu."
}

# Until this attempt has said something, what the last one has said is of interest. The copy of the peers file is
# what this pppd has read, whatever becomes of the file.
begin() {
    if [ -e "$run/pppoe-client-$name.dns" ] || [ -e "$run/pppoe-client-$name.up" ]; then
        rm -f "$run/pppoe-client-$name.dns" "$run/pppoe-client-$name.up"
    fi
    log=$run/pppoe-client-$name.log
    [ ! -s "$log" ] || mv -f "$log" "$log.before"
    : >"$log"
    cp "${DIALTONE_PEERS:-/etc/ppp/peers}/$name" "$run/pppoe-client-$name.started"
}

# The units of a former version call this by itself, without "-" where there is no VLAN, and pppd afterwards.
before() {
    refuse_a_second_pppd
    pause "$1" "$2"
    [ -e "${DIALTONE_PPPOE:-/proc/net/pppoe}" ] || modprobe -q pppoe 2>/dev/null
    ethernet=
    case ${5:-} in
        ethernet-mtu=*) ethernet=${5#*=} ;;
    esac
    set_up "$3" "${4:--}"
    begin
    guard_database
}

dial() {
    before "$@"
    shift 4
    [ -z "$ethernet" ] || shift
    # A server can make pppd write a line for each of its packets. Where its log ends, pppd goes on without one.
    trap '' XFSZ
    # shellcheck disable=SC3045 # each sh of Linux has -S
    ulimit -S -f 16384
    # The files of pppd and of the scripts that it runs are as without us, /etc/ppp/resolv.conf among them.
    umask 022
    exec pppd call "$name" "$@"
}

after() {
    failed=
    # 5 is a pppd that was asked to end.
    [ "${EXIT_CODE:-}" != exited ] || [ "${EXIT_STATUS:-5}" = 5 ] || failed=$EXIT_STATUS
    ! was_up_for "${1:-5}" || failed=
    rm -f "$run/pppoe-client-$name.up"
    if [ -n "$failed" ]; then
        read_failures
        echo "$((count + 1)) $failed" >"$failures"
    else
        rm -f "$failures"
    fi
}

was_up_for() {
    [ -r "$run/pppoe-client-$name.up" ] || return 1
    read -r since <"$run/pppoe-client-$name.up"
    read -r now _ </proc/uptime
    [ $((${now%%.*} - since)) -ge "$1" ]
}

"$action" "$@"
"""


def script() -> bytes:
    return _layout_header.headed(_TEXT).replace("@GUARD@\n", _pppd_database.GUARD).encode()
