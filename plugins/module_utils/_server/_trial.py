# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has pppoe-server and pppd themselves read a configuration before it is written. Private to this collection."""

from __future__ import annotations

import tempfile
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def ask(
    module: AnsibleModule,
    can: _server_config.Capabilities,
    instance: _server_config.Instance,
    command: t.Sequence[str],
) -> None:
    """``Failed`` or ``Refused`` with their words if they do not accept it; neither opens an interface for that."""
    if can.pppoe_server is None or can.pppd is None:
        return
    with tempfile.NamedTemporaryFile() as pool:
        pool.write(_server_config.pool_file(instance))
        pool.flush()
        # -d prints the sessions and exits before it opens an interface (pppoe-server.c main).
        rc, out, err = module.run_command([*command, "-d", "-p", pool.name])
    count = sum(line.startswith("Session ") for line in out.splitlines())
    if rc != 0 or count != len(instance.addresses):
        said = " / ".join((err or out).strip().splitlines()[:3])
        raise Failed(
            "pppoe-server {} would hand out {} addresses instead of {} with: {}. It said: {}".format(
                can.version, count, len(instance.addresses), " ".join(command), said or "nothing"
            )
        )
    if can.kernel_problem is None:
        _ask_pppd(module, can.pppd, instance)


def _ask_pppd(module: AnsibleModule, pppd: str, instance: _server_config.Instance) -> None:
    with tempfile.NamedTemporaryFile() as options:
        options.write(_server_config.options_file(instance))
        options.flush()
        # noauth comes last: without it, pppd asks for an account as well, and the first may be yet to come.
        rc, out, err = module.run_command([pppd, "notty", "nodetach", "dryrun", "file", options.name, "noauth"])
    if rc != 0:
        words = (err or out).replace(" in file " + options.name, "").replace(options.name, instance.options_path)
        raise Refused("options", "pppd does not accept them: {}.".format(words.strip().rstrip(".")), "See pppd(8).")
