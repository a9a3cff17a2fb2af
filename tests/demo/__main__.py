#!/usr/bin/env python3
"""Makes a network of PPPoE hosts-to-be, looks at it, runs site.yml on it, and looks again."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

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
    try:
        return Demo().run(image)
    except stage.StageError as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted; make demo-down ends what is up", file=sys.stderr)
        return 130


class Demo:
    """One run, with its clock."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def title(self, text: str) -> None:
        print(f"\n==== {text} ({time.monotonic() - self.began:.0f} s)", flush=True)

    def run(self, image: str | None) -> int:
        self.title("The network: a server, two clients, and 192.168.5.1 beyond the server")
        bring_up(image)
        parts = {}
        if self.is_fresh():
            self.title("Before: the clients reach the server, and nothing beyond it")
            parts = {BEFORE: view.before(in_parallel(pings))}
            print(view.table(parts), flush=True)
        self.title("The playbook, with the sample inventory as it is")
        command = stage.playbook_command(NAME)
        print("$", typed(command), flush=True)
        if stage.shown(command) != 0:
            raise stage.StageError(
                "site.yml failed; see above. The lab is up: make lab-ssh HOST=server, make demo-down"
            )
        self.title("After: the clients have dialled")
        return self.conclude(parts)

    def is_fresh(self) -> bool:
        """Whether nobody is connected yet; the guide's first checks make sense only then."""
        cell = view.server(addresses("server"), 0)
        if not cell.right:
            print(f"Clients are connected already ({cell.text}): this run shows no 'before'.")
            print("For the whole demo: make demo-down demo")
        return cell.right

    def conclude(self, parts: dict[str, list[view.Row]]) -> int:
        """Look at everything after the dial, print the table, say what is wrong; the exit code."""
        parts = {**parts, AFTER: view.after(in_parallel(look), users())}
        server = view.server(addresses("server"), len(view.CLIENTS))
        wrong = [*view.failures(parts), *([] if server.right else [f"after: server: {server.text}"])]
        print(f"{view.table(parts)}\n\nserver: {server.text}\n")
        if wrong:
            print("demo: this is not as it should be:", *wrong, sep="\n  ", file=sys.stderr)
        else:
            print(f"All {view.count(parts) + 1} checks hold, after {time.monotonic() - self.began:.0f} s.\n")
        print(AROUND.format(playbook=typed(stage.playbook_command(NAME))))
        return 1 if wrong else 0


def bring_up(image: str | None) -> None:
    """Make the lab, or take the one that is up if it is whole."""
    hosts = stage.hosts_of(NAME)
    if hosts is None:
        choice = ["--image", image] if image else []
        stage.lab("up", str(stage.TOPOLOGY.relative_to(stage.REPOSITORY)), "--name", NAME, *choice)
        return
    dead = [host for host, (_, state) in hosts.items() if state.startswith("stopped")]
    others = [host for host, (used, _) in hosts.items() if image and used != image]
    if dead:
        raise stage.StageError(
            f"a lab {NAME} is there, but without power: {', '.join(dead)}. Remove it: make demo-down"
        )
    if others:
        raise stage.StageError(f"a lab {NAME} is up with another image than {image}. Remove it first: make demo-down")
    print(f"The lab {NAME} is up already and is used as it is. For a new one: make demo-down demo")


def typed(command: list[str]) -> str:
    """The command as one would type it."""
    return " ".join([f"ANSIBLE_CONFIG={stage.CONFIG}", *command])


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
    command = [
        stage.program("ansible"),
        "-i",
        str(stage.connections(NAME)),
        "server",
        "-o",
        "-m",
        "dialtone.pppoe.pppoe_session_info",
    ]
    asked = subprocess.run(
        command, cwd=stage.REPOSITORY, env=stage.environment(), capture_output=True, text=True, check=False
    )
    head, arrow, answer = asked.stdout.partition("=>")
    if "SUCCESS" not in head or not arrow:
        raise stage.StageError(f"pppoe_session_info: {' '.join((asked.stdout + asked.stderr).split())}")
    return {session["address"]: session["username"] for session in json.loads(answer)["sessions"]}


if __name__ == "__main__":
    sys.exit(main())
