"""Writes each result of each task to the file that TASK_TIMES names, one JSON object a line."""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_times
type: notification
short_description: times of tasks and of their results, for the bench
description: Writes C(task), C(action), C(host), C(seconds) and C(changed) of each result to a file.
options: {}
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.path = os.environ["TASK_TIMES"]
        self.began = 0.0

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.began = time.monotonic()

    def v2_runner_on_ok(self, result):
        self.write(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.write(result)

    def write(self, result):
        answer = result.result
        items = answer.get("results") if result.task.loop else None
        line = {
            "task": result.task.get_name(),
            "action": result.task.action,
            "host": result.host.get_name(),
            "seconds": time.monotonic() - self.began,
            "changed": answer.get("changed", False),
            "runs": sum(1 for item in items if not item.get("skipped")) if items is not None else 1,
        }
        with open(self.path, "a") as handle:
            handle.write(json.dumps(line) + "\n")
