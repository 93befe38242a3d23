"""The figure of the study of modalities: a line a measure, on it a mark a model with its interval, text in blue and
pictures in orange."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from core.formatting import number, share_words
from core.pictures.picture import INK, NEGATIVE, POSITIVE, QUIET, Picture, drawing, label, plain
from core.studies.estimate import Estimate
from core.studies.measures import MEASURES, ModelStudied

LEFT, ACROSS, LINE, RIGHT = 250.0, 300.0, 9.0, 96.0
TEXT, SIGHT = ("#{:02x}{:02x}{:02x}".format(*colour) for colour in (POSITIVE, NEGATIVE))


def picture(models: Sequence[ModelStudied]) -> Picture:
    """One axis for all: 0 to 1, and as far as a measure goes beyond."""
    most = max(1.0, *(_end(model[key]) for model in models for key in MEASURES))
    least = min(0.0, *(_start(model[key]) for model in models for key in MEASURES))

    def across(value: float) -> float:
        return LEFT + (value - least) / (most - least) * ACROSS

    parts, y = _legend(models), 14.0 * len(models) + 14.0
    top = y
    for key, measure in MEASURES.items():
        shown = [(at, model) for at, model in enumerate(models) if not math.isnan(model[key].value)]
        height = LINE * max(len(shown), 1) + 8
        parts.append(label(LEFT - 10, y + height / 2 + 1, measure.title, anchor="end"))
        for place, (at, model) in enumerate(shown):
            parts.append(_mark(model, at, model[key], across, y + 4 + LINE * place + LINE / 2, measure.unit))
        if not shown:
            parts.append(label(LEFT + 4, y + height / 2 + 1, "of none of them", colour=QUIET))
        y += height
        parts.append(f"<path d='M8 {y:.1f} H{LEFT + ACROSS + RIGHT:.1f}' stroke='#e4e6e9'/>")
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = across(value)
        parts.insert(0, f"<path d='M{x:.1f} {top:.1f} V{y:.1f}' stroke='#e4e6e9'/>")
        parts.append(label(x, y + 14, f"{value:g}", anchor="middle", colour=QUIET))
    words = "bars: 95 % of draws of the inputs or pairs; these models, not all of their kind"
    parts.append(label(LEFT, y + 30, words, colour=QUIET, anchor="start", size=9))
    return Picture(drawing(LEFT + ACROSS + RIGHT, y + 38, parts, "The same questions to each model"))


def _legend(models: Sequence[ModelStudied]) -> list[str]:
    parts = []
    for at, model in enumerate(models):
        y = 12.0 + 14.0 * at
        colour = SIGHT if model.sees else TEXT
        parts.append(_shape(LEFT + 4, y, at, colour))
        words = f"{model.model}, {'pictures' if model.sees else 'text'}"
        parts.append(label(LEFT + 14, y + 3.5, words, colour=INK))
    return parts


def _mark(model: ModelStudied, at: int, value: Estimate, across: Callable[[float], float], y: float, unit: str) -> str:
    place = across(value.value)
    colour = SIGHT if model.sees else TEXT
    words = share_words(value.value) if unit == "share" else number(value.value)
    bar = ""
    if not math.isnan(value.low):
        low, high = across(value.low), across(value.high)
        bar = f"<path d='M{low:.1f} {y:.1f} H{high:.1f}' stroke='{colour}' stroke-width='2' opacity='0.55'/>"
    tip = f"<title>{plain(model.model)}: {words}</title>"
    said = label(LEFT + ACROSS + 10, y + 3, words, size=9, colour=colour)
    return f"<g>{tip}{bar}{_shape(place, y, at, colour)}</g>{said}"


def _shape(x: float, y: float, at: int, colour: str) -> str:
    """A mark of its own for each model, so that two of one kind are told apart without colour."""
    if at % 2 == 0:
        return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.4' fill='{colour}'/>"
    place = f"x='{x - 3.2:.1f}' y='{y - 3.2:.1f}' width='6.4' height='6.4'"
    return f"<rect {place} fill='#ffffff' stroke='{colour}' stroke-width='2'/>"


def _end(value: Estimate) -> float:
    return max((part for part in value if not math.isnan(part)), default=0.0)


def _start(value: Estimate) -> float:
    return min((part for part in value if not math.isnan(part)), default=0.0)
