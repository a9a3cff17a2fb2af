"""Where pppoe_client finds everything."""

from __future__ import annotations

import json
import os
import signal
import sys

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _accounts as _client_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _apply as _client_apply
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dial as _client_dial
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _host_options as _client_host_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _observe as _client_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces, _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _pid_files as _pppd_pid_files
from ansible_collections.dialtone.pppoe.tests.support.client_host import (
    ACCOUNT,
    FAKE_IP,
    FAKE_SYSTEMCTL,
    SECRET,
    Host,
)
from ansible_collections.dialtone.pppoe.tests.support.repository import SUPPORT


def places(host):
    """What stands for the places and the answers of a host: object, name, value."""
    tmp_path = host.path
    return (
        (_layout_client, "PEERS", f"{tmp_path}/peers"),
        (_layout_client, "UNITS", f"{tmp_path}/units"),
        (_layout_client, "RUN", str(tmp_path)),
        (_layout_client, "HOOKS", f"{tmp_path}/hooks"),
        (_layout_client, "POLKIT_RULES", f"{tmp_path}/rules"),
        (_client_observe, "POLKIT_ACTIONS", str(tmp_path)),
        (_client_host_options, "PATH", f"{tmp_path}/options"),
        (_client_accounts, "SECRET_FILES", f"{tmp_path}/hooks"),
        (_layout_client, "ATTEMPT", f"{tmp_path}/libexec/pppoe-client-attempt"),
        (_client_accounts, "PATHS", (str(host.chap), str(host.pap))),
        (_layout_client, "DIRECTORY", f"{tmp_path}/libexec"),
        (_layout_client, "UP", str(host.up_script)),
        (_layout_client, "DOWN", f"{tmp_path}/libexec/pppoe-client-down"),
        (_layout_client, "INIT", f"{tmp_path}/libexec/pppoe-client-init"),
        (_interfaces, "ROUTES", f"{tmp_path}/routes"),
        (_interfaces, "ends", host.ends),
        (_interfaces, "vlans", lambda: {"vlan8": ("eth9", 8), "eth9.9": ("eth0", 9)}),
        (_pppd_pid_files, "FOLDERS", (str(tmp_path),)),
        (_client_apply, "RESOLV_CONF", f"{tmp_path}/resolv.conf"),
        (_client_dial, "ROUTE_SECONDS", 0.2),
        (_rc_local, "PATHS", (f"{tmp_path}/rc.d/rc.local", str(host.rc_local))),
        (_interfaces, "names", lambda: ["eth0", "eth8", "eth9", "wg0"]),
        (_interfaces, "mtu", lambda name: 1492 if name == "ppp0" else 1500),
        (_interfaces, "is_ethernet", lambda name: name != "wg0"),
        (_interfaces, "bridge_or_bond", lambda name: "br0" if name == "eth8" else None),
        (_interfaces, "alias", lambda _name: ""),
        (_pppd_capabilities, "command", lambda _module: f"{tmp_path}/pppd"),
        (_pppd_capabilities, "plugin_path", lambda: "/usr/lib/pppd/2.5.2/pppoe.so"),
        (_pppd_capabilities, "kernel_ppp", lambda _module: None),
        (_systemd, "running", lambda: False),
    )


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = Host(tmp_path)
    for module, name, value in places(host):
        monkeypatch.setattr(module, name, value)
    fake = (SUPPORT / "fake_pppd.py").read_text()
    host.program("pppd", f"#!{sys.executable}\n{fake}")
    host.program("call", fake)
    host.program("ip", FAKE_IP)
    monkeypatch.setenv("FAKE_PPPD", str(tmp_path))
    for name, place in (("PATH", f"{tmp_path}:/usr/bin:/bin"), ("RUN", tmp_path), ("PEERS", tmp_path / "peers")):
        monkeypatch.setenv(f"DIALTONE_{name}", str(place))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    yield host
    for pid in _client_link.pids("t3st"):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def with_systemd(host, monkeypatch):
    """A systemd that records its calls; ``is-enabled``, ``is-active`` and ``needs-reload`` have its answers."""
    monkeypatch.setattr(_systemd, "running", lambda: True)
    host.program("systemctl", FAKE_SYSTEMCTL)
    return host


@pytest.fixture
def client(run_module):
    def run(check=False, **changes):
        result = run_module("pppoe_client", dict(ACCOUNT, **changes), check=check)
        assert SECRET not in json.dumps(result)
        return result

    return run
