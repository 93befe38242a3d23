"""The figures of a study of head sets: what each set accounts for by its size, and the loss by position."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.formatting import number, percent
from core.pictures.picture import INK, NEGATIVE, POSITIVE, QUIET, Picture, drawing, label
from core.studies.estimate import Estimate, Floats
from core.studies.heads import Outcome
from core.studies.icl import IclStudy
from core.studies.icl_curves import curves

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 300.0, 190.0, 46.0, 12.0, 26.0, 34.0
COLOURS = tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in (POSITIVE, NEGATIVE))
TEXT_COLOUR = {"text": COLOURS[0], "copying": COLOURS[1]}
SMOOTHED = 8  # losses of neighbours that are drawn as their mean, in a long text


def accounts_picture(study: IclStudy) -> Picture:
    """A panel an outcome: the share lost without the first heads of each ranking, by how many; grey: without as many
    others of their layers."""
    shown = [each for each in study.comparison.outcomes.values() if each.there]
    if not shown:
        return Picture(drawing(WIDTH, 40, [label(4, 20, "The model shows none of the outcomes.")]))
    parts = [
        f"<g transform='translate({place * (WIDTH + 14):.0f},18)'>{''.join(_panel(study, each))}</g>"
        for place, each in enumerate(shown)
    ]
    across = 4.0
    for which, name in enumerate(study.comparison.plan.compared):
        parts.append(f"<rect x='{across}' y='3' width='10' height='10' fill='{COLOURS[which]}'/>")
        parts.append(label(across + 14, 12, name))
        across += 34 + 5.6 * len(name)
    parts.append(f"<rect x='{across}' y='3' width='10' height='10' fill='{QUIET}'/>")
    parts.append(label(across + 14, 12, "as many others of their layers"))
    width = max(len(shown) * (WIDTH + 14), across + 190, 440.0)  # the title is as wide
    return Picture(drawing(width, HEIGHT + 18, parts, "Share of each outcome that is lost without some heads"))


def _panel(study: IclStudy, outcome: Outcome) -> list[str]:
    plan = study.comparison.plan
    lines = []
    for which, curve in enumerate(each for each in curves(study, outcome) if each.compared):
        points = [(each.share, each.lost) for each in curve.points]
        lines.append((COLOURS[which], points, None if curve.control is None else curve.control.lost))
    values = [each for _, points, beside in lines for _, lost in points for each in lost] + [0.0, 1.0]
    known = [min(max(each, -0.5), 1.5) for each in values if math.isfinite(each)]
    low, high = min(known), max(known)
    shares = [share for _, points, _ in lines for share, _ in points]
    first, last = math.log(min(shares)), math.log(max(shares))

    def x(share: float) -> float:
        return LEFT + (math.log(share) - first) / ((last - first) or 1.0) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        inside = min(max(value, low), high)
        return TOP + (high - inside) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [label(LEFT, 14, outcome.title[0].upper() + outcome.title[1:], weight="bold")]
    for value in (0.0, 0.5, 1.0):
        parts.append(f"<path d='M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}' stroke='#e4e6e9' fill='none'/>")
        parts.append(label(LEFT - 5, y(value) + 3, percent(value), anchor="end", colour=QUIET))
    for which, (colour, points, beside) in enumerate(lines):
        moved = 4.0 * which - 2.0 * (len(lines) - 1)
        path = "L".join(f"{x(share) + moved:.1f} {y(lost.value):.1f}" for share, lost in points)
        parts.append(f"<path d='M{path}' stroke='{colour}' stroke-width='2' fill='none'/>")
        parts += [_mark(x(share) + moved, lost, y, colour) for share, lost in points]
        if beside is not None:
            parts.append(_mark(x(plan.main) + moved, beside, y, QUIET))
    for share in dict.fromkeys(shares):
        parts.append(label(x(share), HEIGHT - 18, percent(share), anchor="middle", colour=QUIET))
    parts.append(label((LEFT + WIDTH) / 2, HEIGHT - 4, "of all heads, ablated", anchor="middle", colour=QUIET))
    return parts


def _mark(x: float, lost: Estimate, y: object, colour: str) -> str:
    assert callable(y)
    if not math.isfinite(lost.value):
        return ""
    tip = f"<title>{percent(lost.value)} ({percent(lost.low)} to {percent(lost.high)})</title>"
    ends = (
        f"<path d='M{x:.1f} {y(lost.low):.1f}V{y(lost.high):.1f}' stroke='{colour}' fill='none'/>"
        if math.isfinite(lost.low)
        else ""
    )
    return f"{ends}<circle cx='{x:.1f}' cy='{y(lost.value):.1f}' r='3.5' fill='{colour}'>{tip}</circle>"


def losses_picture(study: IclStudy) -> Picture:
    """Loss by position, on running text and on random tokens that come again."""
    titles = {"text": "Running text", "copying": "Random tokens that come again"}
    parts = [
        f"<g transform='translate({place * (WIDTH + 14):.0f},0)'>{_losses(titles[name], values, TEXT_COLOUR[name])}</g>"
        for place, (name, values) in enumerate(study.losses.items())
    ]
    return Picture(drawing(len(parts) * (WIDTH + 14), HEIGHT, parts, "Loss of each token, nats"))


def _losses(title: str, values: Floats, colour: str) -> str:
    means = _smoothed(values.tolist())
    high = max(max(means), 0.1)

    def at(place: int, value: float) -> str:
        x = LEFT + place / max(len(means) - 1, 1) * (WIDTH - LEFT - RIGHT)
        return f"{x:.1f} {TOP + (high - value) / high * (HEIGHT - TOP - BOTTOM):.1f}"

    parts = [label(LEFT, 14, title, weight="bold")]
    for value in (0.0, high):
        y = at(0, value).split()[1]
        parts.append(f"<path d='M{LEFT} {y}H{WIDTH - RIGHT}' stroke='#e4e6e9' fill='none'/>")
        parts.append(label(LEFT - 5, float(y) + 3, number(value, 1), anchor="end", colour=QUIET))
    line = "L".join(at(place, value) for place, value in enumerate(means))
    parts.append(f"<path d='M{line}' stroke='{colour}' stroke-width='1.5' fill='none'/>")
    for place, anchor, words in ((0, "start", "2"), (len(means) - 1, "end", str(len(values) + 1))):
        parts.append(label(float(at(place, 0.0).split()[0]), HEIGHT - 18, words, anchor=anchor, colour=QUIET))
    parts.append(label((LEFT + WIDTH) / 2, HEIGHT - 4, "token", anchor="middle", colour=INK))
    return "".join(parts)


def _smoothed(values: Sequence[float]) -> list[float]:
    width = SMOOTHED if len(values) > 16 * SMOOTHED else 1
    return [sum(values[start : start + width]) / width for start in range(0, len(values) - width + 1, width)]
