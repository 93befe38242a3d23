"""The faithfulness curve as SVG within the page, over a logarithmic axis of sizes, the random band behind it."""

from __future__ import annotations

import math

from core.formatting import percent
from core.interchange.html.text import escaped, figure
from core.interchange.report import ReportCurve

LEFT, RIGHT, TOP, BOTTOM = 52.0, 610.0, 14.0, 190.0
MOST = 1.5  # recovered that is drawn: beyond it a curve leaves the frame
LEAST = -0.5


def curve_section(curve: ReportCurve, size: int) -> str:
    """size: of the circuit, marked while no script moves it."""
    points = [(n, share) for n, share in zip(curve.sizes, curve.recovered, strict=True) if math.isfinite(share)]
    if not points:
        return ""
    least, most = points[0][0], points[-1][0]
    shares = [share for _, share in points] + [value for value in (*curve.low, *curve.high) if math.isfinite(value)]
    low, high = max(LEAST, min(0.0, *shares)), min(MOST, max(1.0, *shares))

    def x(n: float) -> float:
        share = math.log(max(n, 1) / least) / (math.log(most / least) or 1.0)
        return LEFT + min(1.0, max(0.0, share)) * (RIGHT - LEFT)

    def y(share: float) -> float:
        return BOTTOM - (min(high, max(low, share)) - low) / (high - low) * (BOTTOM - TOP)

    ticks = "".join(
        f'<path class="axis" d="M{LEFT} {figure(y(share))}H{RIGHT}"/>'
        f'<text x="{LEFT - 22}" y="{figure(y(share) + 4)}">{percent(share)}</text>'
        for share in (0.0, 0.5, 1.0)
    )
    band = ""
    ends = [(n, a, b) for n, a, b in zip(curve.sizes, curve.low, curve.high, strict=False) if math.isfinite(a + b)]
    if ends:
        above = [f"{figure(x(n))} {figure(y(b))}" for n, _, b in ends]
        below = [f"{figure(x(n))} {figure(y(a))}" for n, a, _ in reversed(ends)]
        band = f'<path class="band" d="M{"L".join([*above, *below])}Z"/>'
    line = "L".join(f"{figure(x(n))} {figure(y(share))}" for n, share in points)
    dots = "".join(
        f'<circle cx="{figure(x(n))}" cy="{figure(y(share))}" r="3">'
        f"<title>{n:,} edges recover {percent(share, 1)}</title></circle>"
        for n, share in points
    )
    sizes = "".join(f'<text x="{figure(x(n))}" y="{BOTTOM + 16}">{n:,}</text>' for n, _ in _apart(points, x))
    here = figure(x(size))
    data = f'data-left="{LEFT}" data-right="{RIGHT}" data-least="{least}" data-most="{most}"'
    words = f"Recovered {percent(points[0][1])} by {least:,} to {percent(points[-1][1])} by {most:,} edges"
    grey = " Grey: circuits of as many edges drawn at random." if band else ""
    return (
        f'<section class="curve"><h2>Faithfulness: what the best edges recover, by how many there are</h2>'
        f'<svg id="curve" viewBox="0 0 640 214" width="640" role="img" aria-label="{words}" {data}>'
        f'{ticks}{band}<path class="line" d="M{line}"/>{dots}{sizes}'
        f'<line id="here" class="here" x1="{here}" x2="{here}" y1="{TOP}" y2="{BOTTOM}"/></svg>'
        f'<p class="note">{escaped(curve.words)}{"." if curve.words else ""}{grey}</p></section>'
    )


def _apart(points: list[tuple[int, float]], x: object) -> list[tuple[int, float]]:
    """Those whose sizes can be written below without touching."""
    kept: list[tuple[int, float]] = []
    place = -math.inf
    assert callable(x)
    for n, share in points:
        half = 3.4 * len(f"{n:,}") + 3
        if x(n) - half >= place:
            kept.append((n, share))
            place = x(n) + half
    return kept
