# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SQL through psql, which is where the database is. Private to this collection.

Statements and data go to psql by its standard input, the password by a service file (pg_service.conf), so that neither
is in a list of processes. PostgreSQL's errors are cut short (``VERBOSITY terse``): their details have rows in them.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

#: The service that the file describes.
SERVICE = "pppoe_radius"
_OPTIONS = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse", "-f", "-"]
_REFUSED = re.compile(r"^(?:psql:<stdin>:\d+: )?ERROR:  dialtone: (.*)$", re.MULTILINE)


class Unreachable(Failed):
    """There is no connection to the database."""


class Stopped(Exception):
    """The statements themselves have ended the transaction; the text is their reason."""


def literal(value: str | int | None) -> str:
    """A value in a statement (standard_conforming_strings, the default since PostgreSQL 9.1)."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def copied(value: str | None) -> str:
    """A value in a line of COPY's text format."""
    if value is None:
        return r"\N"
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def run(module: AnsibleModule, service_file: str, statements: str | bytes) -> str:
    """What the statements print, run in the database that the file describes.

    ``Unreachable`` without a connection, ``Stopped`` where a statement raises ``dialtone: REASON``.
    """
    if not os.path.exists(service_file):
        raise Unreachable(f"there is no {service_file}: run the role pppoe_radius on this host first.")
    environment = {"PGSERVICEFILE": service_file, "LC_ALL": "C.UTF-8", "PGCLIENTENCODING": "UTF8"}
    return _result(*_psql(module, [], [f"service={SERVICE}"], statements, environment))


def run_as_postgres(module: AnsibleModule, statements: str, port: int, database: str = "postgres") -> str:
    """The same as the superuser of the cluster on this host, who is known by his name there."""
    before = ["runuser", "-u", "postgres", "--"]
    return _result(*_psql(module, before, ["-p", str(port), "-d", database], statements, {"LC_ALL": "C.UTF-8"}))


def _psql(
    module: AnsibleModule, before: list[str], target: list[str], statements: str | bytes, environment: dict[str, str]
) -> tuple[int, str, str]:
    if module.get_bin_path("psql") is None:
        raise Unreachable("psql is not installed: install the package postgresql-client.")
    data = statements.encode() if isinstance(statements, str) else statements
    found: tuple[int, str, str] = module.run_command(
        [*before, "psql", *_OPTIONS, *target], data=data, binary_data=True, environ_update=environment, cwd="/"
    )
    return found


def _result(code: int, out: str, err: str) -> str:
    if code == 0:
        return out
    stopped = _REFUSED.search(err)
    if stopped:
        raise Stopped(stopped.group(1))
    words = " ".join(re.sub(r"psql:<stdin>:\d+: ", "", err).split())
    if code == 2:
        raise Unreachable(f"{re.sub('^psql: ', '', words)}.")
    raise Failed(f"PostgreSQL refuses it: {words}.")
