"""The figure of a series: what becomes of heads, behaviour and circuit over the steps of training, one above the other.
The axis of steps is logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.formatting import number
from core.pictures.picture import NEGATIVE, POSITIVE, QUIET, Picture, drawing, label, plain

LEFT, ACROSS, HEIGHT, RIGHT, APART = 52.0, 420.0, 92.0, 150.0, 26.0
COLOURS = ("#0b6bd8", "#c25600", "#5b6470", "#2f8f5b")
assert ["#{:02x}{:02x}{:02x}".format(*colour) for colour in (POSITIVE, NEGATIVE)] == list(COLOURS[:2])


@dataclass(frozen=True)
class Line:
    """words: what it is. values: one a step, NaN where there is none."""

    words: str
    values: Sequence[float]


@dataclass(frozen=True)
class Panel:
    """Lines over one axis. share: from 0 to 1."""

    title: str
    lines: tuple[Line, ...]
    share: bool = False


def picture(title: str, at: Sequence[int], panels: Sequence[Panel]) -> Picture:
    """All panels over one axis of steps. at: the steps."""
    steps = np.asarray(at, dtype=np.float64)
    places = np.log10(steps + _first(steps))
    spread = float(places[-1] - places[0]) or 1.0
    across = [LEFT + float(place - places[0]) / spread * ACROSS for place in places]
    parts: list[str] = []
    top = 6.0
    for panel in panels:
        parts += _panel(panel, across, top)
        top += HEIGHT + APART
    said = -math.inf
    for place, step in zip(across, at, strict=True):
        if place - said >= 30:
            parts.append(label(place, top - 8, f"{step:,}", anchor="middle", colour=QUIET))
            said = place
    parts.append(label(LEFT + ACROSS / 2, top + 6, "step of training", anchor="middle", colour=QUIET))
    return Picture(drawing(LEFT + ACROSS + RIGHT, top + 12, parts, title))


def _first(steps: np.ndarray) -> float:
    """What is added to steps, so that step 0 has a place: half the first one after it."""
    later = steps[steps > 0]
    return float(later[0]) / 2 if len(later) and steps[0] == 0 else 0.0


def _panel(panel: Panel, across: Sequence[float], top: float) -> list[str]:
    values = [value for line in panel.lines for value in line.values if math.isfinite(value)]
    least, most = min([0.0, *values]), max([0.0, *values, *([1.0] if panel.share else [])])
    spread = most - least or 1.0

    def up(value: float) -> float:
        return top + 14 + (most - value) / spread * (HEIGHT - 14)

    parts = [label(LEFT, top + 6, panel.title, weight="bold", size=9)]
    for value in dict.fromkeys((least, 0.0, most)):
        parts.append(f"<path d='M{LEFT} {up(value):.1f} h{ACROSS}' stroke='#e4e6e9'/>")
        parts.append(label(LEFT - 6, up(value) + 3, number(value), anchor="end", colour=QUIET, size=9))
    for place, line in enumerate(panel.lines):
        colour = COLOURS[place % len(COLOURS)]
        points = [(x, up(value), value) for x, value in zip(across, line.values, strict=True) if math.isfinite(value)]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        dash = " stroke-dasharray='5 3'" if place else ""
        parts.append(f"<polyline points='{drawn}' fill='none' stroke='{colour}' stroke-width='1.8'{dash}/>")
        for x, y, value in points:
            tip = f"<title>{plain(line.words)}: {number(value)}</title>"
            parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.4' fill='{colour}'>{tip}</circle>")
        parts.append(label(LEFT + ACROSS + 8, top + 22 + 13 * place, line.words, size=9, colour=colour))
    return parts
