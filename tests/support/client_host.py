"""A host for pppoe_client, with a pppd that only pretends to dial."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces

SECRET = "open sesame"
ACCOUNT = {"name": "t3st", "interface": "eth9", "username": "cmz", "secret": SECRET}
FAKE_IP = """#!/bin/sh
exit 0
"""
HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
THROUGH_ETH0 = "eth0\t00000000\tFE0200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
FAKE_SYSTEMCTL = """#!/bin/sh
echo "$*" >>@HERE@/systemctl-calls
[ "$1" = show ] || exit 0
shift 2
for unit in "$@"; do
    case $unit in pppoe-client*) folder=@HERE@ ;; *) folder=/nonexistent ;; esac
    printf 'Id=%s\nActiveState=%s\nUnitFileState=%s\nNeedDaemonReload=%s\n\n' "$unit" \
        "$(cat $folder/is-active 2>/dev/null)" "$(cat $folder/is-enabled 2>/dev/null)" \
        "$(cat $folder/needs-reload 2>/dev/null)"
done
"""


class Host:
    """Where the module finds everything, and what is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.chap = path / "chap-secrets"
        self.pap = path / "pap-secrets"
        self.peers = path / "peers" / "t3st"
        self.unit = path / "units" / "pppoe-client@t3st.service"
        self.rc_local = path / "rc.local"
        self.up_script = path / "libexec" / "pppoe-client-up"
        self.routes = path / "routes"
        self.routes.write_text(HEAD)
        self.behave("up")

    def behave(self, behaviour: str) -> None:
        (self.path / "behaviour").write_text(behaviour)

    def program(self, name: str, text: str) -> None:
        path = self.path / name
        path.write_text(text.replace("@HERE@", str(self.path)))
        path.chmod(0o755)

    def calls(self) -> list[str]:
        path = self.path / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def told_systemd(self) -> list[str]:
        path = self.path / "systemctl-calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if not line.startswith("show ")]

    def ends(self, _name: str) -> _interfaces.Address | None:
        """The addresses of the link that the pretended pppd has."""
        if not (self.path / "link").exists():
            return None
        link = json.loads((self.path / "link").read_text())
        return _interfaces.Address("inet", link["local"], 32, link["peer"])

    def files(self) -> dict[str, bytes]:
        """All that is configuration."""
        found = {}
        for folder in ("peers", "units", "libexec", "hooks", "rules"):
            found.update({str(path): path.read_bytes() for path in (self.path / folder).glob("*")})
        for path in (self.chap, self.pap, self.rc_local):
            if path.exists():
                found[str(path)] = path.read_bytes()
        return found
