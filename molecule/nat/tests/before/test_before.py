"""What a host is like before we come, kept beside the lab for the comparison at the end."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import state

testinfra_hosts = ["ansible://pppoe_servers"]
KEPT = Path(__file__).resolve().parents[4] / ".lab" / "molecule-nat"


def test_nothing_of_ours_is_there(host):
    found = state.of(host)
    (KEPT / f"{host.ansible.get_variables()['inventory_hostname']}.json").write_text(json.dumps(found))
    assert "dialtone" not in str(found)
    assert len(found["etc"]) > 100
    assert "net.ipv4.ip_forward = 0" in found["sysctl"]
