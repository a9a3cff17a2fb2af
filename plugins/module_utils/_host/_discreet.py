# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that takes secrets and shows none, at any verbosity. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


class DiscreetModule(AnsibleModule):
    """An ``AnsibleModule`` that keeps secrets by never putting them in, instead of by searching for them.

    AnsibleModule replaces the value of each ``no_log`` parameter wherever it stands in the result. That makes the
    account ``cmz`` with the secret ``cmz`` nameless, turns a one-letter secret into noise, and costs the number of
    secrets times the length of the text, minutes for 30,000 of them. So the secrets are declared ``no_log``, which
    covers all that goes wrong while the parameters are read, and from then on this class leaves them out of the three
    places where AnsibleModule would put them: the invocation in the result, the one in the journal, and the list of
    values to search for. A module of this class must not put a secret into its result.

    ``check`` gets the parameters as they came, before AnsibleModule converts them, and may raise ``Refused``: a type is
    lost in the conversion, and AnsibleModule's own message for a list in the place of a dictionary has its values.
    """

    def __init__(
        self, *args: t.Any, check: t.Callable[[dict[str, t.Any]], None] | None = None, **kwargs: t.Any
    ) -> None:
        self._check = check
        super().__init__(*args, **kwargs)
        self.no_log_values: set[str] = set()

    def _set_internal_properties(self, *args: t.Any, **kwargs: t.Any) -> None:
        super()._set_internal_properties(*args, **kwargs)
        try:
            if self._check:
                self._check(self.params)
        except Refused as error:
            # A secret may be in the place of anything.
            self.params: dict[str, t.Any] = {}
            self.fail_json(msg=str(error), **error.result)

    def _log_invocation(self) -> None:
        shown = self._shown()
        self.log("Invoked with " + " ".join(f"{name}={shown[name]}" for name in sorted(shown)))

    def _shown(self) -> dict[str, t.Any]:
        """The parameters that may be seen; unknown ones are not, since a misspelt secret is one too."""
        params = getattr(self, "params", None) or {}
        return {name: _shown(spec, params[name]) for name, spec in self.argument_spec.items() if name in params}

    def exit_json(self, **kwargs: t.Any) -> t.NoReturn:
        super().exit_json(**dict(kwargs, invocation={"module_args": self._shown()}))
        raise AssertionError("exit_json ends the module")

    def fail_json(self, msg: str, **kwargs: t.Any) -> t.NoReturn:
        super().fail_json(msg, **dict(kwargs, invocation={"module_args": self._shown()}))
        raise AssertionError("fail_json ends the module")


def _shown(spec: dict[str, t.Any], value: t.Any) -> t.Any:
    if value is None or isinstance(value, bool):
        return value
    if spec.get("no_log"):
        return HIDDEN
    if spec.get("options"):
        return f"({len(value) if isinstance(value, (list, tuple)) else 1} entries)"
    return value
