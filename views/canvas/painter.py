"""Paint a scene: the same functions for the window and for exported figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPainterPathStroker, QPen

from core.edits import EditKind
from core.graph import Edge, Node
from views.canvas.camera import Camera
from views.canvas.edge_layer import dash_lengths, edge_color, edge_path, edge_width, mix, paint_edges
from views.canvas.labels import (
    GLYPH_WIDTH,
    NOTE_PIXELS,
    PILL_PIXELS,
    Labels,
    Name,
    Pill,
    is_far,
    node_rect,
    pixel_font,
    place_labels,
    text_width,
)
from views.canvas.layout import EDGE
from views.canvas.node_layer import (
    PORTS_FROM,
    name_font,
    paint_loud,
    paint_marked,
    paint_ports,
    paint_quiet,
    paint_shape,
    port_at,
    ring_rect,
)
from views.canvas.scene import Scene
from views.data import CanvasData, Target
from views.theme import Theme

LEGEND = ("solid measured · dashed estimated", "blue raises · orange lowers")
SNUG_BELOW = 12.0  # pixels of a node's height below which its ring keeps to its outline
_LAYER_STEPS = (1, 2, 5, 10, 20, 50, 100)


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
        labels = place_labels(scene, camera, area, self.selected)
        yield labels
        dimmed = ~scene.touches(self.selected) if self.selected else np.zeros(len(scene), dtype=bool)
        if scene.data.stale:
            dimmed[:] = True
        paint_quiet(painter, scene, camera, theme, area, vector)
        yield labels
        for _ in paint_edges(painter, scene, camera, theme, area, dimmed, labels.gaps, vector):
            yield labels
        paint_marked(painter, scene, camera, theme, area)
        _paint_names(painter, labels.names, theme)
        for pill in labels.pills:
            paint_pill(painter, pill, theme, scene.data.stale)


def paint_world(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, exposed: QRectF) -> None:
    """All at once, as lines and curves: for figures."""
    for _ in GraphWorld(scene, frozenset()).steps(painter, camera, theme, exposed, vector=True):
        pass


def _paint_names(painter: QPainter, names: list[Name], theme: Theme) -> None:
    ground = theme.color("panel", 0.72)
    for name in names:
        if not name.inside:
            painter.fillRect(name.rect.adjusted(-1, 1, 1, -1), ground)
        painter.setFont(name_font(name.strong))
        painter.setPen(QColor(theme.text if name.strong else theme.muted))
        where = Qt.AlignmentFlag.AlignCenter if name.inside else Qt.AlignmentFlag.AlignVCenter
        painter.drawText(name.rect, where | Qt.TextFlag.TextDontClip, name.node.name)


def paint_pill(painter: QPainter, pill: Pill, theme: Theme, stale: bool = False, selected: bool = False) -> None:
    """A label that says which edit was made and what it changed."""
    painter.setPen(QPen(QColor(theme.selection if selected else theme.muted), 1.2))
    painter.setBrush(QColor(theme.panel))
    painter.drawRoundedRect(pill.rect, 5, 5)
    ink = QColor(theme.muted if stale else theme.text)
    glyph = QRectF(pill.rect.left() + 4, pill.rect.top(), GLYPH_WIDTH, pill.rect.height())
    paint_glyph(painter, pill.kind, glyph, ink)
    if pill.text:
        painter.setFont(pixel_font(PILL_PIXELS, QFont.Weight.DemiBold))
        painter.setPen(ink)
        box = pill.rect.adjusted(4 + GLYPH_WIDTH + 4, 0, 0, 0)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, pill.text)


def paint_glyph(painter: QPainter, kind: EditKind, box: QRectF, ink: QColor) -> None:
    """Scissors, or an arrow from B for a patch."""
    centre = box.center()
    pen = QPen(ink, 1.2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    if kind == "patch":
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
    width = edge_width(scene, place, camera.scale)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    casing = QPen(ring, width + 3.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
    painter.setPen(casing)
    painter.drawPath(path)
    painter.setPen(QPen(QColor(theme.panel), width + 1.2))
    painter.drawPath(path)
    sign, level = int(scene.sign[place]), int(scene.level[place])
    pen = QPen(edge_color(theme, sign, max(level, 4)), width)
    if not scene.measured[place] and sign:
        pen.setDashPattern([length / width for length in dash_lengths(width)])
    painter.setPen(pen)
    painter.drawPath(path)
    crossed = _crossed(scene, camera, path, width + 3.4)
    for node in crossed:
        paint_loud(painter, scene, camera, theme, node, node_rect(scene, camera, node))
    _paint_ends(painter, scene, camera, theme, target, place, ring)
    if labels:
        writer, fed = scene.ends(place)
        shown = {writer, *fed, *crossed}
        _paint_names(painter, [name for name in labels.names if name.inside and name.node in shown], theme)
    for pill in labels.pills if labels else ():
        if pill.place == place:
            paint_pill(painter, pill, theme, scene.data.stale, selected=chosen)


def _crossed(scene: Scene, camera: Camera, path: QPainterPath, width: float) -> list[Node]:
    """The nodes above the edges that a lifted edge would cover."""
    stroker = QPainterPathStroker()
    stroker.setWidth(width)
    stroke = stroker.createStroke(path)
    box, far = stroke.boundingRect(), is_far(scene, camera)
    found = []
    for node in scene.marked:
        if far and scene.mark(node).edited is None:
            continue  # a bar in a band, which edges pass over
        rect = node_rect(scene, camera, node)
        if rect.intersects(box) and stroke.intersects(rect):
            found.append(node)
    return found


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


# ---- at the border: layers, count, legend ------------------------------------------------------------------


def paint_layer_names(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, size: QSizeF) -> None:
    """`layer 0`, `layer 5` ... on the left, as many as have room; they stay at the border while the world
    moves."""
    layout = scene.layout
    pitch = layout.pitch_y * camera.scale
    step = 1 if pitch >= 20 else next((s for s in _LAYER_STEPS[1:] if s * pitch >= 44), 100)
    painter.setFont(pixel_font(NOTE_PIXELS))
    top = EDGE if layout.margins.top() == EDGE else layout.margins.top() - 4
    for layer in range(0, scene.data.graph.layers, step):
        y = camera.point(0, layout.layer_y(layer)).y()
        if y < max(top, 40) or y > size.height() - 12:
            continue
        text = f"layer {layer}"
        box = _layer_box(scene, camera, layer, QRectF(EDGE - 3, y - 8, text_width(text, NOTE_PIXELS) + 6, 16))
        if box is None:
            continue
        painter.fillRect(box, theme.color("panel", 0.8))
        painter.setPen(QColor(theme.muted))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _layer_box(scene: Scene, camera: Camera, layer: int, box: QRectF) -> QRectF | None:
    """Where the name of a layer covers none of its nodes: in the row, else above it. None where it would replace
    the name of a node; specks it may cover."""
    graph, layout = scene.data.graph, scene.layout
    first = graph.writer_index(Node("head", layer))
    across = layout.positions[first : first + graph.heads + 1, 0] * camera.scale + camera.x
    reach = max(layout.mlp_size.width() / 2, layout.radius) * camera.scale
    near = np.flatnonzero((across + reach >= box.left()) & (across - reach <= box.right()))  # none, most of the time
    shapes = [camera.rect(layout.shape(graph.writers[first + int(place)])) for place in near]
    raised = box.translated(0, -scene.layout.radius * camera.scale - 10)
    for place in (box, raised):
        if not any(shape.intersects(place) for shape in shapes):
            return place
    return box if 2 * scene.layout.radius * camera.scale < PORTS_FROM else None


def count_words(data: CanvasData) -> str:
    return f"{len(data.edges):,} of {data.graph.n_edges:,} edges"


def header_widths(count: str) -> tuple[float, float]:
    """Pixels of the text in the upper left and the upper right corner."""
    return (
        text_width(count, NOTE_PIXELS),
        max(text_width(line, NOTE_PIXELS) for line in LEGEND),
    )


def paint_header(painter: QPainter, data: CanvasData, theme: Theme, size: QSizeF) -> None:
    """The number of edges on the left, what the lines mean on the right."""
    painter.setFont(pixel_font(NOTE_PIXELS))
    ground = theme.color("panel", 0.8)
    left, right = header_widths(count_words(data))
    painter.fillRect(QRectF(EDGE - 4, EDGE - 4, left + 8, 20), ground)
    for line, text in enumerate(LEGEND):  # each as wide as it is: edges pass beside the shorter one
        width = text_width(text, NOTE_PIXELS)
        box = QRectF(size.width() - EDGE - width - 4, EDGE - 4 + 16 * line, width + 8, 16 if line == 0 else 20)
        painter.fillRect(box, ground)
    painter.setPen(QColor(theme.muted))
    painter.drawText(QRectF(EDGE, EDGE - 2, left + 4, 16), Qt.AlignmentFlag.AlignLeft, count_words(data))
    for line, text in enumerate(LEGEND):
        box = QRectF(size.width() - EDGE - right - 4, EDGE - 2 + 16 * line, right + 4, 16)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight, text)


def paint_small(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, selection: tuple[Target, ...]) -> None:
    """The whole graph for the mini-map: a mark for every node, strong where it takes part in something."""
    layout = scene.layout
    quiet, loud, chosen = mix(theme.window, theme.muted, 0.4), QColor(theme.positive), QColor(theme.selection)
    width, height = (
        max(0.5 * layout.pitch_x * camera.scale, 1.0),
        max(0.4 * layout.pitch_y * camera.scale, 1.0),
    )
    for bar in (layout.input_bar, layout.logits_bar):
        painter.fillRect(camera.rect(bar), quiet)
    at = camera.to_widget(layout.positions)
    for number, node in enumerate(scene.data.graph.writers[1:], start=1):
        mark = scene.mark(node)
        color = chosen if node in selection else loud if mark.named or mark.edited else quiet
        painter.fillRect(QRectF(at[number, 0] - width / 2, at[number, 1] - height / 2, width, height), color)
