"""Draws the packages of plugins/module_utils and their imports as docs/pictures/packages.svg.

    python tools/architecture.py            check that the picture is what the code imports
    python tools/architecture.py --write    draw it

An arrow means "imports". One that follows from others is left out: where A imports B and B imports C, A may import C.
"""

from __future__ import annotations

import ast
import functools
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = REPOSITORY / "plugins" / "module_utils"
PICTURE = REPOSITORY / "docs" / "pictures" / "packages.svg"
PREFIX = "ansible_collections.dialtone.pppoe.plugins.module_utils."
WIDTH, BOX, ROW, MARGIN = 760, (118, 40), 92, 20
#: Rows are staggered, so that an arrow that skips a row passes between two boxes.
SHIFT = (45, -45)
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" font-family="monospace"'
    ' font-size="14" fill="#1f2a38"><defs><marker id="a" markerWidth="9" markerHeight="7" refX="8" refY="3.5"'
    ' orient="auto"><path d="M0,0 L9,3.5 L0,7 z" fill="#44546a"/></marker></defs><rect width="{w}" height="{h}" rx="10"'
    ' fill="white"/>\n'
)
BOXED = (
    '<rect x="{x:.0f}" y="{y}" width="{w}" height="{h}" rx="6" fill="#eaf1fb" stroke="#44546a"/>'
    '<text x="{cx:.0f}" y="{ty}" text-anchor="middle">{name}</text>\n'
)
ARROW = '<line x1="{:.0f}" y1="{}" x2="{:.0f}" y2="{}" stroke="#44546a" stroke-width="1.4" marker-end="url(#a)"/>\n'


@functools.cache
def imported(path: Path) -> set[str]:
    """The packages that a file imports from, its own included."""
    modules = [node.module or "" for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    return {module.removeprefix(PREFIX).partition(".")[0] for module in modules if module.startswith(PREFIX)}


def imports() -> dict[str, set[str]]:
    """Of each package, the others that it imports."""
    names = sorted(path.name for path in PACKAGES.iterdir() if any(path.glob("*.py")))
    return {name: set().union(*(imported(path) for path in (PACKAGES / name).glob("*.py"))) - {name} for name in names}


def reachable(graph: dict[str, set[str]], name: str) -> set[str]:
    """All packages that a package depends on. The graph must have no circle."""
    return graph[name].union(*(reachable(graph, one) for one in graph[name]))


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The graph without the imports that follow from others."""
    return {
        name: direct - set().union(*(reachable(graph, other) for other in direct)) for name, direct in graph.items()
    }


def rows(graph: dict[str, set[str]]) -> list[list[str]]:
    """The packages by level: the first row depends on nothing, each other one on the row before."""
    levels: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in levels:
            levels[name] = 1 + max((level(one) for one in graph[name]), default=-1)
        return levels[name]

    return [sorted(name for name in graph if level(name) == row) for row in range(1 + max(map(level, graph)))]


def picture(graph: dict[str, set[str]]) -> str:
    """The SVG image, with what depends on nothing at the bottom."""
    levels = rows(graph)
    height = 2 * MARGIN + (len(levels) - 1) * ROW + BOX[1]
    centres = {
        name: (WIDTH * (2 * column + 1) / (2 * len(row)) + SHIFT[number % 2], MARGIN + (len(levels) - 1 - number) * ROW)
        for number, row in enumerate(levels)
        for column, name in enumerate(row)
    }
    text = HEAD.format(w=WIDTH, h=height)
    for name, others in sorted(reduced(graph).items()):
        (x, y) = centres[name]
        text += "".join(
            ARROW.format(x, y + BOX[1], centres[other][0], centres[other][1] - 1) for other in sorted(others)
        )
    for name, (x, y) in sorted(centres.items()):
        text += BOXED.format(x=x - BOX[0] / 2, y=y, w=BOX[0], h=BOX[1], cx=x, ty=y + 25, name=name)
    return text + "</svg>\n"


def main(words: list[str]) -> int:
    drawn = picture(imports())
    if words == ["--write"]:
        PICTURE.write_text(drawn)
    elif PICTURE.read_text() != drawn:
        print(f"{PICTURE.relative_to(REPOSITORY)} is not what the packages import: run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
