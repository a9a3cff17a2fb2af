# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files by which systemd-networkd asks for an IPv6 prefix and gives it inside. Private to this collection. Pure.

systemd.network(5), as of version 250. An interface has one file, the first that matches it: one that is configured by
a file of the administrator's gets a drop-in beside that.
"""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._delegation import (
        Delegation,
        ObservedDelegation,
    )
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection

SERVICE, SOCKET = "systemd-networkd.service", "systemd-networkd.socket"
FOLDER = "/etc/systemd/network"
#: Those of administrators; what distributions ship is for containers and the like.
FOLDERS = (FOLDER, "/run/systemd/network")
PROGRAMS = ("/usr/lib/systemd/systemd-networkd", "/lib/systemd/systemd-networkd")


def link_path(name: str) -> str:
    """The file of the link: the first of all, since another one may say of links that they are not to be managed."""
    return f"{FOLDER}/04-pppoe-client.{name}.network"


def inside_path(name: str, interface: str, network_file: str | None) -> str:
    """The file of an inside interface, or the drop-in for the file that it has."""
    own = f"{FOLDER}/60-pppoe-client.{name}.{interface}.network"
    if network_file is None or network_file == own:
        return own
    return f"{FOLDER}/{network_file.rpartition('/')[2]}.d/60-pppoe-client.{name}.{interface}.conf"


def patterns(name: str) -> tuple[str, ...]:
    """Where files of a connection may be, for glob(7); its name has no dot."""
    return (
        link_path(name),
        f"{FOLDER}/60-pppoe-client.{name}.*.network",
        f"{FOLDER}/*.network.d/60-pppoe-client.{name}.*.conf",
    )


def interface_of(path: str) -> str | None:
    """The inside interface whose file this is."""
    file = path.rpartition("/")[2]
    stem = file[: -len(".network")] if file.endswith(".network") else file[: -len(".conf")]
    return stem.split(".", 2)[2] if stem.count(".") > 1 else None


def is_ours(path: str) -> bool:
    """Whether we made a file of systemd-networkd's, by its name."""
    return path.startswith(FOLDERS) and "-pppoe-client." in path.rpartition("/")[2]


def files(wanted: Connection, asked: Delegation, host: ObservedDelegation) -> dict[str, bytes]:
    """Path and content."""
    link = wanted.link_name or ""
    found = {link_path(wanted.name): _link(wanted, asked, link)}
    for number, interface in enumerate(asked.interfaces):
        file = (host.inside or {})[interface].network_file
        path = inside_path(wanted.name, interface, file)
        found[path] = _inside(link, interface, number, alone=path.endswith(".network"))
    return found


def _link(wanted: Connection, asked: Delegation, link: str) -> bytes:
    route = [f"UseGateway={'yes' if wanted.default_route else 'no'}"]
    route += [f"RouteMetric={wanted.metric}"] if wanted.default_route and wanted.metric else []
    lines = [
        "[Match]",
        f"Name={link}",
        "",
        "[Link]",
        "RequiredForOnline=no",
        "",
        "[Network]",
        # What pppd has set stays.
        "KeepConfiguration=yes",
        "IPv6AcceptRA=yes",
        "DHCP=ipv6",
        "",
        "[IPv6AcceptRA]",
        "UseDNS=no",
        "UseDomains=no",
        *route,
        "",
        "[DHCPv6]",
        "UseDNS=no",
        "UseHostname=no",
        f"PrefixDelegationHint=::/{asked.length}",
        # Without it, networkd would wait for an advertisement before it asks.
        "WithoutRA=solicit",
    ]
    return _text(lines)


def _inside(link: str, interface: str, number: int, alone: bool) -> bytes:
    head = ["[Match]", f"Name={interface}", "", "[Link]", "RequiredForOnline=no", ""] if alone else []
    lines = [
        *head,
        "[Network]",
        # Whoever else has set addresses here keeps them.
        *(["KeepConfiguration=yes", "LinkLocalAddressing=ipv6"] if alone else []),
        "IPv6AcceptRA=no",
        "IPv6SendRA=yes",
        "DHCPPrefixDelegation=yes",
        "",
        "[DHCPPrefixDelegation]",
        f"UplinkInterface={link}",
        # In hexadecimal.
        f"SubnetId={number:x}",
    ]
    return _text(lines)


def _text(lines: t.Iterable[str]) -> bytes:
    return "".join(line + "\n" for line in (_layout_client.MARKER, *lines)).encode()
