"""Paint the second level: the same functions for the window and for exported figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from views.canvas.camera import Camera
from views.canvas.edge_layer import Gap, edge_color, edge_path, edge_width, paint_edges, paint_lifted, polyline, visible
from views.canvas.labels import (
    NAME_PIXELS,
    Labels,
    Pill,
    Taken,
    moved_into,
    pill_size,
    pixel_font,
    sized,
    text_width,
    view_of,
)
from views.canvas.node_layer import paint_shape, score_color
from views.canvas.painter import paint_pill
from views.canvas.positions.border import ROW_NAMES
from views.canvas.positions.chips import paint_ends
from views.canvas.positions.data import Move, Place, Spot
from views.canvas.positions.scene import PositionsScene
from views.theme import mix
from views.theme_colors import Theme


@dataclass(frozen=True, eq=False)
class PositionsWorld:
    """The unfolded circuit as a `World` for pictures. selected: spots whose links stand out."""

    scene: PositionsScene
    selected: frozenset[Spot]

    @property
    def key(self) -> object:
        return self.scene, self.selected

    @property
    def places(self) -> object:
        return self.scene.layout

    def steps(
        self, painter: QPainter, camera: Camera, theme: Theme, area: QRectF, vector: bool = False
    ) -> Iterator[Labels]:
        """Lanes, links, nodes, chips and pills in the area."""
        scene = self.scene
        labels = _place_pills(scene, camera, area)
        yield labels
        touching = scene.links_at(self.selected) if self.selected else np.zeros(len(scene), dtype=bool)
        dimmed = ~touching if touching.any() else np.zeros(len(scene), dtype=bool)
        if scene.data.stale:
            dimmed[:] = True
        _paint_lanes(painter, scene, camera, theme, area)
        yield labels
        for _ in paint_edges(painter, scene, camera, theme, area, dimmed, labels.gaps, vector):
            yield labels
        _paint_tips(painter, scene, camera, theme, dimmed)
        _paint_spots(painter, scene, camera, theme, area)
        paint_ends(painter, scene, camera, theme, area)
        for pill in labels.pills:
            paint_pill(painter, pill, theme, scene.data.stale)


def paint_positions(painter: QPainter, scene: PositionsScene, camera: Camera, theme: Theme, exposed: QRectF) -> None:
    """All at once, as lines and curves: for figures."""
    for _ in PositionsWorld(scene, frozenset()).steps(painter, camera, theme, exposed, vector=True):
        pass


# ---- ground ------------------------------------------------------------------------------------------------


def _paint_lanes(painter: QPainter, scene: PositionsScene, camera: Camera, theme: Theme, area: QRectF) -> None:
    """A faint line for the stream of every column, and one for every row."""
    layout = scene.layout
    for column, data in enumerate(scene.data.columns):
        if not data.chosen:
            continue
        half = float(layout.widths[column]) / 2 - 2
        x = float(layout.centres[column])
        box = camera.rect(QRectF(x - half, layout.head, 2 * half, layout.foot - layout.head))
        painter.fillRect(box, theme.color("selection", 0.07))
    painter.setPen(QPen(mix(theme.panel, theme.faint, 0.5), 1.0))
    for x in layout.centres.tolist():
        painter.drawLine(camera.point(x, layout.foot), camera.point(x, layout.head))
    painter.setPen(QPen(mix(theme.panel, theme.faint, 0.22), 1.0))
    bounds = layout.bounds
    for y in layout.rows.tolist():
        left, right = camera.point(bounds.left(), y), camera.point(bounds.right(), y)
        if area.top() <= left.y() <= area.bottom():
            painter.drawLine(left, right)


def _paint_tips(painter: QPainter, scene: PositionsScene, camera: Camera, theme: Theme, dimmed: np.ndarray) -> None:
    """The head of the arrow at the end of every move."""
    painter.setPen(Qt.PenStyle.NoPen)
    for place in np.flatnonzero(scene.moving).tolist():
        color = edge_color(theme, int(scene.sign[place]), int(scene.level[place]), bool(dimmed[place]))
        _paint_tip(painter, scene, camera, place, color)


def _paint_tip(painter: QPainter, scene: PositionsScene, camera: Camera, place: int, color: QColor) -> None:
    a, b = camera.to_widget(scene.curves.controls[place][[2, 3]])
    way = b - a
    way = way / max(float(np.hypot(*way)), 1e-6)
    size = 3.0 + 1.1 * edge_width(scene, place, camera.scale)
    across = np.array([-way[1], way[0]]) * 0.55 * size
    tip = b + way * 1.5
    back = tip - way * size
    painter.setBrush(color)
    painter.drawPolygon(QPolygonF([QPointF(*tip), QPointF(*(back + across)), QPointF(*(back - across))]))


# ---- nodes and chips ---------------------------------------------------------------------------------------


def spot_rect(scene: PositionsScene, camera: Camera, spot: Spot) -> QRectF:
    return camera.rect(scene.layout.shape(spot))


def _paint_spots(painter: QPainter, scene: PositionsScene, camera: Camera, theme: Theme, area: QRectF) -> None:
    for spot in scene.spots:
        if spot.node.kind in ("head", "mlp"):
            rect = spot_rect(scene, camera, spot)
            if rect.intersects(area):
                _paint_spot(painter, scene, theme, spot, rect)


def _paint_spot(painter: QPainter, scene: PositionsScene, theme: Theme, spot: Spot, rect: QRectF) -> None:
    pen = QPen(QColor(theme.text), 1.3)
    if scene.mark(spot).edited:
        pen.setDashPattern([2.2, 1.8])
    painter.setPen(pen)
    painter.setBrush(score_color(theme, scene.score_shades.get(spot, 0)))
    paint_shape(painter, spot.node, rect)


# ---- pills -------------------------------------------------------------------------------------------------


def _place_pills(scene: PositionsScene, camera: Camera, exposed: QRectF) -> Labels:
    """Room for what edits changed: beside a spot, along a link. No pill lies on another or on a spot."""
    labels = Labels()
    rects = [spot_rect(scene, camera, spot) for spot in scene.spots]
    taken, view = Taken(rects), view_of(exposed).adjusted(sized(ROW_NAMES), 0, 0, 0)
    for spot, rect in zip(scene.spots, rects, strict=True):
        mark = scene.mark(spot)
        if mark.edited is None or not mark.label or not rect.intersects(exposed):
            continue
        size = pill_size(mark.label)
        middle = rect.center().y() - size.height() / 2
        tries = [
            QPointF(rect.right() + 4, middle),
            QPointF(rect.left() - 4 - size.width(), middle),
            QPointF(rect.center().x() - size.width() / 2, rect.top() - 3 - size.height()),
            QPointF(rect.center().x() - size.width() / 2, rect.bottom() + 3),
        ]
        boxes = [QRectF(at, size) for at in tries]
        if rect.intersects(view):
            boxes = [box for box in boxes if view.contains(box)] or [moved_into(view, box) for box in boxes]
        box = next((box for box in boxes if taken.free(box)), boxes[min(2, len(boxes) - 1)])
        taken.add(box)
        labels.pills.append(Pill(box, mark.edited, mark.label))
    shown = visible(scene, camera, exposed)
    for place in shown[scene.edited[shown]][::-1].tolist():
        mark = scene.marks[place]
        points, along = polyline(scene, camera, place)
        total = float(along[-1])
        labels.gaps[place] = Gap(0.5 * total, min(8.0, 0.42 * total))
        if mark.label and mark.edited is not None:
            box = _beside_line(points, along, pill_size(mark.label), taken, view)
            taken.add(box)
            labels.pills.append(Pill(box, mark.edited, mark.label, place))
    return labels


def _beside_line(points: np.ndarray, along: np.ndarray, size: QSizeF, taken: Taken, view: QRectF) -> QRectF:
    """Room for a pill beside a line, as near to its middle as there is some; else on its middle."""
    for share in (0.5, 0.35, 0.65, 0.2, 0.8):
        x, y = (float(np.interp(share * along[-1], along, points[:, axis])) for axis in (0, 1))
        for left in (x + 9, x - 9 - size.width()):
            box = QRectF(QPointF(left, y - size.height() / 2), size)
            if view.contains(box) and taken.free(box):
                return box
    middle = QPointF(*(float(np.interp(0.5 * along[-1], along, points[:, axis])) for axis in (0, 1)))
    box = QRectF(middle - QPointF(size.width() / 2, size.height() / 2), size)
    return moved_into(view, box) if view.contains(middle) else box


# ---- on top: hover and selection ---------------------------------------------------------------------------


def paint_positions_emphasis(
    painter: QPainter,
    scene: PositionsScene,
    camera: Camera,
    theme: Theme,
    place: Place,
    labels: Labels | None,
    chosen: bool,
    named: bool = True,
) -> None:
    """Ring a spot, or lift a link with its two ends: in yellow when it is chosen, else in the colour of text. named:
    with the spot's name beside it."""
    ring = QColor(theme.selection if chosen else theme.text)
    if isinstance(place, Spot):
        _ring(painter, scene, camera, theme, place, ring, 2.2 if chosen else 1.6, named)
        return
    number = scene.place_of.get(place)
    if number is None:
        return
    path = edge_path(scene, camera, number, labels.gaps.get(number) if labels else None)
    paint_lifted(painter, scene, camera, theme, number, path, ring)
    if isinstance(place, Move):
        painter.setPen(Qt.PenStyle.NoPen)
        _paint_tip(painter, scene, camera, number, ring)
    for spot in scene.ends(place):
        _ring(painter, scene, camera, theme, spot, ring, 1.4)
    for pill in labels.pills if labels else ():
        if pill.place == number:
            paint_pill(painter, pill, theme, scene.data.stale, selected=chosen)


def _ring(
    painter: QPainter,
    scene: PositionsScene,
    camera: Camera,
    theme: Theme,
    spot: Spot,
    color: QColor,
    width: float,
    named: bool = False,
) -> None:
    try:
        rect = spot_rect(scene, camera, spot)
    except KeyError:
        return  # its column is not shown
    if spot.node.kind in ("head", "mlp"):
        _paint_spot(painter, scene, theme, spot, rect)
        if named and scene.mark(spot).edited is None:
            text = text_width(spot.node.name, NAME_PIXELS, QFont.Weight.DemiBold)
            box = QRectF(rect.right() + 4, rect.center().y() - 7, text, 14)
            if box.right() > painter.window().width() - 4:
                box.moveRight(rect.left() - 4)
            painter.fillRect(box.adjusted(-1, 0, 1, 0), theme.color("panel", 0.85))
            painter.setFont(pixel_font(NAME_PIXELS, QFont.Weight.DemiBold))
            painter.setPen(QColor(theme.text))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, spot.node.name)
    painter.setPen(QPen(color, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    wide = spot.node.kind in ("input", "logits")
    paint_shape(painter, spot.node, rect, 0.0 if wide else 1.5)
