# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts in PostgreSQL: many of them by one COPY, in one transaction. Private to this collection. Pure.

Readers see the accounts as they were until all of them are as wanted. Rows that stay are not touched.
"""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _attributes
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre._psql import literal

MOST_NAMES = 100
_TABLES = ("radcheck", "radreply", "radusergroup")
_PASSWORDS = ", ".join(map(literal, sorted(_attributes.PASSWORDS)))
_HEAD = """\
\\set QUIET on
SET temp_buffers = '64MB';
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL work_mem = '64MB';
SET LOCAL default_statistics_target = 10;
CREATE TEMPORARY TABLE wanted (kind "char", username text, attribute text, op text, value text) ON COMMIT DROP;
"""
_WHOLE = "(w.username, w.attribute, w.op, w.value) = (r.username, r.attribute, r.op, r.value)"
_GROUP = "(w.username, w.value) = (r.username, r.groupname)"


def statements(rows: bytes, exclusive: bool, most_removals: int | None, update_secret: bool, write: bool) -> bytes:
    """All of it for psql; prints the outcome as JSON. ``dialtone: too many …`` if it would remove too many."""
    # Other writers wait; without it two runs at once could both add an account.
    lock = f"LOCK TABLE {', '.join(_TABLES)} IN SHARE ROW EXCLUSIVE MODE;\n" if write else ""
    before = (_HEAD + lock + "COPY wanted FROM STDIN;\n").encode()
    after = [
        "\\.",
        "ANALYZE wanted;",
        _KNOWN,
        _all_new(exclusive),
        "\\if :all_new",
        _NEW,
        _WRITE_NEW if write else "",
        "\\else",
        _accounts(exclusive),
        _keep_secrets() if not update_secret else "",
        _difference("check", "radcheck", "c", _WHOLE),
        _difference("reply", "radreply", "r", _WHOLE),
        _difference("group", "radusergroup", "g", _GROUP),
        _OUTCOME,
        _limit(most_removals) if exclusive else "",
        _WRITE if write else "",
        "\\endif",
        _REPORT,
        "COMMIT;" if write else "ROLLBACK;",
        "",
    ]
    return before + rows + "\n".join(after).encode()


_KNOWN = "CREATE TEMPORARY TABLE known ON COMMIT DROP AS SELECT DISTINCT username FROM radcheck;"


def _all_new(exclusive: bool) -> str:
    """Whether nothing of the tables is of the accounts, or has to go: then there is nothing to compare."""
    join = "" if exclusive else " JOIN wanted USING (username)"
    empty = " AND ".join(f"NOT EXISTS (SELECT FROM {table}{join})" for table in _TABLES)
    return f"SELECT {empty} AS all_new \\gset"


_NEW = f"""\
CREATE TEMPORARY VIEW outcome AS SELECT username, 'added' AS what FROM wanted
  WHERE kind = 'c' AND attribute IN ({_PASSWORDS});"""
# The table has them in the order of the accounts.
_WRITE_NEW = """\
INSERT INTO radcheck (username, attribute, op, value)
  SELECT username, attribute, op, value FROM wanted WHERE kind = 'c';
INSERT INTO radreply (username, attribute, op, value)
  SELECT username, attribute, op, value FROM wanted WHERE kind = 'r';
INSERT INTO radusergroup (username, groupname) SELECT username, value FROM wanted WHERE kind = 'g';"""


def _accounts(exclusive: bool) -> str:
    """``account``: those whose rows are compared.

    An account that is listed has one row that is its secret, or says that it is to be absent.
    """
    join = "FULL" if exclusive else "LEFT"
    return f"""\
CREATE TEMPORARY TABLE account ON COMMIT DROP AS
  SELECT username, l.username IS NOT NULL AS listed, coalesce(l.present, false) AS present,
    k.username IS NOT NULL AS known
  FROM (SELECT username, kind <> 'a' AS present FROM wanted
    WHERE kind = 'a' OR (kind = 'c' AND attribute IN ({_PASSWORDS}))) l
  {join} JOIN known k USING (username);
ANALYZE account;"""


def _keep_secrets() -> str:
    """An account that has a secret keeps it."""
    return f"""\
CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT username, attribute, op, value FROM radcheck
  WHERE attribute IN ({_PASSWORDS}) AND username IN (SELECT username FROM wanted WHERE kind = 'c');
DELETE FROM wanted w USING kept k WHERE w.kind = 'c' AND w.username = k.username AND w.attribute IN ({_PASSWORDS});
INSERT INTO wanted SELECT 'c', * FROM kept;"""


def _difference(name: str, table: str, kind: str, same: str) -> str:
    """Rows that go, which have an ``id``, and rows that come, which have a ``place`` in the order of the accounts."""
    return f"""\
CREATE TEMPORARY TABLE {name}_difference ON COMMIT DROP AS
  SELECT r.id, coalesce(r.username, w.username) AS username, w.attribute, w.op, w.value, w.ctid AS place
  FROM (SELECT ctid, * FROM wanted WHERE kind = '{kind}') w
  FULL JOIN (SELECT * FROM {table} WHERE username IN (SELECT username FROM account)) r ON {same}
  WHERE r.id IS NULL OR w.username IS NULL;"""


# A new account is in no other table: nothing needs to be looked up for it.
_OUTCOME = """\
CREATE TEMPORARY TABLE outcome ON COMMIT DROP AS
  SELECT username, 'added' AS what, false AS unlisted FROM account WHERE present AND NOT known
  UNION ALL
  SELECT username, CASE WHEN present THEN 'updated' ELSE 'removed' END, NOT listed FROM account
  WHERE (known OR NOT present) AND username IN (SELECT username FROM check_difference
    UNION ALL SELECT username FROM reply_difference UNION ALL SELECT username FROM group_difference);"""


def _limit(most: int | None) -> str:
    """Nothing is removed if that were more than ``most``; by default, than half of all."""
    allowed = "(SELECT count(*) FROM known) / 2" if most is None else str(most)
    return f"""\
DO $$ DECLARE unlisted bigint; total bigint; BEGIN
  SELECT count(*) INTO unlisted FROM outcome o WHERE o.unlisted;
  SELECT count(*) INTO total FROM known;
  IF unlisted > {allowed} THEN RAISE EXCEPTION 'dialtone: too many % %', unlisted, total; END IF;
END $$;"""


_WRITE = """\
DELETE FROM radcheck r USING check_difference d WHERE r.id = d.id;
DELETE FROM radreply r USING reply_difference d WHERE r.id = d.id;
DELETE FROM radusergroup r USING group_difference d WHERE r.id = d.id;
INSERT INTO radcheck (username, attribute, op, value)
  SELECT username, attribute, op, value FROM check_difference WHERE id IS NULL ORDER BY place;
INSERT INTO radreply (username, attribute, op, value)
  SELECT username, attribute, op, value FROM reply_difference WHERE id IS NULL ORDER BY place;
INSERT INTO radusergroup (username, groupname)
  SELECT username, value FROM group_difference WHERE id IS NULL ORDER BY place;"""


def _names(what: str) -> str:
    listed = f"SELECT username FROM outcome WHERE what = '{what}' ORDER BY username LIMIT {MOST_NAMES}"
    return (
        f"'{what}', (SELECT coalesce(json_agg(username), '[]') FROM ({listed}) n),"
        f" '{what}_count', (SELECT count(*) FROM outcome WHERE what = '{what}')"
    )


_REPORT = (
    "SELECT json_build_object("
    + ", ".join(map(_names, ("added", "updated", "removed")))
    + ", 'total', (SELECT count(*) FROM known) + (SELECT count(*) FROM outcome WHERE what = 'added')"
    " - (SELECT count(*) FROM outcome WHERE what = 'removed'));"
)
