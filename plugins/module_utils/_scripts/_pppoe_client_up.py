# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts that pppd runs when a link comes up and goes down. Private to this collection.

They set the default route and the name servers, take them back, notify systemd that the link is up, and run hooks.

pppd runs them in place of /etc/ppp/ip-up and ip-down, for the connections that name them and no others, and they go
on to the host's own. So nothing of ours stands in ip-up.d, which not every distribution has.
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

# A name server's line that is not ours is set aside while one of our links is up, and comes back with the last one:
# no copy of the file has to be kept, and what others change in it meanwhile stays.
_TEXT = r"""#!/bin/sh
#
# pppd runs this in place of /etc/ppp/ip-up for a connection of dialtone.pppoe, with the arguments
# INTERFACE TTY SPEED LOCAL REMOTE IPPARAM. It sets the default route and the name servers, notifies systemd that the
# link is up, and goes on to the connection's own hook and the host's own script. With "down" before these arguments it
# takes the name servers back, and goes on to the hook and /etc/ppp/ip-down. The route goes with the link.
# For tests, DIALTONE_* say where things are.
PATH=${DIALTONE_PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
export PATH
umask 022
# The limit of pppd's log is not one of hooks.
# shellcheck disable=SC3045 # each sh of Linux has -S
ulimit -S -f unlimited
action=up
if [ "$1" = down ]; then
    action=down
    shift
fi
interface=$1
connection=${DIALTONE_CONNECTION:?not run by pppd}
file=${DIALTONE_RESOLV_CONF:-/etc/resolv.conf}
run=${DIALTONE_RUN:-/run}

# A subshell is a process, which a customer waits for.
find_servers() {
    case ${DIALTONE_DNS:-} in
        none) servers='' ;;
        server) servers=${DNS1:-}${DNS1:+${DNS2:+ }}${DNS2:-} ;;
        *) servers=${DIALTONE_DNS:-} ;;
    esac
}

# Which of three manages the name servers: systemd-resolved, resolvconf, or the plain file.
find_keeper() {
    real=$(readlink -f "$file")
    resolvconf=$(command -v resolvconf)
    case $real in
        /run/systemd/resolve/*) keeper=resolved; return ;;
    esac
    case ${resolvconf:+$(readlink -f "$resolvconf")} in
        '' | */resolvectl) keeper=plain ;;
        *) keeper=resolvconf ;;
    esac
}

# The plain file with a block of this connection in front, and what else names servers set aside; with no servers in
# $1, without it, and with no other block left, with the lines that were set aside.
changed() {
    old=$real
    [ -e "$old" ] || old=/dev/null
    # The file is one record, so that a last line without its end stays so.
    awk -v "connection=$connection" -v "servers=$1" '
        BEGIN { RS = "\001" }
        { lines = split($0, line, "\n") }
        END {
            for (i = 1; i <= lines; i++) {
                if (line[i] == "# BEGIN dialtone.pppoe " connection) ours = 1
                if (!ours && line[i] ~ /^# BEGIN dialtone[.]pppoe /) others = 1
                if (!ours) kept[++count] = line[i]
                if (line[i] == "# END dialtone.pppoe " connection) ours = 0
            }
            if (servers != "") print "# BEGIN dialtone.pppoe " connection
            for (i = 1; i <= split(servers, server, " "); i++) print "nameserver " server[i]
            if (servers != "") print "# END dialtone.pppoe " connection
            for (i = 1; i <= count; i++) {
                text = kept[i]
                if (!others) sub(/^#dialtone[.]pppoe# /, "", text)
                if (text ~ /^# BEGIN dialtone[.]pppoe /) inside = 1
                if (servers != "" && !inside && text ~ /^[ \t]*nameserver[ \t]/) text = "#dialtone.pppoe# " text
                if (text ~ /^# END dialtone[.]pppoe /) inside = 0
                printf "%s%s", text, i < count ? "\n" : ""
            }
        }' "$old"
}

# Another connection may come up at this moment, and the file may be a mount point, which cannot be renamed over.
rewrite() {
    # Who can open a lock can also hold it.
    (umask 077 && : >>"$run/dialtone-pppoe-resolv.lock")
    (
        command -v flock >/dev/null && flock -w 10 9
        [ ! -e "$real" ] || cp -p "$real" "$real.new"
        changed "$1" >"$real.new" && { mv -f "$real.new" "$real" 2>/dev/null || cat "$real.new" >"$real"; }
        [ ! -e "$real.new" ] || rm -f "$real.new"
    ) 9>"$run/dialtone-pppoe-resolv.lock"
}

up() {
    accept_announcements
    # Another route with this metric stays; the one of a link on demand is there already.
    [ -z "${DIALTONE_METRIC:-}" ] || ip -4 route add default dev "$interface" metric "$DIALTONE_METRIC" 2>/dev/null
    find_servers
    [ -z "$servers" ] || set_servers
    # One that dials on demand has a log for ever: what was said before is history.
    [ -z "${DIALTONE_DEMAND:-}" ] || : >"$run/pppoe-client-$connection.log"
    read -r seconds _ </proc/uptime
    echo "${seconds%%.*}" >"$run/pppoe-client-$connection.up"
    # The file with the name servers that are in force is there once they are. A run of the module waits for it.
    echo "$servers" >"$run/pppoe-client-$connection.dns"
    rm -f "$run/pppoe-client-$connection.failures" "$run/pppoe-client-$connection.log.before"
    notify_systemd "Up on $interface with $4, the other end is $5."
}

# A host that forwards IPv6 takes no router's announcement unless its link says 2, and asks for none. With pppd 2.5
# pppoe-client-init has said so in time; otherwise the link's address is set again, upon which the kernel asks.
accept_announcements() {
    settings=${DIALTONE_SYSCTL:-/proc/sys/net/ipv6/conf}/$interface
    [ -n "${DIALTONE_IPV6:-}" ] && [ -w "$settings/accept_ra" ] || return 0
    unwanted=
    # Without a default route by IPv4, there is none by IPv6: neither from now on, nor one that has come already.
    if [ -z "${DIALTONE_METRIC:-}" ] && [ -w "$settings/accept_ra_defrtr" ]; then
        echo 0 >"$settings/accept_ra_defrtr"
        unwanted=$(ip -6 route show default dev "$interface" proto ra)
    fi
    read -r before <"$settings/accept_ra"
    [ -n "$unwanted" ] || [ "$before" != 2 ] || return 0
    echo 2 >"$settings/accept_ra"
    address=$(ip -6 -o addr show dev "$interface" scope link)
    address=${address#*inet6 }
    address=${address%% scope*}
    [ -n "$address" ] || return 0
    # All routes of the link go with its IPv6. Asked to delete one of them, the kernel would rather delete that of
    # another link, if this is by a nexthop object, as those of systemd-networkd are.
    if [ -n "$unwanted" ]; then
        echo 1 >"$settings/disable_ipv6"
        echo 0 >"$settings/disable_ipv6"
    else
        # shellcheck disable=SC2086 # an address, or one, the word peer, and another
        ip -6 addr del $address dev "$interface"
    fi
    # shellcheck disable=SC2086
    ip -6 addr add $address dev "$interface"
}

# pppd gives its scripts a clean environment, without the socket. Only our own unit waits for this.
notify_systemd() {
    while read -r group; do
        case $group in
            *pppoe-client@*)
                NOTIFY_SOCKET=${DIALTONE_NOTIFY:-/run/systemd/notify} systemd-notify --ready --status="$*"
                return ;;
        esac
    done </proc/self/cgroup
}

set_servers() {
    find_keeper
    # shellcheck disable=SC2086 # several addresses
    case $keeper in
        resolved) resolvectl dns "$interface" $servers && resolvectl domain "$interface" '~.' ;;
        resolvconf)
            for server in $servers; do
                echo "nameserver $server"
            done | resolvconf -a "$interface.pppoe" ;;
        plain) rewrite "$servers" ;;
    esac
}

down() {
    [ "${DIALTONE_DNS:-}" = none ] || {
        find_keeper
        case $keeper in
            resolved) resolvectl revert "$interface" 2>/dev/null ;;
            resolvconf) resolvconf -d "$interface.pppoe" ;;
            plain) [ ! -e "$file" ] || rewrite "" ;;
        esac
    }
    rm -f "$run/pppoe-client-$connection.dns"
}

"$action" "$@"
hook=${DIALTONE_HOOKS:-/etc/ppp/pppoe-client}/$connection.$action
[ ! -x "$hook" ] || "$hook" "$@" 2>&1 | logger -t "pppoe-client-$connection"
# The host's own script would take the name servers for its own business.
unset USEPEERDNS
own=${DIALTONE_OWN:-/etc/ppp/ip-}$action
[ ! -x "$own" ] || exec "$own" "$@"
"""

_DOWN = r"""#!/bin/sh
exec "${0%-down}-up" down "$@"
"""


# A server sends the PADS and then starts its pppd, which hears nothing before it has loaded its libraries, 50 to 150
# milliseconds later. What is lost meanwhile is repeated after a whole second at the earliest (option lcp-restart).
_INIT = r"""#!/bin/sh
#
# pppd waits for this in place of /etc/ppp/net-init when it has a session, before it sends its first request: a server
# that has just begun the session needs a moment until it hears. Then it goes on to the host's own script.
sleep 0.3
# A host that forwards IPv6 takes no router's announcement otherwise, nor asks for one.
setting=${DIALTONE_SYSCTL:-/proc/sys/net/ipv6/conf}/$1/accept_ra
if [ -n "${DIALTONE_IPV6:-}" ] && [ -w "$setting" ]; then
    [ -n "${DIALTONE_METRIC:-}" ] || [ ! -w "${setting}_defrtr" ] || echo 0 >"${setting}_defrtr"
    echo 2 >"$setting"
fi
own=${DIALTONE_OWN:-/etc/ppp/net-init}
[ ! -x "$own" ] || exec "$own" "$@"
"""


def init_script() -> bytes:
    return _layout_header.headed(_INIT).encode()


def up_script() -> bytes:
    return _layout_header.headed(_TEXT).encode()


def down_script() -> bytes:
    return _layout_header.headed(_DOWN).encode()
