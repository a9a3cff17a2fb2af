# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What else on the host manages the interfaces of a connection. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _systemd

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

NETWORK_MANAGER = "NetworkManager"
NETWORKD = "systemd-networkd"
# Where systemd-networkd keeps the state of each link, by its number (systemd, src/network/networkd-state-file.c).
NETWORKD_LINKS = "/run/systemd/netif/links"


#: The units of both, of which a run asks systemd beforehand.
UNITS = (f"{NETWORK_MANAGER}.service", f"{NETWORKD}.service")


def managers(
    module: AnsibleModule, names: t.Iterable[str], units: t.Mapping[str, _systemd.Unit]
) -> dict[str, list[str]]:
    """Which programs manage which of the interfaces; ``units`` has the state of ``UNITS``."""
    there = _interfaces.names()
    names = [name for name in names if name in there]
    if not names:
        return {}
    found: dict[str, list[str]] = {}
    if units[UNITS[0]].active and module.get_bin_path("nmcli"):
        command = [module.get_bin_path("nmcli"), "--terse", "--fields", "DEVICE,STATE", "device"]
        _rc, out, _err = module.run_command(command, environ_update={"LC_ALL": "C"})
        found[NETWORK_MANAGER] = [name for name in names if name in of_network_manager(out)]
    if units[UNITS[1]].active:
        links = {name: _files.read(f"{NETWORKD_LINKS}/{_interfaces.number(name)}") or b"" for name in names}
        found[NETWORKD] = [name for name, text in links.items() if of_networkd(text.decode("utf-8", "replace"))]
    return {manager: taken for manager, taken in found.items() if taken}


def of_network_manager(text: str) -> set[str]:
    """The interfaces that NetworkManager manages, by ``nmcli -t -f DEVICE,STATE device``.

    One that is connected externally it only watches.
    """
    states = (line.rpartition(":") for line in text.splitlines())
    return {name for name, _colon, state in states if state != "unmanaged" and "(externally)" not in state}


def of_networkd(text: str) -> bool:
    """Whether systemd-networkd manages the link whose state file this is."""
    states = [line.partition("=")[2] for line in text.splitlines() if line.startswith("ADMIN_STATE=")]
    return bool(states) and states[0] not in ("unmanaged", "initialized", "pending")


def warnings(found: t.Mapping[str, t.Sequence[str]], link: str | None) -> list[str]:
    """A sentence for each program that manages the link. On the Ethernet interface there may be good reason for one."""
    return [
        f"{manager} manages {link}, too, and may take from the link its address and its routes, for one when it is "
        "restarted. Have it leave the link alone: by pppoe_client_unmanaged of the role, or in its own configuration."
        for manager, names in found.items()
        if link in names
    ]
