"""Four thousand sessions on one host: what is said of them, and the figures. They are no real ones."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
COUNT = 4000


def main(_seconds: float, _chance: random.Random) -> None:
    sys.path.insert(0, str(REPOSITORY / ".build" / "collections"))
    from ansible_collections.dialtone.pppoe.tests.support import many

    with many.sessions(COUNT) as host:
        host.install()
        steps = {
            "pppoe_session_info": lambda: host.module("pppoe_session_info"),
            "pppoe_server_info": lambda: host.module("pppoe_server_info"),
            "metrics": lambda: host.python(many.METRICS),
            "session manager, begin": lambda: host.python(many.MANAGER),
            "pppoe_session, one": lambda: host.module("pppoe_session", state="absent", username=["account7"]),
            "start of the instance": host.reload,
            "reload": host.reload,
            "stop of the instance": lambda: host.instance("hangup", "default", "-"),
        }
        for name, step in steps.items():
            began = time.monotonic()
            cost = step()
            print(f"  {name}: {time.monotonic() - began:.1f} s, {cost.processes} processes", flush=True)
            if name == "pppoe_session_info":
                assert cost.result["count"] == COUNT
        assert host.module("pppoe_session_info").result["count"] == 0
