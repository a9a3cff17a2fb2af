"""What modules write is as open or closed as it should be, whatever the umask of the user that they run as."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab

HERE = Path(__file__).resolve().parent
SYSTEMCTL = HERE.parents[1] / "support" / "fake_systemctl.py"
COLLECTIONS = HERE.parents[2] / ".build" / "collections"
pytestmark = [
    pytest.mark.skipif(bool(lab.why_not()), reason=f"no host can be made here: {lab.why_not()}"),
    pytest.mark.skipif(shutil.which("pppoe-server") is None, reason="pppoe-server is not installed"),
]
RUNS = {
    "chap_user": {"name": "cmz", "secret": "hush-cmz"},
    "forwarding": {"name": "here", "uplink": "eth0"},
    "masquerade": {"name": "here", "out_interface": "eth0", "source": ["10.9.0.0/24"]},
    "pppoe_server": {
        "name": "umask", "interfaces": ["eth0"], "local_address": "10.9.0.1", "pool": ["10.9.0.2+20"],
        "startup": "rc_local", "require_kernel_ppp": False, "kernel_mode": "never", "state": "present",
    },
    "pppoe_server_metrics": {"name": "umask", "directory": "/run/metrics"},
}  # fmt: skip


def modes(module: str, umask: int) -> str:
    """The files and folders that there are after a run of the module, with their modes."""
    host = lab.Router(COLLECTIONS, module, umask)
    try:
        host.host.sh("for folder in /usr/local /var/lib; do mount -t tmpfs -o mode=755 none $folder; done")
        host.host.sh("mkdir -m 755 /run/metrics /etc/ppp")
        if module == "pppoe_server_metrics":
            host.boot_with_systemd(SYSTEMCTL)
        done = host.module(**RUNS[module])
        assert "failed" not in done, done["msg"]
        if module == "pppoe_server_metrics":
            host.host.sh(f"umask {umask:o}; /usr/local/libexec/dialtone-pppoe/pppoe-server-metrics umask /run/metrics")
        folders = "/etc /usr/local /var/lib /run/metrics"
        return host.host.sh(f"find {folders} ! -name '*.wants' -printf '%m %u:%g %p\\n' | sort -k 3")
    finally:
        host.close()


@pytest.mark.parametrize("module", RUNS)
def test_modes(module):
    assert modes(module, 0o077) == modes(module, 0o022)
