# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a centre keeps in PostgreSQL, as SQL. Private to this collection. Pure.

Tables are those of FreeRADIUS's own schema, so that other programs know them. All is one transaction, which is rolled
back in check mode: what it tells is then true of what it would do.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre._psql import copied, literal

#: Files of FreeRADIUS's package with the tables, below its folder.
SCHEMAS = (
    "mods-config/sql/main/postgresql/schema.sql",
    "mods-config/sql/ippool/postgresql/schema.sql",
)
#: Beside those of the schema: who had an address, an account, a device, and when.
_INDEXES = """\
CREATE INDEX IF NOT EXISTS dialtone_radacct_address ON radacct (framedipaddress, acctstarttime);
CREATE INDEX IF NOT EXISTS dialtone_radacct_account ON radacct (username, acctstarttime);
CREATE INDEX IF NOT EXISTS dialtone_radacct_device ON radacct (lower(callingstationid), acctstarttime);
CREATE INDEX IF NOT EXISTS dialtone_radacct_open ON radacct (username, acctupdatetime) WHERE acctstoptime IS NULL;
CREATE INDEX IF NOT EXISTS dialtone_radacct_stop ON radacct (acctstoptime);
"""
# Centres that share the database do this at the same time: without a lock, each would add the same addresses.
_ALONE = """\
DO $$ BEGIN PERFORM pg_advisory_xact_lock(hashtext('dialtone.pppoe')); END $$;
SELECT to_regclass('radacct') IS NULL OR to_regclass('radippool') IS NULL AS is_empty \\gset
"""


def schema(files: t.Iterable[str]) -> str:
    """The tables, from the texts of the package's files."""
    return "\n".join(files) + "\n"


def cluster(database: _settings.Database, password: str, salt: bytes | None = None) -> str:
    """User and database, for the superuser. PostgreSQL is given what it checks the password with, not the password."""
    user, name = (value.replace('"', '""') for value in (database.user, database.name))
    verifier = literal(scram(password, salt or os.urandom(16)))
    return f"""\
SELECT 'CREATE ROLE "{user}" LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal(database.user)})
\\gexec
ALTER ROLE "{user}" LOGIN PASSWORD {verifier};
SELECT 'CREATE DATABASE "{name}" OWNER "{user}" ENCODING ''UTF8'' TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {literal(database.name)})
\\gexec
"""


def scram(password: str, salt: bytes, rounds: int = 4096) -> str:
    """What PostgreSQL keeps of a password (RFC 5802; src/common/scram-common.c scram_build_secret)."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = (base64.b64encode(part).decode("ascii") for part in (salt, client, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(rounds, *parts)


def settle(centre: _settings.Centre, tables: str, write: bool) -> str:
    """Tables where there are none, pools and groups as wanted; prints the counts of what changes as JSON."""
    return "\n".join(
        [
            "\\set QUIET on",
            "BEGIN;",
            "SET LOCAL client_min_messages = warning;",
            _ALONE,
            "\\if :is_empty",
            tables,
            "\\endif",
            _INDEXES,
            _wanted_pools(centre.pools),
            _POOLS,
            _wanted_groups(centre.groups),
            _GROUPS,
            "SELECT json_build_object('created', (:'is_empty'::boolean)::int,"
            " 'addresses_added', (SELECT count(*) FROM pool_new),"
            " 'addresses_removed', (SELECT count(*) FROM pool_gone),"
            " 'addresses_leased', (SELECT count(*) FROM pool_gone WHERE expiry_time > now()),"
            " 'group_items_added', (SELECT count(*) FROM group_new),"
            " 'group_items_removed', (SELECT count(*) FROM group_gone));",
            "COMMIT;" if write else "ROLLBACK;",
            "",
        ]
    )


def _wanted_pools(pools: t.Mapping[str, t.Sequence[_pool.Range]]) -> str:
    lines = [
        f"{copied(name)}\t{_pool.text(first)}\t{last - first}"
        for name, ranges in pools.items()
        for first, last in ranges
    ]
    return "CREATE TEMPORARY TABLE pool_range (pool text, first inet, more int) ON COMMIT DROP;\n" + "".join(
        line + "\n" for line in ["COPY pool_range FROM STDIN;", *lines, "\\."]
    )


# An address that has left its pool stays with the session that has it: without a pool it is given to nobody else.
_POOLS = """\
CREATE TEMPORARY TABLE pool_wanted ON COMMIT DROP AS
  SELECT pool, first + i AS address FROM pool_range, generate_series(0, more) AS i;
CREATE TEMPORARY TABLE pool_gone ON COMMIT DROP AS
  SELECT id, expiry_time FROM radippool
  WHERE pool_name <> '' AND framedipaddress NOT IN (SELECT address FROM pool_wanted);
CREATE TEMPORARY TABLE pool_new ON COMMIT DROP AS
  SELECT pool, address FROM pool_wanted
  WHERE NOT EXISTS (SELECT FROM radippool WHERE framedipaddress = address AND pool_name = pool);
UPDATE radippool SET pool_name = '' FROM pool_gone WHERE radippool.id = pool_gone.id;
UPDATE radippool SET pool_name = pool FROM pool_new WHERE framedipaddress = address;
INSERT INTO radippool (pool_name, framedipaddress, expiry_time)
  SELECT pool, address, now() - interval '1 second' FROM pool_new
  WHERE NOT EXISTS (SELECT FROM radippool WHERE framedipaddress = address);
DELETE FROM radippool WHERE pool_name = '' AND expiry_time < now();
"""


def _wanted_groups(groups: t.Mapping[str, _settings.Group]) -> str:
    lines = [
        "\t".join(map(copied, (kind, name, item.attribute, item.op, item.value)))
        for name, group in groups.items()
        for kind, items in (("c", group.check), ("r", group.reply))
        for item in items
    ]
    names = "".join(f"INSERT INTO group_name VALUES ({literal(name)});\n" for name in groups)
    return (
        "CREATE TEMPORARY TABLE group_name (name text) ON COMMIT DROP;\n"
        + names
        + "CREATE TEMPORARY TABLE group_wanted (kind text, name text, attribute text, op text, value text)"
        " ON COMMIT DROP;\n" + "".join(line + "\n" for line in ["COPY group_wanted FROM STDIN;", *lines, "\\."])
    )


_GROUPS = """\
CREATE TEMPORARY TABLE group_now ON COMMIT DROP AS
  SELECT 'c' AS kind, id, groupname AS name, attribute, op, value FROM radgroupcheck
  UNION ALL SELECT 'r', id, groupname, attribute, op, value FROM radgroupreply;
DELETE FROM group_now WHERE name NOT IN (SELECT name FROM group_name);
CREATE TEMPORARY TABLE group_gone ON COMMIT DROP AS
  SELECT kind, id FROM group_now n WHERE NOT EXISTS (SELECT FROM group_wanted w
    WHERE (w.kind, w.name, w.attribute, w.op, w.value) = (n.kind, n.name, n.attribute, n.op, n.value));
CREATE TEMPORARY TABLE group_new ON COMMIT DROP AS
  SELECT * FROM group_wanted w WHERE NOT EXISTS (SELECT FROM group_now n
    WHERE (w.kind, w.name, w.attribute, w.op, w.value) = (n.kind, n.name, n.attribute, n.op, n.value));
DELETE FROM radgroupcheck g USING group_gone o WHERE o.kind = 'c' AND o.id = g.id;
DELETE FROM radgroupreply g USING group_gone o WHERE o.kind = 'r' AND o.id = g.id;
INSERT INTO radgroupcheck (groupname, attribute, op, value)
  SELECT name, attribute, op, value FROM group_new WHERE kind = 'c';
INSERT INTO radgroupreply (groupname, attribute, op, value)
  SELECT name, attribute, op, value FROM group_new WHERE kind = 'r';
"""
