# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of FreeRADIUS at a centre. Private to this collection. Pure.

FreeRADIUS is started with a folder of its own, so that what Debian and the administrator have in /etc/freeradius/3.0
stays as it is, and none of its example sites and clients is read. Queries and policies are those of the package.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _settings, _site

MANAGED = "# Managed by Ansible (dialtone.pppoe). Changes made here are overwritten.\n"
SERVICE = "pppoe_radius"


@dataclass(frozen=True)
class CentrePaths:
    """Where everything lies."""

    folder: str = "/etc/freeradius/pppoe-radius"
    package: str = "/etc/freeradius/3.0"
    libraries: str = "/usr/lib/freeradius"
    log: str = "/var/log/freeradius"
    run: str = "/run/freeradius"
    units: str = "/etc/systemd/system"

    @property
    def database(self) -> str:
        """How to reach the database, as libpq reads it."""
        return f"{self.folder}/pg_service.conf"

    @property
    def upkeep(self) -> str:
        return f"{self.folder}/upkeep.sql"


def files(centre: _settings.Centre, places: CentrePaths, password: str) -> dict[str, str]:
    """The files of the folder, by path. ``password``: that of the database's user."""
    texts = {
        "radiusd.conf": _main(places),
        "dictionary": "",
        "clients.conf": _clients(centre),
        "sql.conf": _sql(centre, places),
        "site.conf": _site.site(centre),
        "disconnect.conf": _disconnect(centre),
        "pg_service.conf": service(centre.database, password),
    }
    return {f"{places.folder}/{name}": MANAGED + text for name, text in texts.items()}


def service(database: _settings.Database, password: str) -> str:
    """The database as a service of libpq (pg_service.conf)."""
    values = {
        "host": "127.0.0.1" if database.is_local else database.host,
        "port": database.port,
        "dbname": database.name,
        "user": database.user,
        "password": password,
        "connect_timeout": 3,
    }
    if not database.is_local:
        values.update(sslmode="verify-full", sslrootcert=database.ca)
    return f"[{SERVICE}]\n" + "".join(f"{key}={value}\n" for key, value in values.items())


def password_of(text: str) -> str:
    """The password in what ``service`` gave."""
    lines = (line for line in text.splitlines() if line.startswith("password="))
    return next(lines, "").partition("=")[2]


def _main(places: CentrePaths) -> str:
    return _server(places) + _modules(places) + _includes(places)


def _server(places: CentrePaths) -> str:
    return f"""\
prefix = /usr
sysconfdir = /etc
logdir = {places.log}
raddbdir = {places.folder}
confdir = ${{raddbdir}}
run_dir = {places.run}
libdir = {places.libraries}
pidfile = ${{run_dir}}/freeradius.pid
max_request_time = 30
cleanup_delay = 5
max_requests = 65536
hostname_lookups = no
log {{
    destination = files
    file = ${{logdir}}/radius.log
    auth = no
    auth_badpass = no
    auth_goodpass = no
}}
security {{
    user = freerad
    group = freerad
    allow_core_dumps = no
    max_attributes = 200
    reject_delay = 1
    status_server = yes
    require_message_authenticator = no
    limit_proxy_state = auto
}}
proxy_requests = yes
thread pool {{
    start_servers = 4
    max_servers = 32
    min_spare_servers = 3
    max_spare_servers = 10
    max_requests_per_server = 0
}}
"""


def _modules(places: CentrePaths) -> str:
    return f"""\
modules {{
    $INCLUDE {places.package}/mods-available/always
    expr {{
    }}
    preprocess {{
        huntgroups = {places.package}/mods-config/preprocess/huntgroups
        hints = {places.package}/mods-config/preprocess/hints
    }}
    chap {{
    }}
    mschap {{
    }}
    pap {{
        # NT-Password is there in hexadecimal.
        normalise = yes
    }}
    expiration {{
    }}
    logintime {{
    }}
    attr_filter attr_filter.access_reject {{
        key = "%{{User-Name}}"
        filename = {places.package}/mods-config/attr_filter/access_reject
    }}
    attr_filter attr_filter.accounting_response {{
        key = "%{{User-Name}}"
        filename = {places.package}/mods-config/attr_filter/accounting_response
    }}
    $INCLUDE sql.conf
}}
"""


def _includes(places: CentrePaths) -> str:
    return f"""\
policy {{
    $INCLUDE {places.package}/policy.d/filter
    $INCLUDE {places.package}/policy.d/accounting
    $INCLUDE {places.package}/policy.d/control
}}
$INCLUDE clients.conf
$INCLUDE disconnect.conf
$INCLUDE site.conf
"""


def _clients(centre: _settings.Centre) -> str:
    return "".join(_client(client) for client in centre.clients if client.secret) + _radsec_clients(centre)


def _client(client: _settings.Client) -> str:
    required = "yes" if client.message_authenticator else "no"
    return f"""\
client {client.name} {{
    ipaddr = {client.address}
    secret = '{client.secret}'
    shortname = {client.name}
    nas_type = other
    require_message_authenticator = {required}
    limit_proxy_state = {"no" if client.message_authenticator else "yes"}
}}
"""


def _radsec_clients(centre: _settings.Centre) -> str:
    if centre.radsec is None:
        return ""
    # RFC 6614: what protects these is the certificate.
    clients = "".join(
        f"\tclient {client.name}-radsec {{\n\t\tipaddr = {client.address}\n\t\tproto = tls\n\t\tsecret = radsec\n\t}}\n"
        for client in centre.clients
    )
    return f"clients radsec {{\n{clients}}}\n"


def _disconnect(centre: _settings.Centre) -> str:
    """Each concentrator in a pool of its own: FreeRADIUS knows a home server only as a member of one."""
    return "".join(
        f"""\
home_server {client.name}-disconnect {{
    type = coa
    ipaddr = {client.address}
    port = 3799
    secret = '{client.disconnect_secret}'
    coa {{
        irt = 2
        mrt = 4
        mrc = 3
        mrd = 10
    }}
}}
home_server_pool {client.name}-disconnect {{
    type = fail-over
    home_server = {client.name}-disconnect
}}
"""
        for client in centre.clients
        if client.disconnect_secret
    )


def _sql(centre: _settings.Centre, places: CentrePaths) -> str:
    return _database(places) + _address_pools(centre, places)


def _database(places: CentrePaths) -> str:
    return f"""\
sql {{
    dialect = "postgresql"
    driver = "rlm_sql_postgresql"
    radius_db = "service={SERVICE}"
    acct_table1 = "radacct"
    acct_table2 = "radacct"
    postauth_table = "radpostauth"
    authcheck_table = "radcheck"
    groupcheck_table = "radgroupcheck"
    authreply_table = "radreply"
    groupreply_table = "radgroupreply"
    usergroup_table = "radusergroup"
    client_table = "nas"
    group_attribute = "SQL-Group"
    read_clients = no
    # All that is printable but for what ends a string; other characters would be looked for as =HH.
    safe_characters = "{_SAFE}"
    delete_stale_sessions = no
    pool {{
        start = 0
        min = 0
        max = 32
        spare = 8
        uses = 0
        retry_delay = 3
        lifetime = 0
        idle_timeout = 300
    }}
    $INCLUDE {places.package}/mods-config/sql/main/postgresql/queries.conf
}}
"""


def _address_pools(centre: _settings.Centre, places: CentrePaths) -> str:
    return f"""\
sqlippool {{
    sql_module_instance = "sql"
    dialect = "postgresql"
    pool_name = "Pool-Name"
    ippool_table = "radippool"
    # As long as an address stays kept after the last word of its session.
    lease_duration = {_lease(centre)}
    allocate_clear_timeout = 1
    attribute_name = Framed-IP-Address
    req_attribute_name = Framed-IP-Address
    # The unit of pppN, which is one session's on its concentrator.
    pool_key = "%{{NAS-Port}}"
    skip_locked = "SKIP LOCKED"
    messages {{
    }}
    $INCLUDE {places.package}/mods-config/sql/ippool/postgresql/queries.conf
}}
"""


_SAFE = "".join(one for one in map(chr, range(0x20, 0x7F)) if one not in "'\"\\%$")


def _lease(centre: _settings.Centre) -> int:
    return max(86400, centre.stale_after)


def units(centre: _settings.Centre, places: CentrePaths) -> dict[str, str]:
    """What systemd reads, by path."""
    return {
        f"{places.folder}/environment": MANAGED + f'FREERADIUS_OPTIONS="-d {places.folder}"\n',
        f"{places.units}/freeradius.service.d/pppoe-radius.conf": MANAGED + _drop_in(places),
        f"{places.units}/pppoe-radius-upkeep.service": MANAGED + _upkeep_unit(places),
        f"{places.units}/{TIMER}": MANAGED + _TIMER,
    }


def _drop_in(places: CentrePaths) -> str:
    return f"""\
[Unit]
After=postgresql.service

[Service]
EnvironmentFile={places.folder}/environment
Environment=PGSERVICEFILE={places.database}
"""


def _upkeep_unit(places: CentrePaths) -> str:
    return f"""\
[Unit]
Description=Close stale sessions in the accounting of RADIUS, and delete old ones
After=network-online.target postgresql.service

[Service]
Type=oneshot
User=freerad
Group=freerad
Environment=PGSERVICEFILE={places.database}
ExecStart=/usr/bin/psql -X -q -v ON_ERROR_STOP=1 -f {places.upkeep} service={SERVICE}
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
NoNewPrivileges=yes
"""


TIMER = "pppoe-radius-upkeep.timer"
_TIMER = """\
[Unit]
Description=Look after the accounting of RADIUS every five minutes

[Timer]
OnBootSec=5min
OnUnitActiveSec=5min
RandomizedDelaySec=1min

[Install]
WantedBy=timers.target
"""

# A session of which nothing was heard for long lives if its concentrator is cut off. If later records of that
# concentrator have come, which come in order, it does not, and its address is free before the lease ends.
# The column has whole seconds: now() could be rounded to a time that is still to come.
_FREE = """\
UPDATE radippool SET expiry_time = now() - interval '1 second' FROM radacct dead
  WHERE dead.acctterminatecause = '{cause}' AND dead.framedipaddress = radippool.framedipaddress
  AND radippool.expiry_time > now()
  AND radippool.expiry_time < dead.acctupdatetime + interval '{lease} seconds' + interval '1 minute'
  AND NOT EXISTS (SELECT FROM radacct lives WHERE lives.acctstoptime IS NULL
    AND lives.framedipaddress = radippool.framedipaddress)
  AND EXISTS (SELECT FROM radacct later WHERE later.nasipaddress = dead.nasipaddress
    AND later.acctupdatetime > dead.acctupdatetime + interval '{stale} seconds');"""


def upkeep(centre: _settings.Centre) -> str:
    """SQL for the timer."""
    statements = [
        "UPDATE radacct SET acctstoptime = acctupdatetime,\n"
        "  acctsessiontime = extract(epoch FROM acctupdatetime - acctstarttime)::bigint,\n"
        f"  acctterminatecause = '{_site.STALE}'\n"
        f"  WHERE acctstoptime IS NULL AND acctupdatetime < now() - interval '{centre.stale_after} seconds';",
        _FREE.format(stale=centre.stale_after, lease=_lease(centre), cause=_site.STALE),
        "DELETE FROM radippool WHERE pool_name = '' AND expiry_time < now();",
    ]
    if centre.keep_days:
        statements.append(f"DELETE FROM radacct WHERE acctstoptime < now() - interval '{centre.keep_days} days';")
    return "-- " + MANAGED[2:] + "\n".join(statements) + "\n"


def paths(places: CentrePaths) -> list[str]:
    """Every file of a centre, whatever its settings."""
    centre = _settings.Centre((), _settings.Database(), {}, {})
    return [*files(centre, places, ""), places.upkeep, *units(centre, places)]


def secret_files(places: CentrePaths) -> t.Sequence[str]:
    """Those that no diff may show."""
    return [f"{places.folder}/{name}" for name in ("clients.conf", "disconnect.conf", "pg_service.conf")]
