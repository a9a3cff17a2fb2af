"""Runs a module of this collection in this process: one_module.py NAME ARGUMENTS.json; on stderr what it took."""

from __future__ import annotations

import importlib
import json
import re
import sys
import time
from pathlib import Path

from ansible.module_utils.testing import patch_module_args


def main(name: str, arguments: str) -> int:
    module = importlib.import_module(f"ansible_collections.dialtone.pppoe.plugins.modules.{name}")
    with patch_module_args(json.loads(Path(arguments).read_text())):
        began = time.process_time()
        try:
            module.main()
        except SystemExit as end:
            seconds = time.process_time() - began
            # Not ru_maxrss, which begins with what the process had that started this one.
            peak = int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
            print(json.dumps({"seconds": seconds, "peak": peak}), file=sys.stderr)
            return int(end.code or 0)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
