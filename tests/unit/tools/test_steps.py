"""The times of a scenario's steps, out of what Molecule prints."""

from __future__ import annotations

from steps import Steps

SAID = """\
0 INFO     live ➜ discovery: scenario test matrix: create, verify tests/a ../shared/tests/b, side_effect c.yml
0 INFO     live ➜ create: Executing
1 TASK [INFO live: Executing]
30.4 INFO     live ➜ create: Executed: Successful
31 INFO     live ➜ verify: Executing
31 INFO     live ➜ verify: Executing Testinfra tests found in /here/tests/a
35 INFO     live ➜ verify: Verifier completed successfully.
36 INFO     live ➜ verify: Executed: Successful
36 INFO     live ➜ side_effect: Executing
"""


def test_each_step_by_its_name_in_the_sequence():
    steps = Steps()
    for line in SAID.splitlines():
        now, _blank, text = line.partition(" ")
        steps.hear(text + "\n", float(now))
    assert steps.summary == "create 30 s, verify tests/a ../shared/tests/b 5 s, side_effect c.yml …"
