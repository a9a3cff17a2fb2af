#!/usr/bin/env python3
"""A pppd for tests: ``pppd call NAME …`` stays in the background until SIGTERM, with a link or with words in its log.

What happens is said by the file ``behaviour`` beside it: ``up``, ``up without a route``, or the words of its log. The
process is called ``pppd call NAME`` like a real one. Its addresses are in ``link``, and its route in ``routes``, which
stands for /proc/net/route.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

HERE = Path(os.environ["FAKE_PPPD"])
ROUTE = "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        print("pppd version 2.5.2")
        return
    behaviour = (HERE / "behaviour").read_text()
    if behaviour.startswith("broken: "):
        sys.exit(behaviour.removeprefix("broken: "))
    with open(HERE / "calls", "a") as calls:
        print(*sys.argv[1:], file=calls)
    if os.fork() == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        # Python takes "call" for its program, which is this file under that name.
        os.chdir(HERE)
        os.execv(sys.executable, ["pppd", *sys.argv[1:]])  # noqa: S606


def stay() -> None:
    name = sys.argv[1]
    link, routes, pid_file = HERE / "link", HERE / "routes", HERE / f"ppp-pppoe-client-{name}.pid"

    def end(_signal, _frame):
        link.unlink(missing_ok=True)
        routes.write_text(routes.read_text().replace(ROUTE, ""))
        pid_file.unlink(missing_ok=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    behaviour = (HERE / "behaviour").read_text()
    if behaviour.startswith("up"):
        pid_file.write_text(f"{os.getpid()}\nppp0\n")
        if behaviour == "up":
            routes.write_text(routes.read_text() + ROUTE)
        unread = HERE / "link.new"
        unread.write_text(json.dumps({"local": "192.0.2.7", "peer": "192.0.2.1"}))
        unread.rename(link)
        (HERE / f"pppoe-client-{name}.dns").write_text("198.51.100.1\n")
    else:
        (HERE / f"pppoe-client-{name}.log").write_text(behaviour)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    if Path(sys.argv[0]).name == "call":
        stay()
    else:
        main()
