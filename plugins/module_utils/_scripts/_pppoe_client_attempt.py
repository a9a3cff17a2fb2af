# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The script around each attempt to dial: what it needs, and the pauses between. Private to this collection.

systemd has growing pauses of its own since version 254 only (``RestartSteps``), and none that depend on the cause.
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client

# pppd's exit statuses: man 8 pppd, EXIT STATUS.
_TEXT = r"""#!/bin/sh
# Managed by Ansible (dialtone.pppoe). Changes made here are overwritten.
#
#   pppoe-client-attempt before NAME LEAST MOST INTERFACE [VLAN]
#       Waits after failures, LEAST seconds after the first and then twice as long each time, up to MOST; then sets up
#       the Ethernet interface, and begins a new log.
#   pppoe-client-attempt after NAME
#       Counts a failure, run by systemd with SERVICE_RESULT and EXIT_*. A link that has come up sets the count to 0.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 077
action=$1
name=$2
run=${DIALTONE_RUN:-/run}
failures=$run/pppoe-client-$name.failures

say() {
    echo "$*"
    # A busy systemd may take longer than it is waited for.
    [ -z "${NOTIFY_SOCKET:-}" ] || systemd-notify --status="$*" || :
}

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
    while [ $doublings -lt "$count" ] && [ $seconds -lt "$most" ]; do
        seconds=$((seconds * 2))
        doublings=$((doublings + 1))
    done
    [ $seconds -le "$most" ] || seconds=$most
    case $status in
        19) seconds=$((seconds * @FACTOR@)); why='the server refuses the account' ;;
        15) why='the server fell silent' ;;
        16) why='no session, or the server hung up' ;;
        -) why='it could not be prepared' ;;
        *) why="pppd ended with status $status" ;;
    esac
    say "Attempts that failed: $count. The last: $why. The next in $seconds seconds."
    sleep $seconds
}

# Two would take turns in hanging each other up.
refuse_a_second_pppd() {
    for folder in "$run" "$run/pppd" "$run/ppp"; do
        [ -r "$folder/ppp-pppoe-client-$name.pid" ] || continue
        read -r pid <"$folder/ppp-pppoe-client-$name.pid"
        if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = pppd ]; then
            say "pppd with pid $pid holds the connection $name already."
            exit 1
        fi
    done
}

set_up() {
    interface=$1 vlan=${2:-}
    ip link set dev "$interface" up || exit 1
    [ -n "$vlan" ] || return 0
    if [ ! -e "/sys/class/net/$interface.$vlan" ]; then
        ip link add link "$interface" name "$interface.$vlan" type vlan id "$vlan" || exit 1
        ip link set dev "$interface.$vlan" alias @ALIAS@
    fi
    ip link set dev "$interface.$vlan" up || exit 1
}

before() {
    refuse_a_second_pppd
    pause "$3" "$4"
    shift 4
    modprobe -q pppoe
    set_up "$@"
    rm -f "$run/pppoe-client-$name.dns"
    log=$run/pppoe-client-$name.log
    # Until this attempt has said something, what the last one has said is of interest.
    [ ! -e "$log" ] || mv -f "$log" "$log.before"
    : >"$log"
    say "Dials."
}

after() {
    case ${SERVICE_RESULT:-}/${EXIT_CODE:-}/${EXIT_STATUS:-} in
        */exited/5) failed= ;; # a pppd that was asked to end
        */exited/*) failed=$EXIT_STATUS ;;
        exit-code//) failed=- ;; # there was no pppd: what has to be done before has failed
        *) failed= ;;
    esac
    if [ -n "$failed" ]; then
        read_failures
        echo "$((count + 1)) $failed" >"$failures"
    else
        rm -f "$failures"
    fi
}

"$action" "$@"
"""


def script() -> bytes:
    return (
        _TEXT.replace("@FACTOR@", str(_layout_client.REFUSED_FACTOR)).replace("@ALIAS@", _layout_client.ALIAS).encode()
    )
