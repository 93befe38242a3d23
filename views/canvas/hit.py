"""What lies under a point: nodes before edges, the nearest within reach. No pixel hunting."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from core.graph import Edge, Node
from views.canvas.camera import Camera
from views.canvas.scene import Scene
from views.canvas.strokes import HIT_SAMPLES, Strokes
from views.canvas.units import units_near

REACH = 8.0  # pixels
SNUG = 2.0  # pixels round a node that are still the node


def targets_at(scene: Scene, camera: Camera, point: QPointF) -> list[Node | Edge]:
    """All within reach of a point (widget pixels), the one that a click means first: a node that holds the
    point, then edges by distance, then nodes that are merely near."""
    nodes = _nodes_near(scene, camera, point)
    edges = [scene.edge(place) for _, place in edges_near(scene, camera, point)]
    holding = [node for distance, node in nodes if distance <= SNUG]
    near = [node for distance, node in nodes if distance > SNUG]
    return [*units_near(scene.layout, camera, point), *holding, *edges, *near]


def _nodes_near(scene: Scene, camera: Camera, point: QPointF) -> list[tuple[float, Node]]:
    """Nodes within reach of their outline, nearest first; 0 inside."""
    layout = scene.layout
    world = camera.to_world(point)
    reach = REACH / camera.scale + max(layout.mlp_size.width(), 10 / camera.scale)
    offset = np.abs(layout.positions - (world.x(), world.y()))
    candidates = np.flatnonzero((offset[:, 0] <= reach) & (offset[:, 1] <= reach)).tolist()
    candidates += [0, len(layout.positions) - 1]  # the bars are wide
    reached = []
    for number in dict.fromkeys(candidates):
        node = scene.data.graph.nodes[number]
        rect = camera.rect(layout.shape(node))
        distance = _distance(rect, point, round_=node.kind == "head")
        if distance <= REACH:
            reached.append((distance, number, node))
    return [(distance, node) for distance, _, node in sorted(reached, key=lambda item: item[:2])]


def _distance(rect: QRectF, point: QPointF, round_: bool) -> float:
    """From a shape to a point outside it; 0 inside."""
    dx, dy = abs(point.x() - rect.center().x()), abs(point.y() - rect.center().y())
    if round_:
        return max(float(np.hypot(dx, dy)) - rect.width() / 2, 0.0)
    return float(np.hypot(max(dx - rect.width() / 2, 0.0), max(dy - rect.height() / 2, 0.0)))


def edges_near(strokes: Strokes, camera: Camera, point: QPointF, reach: float = REACH) -> list[tuple[float, int]]:
    """(distance in pixels, place) of the lines within reach, nearest first; of equally near ones the one drawn
    on top."""
    world = camera.to_world(point)
    limit = reach / camera.scale
    left, top, right, bottom = strokes.pieces
    x, y = np.float32(world.x()), np.float32(world.y())
    near = np.flatnonzero((left <= x + limit) & (right >= x - limit) & (top <= y + limit) & (bottom >= y - limit))
    if not len(near):
        return []
    line, piece = np.divmod(near, HIT_SAMPLES - 1)
    at = np.array([world.x(), world.y()])
    start = strokes.points[line, piece]
    step = strokes.points[line, piece + 1] - start
    length = np.maximum((step**2).sum(-1), 1e-12)
    share = np.clip(((at - start) * step).sum(-1) / length, 0.0, 1.0)
    apart = np.hypot(*(start + share[:, None] * step - at).T) * camera.scale
    of = strokes.line_of[line]
    order = np.argsort(of, kind="stable")
    places, first = np.unique(of[order], return_index=True)
    nearest = np.minimum.reduceat(apart[order], first)
    reached = [(float(d), int(place)) for d, place in zip(nearest, places, strict=True) if d <= reach]
    return sorted(reached, key=lambda item: (round(item[0], 1), -item[1]))


def nodes_in(scene: Scene, camera: Camera, box: QRectF) -> tuple[Node, ...]:
    """The nodes whose centre is in a rectangle (widget pixels)."""
    world = camera.world_rect(box)
    x, y = scene.layout.positions.T
    inside = (x >= world.left()) & (x <= world.right()) & (y >= world.top()) & (y <= world.bottom())
    return tuple(scene.data.graph.nodes[int(number)] for number in np.flatnonzero(inside))


def clear_point(scene: Scene, camera: Camera, place: int, view: QRectF, hidden: QRectF | None) -> QPointF | None:
    """A whole pixel on an edge, in view and outside `hidden`, that hits that edge and nothing else first; the
    clearest there is, or None."""
    edge = scene.edge(place)
    inside = view.adjusted(2, 2, -2, -2)
    best, best_room = None, -1.0
    for x, y in camera.to_widget(scene.points[place]).tolist():
        point = QPointF(round(x), round(y))
        if not inside.contains(point) or (hidden is not None and hidden.contains(point)):
            continue
        targets = targets_at(scene, camera, point)
        if not targets or targets[0] != edge:
            continue
        others = [distance for distance, other in edges_near(scene, camera, point) if other != place]
        room = min(others, default=REACH)
        if room > best_room:
            best, best_room = point, room
    return best
