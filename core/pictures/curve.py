"""The faithfulness curve over the share of edges, with the random band behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.formatting import percent
from core.pictures.picture import QUIET, drawing, label, shade

WIDTH, HEIGHT, LEFT, BOTTOM = 340.0, 170.0, 44.0, 36.0


def curve_svg(fractions: Sequence[float], recovered: Sequence[float], band: Any, title: str) -> str:
    """band: [2, points], lowest and highest. The axis of sizes is logarithmic."""
    x = np.log10(np.asarray(fractions, dtype=np.float64))
    low, high = (np.asarray(each, dtype=np.float64) for each in band)
    values = np.asarray(recovered, dtype=np.float64)
    every = np.concatenate([values, low, high, [0.0, 1.0]])
    every = every[np.isfinite(every)]
    least, most = float(every.min()), float(every.max())
    spread = float(x[-1] - x[0]) or 1.0

    def at(number: int, value: float) -> str:
        across = LEFT + (float(x[number]) - float(x[0])) / spread * (WIDTH - LEFT - 12)
        return f"{across:.1f},{8 + (most - value) / (most - least) * (HEIGHT - BOTTOM - 8):.1f}"

    def line(points: list[str], colour: str, dash: str = "") -> str:
        return f"<polyline points='{' '.join(points)}' fill='none' stroke='{colour}' stroke-width='2' {dash}/>"

    numbers = range(len(x))
    around = [at(n, float(high[n])) for n in numbers] + [at(n, float(low[n])) for n in reversed(numbers)]
    parts = [f"<polygon points='{' '.join(around)}' fill='#e4e6e9'><title>random edges</title></polygon>"]
    for value in (0.0, 1.0):
        ends = [at(0, value), at(len(x) - 1, value)]
        parts.append(f"<polyline points='{' '.join(ends)}' stroke='{QUIET}' stroke-dasharray='3 3' fill='none'/>")
        height = float(ends[0].split(",")[1])
        parts.append(label(LEFT - 6, height + 3, percent(value), anchor="end", colour=QUIET))
    parts.append(line([at(n, float(values[n])) for n in numbers], shade(1, 1)))
    for number in numbers:
        across, y = at(number, float(values[number])).split(",")
        tip = f"{100 * float(fractions[number]):g} % of the edges: {percent(float(values[number]))} recovered"
        parts.append(f"<circle cx='{across}' cy='{y}' r='3' fill='{shade(1, 1)}'><title>{tip}</title></circle>")
    for number in (0, len(x) - 1):
        anchor = "start" if number == 0 else "end"
        side = float(at(number, 0.0).split(",")[0])
        parts.append(label(side, HEIGHT - 18, f"{100 * float(fractions[number]):g} %", anchor=anchor, colour=QUIET))
    parts.append(
        label((LEFT + WIDTH) / 2, HEIGHT - 4, "share of the edges that are kept", anchor="middle", colour=QUIET)
    )
    return drawing(WIDTH, HEIGHT, parts, title)
