"""Writes the variables of each role into its README.md, from meta/argument_specs.yml; without --write, only compares.

The text around the two marks is written by hand.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parent.parent / "roles"
BEGIN = "<!-- Generated from meta/argument_specs.yml by `make docs`: change it there. -->"
END = "<!-- End of what is generated. -->"
HEAD = ["| variable | type | default | what it is |", "| --- | --- | --- | --- |"]


def plain(text: str | list[str]) -> str:
    """Ansible's markup as Markdown, fit for a cell of a table; several paragraphs become one."""
    joined = " ".join([text] if isinstance(text, str) else text)
    code = re.sub(r"\b(?:V|O|C|M|E|RV|I|B)\(((?:[^\\)]|\\.)+)\)", r"`\1`", joined)
    return re.sub(r"\bL\(([^,)]+), *([^)]+)\)", r"[\1](\2)", code).replace("|", "\\|")


def kind(option: dict[str, Any]) -> str:
    """The type of an option: `list of str`."""
    if option.get("type") == "raw" and "options" in option:
        return "list of dict"  # checked by check_role
    elements = option.get("elements")
    return option.get("type", "str") + (f" of {elements}" if elements else "")


def default(option: dict[str, Any]) -> str:
    """The default of an option as one writes it in YAML."""
    if option.get("required"):
        return "*required*"
    if "default" not in option:
        return ""
    value = option["default"]
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value != "" else '`""`'


def rows(options: dict[str, Any]) -> list[str]:
    """A line of the table for each option."""
    lines = []
    for name, option in options.items():
        text = plain(option["description"])
        choices = [f"`{choice}`" for choice in option.get("choices", [])]
        if not all(choice in text for choice in choices):
            text += f" One of {', '.join(choices)}."
        lines.append(f"| `{name}` | {kind(option)} | {default(option)} | {text} |")
    return lines


def variables(options: dict[str, Any]) -> str:
    """The tables of a role: its variables, and then the keys of each variable that is made of others."""
    lines = [*HEAD, *rows(options)]
    for name, option in options.items():
        if "options" in option:
            lines += ["", f"Each of `{name}` has:", "", *HEAD, *rows(option["options"])]
    return "\n".join(lines)


def renewed(readme: str, tables: str) -> str:
    """The README with these tables between the two marks."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"role_readme: a README.md of a role lacks one of these lines:\n{BEGIN}\n{END}")
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    stale = []
    for specification in sorted(ROLES.glob("*/meta/argument_specs.yml")):
        options = yaml.safe_load(specification.read_text())["argument_specs"]["main"]["options"]
        path = specification.parents[1] / "README.md"
        now = path.read_text()
        wanted = renewed(now, variables(options))
        if wanted == now:
            continue
        stale.append(str(path.relative_to(ROLES.parent)))
        if arguments == ["--write"]:
            path.write_text(wanted)
            print(f"written: {stale[-1]}")
    if stale and arguments != ["--write"]:
        print(f"role_readme: out of date: {', '.join(stale)}; run: make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
