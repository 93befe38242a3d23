"""Unfolded data made ready to draw and to hit: curves, strengths, order. Rebuilt when the data or the layout change.

Wires go up within their column, from the top of a node to the foot of the one that reads it: q, k and v from left to
right. Moves are arcs along the row of their head, from where it reads a value to where it writes it; what stays at its
position is a loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF

from core.graph import INPUT, LOGITS, Node
from core.tracing.meaning import towards
from views.canvas.camera import Camera
from views.canvas.curves import Curves
from views.canvas.data import NodeMark
from views.canvas.hit import REACH, SNUG, edges_near
from views.canvas.positions.data import Link, Move, Place, PositionsData, Spot, Wire
from views.canvas.positions.layout import PositionsLayout
from views.canvas.readers import PORT_SIDE
from views.canvas.scene import score_shades
from views.canvas.strokes import Strokes, in_order

_PLAIN = NodeMark()


@dataclass(frozen=True, eq=False)
class PositionsScene(Strokes):
    """What is shown. Arrays run over the links, weakest first."""

    data: PositionsData
    layout: PositionsLayout
    links: tuple[Link, ...]
    place_of: dict[Link, int] = field(repr=False)

    @cached_property
    def spots(self) -> tuple[Spot, ...]:
        """All nodes at columns, the chips and bars included; bars and chips last."""
        columns = self.data.columns
        ends = [Spot(INPUT, column.positions) for column in columns]
        ends += [Spot(LOGITS, column.positions) for column in columns if column.read]
        inner = [spot for spot in self.data.spots if spot.node.kind in ("head", "mlp")]
        return (*inner, *ends)

    @cached_property
    def shapes(self) -> NDArray[np.float64]:
        """Left, top, right, bottom of every spot: [spots, 4]."""
        rects = [self.layout.shape(spot) for spot in self.spots]
        return np.array([[r.left(), r.top(), r.right(), r.bottom()] for r in rects]).reshape(-1, 4)

    @cached_property
    def moving(self) -> NDArray[np.bool_]:
        """Which links are moves."""
        return np.array([isinstance(link, Move) for link in self.links], dtype=bool)

    @cached_property
    def score_shades(self) -> dict[Spot, int]:
        """The fill of each node at a column by its score: see `scene.score_shades`."""
        scored = {spot: mark.score for spot, mark in self.data.spots.items() if mark.score is not None}
        values = np.array(list(scored.values()), dtype=np.float64)
        shades = score_shades(towards(values, self.data.direction), self.data.signed)
        return dict(zip(scored, shades.tolist(), strict=True))

    def mark(self, spot: Spot) -> NodeMark:
        return self.data.spots.get(spot, _PLAIN)

    def ends(self, link: Link) -> tuple[Spot, Spot]:
        """Where a link begins and where it ends."""
        if isinstance(link, Move):
            return Spot(link.head, link.source), Spot(link.head, link.goal)
        return Spot(link.edge.writer, link.positions), Spot(self.data.fed(link)[0], link.positions)

    @cached_property
    def _begins(self) -> list[Spot]:
        return [self.ends(link)[0] for link in self.links]

    @cached_property
    def _goals(self) -> list[frozenset[Spot]]:
        """Where each link ends: several spots where heads share a key or a value."""
        return [
            frozenset({Spot(node, link.positions) for node in self.data.fed(link)})
            if isinstance(link, Wire)
            else frozenset({self.ends(link)[1]})
            for link in self.links
        ]

    def links_at(self, spots: frozenset[Spot]) -> NDArray[np.bool_]:
        """Which links begin or end at one of these: [links]."""
        return np.array(
            [a in spots or not spots.isdisjoint(b) for a, b in zip(self._begins, self._goals, strict=True)], dtype=bool
        )

    def strongest_at(self, spot: Spot, leaving: bool) -> Link | None:
        """The strongest link that leaves a spot, or ends there."""
        for place in range(len(self.links) - 1, -1, -1):
            if self._begins[place] == spot if leaving else spot in self._goals[place]:
                return self.links[place]
        return None

    def area(self, place: Place) -> QRectF:
        """The part of the world that a place covers. Empty where it is not shown."""
        try:
            if isinstance(place, Spot):
                return self.layout.shape(place)
            begin, end = self.ends(place)
            return self.layout.shape(begin).united(self.layout.shape(end))
        except KeyError:
            return QRectF()

    # ---- hitting -------------------------------------------------------------------------------------------

    def places_at(self, camera: Camera, point: QPointF) -> list[Place]:
        """All within reach of a point (widget pixels), the one that a click means first: a node that holds the point,
        then links by distance, then nodes that are merely near."""
        world = camera.to_world(point)
        left, top, right, bottom = self.shapes.T
        dx = np.maximum(np.maximum(left - world.x(), world.x() - right), 0.0)
        dy = np.maximum(np.maximum(top - world.y(), world.y() - bottom), 0.0)
        apart = np.hypot(dx, dy) * camera.scale
        order = [int(number) for number in np.argsort(apart, kind="stable") if apart[number] <= REACH]
        holding = [self.spots[number] for number in order if apart[number] <= SNUG]
        near = [self.spots[number] for number in order if apart[number] > SNUG]
        links = [self.links[place] for _, place in edges_near(self, camera, point)]
        return [*holding, *links, *near]

    def spots_in(self, camera: Camera, box: QRectF) -> tuple[Spot, ...]:
        """The nodes whose centre is in a rectangle (widget pixels)."""
        world = camera.world_rect(box)
        x, y = (self.shapes[:, 0] + self.shapes[:, 2]) / 2, (self.shapes[:, 1] + self.shapes[:, 3]) / 2
        inside = (x >= world.left()) & (x <= world.right()) & (y >= world.top()) & (y <= world.bottom())
        return tuple(self.spots[int(number)] for number in np.flatnonzero(inside))

    def clear_point(self, camera: Camera, link: Link, view: QRectF) -> QPointF | None:
        """A whole pixel on a link, in view, that hits it and nothing else first; None where there is none."""
        for x, y in camera.to_widget(self.points[self.place_of[link]]).tolist():
            point = QPointF(round(x), round(y))
            if view.contains(point) and self.places_at(camera, point)[:1] == [link]:
                return point
        return None


def make_positions_scene(data: PositionsData, layout: PositionsLayout) -> PositionsScene:
    """Sort the links by strength and lay their curves."""
    marks = in_order(tuple(link.mark for link in data.links))
    links = tuple(data.links[mark.index].link for mark in marks)
    controls = np.array([_controls(data, layout, link) for link in links]).reshape(-1, 4, 2)
    branches = [
        (place, _riser(data, layout, link, node))
        for place, link in enumerate(links) if isinstance(link, Wire)
        for node in data.fed(link)[1:]
    ]  # fmt: skip
    curves = Curves(
        controls,
        np.array([branch for _, branch in branches]).reshape(-1, 4, 2),
        np.array([place for place, _ in branches], dtype=np.int64),
    )
    place_of = {link: place for place, link in enumerate(links)}
    return PositionsScene(marks=marks, curves=curves, data=data, layout=layout, links=links, place_of=place_of)


def _controls(data: PositionsData, layout: PositionsLayout, link: Link) -> list[tuple[float, float]]:
    return _arc(layout, link) if isinstance(link, Move) else _riser(data, layout, link, data.fed(link)[0])


def _riser(data: PositionsData, layout: PositionsLayout, wire: Wire, fed: Node) -> list[tuple[float, float]]:
    writer, reader = wire.edge.writer, wire.edge.reader
    start, end = (layout.shape(Spot(node, wire.positions)) for node in (writer, fed))
    side = PORT_SIDE[reader.kind]
    x1, x2 = start.center().x(), end.center().x() + 0.55 * side * layout.radius
    width = float(layout.widths[layout.column_of[wire.positions]])
    if writer.kind == "input":  # chips and bars are wide: their wires come apart
        x1 = x2 * 0.7 + x1 * 0.3
    if fed.kind == "logits":
        x2 = x1 * 0.7 + layout.centres[layout.column_of[wire.positions]] * 0.3
    y1, y2 = start.top(), end.bottom()
    reach = max(0.45 * (y1 - y2), 0.5 * layout.pitch)
    bow = 0.0
    if abs(x2 - x1) < 0.12 * width and y1 - y2 > 1.6 * layout.pitch:  # round the nodes that stand between
        away = 1.0 if (_number(data, writer) + _number(data, fed)) % 2 else -1.0
        bow = away * width * (0.14 + 0.2 * min((y1 - y2) / (12 * layout.pitch), 1.0))
    lean = 0.1 * side * width
    return [(x1, y1), (x1 + bow, y1 - reach), (x2 + bow + lean, y2 + reach), (x2, y2)]


def _number(data: PositionsData, node: Node) -> int:
    return data.graph.n_writers if node.kind == "logits" else data.graph.writer_index(node)


def _arc(layout: PositionsLayout, move: Move) -> list[tuple[float, float]]:
    start, end = (layout.shape(Spot(move.head, positions)) for positions in (move.source, move.goal))
    y, radius = start.center().y(), layout.radius
    if move.source == move.goal:
        x, out = start.center().x(), 4.2 * radius
        return [
            (x + 0.7 * radius, y + 0.7 * radius),
            (x + out, y + out),
            (x + out, y - out),
            (x + 0.7 * radius, y - 0.7 * radius),
        ]
    way = 1.0 if end.center().x() > start.center().x() else -1.0
    x1 = start.center().x() + way * 0.8 * radius
    x2 = end.center().x() - way * 0.9 * radius
    across = abs(x2 - x1)
    rise = min(0.25 * layout.pitch + 0.05 * across, 1.15 * layout.pitch)
    lift = 0.5 * radius
    return [
        (x1, y - lift),
        (x1 + way * 0.25 * across, y - lift - rise),
        (x2 - way * 0.25 * across, y - lift - rise),
        (x2, y - lift),
    ]
