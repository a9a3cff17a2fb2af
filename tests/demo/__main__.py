#!/usr/bin/env python3
"""Makes a network of PPPoE hosts-to-be, looks at it, runs site.yml on it, and looks again."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor

import grid
import stage
import view

NAME = "demo"
BEFORE, AFTER = "before", "after"
AROUND = """\
The lab stays up. Look around:
  make lab-ssh HOST=client        a shell on a host (server, client, client2); try: ping 192.168.5.1
  make demo-down                  ends it, and leaves nothing behind
Run the playbook again, and nothing changes:
  {playbook}"""


def main() -> int:
    options = argparse.ArgumentParser(prog="make demo", description=__doc__)
    options.add_argument("--image", help="Debian of the hosts: bookworm (as is) or trixie")
    image = options.parse_args().image
    return stage.show(lambda: Demo().run(image), "make demo-down")


class Demo:
    """One run, with its clock."""

    def __init__(self) -> None:
        self.clock = stage.Clock()

    def run(self, image: str | None) -> int:
        title = self.clock.title
        title("The network: a server, two clients, and 192.168.5.1 beyond the server")
        stage.bring_up(NAME, stage.TOPOLOGY, image, NAME)
        parts = {}
        if self.is_fresh():
            title("Before: the clients reach the server, and nothing beyond it")
            parts = {BEFORE: view.before(in_parallel(pings))}
            print(grid.table(parts), flush=True)
        title("The playbook, with the sample inventory as it is")
        stage.run_playbook(NAME, NAME, "server")
        title("After: the clients have dialled")
        return self.conclude(parts)

    def is_fresh(self) -> bool:
        """Whether nobody is connected yet; the guide's first checks make sense only then."""
        cell = view.server(addresses("server"), 0)
        if not cell.right:
            print(f"Clients are connected already ({cell.text}): this run shows no 'before'.")
            print("For the whole demo: make demo-down demo")
        return cell.right

    def conclude(self, parts: dict[str, list[grid.Row]]) -> int:
        """Look at everything after the dial, print the table, say what is wrong; the exit code."""
        parts = {**parts, AFTER: view.after(in_parallel(look), users())}
        server = view.server(addresses("server"), len(view.CLIENTS))
        wrong = () if server.right else (f"after: server: {server.text}",)
        code = stage.conclude(parts, self.clock, wrong, 1, f"server: {server.text}")
        print(AROUND.format(playbook=stage.typed(stage.playbook_command(NAME))))
        return code


def in_parallel(function) -> dict:
    """The function's result for each client."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(view.CLIENTS, pool.map(function, view.CLIENTS), strict=True))


def ping(host: str, address: str) -> str:
    return stage.on_host(NAME, host, "ping", "-n", "-c", "2", "-W", "2", address)


def pings(host: str) -> tuple[str, str]:
    return ping(host, view.INSIDE), ping(host, view.OUTSIDE)


def addresses(host: str) -> str:
    return stage.on_host(NAME, host, "ip", "-j", "-4", "address")


def look(host: str) -> view.Client:
    routes = stage.on_host(NAME, host, "ip", "-j", "-4", "route")
    resolv_conf = stage.on_host(NAME, host, "cat", "/etc/resolv.conf")
    return view.Client(addresses(host), routes, resolv_conf, ping(host, view.OUTSIDE))


def users() -> dict[str, str]:
    """Who has which address, as the server's own sessions tell."""
    return {
        session["address"]: session["username"]
        for session in stage.module(NAME, "server", "pppoe_session_info")["sessions"]
    }


if __name__ == "__main__":
    sys.exit(main())
