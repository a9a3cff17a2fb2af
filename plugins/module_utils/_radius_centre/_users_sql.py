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
_PASSWORDS = ", ".join(map(literal, sorted(_attributes.PASSWORDS)))
_HEAD = """\
\\set QUIET on
SET temp_buffers = '64MB';
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL work_mem = '64MB';
CREATE TEMPORARY TABLE wanted (kind "char", username text, attribute text, op text, value text) ON COMMIT DROP;
"""
_WHOLE = "(w.username, w.attribute, w.op, w.value) = (r.username, r.attribute, r.op, r.value)"


def statements(rows: bytes, exclusive: bool, most_removals: int | None, update_secret: bool, write: bool) -> bytes:
    """All of it for psql; prints the outcome as JSON. ``dialtone: too many …`` if it would remove too many."""
    # Other writers wait; without it two runs at once could both add an account.
    lock = "LOCK TABLE radcheck, radreply, radusergroup IN SHARE ROW EXCLUSIVE MODE;\n" if write else ""
    before = (_HEAD + lock + "COPY wanted FROM STDIN;\n").encode()
    after = [
        "\\.",
        "ANALYZE wanted;",
        _listed(exclusive),
        _keep_secrets() if not update_secret else "",
        _table("check", "radcheck", "c"),
        _table("reply", "radreply", "r"),
        _GROUPS,
        _OUTCOME,
        _limit(most_removals) if exclusive else "",
        _WRITE if write else "",
        _REPORT,
        "COMMIT;" if write else "ROLLBACK;",
        "",
    ]
    return before + rows + "\n".join(after).encode()


def _listed(exclusive: bool) -> str:
    """``concerned``: the accounts whose rows are compared; ``known``: all that there are."""
    everyone = " UNION SELECT username FROM known" if exclusive else ""
    return f"""\
CREATE TEMPORARY TABLE known ON COMMIT DROP AS SELECT DISTINCT username FROM radcheck;
CREATE TEMPORARY TABLE listed ON COMMIT DROP AS SELECT DISTINCT username FROM wanted;
CREATE TEMPORARY TABLE concerned ON COMMIT DROP AS SELECT username FROM listed{everyone};
ANALYZE concerned, known, listed;"""


def _keep_secrets() -> str:
    """An account that has a secret keeps it."""
    return f"""\
CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT username, attribute, op, value FROM radcheck
  WHERE attribute IN ({_PASSWORDS}) AND username IN (SELECT username FROM wanted WHERE kind = 'c');
DELETE FROM wanted w USING kept k WHERE w.kind = 'c' AND w.username = k.username AND w.attribute IN ({_PASSWORDS});
INSERT INTO wanted SELECT 'c', * FROM kept;"""


def _table(name: str, table: str, kind: str) -> str:
    return f"""\
CREATE TEMPORARY TABLE {name}_gone ON COMMIT DROP AS SELECT r.id, r.username FROM {table} r
  WHERE NOT EXISTS (SELECT FROM wanted w WHERE w.kind = '{kind}' AND {_WHOLE})
  AND r.username IN (SELECT username FROM concerned);
CREATE TEMPORARY TABLE {name}_new ON COMMIT DROP AS SELECT w.username, w.attribute, w.op, w.value FROM wanted w
  WHERE w.kind = '{kind}' AND NOT EXISTS (SELECT FROM {table} r WHERE {_WHOLE});"""


_GROUPS = """\
CREATE TEMPORARY TABLE group_gone ON COMMIT DROP AS SELECT r.id, r.username FROM radusergroup r
  WHERE r.username IN (SELECT username FROM concerned) AND NOT EXISTS
  (SELECT FROM wanted w WHERE w.kind = 'g' AND w.username = r.username AND w.value = r.groupname);
CREATE TEMPORARY TABLE group_new ON COMMIT DROP AS SELECT w.username, w.value FROM wanted w
  WHERE w.kind = 'g' AND NOT EXISTS
  (SELECT FROM radusergroup r WHERE w.username = r.username AND w.value = r.groupname);"""

_OUTCOME = """\
CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
  SELECT username FROM check_gone UNION SELECT username FROM check_new
  UNION SELECT username FROM reply_gone UNION SELECT username FROM reply_new
  UNION SELECT username FROM group_gone UNION SELECT username FROM group_new;
CREATE TEMPORARY TABLE outcome ON COMMIT DROP AS
  SELECT t.username, CASE WHEN p.username IS NULL THEN 'removed' WHEN k.username IS NULL THEN 'added' ELSE 'updated' END
    AS what, l.username IS NULL AS unlisted
  FROM touched t LEFT JOIN known k USING (username) LEFT JOIN listed l USING (username)
  LEFT JOIN (SELECT DISTINCT username FROM wanted WHERE kind = 'c') p USING (username);"""


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
DELETE FROM radcheck r USING check_gone g WHERE r.id = g.id;
DELETE FROM radreply r USING reply_gone g WHERE r.id = g.id;
DELETE FROM radusergroup r USING group_gone g WHERE r.id = g.id;
INSERT INTO radcheck (username, attribute, op, value) SELECT * FROM check_new;
INSERT INTO radreply (username, attribute, op, value) SELECT * FROM reply_new;
INSERT INTO radusergroup (username, groupname) SELECT * FROM group_new;"""


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
