# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of the FreeRADIUS that a server has for itself. Private to this collection. Pure.

It is one file, for a daemon of its own with a folder of its own: what the user or a package has in /etc/freeradius
plays no part. It takes logins to the RADIUS servers at once, keeps accounting on disk and takes it there as soon as one
of them answers, and ends sessions that a server asks it to end. FreeRADIUS 3.0 and 3.2.
"""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _radius as _layout_radius
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _plugin as _radius_plugin
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import (
    _proxy_disconnect as _radius_proxy_disconnect,
)

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._radius._settings import RadiusSettings, Server

#: Seconds between two records of a session's traffic, where the servers say nothing of it: without any, nobody knows
#: when a session ended whose host lost its power.
INTERIM = 300

_MAIN = """\
{head}prefix = /usr
libdir = {libdir}
raddbdir = {folder}
localstatedir = /var
logdir = {run}
run_dir = {run}
pidfile = {run}/radiusd.pid
max_request_time = 30
cleanup_delay = 5
max_requests = 16384
hostname_lookups = no
log {{
    destination = syslog
    syslog_facility = daemon
    stripped_names = no
    auth = no
}}
security {{
    user = {user}
    group = {user}
    allow_core_dumps = no
    max_attributes = 200
    reject_delay = 0
    status_server = no
}}
thread pool {{
    start_servers = 2
    max_servers = 32
    min_spare_servers = 1
    max_spare_servers = 4
    max_requests_per_server = 0
    auto_limit_acct = no
}}
proxy_requests = yes
proxy server {{
    default_fallback = no
}}
modules {{
    always ok {{
        rcode = ok
    }}
    always reject {{
        rcode = reject
    }}
    expr {{
    }}
    detail pppoe_buffer {{
        filename = "{buffer}/detail-%Y%m%d:%H"
        permissions = 0600
        header = "%t"
        locking = yes
    }}
    exec pppoe_disconnect {{
        wait = yes
        input_pairs = request
        shell_escape = yes
        timeout = 8
        program = "{ask} %{{Packet-Type}} {marks}"
    }}
}}
clients pppoe_pppd {{
    client pppd {{
        ipaddr = 127.0.0.1
        secret = "{secret}"
    }}
}}
"""

# response_window is shorter than what pppd waits (5 s, twice), or no login would come to the second server.
_HOME_SERVER = """\
home_server {name} {{
    type = auth+acct
    ipaddr = {address}
    port = {port}
    secret = "{secret}"
{source}{transport}	response_window = 3
    zombie_period = 5
    revive_interval = {revive}
{check}}}
"""
_CHECK = """\
    status_check = status-server
    check_interval = 6
    check_timeout = 3
    num_answers_to_alive = 3
"""
_TLS = """\
    proto = tcp
    tls {{
        private_key_file = "{key}"
        certificate_file = "{certificate}"
        ca_file = "{ca}"
        tls_min_version = "1.2"
        tls_max_version = "1.3"
    }}
"""

# pppd says what the named pools of this host have for the session (NAME:ADDRESS, or - for a full one): that is for this
# daemon alone.
_POOLS = """\
        if (&Framed-Pool) {
            update control {
                &Tmp-String-0 := "%{request:Framed-Pool[*]}"
            }
            update request {
                &Framed-Pool !* ANY
            }
        }
"""
# An answer with Framed-Pool and no address has one of that pool.
_FRAMED = """\
        if (&control:Tmp-String-0 && &reply:Framed-Pool && !&reply:Framed-IP-Address) {
            update control {
                &Tmp-String-1 := "%{reply:Framed-Pool}"
            }
            # What is no name means something else in a pattern.
            if (&control:Tmp-String-1 !~ /^[A-Za-z0-9_-]+$/) {
                update control {
                    &Tmp-String-1 := "/"
                }
            }
            if (&control:Tmp-String-0 =~ /(^|,)%{control:Tmp-String-1}:([0-9.]+)(,|$)/) {
                update reply {
                    &Framed-IP-Address := "%{2}"
                }
            }
            else {
                if (&control:Tmp-String-0 =~ /(^|,)%{control:Tmp-String-1}:-/) {
                    update reply {
                        &Reply-Message := "No address is free in the pool %{reply:Framed-Pool}"
                    }
                }
                else {
                    update reply {
                        &Reply-Message := "There is no pool %{reply:Framed-Pool} at this server"
                    }
                }
                reject
            }
        }
"""

# Framed-IP-Address 255.255.255.255 would let the client choose any address (RFC 2865, 5.8).
_SITES = """\
server pppoe {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {authentication}
        clients = pppoe_pppd
    }}
    listen {{
        type = acct
        ipaddr = 127.0.0.1
        port = {accounting}
        clients = pppoe_pppd
    }}
    authorize {{
{host}{pools}		update control {{
            &Proxy-To-Realm := "pppoe"
        }}
    }}
    authenticate {{
    }}
    post-proxy {{
        if (&proxy-reply:Framed-IP-Address && (&proxy-reply:Framed-IP-Address == 255.255.255.255)) {{
            update proxy-reply {{
                &Framed-IP-Address !* ANY
            }}
        }}
        if (&proxy-reply:Reply-Message && (&proxy-reply:Reply-Message !~ /^[ -~]*$/)) {{
            update proxy-reply {{
                &Reply-Message !* ANY
            }}
        }}
    }}
    post-auth {{
{framed}		if (!&reply:Acct-Interim-Interval) {{
            update reply {{
                &Acct-Interim-Interval := {interim}
            }}
        }}
        Post-Auth-Type REJECT {{
            # Nobody has rejected it.
            if ("%{{proxy-reply:Packet-Type}}" == "") {{
                update reply {{
                    &Reply-Message := "No RADIUS server answers"
                }}
            }}
        }}
    }}
    preacct {{
{host}{pools}		update request {{
            &Event-Timestamp := "%l"
        }}
    }}
    accounting {{
        pppoe_buffer
    }}
}}
server pppoe_forward {{
    listen {{
        type = detail
        filename = "{buffer}/detail-*"
        load_factor = 90
        poll_interval = 1
        retry_interval = 5
        one_shot = no
        track = yes
    }}
    preacct {{
        update control {{
            &Proxy-To-Realm := "pppoe"
        }}
    }}
    accounting {{
        ok
    }}
}}
"""

# pppd sends the name of the host or its address, never both; Debian 12's sends an id that two sessions may have.
_HOST = """\
        update request {{
            &NAS-IP-Address := {nas_address}
            &NAS-Identifier := "{nas_identifier}"
            &NAS-Port-Type := Ethernet
        }}
        if (&Calling-Station-Id) {{
            update request {{
                &Calling-Station-Id := "%{{tolower:%{{Calling-Station-Id}}}}"
            }}
        }}
        if (&Acct-Multi-Session-Id) {{
            update request {{
                &Acct-Session-Id := "%{{Acct-Multi-Session-Id}}"
            }}
        }}
"""


def configuration(settings: RadiusSettings, nas_address: str, secret: str, libdir: str, folder: str, user: str) -> str:
    """The file. ``secret``: between pppd and it; ``folder``: where the file is; ``user``: whom it runs as."""
    buffer = _layout_radius.BUFFER
    host = _HOST.format(nas_address=nas_address, nas_identifier=settings.nas_identifier)
    names = [f"pppoe{number}" for number, _server in enumerate(settings.servers, 1)]
    parts = [
        _MAIN.format(
            head=_layout_header.LINE,
            libdir=libdir,
            folder=folder,
            run=_layout_radius.RUN,
            user=user,
            buffer=buffer,
            ask=_layout_radius.ASK,
            marks=_radius_proxy_disconnect.marks(),
            secret=secret,
        ),
        *(_home_server(name, server, settings.nas_address) for name, server in zip(names, settings.servers)),
        "home_server_pool pppoe {\n\ttype = fail-over\n",
        *(f"\thome_server = {name}\n" for name in names),
        "}\nrealm pppoe {\n\tauth_pool = pppoe\n\tacct_pool = pppoe\n\tnostrip\n}\n",
        _SITES.format(
            authentication=_radius_plugin.AUTHENTICATION_PORT,
            accounting=_radius_plugin.ACCOUNTING_PORT,
            host=host,
            pools=_POOLS,
            framed=_FRAMED,
            interim=INTERIM,
            buffer=buffer,
        ),
    ]
    if settings.disconnect_secret:
        parts.append(_radius_proxy_disconnect.configuration(settings))
    return "".join(parts)


def _home_server(name: str, server: Server, source: str) -> str:
    tls = "" if server.tls is None else _TLS.format(**vars(server.tls))
    return _HOME_SERVER.format(
        name=name,
        address=server.address,
        port=server.port,
        secret=server.secret,
        source=f"\tsrc_ipaddr = {source}\n" if source and ":" not in server.address else "",
        transport=tls,
        # Nobody is asked whether it is back: with TLS, a login finds out.
        revive=10 if server.tls else 30,
        check="\tstatus_check = none\n" if server.tls else _CHECK,
    )
