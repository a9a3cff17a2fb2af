"""What was seen, held against what was expected, as a table of text. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One value of the table, and whether it is what was expected."""

    text: str
    right: bool


@dataclass(frozen=True)
class Row:
    """A line of the table: what it is about, and the value of each host."""

    label: str
    cells: dict[str, Cell]


def table(parts: dict[str, list[Row]]) -> str:
    """The parts as columns of text, one column a host; what is not as expected has a mark."""
    hosts = list(dict.fromkeys(host for rows in parts.values() for row in rows for host in row.cells))
    lines = [["", *hosts]]
    for title, rows in parts.items():
        lines.append([title])
        lines.extend([f"  {row.label}", *(_shown(row.cells.get(host)) for host in hosts)] for row in rows)
    widths = [max(len(line[column]) for line in lines if column < len(line)) for column in range(len(hosts) + 1)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)).rstrip() for line in lines
    )


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return cell.text if cell.right else f"{cell.text} <- wrong"


def failures(parts: dict[str, list[Row]]) -> list[str]:
    """One line for each value that is not as expected."""
    return [
        f"{title}: {host}: {row.label}: {cell.text}"
        for title, rows in parts.items()
        for row in rows
        for host, cell in row.cells.items()
        if not cell.right
    ]


def count(parts: dict[str, list[Row]]) -> int:
    """How many values were checked."""
    return sum(len(row.cells) for rows in parts.values() for row in rows)
