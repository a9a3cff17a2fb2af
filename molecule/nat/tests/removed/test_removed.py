"""Everything that we brought is gone, and everything else is byte for byte as before."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import state

testinfra_hosts = ["ansible://pppoe_servers"]
KEPT = Path(__file__).resolve().parents[4] / ".lab" / "molecule-nat"


@pytest.mark.parametrize("subject", state.COMMANDS)
def test_as_before(host, subject):
    before = json.loads((KEPT / f"{host.ansible.get_variables()['inventory_hostname']}.json").read_text())
    now = host.run(state.COMMANDS[subject]).stdout.splitlines()
    gone, new = (
        [line for line in one if line not in other] for one, other in ((before[subject], now), (now, before[subject]))
    )
    assert (gone, new) == ([], [])
    assert now == before[subject]
