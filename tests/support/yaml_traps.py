"""What people write without quotes, and what becomes of it in YAML 1.1 as Ansible reads it."""

from __future__ import annotations

#: The value as it is written, and a word of what it is, by which the error names it.
TRAPS = [
    ("0123", "a number"),
    ("0755", "a number"),
    ("007", "a number"),
    ("0x1F", "a number"),
    ("0b101", "a number"),
    ("1_000", "a number"),
    ("-1", "a number"),
    ("+1", "a number"),
    ("0", "a number"),
    ("12:30:45", "a number"),
    ("190:20:30.15", "a number"),
    ("1.10", "a number"),
    (".5", "a number"),
    ("1.", "a number"),
    ("6.02e+23", "a number"),
    ("1_0.5", "a number"),
    (".inf", "a number"),
    ("-.INF", "a number"),
    (".nan", "a number"),
    ("yes", "a boolean"),
    ("Yes", "a boolean"),
    ("NO", "a boolean"),
    ("no", "a boolean"),
    ("on", "a boolean"),
    ("off", "a boolean"),
    ("true", "a boolean"),
    ("FALSE", "a boolean"),
    ("2026-11-01", "a date"),
    ("2026-11-01 10:20:30", "a date"),
    ("2026-11-01T10:20:30Z", "a date"),
    ("2001-12-14t21:59:43.10-05:00", "a date"),
    ("!!binary aHVudGVyMg==", "binary data"),
    ("[hunter2]", "a list"),
    ("{hunter2: x}", "a dictionary"),
    ("{{ hunter2 }}", "a number"),
    ("null", "is missing"),
    ("Null", "is missing"),
    ("~", "is missing"),
    ("", "is missing"),
]

#: What stays as it is written.
TEXTS = [
    "y", "n", "Y", "N", "1e3", "1E5", "0o17", "08", "09", "1.2.3", "12:60x", "2026-1", "inf", "nan", "none",
    "'0123'", '"yes"', "'12:30:45'", "'~'", '"1.10"', "!!str 0123", "!!str yes", "ja", "0123a", "hunter2",
]  # fmt: skip
