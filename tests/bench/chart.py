"""A chart of how many customers are up at which time, as an SVG file."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 20, 44, 48
COLOURS = ("#c2410c", "#1d4ed8", "#15803d", "#7e22ce")


def nice(most: float) -> list[float]:
    """Four to ten marks from 0 to at least ``most``, at round numbers."""
    step = next(unit * 10**power for power in range(-1, 9) for unit in (1, 2, 5) if most <= 10 * unit * 10**power)
    return [number * step for number in range(int(-(-most // step)) + 1)]


def draw(title: str, series: dict[str, Sequence[float]], most: int) -> str:
    """``series``: by name, the seconds at which customers came up; ``most``: how many there are."""
    seconds = nice(max(1.0, *(max(times, default=0.0) for times in series.values())))
    counts = nice(most)

    def at(second: float, count: float) -> str:
        across = LEFT + (WIDTH - LEFT - RIGHT) * second / seconds[-1]
        down = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * count / counts[-1]
        return f"{across:.1f},{down:.1f}"

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-size="15" fill="#111827">{escape(title)}</text>',
    ]
    for count in counts:
        x, y = at(0, count).split(",")
        lines.append(f'<path d="M{x},{y} H{WIDTH - RIGHT}" stroke="#e5e7eb"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end" fill="#374151">{count:g}</text>')
    for second in seconds:
        x = at(second, 0).split(",")[0]
        lines.append(
            f'<text x="{x}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle" fill="#374151">{second:g} s</text>'
        )
    for row, ((name, times), colour) in enumerate(zip(series.items(), COLOURS, strict=False)):
        points = [at(0, 0)]
        for number, second in enumerate(sorted(times)):
            points += [at(second, number), at(second, number + 1)]
        points.append(at(seconds[-1], len(times)))
        lines.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        down = HEIGHT - BOTTOM - 14 - 20 * (len(series) - 1 - row)
        lines.append(f'<path d="M{WIDTH - 210},{down - 4} h24" stroke="{colour}" stroke-width="3"/>')
        lines.append(f'<text x="{WIDTH - 178}" y="{down}" fill="#111827">{escape(name)}</text>')
    return "\n".join([*lines, "</svg>", ""])
