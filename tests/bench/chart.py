"""Draw how cost grows: `python -m tests.bench.chart ROWS.json docs/images/growth.svg` from the rows of `./crm bench growth`."""

import json
import math
import sys
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 760, 420, 70, 30, 60, 170
COLOURS = ("#2563eb", "#d97706", "#059669", "#db2777")
SIZES = (10_000, 100_000, 1_000_000)


def main() -> None:
    rows = [row for row in json.loads(Path(sys.argv[1]).read_text()) if row["name"].startswith("growth_")]
    lines: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        size = int("".join(filter(str.isdigit, row["goal"])))
        value = 1000 * 1000 / row["ours"] if row["unit"] == "events/s" else row["ours"]  # of a thousand events
        name = row["name"].removeprefix("growth_") + (", 1,000 events" if row["unit"] == "events/s" else "")
        lines.setdefault(name, []).append((size, value))
    Path(sys.argv[2]).write_text(drawn(lines))


def drawn(lines: dict[str, list[tuple[int, float]]]) -> str:
    """Both axes are logarithmic: a flat line does not grow, a diagonal one grows with the records."""
    values = [value for points in lines.values() for _, value in points]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def at(size: int, value: float) -> tuple[float, float]:
        along = (math.log10(size) - 4) / 2 * (WIDTH - LEFT - RIGHT) + LEFT
        up = HEIGHT - BOTTOM - (math.log10(value) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)
        return round(along, 1), round(up, 1)

    parts = []
    for power in range(low, high + 1):
        _, y = at(SIZES[0], 10.0**power)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#d1d5db"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g} ms</text>')
    for size in SIZES:
        x, _ = at(size, 10.0**low)
        parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle">{size:,}</text>')
    for colour, (name, points) in zip(COLOURS, sorted(lines.items()), strict=False):
        path = " ".join(f"{x},{y}" for x, y in (at(*point) for point in points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        x, y = at(*points[-1])
        parts.append(f'<text x="{x + 8}" y="{y + 4}" fill="{colour}">{name}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">records</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">'
    return f'{head}<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{"".join(parts)}</svg>\n'


if __name__ == "__main__":
    main()
