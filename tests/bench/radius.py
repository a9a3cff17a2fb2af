"""What RADIUS adds to a dial, and the memory that it takes on a concentrator."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import isp
import stage
import yaml
from measure import median, play, say, table

NAME = "bench-radius"
DIALS = 15
ACCOUNTS = [{"name": f"bench{number}", "secret": "secret"} for number in range(1, DIALS + 1)]
SERVERS = ("gate1", "gate2")


def customers(question: str, **settings: object) -> dict:
    words = [f"{name}={value}" for name, value in settings.items()]
    command = [str(stage.LAB), "customers", NAME, "lan", question, *words]
    done = subprocess.run(command, cwd=stage.REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise stage.StageError(f"customers: {question}: {(done.stderr or done.stdout).strip()}")
    return json.loads(done.stdout)


def dials(server: str) -> float:
    """Seconds from the first packet to the address, the median of some dials, one after the other."""
    seconds = []
    for number, account in enumerate(ACCOUNTS, 1):
        chosen = {"username": account["name"], "secret": account["secret"], "ac_name": server}
        customers("dial", first=number, count=1, **chosen)
        (one,) = customers("wait", first=number, count=1, seconds=30)["customers"]
        seconds.append(one["seconds"])
    customers("hang_up")
    customers("wait", state="ended", seconds=30)
    return median(seconds)


def serve(folder: Path, radius: bool) -> dict[str, float]:
    """Set up the servers with accounts in files, or move these to the centre as docs/radius.md says; dial at each."""
    inventory = yaml.safe_load((stage.REPOSITORY / isp.INVENTORY).read_text())
    groups = inventory["all"]["children"]
    groups["pppoe_servers"]["vars"]["pppoe_server_accounts"] = ACCOUNTS
    del groups["pppoe_radius_servers"]["vars"]["pppoe_radius_accounts"]
    if not radius:
        del groups["pppoe_radius_servers"], groups["pppoe_servers"]["vars"]["pppoe_server_radius"]
    hosts = folder / "hosts.json"
    hosts.write_text(json.dumps(inventory))
    play([str(hosts), str(stage.connections(NAME))], str(stage.SITE))
    return {server: dials(server) for server in SERVERS}


def memory(server: str) -> str:
    """Megabytes that the FreeRADIUS of a concentrator has resident."""
    command = "sed -n 's/^VmRSS: *//p' /proc/$(systemctl show -P MainPID pppoe-server-radius)/status"
    return f"{int(stage.on_host(NAME, server, command).split()[0]) // 1024} MB"


def main() -> None:
    if stage.hosts_of(NAME) is not None:
        raise stage.StageError(f"a lab {NAME} is there already; remove it first: tests/lab/lab down {NAME}")
    stage.lab("up", str(isp.TOPOLOGY.relative_to(stage.REPOSITORY)), "--name", NAME)
    try:
        command = stage.playbook_command(NAME, isp.PREPARE, isp.INVENTORY)
        subprocess.run(command, cwd=stage.REPOSITORY, env=stage.environment(), stdout=subprocess.DEVNULL, check=True)
        with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
            files = serve(Path(folder), radius=False)
            centre = serve(Path(folder), radius=True)
        say(f"\none dial, median of {DIALS}; and the memory of FreeRADIUS on the server")
        head = ("server", "accounts in files", "by RADIUS", "difference", "memory")
        rows = [
            (name, *(f"{each * 1000:.0f} ms" for each in (files[name], centre[name], centre[name] - files[name])))
            for name in SERVERS
        ]
        say(table([head, *((*row, memory(row[0])) for row in rows)]))
    finally:
        stage.lab("down", NAME)
