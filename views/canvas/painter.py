"""Paint a scene: the same functions for the window and for exported figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPainterPathStroker, QPen

from core.edits import KINDS, EditKind, Target
from core.graph import Edge, Node
from views.canvas.border import foot_box
from views.canvas.camera import Camera
from views.canvas.directions import paint_directions
from views.canvas.edge_layer import edge_path, paint_edges, paint_lifted
from views.canvas.labels import (
    GLYPH_WIDTH,
    PILL_PIXELS,
    Labels,
    Name,
    Pill,
    is_far,
    node_rect,
    pixel_font,
    place_labels,
    sized,
    view_of,
)
from views.canvas.node_layer import (
    ink_on,
    name_font,
    paint_loud,
    paint_marked,
    paint_ports,
    paint_quiet,
    paint_shape,
    port_at,
    ring_rect,
)
from views.canvas.note_marks import paint_note_marks
from views.canvas.scene import Scene
from views.canvas.units import paint_units
from views.theme import mix
from views.theme_colors import Theme

SNUG_BELOW = 12.0  # pixels of a node's height below which its ring keeps to its outline

NAME_GROUND = 0.95  # how much of what is below a name it hides


@dataclass(frozen=True, eq=False)
class GraphWorld:
    """The graph as a `World` for pictures. selected: nodes whose edges stand out."""

    scene: Scene
    selected: frozenset[Node]

    @property
    def key(self) -> object:
        return self.scene, self.selected

    @property
    def places(self) -> object:
        return self.scene.layout

    def steps(
        self, painter: QPainter, camera: Camera, theme: Theme, area: QRectF, vector: bool = False
    ) -> Iterator[Labels]:
        """Edges, nodes, pills and names in the area."""
        scene = self.scene
        legend = None if vector else foot_box(scene.data, view_of(area))
        labels = place_labels(scene, camera, area, self.selected, legend)
        yield labels
        dimmed = ~scene.touches(self.selected) if self.selected else np.zeros(len(scene), dtype=bool)
        if scene.data.stale:
            dimmed[:] = True
        paint_quiet(painter, scene, camera, theme, area, vector)
        yield labels
        for _ in paint_edges(painter, scene, camera, theme, area, dimmed, labels.gaps, vector):
            yield labels
        paint_marked(painter, scene, camera, theme, area)
        paint_units(painter, scene, camera, theme, area)
        for node in self.selected:
            paint_directions(painter, scene, camera, theme, node, area)
        _paint_names(painter, labels.names, theme, scene)
        if not vector:  # a figure has no legend for them
            paint_note_marks(painter, scene, camera, theme, area)
        for pill in labels.pills:
            paint_pill(painter, pill, theme, scene.data.stale)


def paint_world(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, exposed: QRectF) -> None:
    """All at once, as lines and curves: for figures."""
    for _ in GraphWorld(scene, frozenset()).steps(painter, camera, theme, exposed, vector=True):
        pass


def _paint_names(painter: QPainter, names: list[Name], theme: Theme, scene: Scene) -> None:
    ground = theme.color("panel", NAME_GROUND)  # no wire runs through a name
    for name in names:
        shade = scene.shade(name.node) if name.inside else 0
        if not name.inside:
            painter.fillRect(name.rect.adjusted(-1, 1, 1, -1), ground)
        painter.setFont(name_font(name.strong))
        painter.setPen(ink_on(theme, shade) if shade else QColor(theme.text if name.strong else theme.muted))
        where = Qt.AlignmentFlag.AlignCenter if name.inside else Qt.AlignmentFlag.AlignVCenter
        painter.drawText(name.rect, where | Qt.TextFlag.TextDontClip, name.text)


def paint_pill(painter: QPainter, pill: Pill, theme: Theme, stale: bool = False, selected: bool = False) -> None:
    """A label that says which edit was made and what it changed."""
    painter.setPen(QPen(QColor(theme.selection if selected else theme.muted), 1.2))
    painter.setBrush(QColor(theme.panel))
    painter.drawRoundedRect(pill.rect, 5, 5)
    ink = QColor(theme.muted if stale else theme.text)
    glyph = QRectF(pill.rect.left() + 4, pill.rect.top(), sized(GLYPH_WIDTH), pill.rect.height())
    paint_glyph(painter, pill.kind, glyph, ink)
    if pill.text:
        painter.setFont(pixel_font(PILL_PIXELS, QFont.Weight.DemiBold))
        painter.setPen(ink)
        box = pill.rect.adjusted(4 + sized(GLYPH_WIDTH) + 4, 0, 0, 0)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, pill.text)


def paint_glyph(painter: QPainter, kind: EditKind, box: QRectF, ink: QColor) -> None:
    """Scissors, an arrow from B for its value, or a sign for what changes the value instead of replacing it."""
    centre = box.center()
    row = KINDS[kind]
    if row.sign:
        painter.setFont(pixel_font(13, QFont.Weight.Bold))
        painter.setPen(ink)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, row.sign)
        return
    pen = QPen(ink, 1.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    if row.from_b:
        painter.setFont(pixel_font(10, QFont.Weight.Bold))
        painter.setPen(ink)
        left = QRectF(box.left(), box.top(), 8, box.height())
        painter.drawText(left, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, "B")
        painter.setPen(pen)
        tip = QPointF(box.right(), centre.y())
        painter.drawLine(QPointF(box.left() + 9, centre.y()), tip)
        painter.drawLine(tip, tip + QPointF(-2.5, -2.5))
        painter.drawLine(tip, tip + QPointF(-2.5, 2.5))
        return
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for side in (-1, 1):
        painter.drawEllipse(centre + QPointF(-4, 2.6 * side), 1.8, 1.8)
        painter.drawLine(centre + QPointF(-2.6, 1.6 * side), centre + QPointF(6, -3.6 * side))


# ---- on top: hover and selection ---------------------------------------------------------------------------


def paint_emphasis(
    painter: QPainter, scene: Scene, camera: Camera, theme: Theme, target: Target, labels: Labels | None, chosen: bool
) -> None:
    """Ring a node, or lift an edge with its two ends: in yellow when it is chosen, else in the colour of
    text (the pointer is on it). `labels` are None while the picture below is not of this camera."""
    ring = QColor(theme.selection if chosen else theme.text)
    if isinstance(target, Node):
        _ring(painter, scene, camera, target, ring, 2.2 if chosen else 1.6)
        paint_ports(painter, scene, camera, theme, target, ring)
        return
    place = scene.place(target)
    if place is None:
        return
    path = edge_path(scene, camera, place, labels.gaps.get(place) if labels else None)
    width = paint_lifted(painter, scene, camera, theme, place, path, ring)
    stroke = _stroke(path, width)
    crossed = _crossed(scene, camera, stroke)
    for node in crossed:
        paint_loud(painter, scene, camera, theme, node, node_rect(scene, camera, node))
    _paint_ends(painter, scene, camera, theme, target, place, ring)
    if labels:
        writer, fed = scene.ends(place)
        shown = {writer, *fed, *crossed}
        under = [name for name in labels.names if (name.node in shown if name.inside else stroke.intersects(name.rect))]
        _paint_names(painter, under, theme, scene)
    for pill in labels.pills if labels else ():
        if pill.place == place:
            paint_pill(painter, pill, theme, scene.data.stale, selected=chosen)


def _stroke(path: QPainterPath, width: float) -> QPainterPath:
    """What a line covers."""
    stroker = QPainterPathStroker()
    stroker.setWidth(width)
    return stroker.createStroke(path)


def _crossed(scene: Scene, camera: Camera, stroke: QPainterPath) -> list[Node]:
    """The nodes above the edges that a lifted edge would cover."""
    box, far = stroke.boundingRect(), is_far(scene, camera)
    nodes = []
    for node in scene.marked:
        if far and scene.mark(node).edited is None:
            continue  # a bar in a band, which edges pass over
        rect = node_rect(scene, camera, node)
        if rect.intersects(box) and stroke.intersects(rect):
            nodes.append(node)
    return nodes


def _paint_ends(
    painter: QPainter, scene: Scene, camera: Camera, theme: Theme, edge: Edge, place: int, ring: QColor
) -> None:
    """The two nodes of a lifted edge; a shared K/V head fans out to all heads that read it."""
    writer, fed = scene.ends(place)
    if len(fed) > 1:
        painter.setPen(QPen(ring, 1.0, Qt.PenStyle.DotLine))
        port = port_at(scene, camera, fed[0], edge.reader)
        for node in fed[1:]:
            other = port_at(scene, camera, node, edge.reader)
            sag = QPointF(0, 0.5 * scene.layout.pitch_y * camera.scale)
            path = QPainterPath(port)
            path.cubicTo(port + sag, other + sag, other)
            painter.drawPath(path)
    for node in (writer, *fed):
        paint_loud(painter, scene, camera, theme, node, node_rect(scene, camera, node))
        _ring(painter, scene, camera, node, ring, 1.4)


def _ring(painter: QPainter, scene: Scene, camera: Camera, node: Node, color: QColor, width: float) -> None:
    painter.setPen(QPen(color, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    bar = node.kind in ("input", "logits")
    rect = ring_rect(scene, camera, node)
    snug = 0.0 if bar else 0.5 if rect.height() < SNUG_BELOW else 1.5  # a wide ring would lie on the neighbours
    paint_shape(painter, node, rect, snug)


# ---- the whole, small ---------------------------------------------------------------------------------------


def paint_small(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, selection: tuple[Target, ...]) -> None:
    """The whole graph for the mini-map: a mark for every node, strong where it takes part in something, framed where it
    is edited; edited and selected edges as lines."""
    layout = scene.layout
    quiet, loud, chosen = mix(theme.window, theme.muted, 0.4), QColor(theme.positive), QColor(theme.selection)
    for place in np.flatnonzero(scene.edited).tolist():
        _paint_small_edge(painter, scene, camera, place, QColor(theme.text))
    for target in selection:
        spot = scene.place(target) if isinstance(target, Edge) else None
        if spot is not None:
            _paint_small_edge(painter, scene, camera, spot, chosen)
    width, height = (
        max(0.5 * layout.pitch_x * camera.scale, 1.0),
        max(0.4 * layout.pitch_y * camera.scale, 1.0),
    )
    for bar in layout.bars:
        painter.fillRect(camera.rect(bar), quiet)
    at = camera.to_widget(layout.positions)
    for number, node in enumerate(scene.data.graph.writers[1:], start=1):
        mark = scene.mark(node)
        color = chosen if node in selection else loud if mark.named or mark.edited else quiet
        box = QRectF(at[number, 0] - width / 2, at[number, 1] - height / 2, width, height)
        painter.fillRect(box, color)
        if mark.edited:
            painter.setPen(QPen(QColor(theme.text), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(-1.5, -1.5, 1.5, 1.5))


def _paint_small_edge(painter: QPainter, scene: Scene, camera: Camera, place: int, ink: QColor) -> None:
    painter.setPen(QPen(ink, 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(edge_path(scene, camera, place))
