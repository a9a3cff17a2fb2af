# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of a server instance, each with the run of its module. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _run as _access_run
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _forwarding_run as _firewall_forwarding_run,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _run as _firewall_run
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import os_error
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics_run as _server_metrics_run
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _run as _server_run
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_ipv6 as _server_session_ipv6
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_plans as _server_session_plans

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

Result = dict[str, t.Any]

#: In the order in which they are set up.
RUNS: dict[str, t.Callable[[t.Any], Result]] = {
    "forwarding": _firewall_forwarding_run.run,
    "masquerade": _firewall_run.run,
    "server": _server_run.run,
    "plans": _server_session_plans.run,
    "ipv6": _server_session_ipv6.run,
    "access": _access_run.run,
    "metrics": _server_metrics_run.run,
}
#: In the order in which they are removed: the sessions end before they lose their NAT.
REMOVAL = ("metrics", "plans", "ipv6", "server", "access", "masquerade", "forwarding")


class InstanceParts(t.NamedTuple):
    """``parts``: the parameters of each module. ``beside``: as ``_server_run.configure`` takes it."""

    name: str
    parts: t.Mapping[str, Result]
    beside: t.Mapping[str, _server_config.Instance | None]


class View:
    """A module as the run of a part sees it: with the parameters of that part."""

    def __init__(
        self, module: AnsibleModule, params: t.Mapping[str, t.Any], label: str = "", only_check: bool = False
    ) -> None:
        self._module, self._label, self._only_check = module, label, only_check
        self.params = params

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._module, name)

    @property
    def check_mode(self) -> bool:
        return self._only_check or self._module.check_mode

    def warn(self, text: str) -> None:
        """A check before a run warns of nothing: the run does."""
        if not self._only_check:
            self._module.warn(f"{self._label}{text}")


def run(module: AnsibleModule, instance: InstanceParts, part: str, label: str = "", only_check: bool = False) -> Result:
    """Run a part of an instance. Its errors are ``Failed``, with instance and part in their results."""
    view = View(module, instance.parts[part], label, only_check)
    with named(instance.name, part):
        if part == "server":
            return _server_run.run(view, instance.beside)
        return RUNS[part](view)


class named:
    """Errors within name the instance and the part."""

    def __init__(self, instance: str, part: str) -> None:
        self.where = {"instance": instance, "part": part}

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: t.Any, error: BaseException | None, _trace: t.Any) -> None:
        if isinstance(error, (Refused, Failed)):
            raise Failed(str(error), **{**error.result, **self.where}) from None
        if isinstance(error, OSError):
            raise Failed(os_error(error), **self.where) from None
