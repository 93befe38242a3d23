"""The edge layer: all shown edges, straight from arrays.

Hue says the sign (scores without one have none), width the size; solid is measured, dashed estimated, muted and thin
unknown, broken edited.

1. Cull: curves whose box misses the exposed rectangle are left out.
2. Sample the rest, as finely as each curve needs where the eye is, and transform to pixels.
3. Group by (size, sign, solid or dashed, dimmed), weakest first. Dashes and the gap of a broken edge are cut
   from the polylines by arc length with one interpolation per group: Qt's own dashing is far slower.
4. One `drawLines` call per portion of a group, on opaque colours. Between portions the caller may stop and go on
   later, so that no picture holds up the window.

For figures the same groups are drawn as paths, so that an SVG holds curves and not thousands of strokes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from views.canvas.camera import Camera
from views.canvas.curves import Array, Curves
from views.canvas.strokes import UNSIGNED, Strokes
from views.theme import mix
from views.theme_colors import Theme

WIDTHS = (1.0, 1.2, 1.6, 2.2, 3.0, 4.0)  # pixels, by level
INK = (0.46, 0.58, 0.70, 0.82, 0.92, 1.0)  # share of the hue over the panel, by level
CROWDED = (0.45, 0.55, 0.7, 0.85, 1.0, 1.0)  # of the ink, by level, where many edges would make one carpet
DIMMED = 0.55  # of the ink, for edges that do not touch the selected node
UNKNOWN_INK = 0.45
CROWD = 300  # shown edges from which weak ones stand back, and all get thinner
THINNEST = 0.8  # pixels
MANY = 1500  # shown edges from which dashes get longer and curves coarser, for speed
STRAY = 0.12  # pixels that straight pieces may stray from their curve
SAMPLES = (6, 9, 13, 19, 28, 41, 60, 90)  # per curve
PORTION = 1500  # pieces drawn at a time


@dataclass(frozen=True)
class Gap:
    """Where a broken edge is broken: arc length from its start and half width, in pixels."""

    middle: float
    half: float


def edge_color(theme: Theme, sign: int, level: int, dimmed: bool = False, crowded: bool = False) -> QColor:
    """Opaque: the hue mixed with the panel, weak edges more."""
    hue = {1: theme.positive, -1: theme.negative, UNSIGNED: theme.neutral}.get(sign, theme.muted)
    ink = (INK[level] if sign else UNKNOWN_INK) * (DIMMED if dimmed else 1.0) * (CROWDED[level] if crowded else 1.0)
    return mix(theme.panel, hue, ink)


def edge_width(strokes: Strokes, place: int, scale: float) -> float:
    """Pixels. Wires grow a little when the eye comes near."""
    return _width(int(strokes.level[place]), int(strokes.sign[place]), scale, len(strokes))


def _width(level: int, sign: int, scale: float, shown: int) -> float:
    """shown: how many edges are; in a crowd all of them get thinner."""
    width = (WIDTHS[level] if sign else 1.0) * min(max(scale, 1.0) ** 0.35, 2.2)
    return max(width * min((CROWD / max(shown, 1)) ** 0.3, 1.0), min(width, THINNEST))


def paint_edges(
    painter: QPainter,
    strokes: Strokes,
    camera: Camera,
    theme: Theme,
    exposed: QRectF,
    dimmed: NDArray[np.bool_],
    gaps: dict[int, Gap],
    vector: bool = False,
) -> Iterator[None]:
    """Draw what the exposed rectangle (widget pixels) shows, a portion at each step. `gaps` by place, for broken
    edges."""
    shown = visible(strokes, camera, exposed)
    if not len(shown):
        return
    dashed = ~strokes.measured[shown] & (strokes.sign[shown] != 0)
    dim = dimmed[shown]
    broken = np.isin(shown, list(gaps)) if gaps else np.zeros(len(shown), dtype=bool)
    key = ((strokes.level[shown] * 4 + strokes.sign[shown] + 1) * 2 + dashed) * 2 + broken
    key += np.where(dim, 0, 1000)  # dimmed ones lie below
    fineness = _fineness(strokes, camera, shown)
    for group in np.unique(key):
        members = shown[key == group]
        level, sign = int(strokes.level[members[0]]), int(strokes.sign[members[0]])
        width = _width(level, sign, camera.scale, len(strokes))
        color = edge_color(theme, sign, level, bool(dimmed[members[0]]), len(strokes) >= CROWD)
        pen = QPen(color, width)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        is_dashed = bool(~strokes.measured[members[0]] & (sign != 0))
        if vector:
            _paint_paths(painter, strokes, camera, members, pen, is_dashed, gaps)
            continue
        for part, samples in _portions(members, fineness[key == group], len(shown)):
            painter.setPen(pen)
            segments = edge_segments(strokes, camera, part, width, is_dashed, gaps, samples)
            draw_segments(painter, _in_sight(segments, exposed))
            yield


def _fineness(strokes: Strokes, camera: Camera, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many samples each curve needs, one of SAMPLES: from how far the straight pieces may stray from it
    (Wang's bound)."""
    a, b, c, d = np.moveaxis(strokes.curves.controls[places], 1, 0)
    bend = np.maximum(np.hypot(*(a - 2 * b + c).T), np.hypot(*(b - 2 * c + d).T)) * camera.scale
    stray = STRAY if len(strokes) < MANY else 5 * STRAY
    pieces = np.sqrt(0.75 * bend / stray)
    return np.minimum(np.searchsorted(SAMPLES, pieces + 1), len(SAMPLES) - 1)


def _portions(
    members: NDArray[np.int64], fineness: NDArray[np.int64], shown: int
) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Parts of a group that are drawn with one call each, and their samples per curve. Of few edges all are drawn
    as fine as the one that needs most."""
    for fine in np.unique(fineness) if shown >= MANY else (fineness.max(),):
        samples = SAMPLES[fine]
        part = members if shown < MANY else members[fineness == fine]
        size = max(PORTION // samples, 1)
        for start in range(0, len(part), size):
            yield part[start : start + size], samples


def visible(strokes: Strokes, camera: Camera, exposed: QRectF) -> NDArray[np.int64]:
    """Places of the edges whose box meets the exposed rectangle."""
    world = camera.world_rect(exposed)
    boxes = strokes.boxes
    return np.flatnonzero(
        (boxes[:, 2] >= world.left())
        & (boxes[:, 0] <= world.right())
        & (boxes[:, 3] >= world.top())
        & (boxes[:, 1] <= world.bottom())
    )


def _in_sight(segments: Array, exposed: QRectF) -> Array:
    """The straight pieces whose box meets the exposed rectangle."""
    x, y = segments[:, ::2], segments[:, 1::2]
    return segments[
        (x.max(axis=1) >= exposed.left())
        & (x.min(axis=1) <= exposed.right())
        & (y.max(axis=1) >= exposed.top())
        & (y.min(axis=1) <= exposed.bottom())
    ]


def dash_lengths(width: float) -> tuple[float, float]:
    """Pixels on and off."""
    return 4.5 + 1.6 * width, 2.5 + 1.2 * width


def edge_segments(
    strokes: Strokes,
    camera: Camera,
    places: NDArray[np.int64],
    width: float,
    dashed: bool,
    gaps: dict[int, Gap],
    samples: int = 48,
) -> Array:
    """Straight pieces of edges in widget pixels: [pieces, 4] as x1, y1, x2, y2."""
    lines, of = strokes.curves.lines_of(places)
    points = camera.to_widget(lines.sampled(samples))
    broken = [gaps.get(int(place)) for place in of] if gaps else []
    if dashed:
        on, off = dash_lengths(width)
        longer = 1.0 if len(strokes) < MANY else 2.0
        return _cut(points, on * longer, off * longer, broken)
    if any(broken):
        return _cut(points, 4.0, 0.0, broken)
    return np.concatenate([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 4)


def _cut(points: Array, on: float, off: float, gaps: list[Gap | None]) -> Array:
    """Dashes of polylines `[edges, samples, 2]`, without those in the gaps."""
    steps = np.hypot(*np.moveaxis(np.diff(points, axis=1), 2, 0))
    along = np.concatenate([np.zeros((len(points), 1)), np.cumsum(steps, axis=1)], axis=1)
    total = along[:, -1]
    counts = np.maximum(np.ceil(total / (on + off)), 1).astype(np.int64)
    edge = np.repeat(np.arange(len(points)), counts)
    number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    begin = number * (on + off)
    finish = np.minimum(begin + on, total[edge])
    if any(gaps):
        middle = np.array([gap.middle if gap else -1e9 for gap in gaps])[edge]
        half = np.array([gap.half if gap else 0.0 for gap in gaps])[edge]
        before, after = middle - half, middle + half
        finish = np.where((begin < before) & (finish > before), before, finish)
        begin = np.where((begin < after) & (finish > after), np.maximum(begin, after), begin)
        keep = (finish <= before + 1e-9) | (begin >= after - 1e-9)
        edge, begin, finish = edge[keep], begin[keep], finish[keep]
    # one table for all: the arc length of each edge starts a little after the end of the one before
    start = np.concatenate([[0.0], np.cumsum(total + 1.0)[:-1]])
    table = (along + start[:, None]).ravel()
    x, y = points[..., 0].ravel(), points[..., 1].ravel()
    a, b = begin + start[edge], finish + start[edge]
    return np.stack(
        [np.interp(a, table, x), np.interp(a, table, y), np.interp(b, table, x), np.interp(b, table, y)], axis=1
    )


def draw_segments(painter: QPainter, segments: Array) -> None:
    """One call for all of them: Qt reads the array as it lies in memory (a QLineF is four doubles)."""
    if len(segments):
        lines = np.ascontiguousarray(segments, dtype=np.float64)
        painter.drawLines(shiboken6.wrapInstance(lines.ctypes.data, QLineF), len(lines))


# ---- single edges, for figures, hover and selection --------------------------------------------------------


def edge_path(strokes: Strokes, camera: Camera, place: int, gap: Gap | None = None) -> QPainterPath:
    """The curve of one edge in widget pixels, with its branches; in two parts when it is broken."""
    path = QPainterPath()
    lines, _ = strokes.curves.lines_of(np.array([place]))
    for controls in lines.controls:
        if gap is None:
            a, b, c, d = (QPointF(x, y) for x, y in camera.to_widget(controls).tolist())
            path.moveTo(a)
            path.cubicTo(b, c, d)
        else:
            _add_broken(path, *_along(Curves(controls[None]), camera), gap)
    return path


def _add_broken(path: QPainterPath, points: Array, along: Array, gap: Gap) -> None:
    for low, high in ((0.0, gap.middle - gap.half), (gap.middle + gap.half, float(along[-1]))):
        if high - low < 0.5:
            continue
        inner = along[(along > low) & (along < high)]
        distances = np.concatenate([[low], inner, [high]])
        xs, ys = np.interp(distances, along, points[:, 0]), np.interp(distances, along, points[:, 1])
        path.moveTo(float(xs[0]), float(ys[0]))
        for x, y in zip(xs[1:].tolist(), ys[1:].tolist(), strict=True):
            path.lineTo(x, y)


def paint_lifted(
    painter: QPainter, strokes: Strokes, camera: Camera, theme: Theme, place: int, path: QPainterPath, ring: QColor
) -> float:
    """Draw one line above all others, cased in the colour of the ring. Returns how wide it is then, in pixels."""
    width = edge_width(strokes, place, camera.scale)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ring, width + 3.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    painter.drawPath(path)
    painter.setPen(QPen(QColor(theme.panel), width + 1.2))
    painter.drawPath(path)
    sign, level = int(strokes.sign[place]), int(strokes.level[place])
    pen = QPen(edge_color(theme, sign, max(level, 4)), width)
    if not strokes.measured[place] and sign:
        pen.setDashPattern([length / width for length in dash_lengths(width)])
    painter.setPen(pen)
    painter.drawPath(path)
    return width + 3.4


def polyline(strokes: Strokes, camera: Camera, place: int) -> tuple[Array, Array]:
    """Points `[samples, 2]` of one edge in widget pixels and the arc length at each."""
    return _along(Curves(strokes.curves.controls[place : place + 1]), camera)


def _along(curve: Curves, camera: Camera) -> tuple[Array, Array]:
    points = camera.to_widget(curve.sampled(64)[0])
    steps = np.hypot(*np.diff(points, axis=0).T)
    return points, np.concatenate([[0.0], np.cumsum(steps)])


def _paint_paths(
    painter: QPainter,
    strokes: Strokes,
    camera: Camera,
    places: NDArray[np.int64],
    pen: QPen,
    dashed: bool,
    gaps: dict[int, Gap],
) -> None:
    if dashed:
        width = pen.widthF()
        pen.setDashPattern([length / width for length in dash_lengths(width)])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)  # a path would be filled between its curve and its chord
    for place in places.tolist():
        painter.drawPath(edge_path(strokes, camera, place, gaps.get(place)))
