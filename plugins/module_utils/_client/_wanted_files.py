# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a connection, as a run wants them: there, or gone. Private to this collection. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _config as _client_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dhcpcd as _client_dhcpcd
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _networkd as _client_networkd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _rc_local
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_client_attempt, _pppoe_client_up

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._delegation import ObservedDelegation
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._observe import ObservedClient
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest, Connection


def files(request: ClientRequest, host: ObservedClient) -> list[_files.File]:
    """All but those with the account; none where the request is only about the link."""
    if request.wanted is not None:
        return _present(request, request.wanted, host)
    return _absent(request.name, host) if request.state == "absent" else []


def _present(request: ClientRequest, wanted: Connection, host: ObservedClient) -> list[_files.File]:
    name = wanted.name
    # Who may read it may dial: pppd opens a file of `call` as the user who runs it (options.c options_from_file).
    found = [_files.File(_layout_client.peers_path(name), _client_config.peers_file(wanted, host.pppd), 0o600)]
    found += [_files.File(path, content, 0o755, program=True) for path, content in programs().items()]
    found += [_hook(name, action, text) for action, text in request.hooks]
    unit = _client_config.unit_file(wanted) if host.to_systemd else None
    found.append(_files.File(_layout_client.unit_path(name), unit))
    found += _delegation_files(wanted, host)
    rule = _client_config.rule_file(name, request.user_control_group) if request.user_control else None
    found.append(_files.File(_layout_client.rule_path(name), rule))
    lines = _client_config.background_lines(wanted) if request.boot and not host.to_systemd else None
    return found + _rc_local_file(host, name, lines)


def _absent(name: str, host: ObservedClient) -> list[_files.File]:
    """Nothing of the connection, nor of what all share if it is the last."""
    last = set(host.connections) <= {name}
    paths = [_layout_client.peers_path(name), _layout_client.unit_path(name), _layout_client.rule_path(name)]
    found = [_files.File(path, None) for path in (*paths, *host.delegation.files)]
    found += [_files.File(path, None, program=True) for path in _layout_client.programs() if last]
    found += [_hook(name, action, None) for action in ("up", "down")]
    passing = [*_layout_client.run_paths(name), *([f"{_layout_client.RUN}/{_layout_client.LOCK}"] if last else [])]
    found += [_files.File(path, None, secret=True) for path in passing]
    return found + _rc_local_file(host, name, None)


def delegated(wanted: Connection | None, host: ObservedDelegation) -> dict[str, bytes]:
    """What is to be done with a delegated prefix: path and content."""
    asked = wanted.delegation if wanted is not None else None
    if wanted is None or asked is None:
        return {}
    if asked.by_dhcpcd:
        return _client_dhcpcd.files(wanted, asked, host.dhcpcd.machine_id)
    return _client_networkd.files(wanted, asked, host)


def _delegation_files(wanted: Connection, host: ObservedClient) -> list[_files.File]:
    """What is to be done with a delegated prefix, and nothing of what an earlier run has said of that."""
    found = delegated(wanted, host.delegation)
    former = [_files.File(path, None) for path in host.delegation.files if path not in found]
    return [*(_files.File(path, content) for path, content in found.items()), *former]


def programs() -> dict[str, bytes]:
    """What all connections of a host share: path and content."""
    return {
        _layout_client.UP: _pppoe_client_up.up_script(),
        _layout_client.DOWN: _pppoe_client_up.down_script(),
        _layout_client.INIT: _pppoe_client_up.init_script(),
        _layout_client.ATTEMPT: _pppoe_client_attempt.script(),
    }


def _hook(name: str, action: str, text: str | None) -> _files.File:
    """A hook as a script that only root may read, and that no diff shows: it may have secrets of its own."""
    if not text:
        return _files.File(_layout_client.hook_path(name, action), None, secret=True)
    content = text if text.startswith("#!") else "#!/bin/sh\n" + text
    content += "" if content.endswith("\n") else "\n"
    return _files.File(_layout_client.hook_path(name, action), content.encode(), 0o700, secret=True)


def _rc_local_file(host: ObservedClient, name: str, lines: list[str] | None) -> list[_files.File]:
    before, mode = host.there[host.rc_local]
    return _rc_local.edited(host.rc_local, before, mode, _layout_client.label(name), lines)
