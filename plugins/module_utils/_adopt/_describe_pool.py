# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses that an unmanaged server hands out. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._accounts import Secrets
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._findings import Findings, listed
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._startup_lines import Command

_PLAIN = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z")
# What pppoe-server reads of a line in its pool file (pppoe-server.c ParseAddressPool).
_POOL_LINE = re.compile(r"(\d+)\.(\d+)\.(\d+)\.(\d+)(?:-(\d+))?\Z")


def describe(
    command: Command,
    pool: t.Sequence[tuple[str, str]],
    secrets: Secrets,
    host_addresses: t.Sequence[str],
    elsewhere: t.Mapping[str, str],
    variables: dict[str, t.Any],
    say: Findings,
) -> None:
    """``pool``: the server's and the client's address of each session. ``elsewhere``: what another daemon hands out."""
    if not pool:
        local = (command.last("L") or "").partition("/")[0]
        if _PLAIN.match(local):
            variables["pppoe_server_local_address"] = local
        return
    local = pool[0][0]
    variables["pppoe_server_local_address"] = local
    fixed = {host: account.name for account in secrets.accounts for host in account.fixed}
    offered = list(dict.fromkeys(remote for _local, remote in pool))
    own = {address for address in offered if address in {local, *host_addresses}}
    given_twice = [f"{address} of {fixed[address]}" for address in offered if address in fixed]
    if given_twice:
        say.change(
            f"The server no longer hands out {listed(given_twice)}.",
            "It gives the fixed address of an account to others too: two customers with one address.",
        )
    if own:
        say.change(f"The pool leaves out {listed(sorted(own))}.", "This host has it.")
    _shared(offered, elsewhere, say)
    _ranges(command, offered, say)
    # The role leaves out the fixed addresses of all accounts by itself, also of those that come later.
    left = [address for address in offered if address not in own and address not in elsewhere]
    variables["pppoe_server_pool"] = spans(left)
    if all(address in fixed for address in left):
        say.problem("No address is left for the pool.", "Put some into pppoe_server_pool.")


def _shared(offered: t.Sequence[str], elsewhere: t.Mapping[str, str], say: Findings) -> None:
    shared = [address for address in offered if address in elsewhere]
    if shared:
        others = sorted({elsewhere[address] for address in shared})
        say.problem(
            f"The daemon on {', '.join(others)} hands out the same addresses: {listed(spans(shared))}.",
            "Two customers can have one address. The pool below leaves them out: divide them between the two.",
        )


def _ranges(command: Command, offered: t.Sequence[str], say: Findings) -> None:
    first = command.last("R")
    if first and not _PLAIN.match(first) and not command.last("p"):
        odd = [address for address in offered if address.endswith((".0", ".255"))]
        over = f", over {listed(odd)}" if odd else ""
        say.problem(
            f"'-R {first}' is not a range for pppoe-server: it hands out {offered[0]} to {offered[-1]}{over}.",
            "It reads the first address alone, and counts on from there for as many sessions as -N says (64).",
        )
    local = command.last("L")
    if local and "/" in local:
        say.stays(f"'-L {local}' is {local.partition('/')[0]} alone.", "pppoe-server reads no mask.")


def of_file(content: bytes, path: str) -> list[tuple[str, str]]:
    """Lines of a pool file (``-p``) that pppoe-server reads as something else than they look."""
    found = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _POOL_LINE.match(text)
        numbers = [int(value) for value in match.groups() if value] if match else []
        if match and max(numbers[:4]) <= 255 and (len(numbers) < 5 or numbers[3] <= numbers[4] <= 255):
            continue
        found.append(
            (
                f"Line {number} of {path} is not read as it looks: '{text[:60]}'.",
                "A line is an address, or the last numbers of a range: 10.0.0.10-50, up to 255.",
            )
        )
    return found


def spans(addresses: t.Iterable[str]) -> list[str]:
    """Addresses in their order, those in a row as ``first-last``."""
    runs: list[list[int]] = []
    for value in map(int, map(ipaddress.IPv4Address, addresses)):
        if runs and value == runs[-1][1] + 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    texts = [(str(ipaddress.IPv4Address(first)), str(ipaddress.IPv4Address(last))) for first, last in runs]
    return [first if first == last else f"{first}-{last}" for first, last in texts]
