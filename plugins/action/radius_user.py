# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of radius_user: reads ``src``, and sends many accounts as a file instead of as parameters."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.dialtone.pppoe.plugins.action import chap_user
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account_file
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _users

_FORMS = ("csv", "json", "secrets")


class ActionModule(chap_user.ActionModule):
    """Runs the module with the parameters as they are, or with a file of rows in the place of ``src``."""

    MODULE = "dialtone.pppoe.radius_user"

    def _prepare(self, arguments: dict[str, t.Any]) -> _users.UserBatch | None:
        """Change the arguments to what the module gets; the accounts for a file, if they go as one."""
        source, users = arguments.get("src"), arguments.get("users") or []
        if arguments.get("name") is not None or (source is None and len(users) <= chap_user.MOST_AS_PARAMETERS):
            return None
        entries, places = self._rows(str(source), arguments.get("src_format")) if source is not None else ([], [])
        for index, entry in enumerate(users):
            if not entry.keys() <= set(_users.COLUMNS):
                raise Refused(f"users[{index}]", "has an unknown key.", f"Known are {', '.join(_users.COLUMNS)}.")
        store = str(arguments.get("store") or "clear")
        _users.check_store(store, str(arguments.get("authentication") or "chap"))
        return _users.encode(*self._joined(arguments, entries, places), store)

    def _rows(self, source: str, form: str | None) -> tuple[list[dict[str, t.Any]], list[str]]:
        name = os.path.basename(source)
        extension = os.path.splitext(source)[1].lower().lstrip(".")
        form = form or ("secrets" if name in ("chap-secrets", "pap-secrets") else extension)
        if form not in _FORMS:
            fix = "Call it .csv, .json or chap-secrets, or set src_format."
            raise Refused("src", f"the format of {source} is unknown.", fix)
        content = self._content(source)
        if form == "secrets":
            entries, places, warnings = _users.of_secrets_file(content, name)
            self._warnings += warnings
            return entries, places
        entries, places = _account_file.rows(_account_file.decoded(content, name), name, form, ("group", "attributes"))
        self._warnings += _account_file.shortened(entries, places)
        if form == "csv":
            for entry, place in zip(entries, places):
                entry["attributes"] = _users.attributes_of(entry.get("attributes") or "", f"{place}.attributes")
        return entries, places
