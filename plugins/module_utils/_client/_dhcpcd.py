# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files by which dhcpcd asks for an IPv6 prefix, and radvd advertises it inside. Private to this collection. Pure.

dhcpcd.conf(5) as of version 10, radvd.conf(5) as of version 2.19. Both run while the link is up: the unit of the
connection starts theirs, and they end with it.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._delegation import Delegation
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection

#: Where a dhcpcd that manages all interfaces has its process id, and where each keeps its leases.
PID_FILE, LEASES = "/run/dhcpcd/pid", "/var/lib/dhcpcd"
MACHINE_ID = "/etc/machine-id"
_INSIDE = re.compile(r"^interface (\S+) \{$", re.MULTILINE)


def units(name: str) -> tuple[str, str]:
    """The units of dhcpcd and of radvd."""
    return f"pppoe-client-prefix@{name}.service", f"pppoe-client-advertise@{name}.service"


def conf_path(name: str) -> str:
    return f"{_layout_client.HOOKS}/{name}.dhcpcd"


def radvd_path(name: str) -> str:
    return f"{_layout_client.HOOKS}/{name}.radvd"


def unit_paths(name: str) -> tuple[str, ...]:
    return tuple(f"{_layout_client.UNITS}/{unit}" for unit in units(name))


def paths(name: str) -> tuple[str, ...]:
    """All files of a connection."""
    return conf_path(name), radvd_path(name), *unit_paths(name)


def inside_of(text: str) -> list[str]:
    """The inside interfaces that radvd's file names."""
    return _INSIDE.findall(text)


def version_of(text: str) -> str:
    """The version, by what ``dhcpcd --version`` prints."""
    found = re.search(r"\bdhcpcd (\S+)", text)
    return found.group(1) if found else "of an unknown version"


def major(version: str) -> int:
    found = re.match(r"[0-9]+", version)
    return int(found.group()) if found else 0


def duid(machine_id: str) -> str:
    """A DUID of the host (RFC 6355), as dhcpcd.conf has it; the machine's ID itself is nobody else's business."""
    digest = hashlib.sha256(f"dialtone.pppoe {machine_id}".encode()).digest()[:16]
    return b"\x00\x04".hex(":") + ":" + digest.hex(":")


def files(wanted: Connection, asked: Delegation, machine_id: str) -> dict[str, bytes]:
    """Path and content."""
    name, link = wanted.name, wanted.link_name or ""
    contents = (
        _conf(link, asked, machine_id),
        "\n".join(map(_advertised, asked.interfaces)),
        _prefix_unit(name, link),
        _advertise_unit(name),
    )
    return {path: f"{_layout_client.MARKER}\n{text}".encode() for path, text in zip(paths(name), contents)}


def _conf(link: str, asked: Delegation, machine_id: str) -> str:
    """The kernel takes the advertisements of the server, and pppd and our scripts do the rest."""
    inside = " ".join(f"{interface}/{number}/64" for number, interface in enumerate(asked.interfaces))
    return f"""# On a PPP link it would make one of the time alone.
duid {duid(machine_id)}
noipv4
noipv6rs
# No hooks: they would set name servers.
script /dev/null
option rapid_commit
# It would wait for one to two seconds on a PPP link before it asks.
nodelay
interface {link}
  ia_pd 1/::/{asked.length} {inside}
"""


def _advertised(interface: str) -> str:
    """``::/64`` is each prefix that the interface has."""
    return f"""interface {interface} {{
    IgnoreIfMissing on;
    AdvSendAdvert on;
    prefix ::/64 {{
        DeprecatePrefix on;
    }};
}};
"""


def _prefix_unit(name: str, link: str) -> str:
    return f"""[Unit]
Description=IPv6 prefix of the PPPoE connection {name}
Documentation=man:dhcpcd(8)
{_with_the_link(name)}
[Service]
Type=exec
ExecStart=dhcpcd -6 --nobackground --quiet --config {conf_path(name)} {link}
# With the lease of a former session it would ask for that only, for ten seconds, of a server that may not know it.
ExecStopPost=-rm -f {LEASES}/{link}.lease6
{_AGAIN}"""


def _advertise_unit(name: str) -> str:
    pid_file = f"{_layout_client.RUN}/{_layout_client.label(name)}.radvd.pid"
    return f"""[Unit]
Description=IPv6 router advertisements for the PPPoE connection {name}
Documentation=man:radvd(8)
{_with_the_link(name, units(name)[0])}
[Service]
Type=exec
ExecStart=radvd --nodaemon --config {radvd_path(name)} --pidfile {pid_file} --logmethod stderr_clean
{_AGAIN}"""


def _with_the_link(name: str, *after: str) -> str:
    """Started by the connection's unit, which is active while the link is up, and stopped before it."""
    unit = _layout_client.unit_name(name)
    return f"BindsTo={unit}\nAfter={' '.join((unit, *after))}\nStartLimitIntervalSec=0\n"


# With 1, dhcpcd says that the link has gone.
_AGAIN = """Restart=always
RestartSec=1
SuccessExitStatus=1
TimeoutStopSec=10
"""
