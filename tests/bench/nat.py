"""masquerade beside ten thousand rules of others, against none: each in a network of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import stage
from measure import median, say, table

FOREIGN = 10_000
REPETITIONS = 3
HERE = Path(__file__).resolve().parent
# Without persistence the module writes no file: all that it changes is in a network namespace that ends with it.
SCRIPT = """
set -e
ip link add eth0 type veth peer name outside0
mount -t sysfs none /sys
{load}
began=$(date +%s.%N)
{module}
middle=$(date +%s.%N)
{module}
echo "$began $middle $(date +%s.%N)"
"""


def rules(backend: str) -> str:
    """Rules of others, in the chains that ours come to, for the backend's own program."""
    addresses = [f"10.{number >> 8}.{number & 255}.0/24" for number in range(FOREIGN)]
    if backend == "nftables":
        lines = [f'oifname "eth9" ip saddr {address} masquerade' for address in addresses]
        head = "table ip others { chain out { type nat hook postrouting priority 90; policy accept;"
        return "\n".join([head, *lines, "}", "}", ""])
    lines = [f"-A POSTROUTING -s {address} -o eth9 -j MASQUERADE" for address in addresses]
    return "\n".join(["*nat", *lines, "COMMIT", ""])


def run(backend: str, load: str) -> tuple[float, float]:
    """Seconds of a first and of a second run."""
    with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
        arguments = {"out_interface": "eth0", "source": ["10.0.0.0/8"], "backend": backend, "persistent": False}
        Path(folder, "arguments.json").write_text(json.dumps(arguments))
        Path(folder, "rules").write_text(rules(backend))
        program = f"{sys.executable} {HERE / 'one_module.py'} masquerade {folder}/arguments.json >/dev/null 2>&1"
        script = SCRIPT.format(load=load.format(rules=f"{folder}/rules"), module=program)
        done = subprocess.run(
            ["unshare", "-n", "-m", "sh", "-c", script],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(stage.REPOSITORY / ".build/collections")},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise stage.StageError(f"masquerade failed beside {load or 'nothing'}: {done.stderr[-500:]}")
    began, middle, end = (float(word) for word in done.stdout.split())
    return middle - began, end - middle


def main() -> None:
    say(f"\nmasquerade beside {FOREIGN:,} rules of others, against none; median of {REPETITIONS}")
    rows = [("backend", "run", "none", "many", "ratio")]
    for backend, load in (("nftables", "nft -f {rules}"), ("iptables", "iptables-restore {rules}")):
        alone, beside = [], []
        for _repetition in range(REPETITIONS):
            alone.append(run(backend, ""))
            beside.append(run(backend, load))
        for which, name in enumerate(("first", "second")):
            none, many = (median([times[which] for times in one]) for one in (alone, beside))
            rows.append((backend, name, f"{none:.2f} s", f"{many:.2f} s", f"{many / none:.2f}"))
    say(table(rows))
