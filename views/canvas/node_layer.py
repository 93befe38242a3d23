"""Nodes: quiet dots until they take part in something; then outlined, with their name. MLPs are rounded
rectangles, `input` and `logits` bars. Near enough, heads show their q, k and v ports."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from core.graph import Node, Reader
from views.canvas.camera import Camera
from views.canvas.curves import port_offset
from views.canvas.edge_layer import mix
from views.canvas.labels import NAME_PIXELS, node_rect, pixel_font
from views.canvas.scene import Scene
from views.theme import Theme

PORTS_FROM = 28.0  # pixels of a head's diameter from which its ports show
LETTERS_FROM = 54.0


def paint_quiet(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, exposed: QRectF) -> None:
    """The nodes in the exposed rectangle (widget pixels) that take part in nothing; they lie below the edges."""
    quiet_fill, quiet_line = mix(theme.panel, theme.faint, 0.62), mix(theme.panel, theme.faint, 0.95)
    line = QPen(quiet_line, 1.0)
    near = 2 * scene.layout.radius * camera.scale >= PORTS_FROM
    painter.setPen(line)
    painter.setBrush(quiet_fill)
    world = camera.world_rect(exposed)
    for node, shape in scene.quiet:
        if not shape.intersects(world):
            continue
        rect = camera.rect(shape)
        paint_shape(painter, node, rect)
        if near:
            painter.setFont(pixel_font(10))
            painter.setPen(QColor(theme.muted))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, _short(node, rect))
            if node.kind == "head":
                _paint_ports(painter, scene, camera, theme, node, quiet_line)
            painter.setPen(line)
            painter.setBrush(quiet_fill)


def paint_marked(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, exposed: QRectF) -> None:
    """The named and edited nodes and the bars in the exposed rectangle; they lie on top of the edges."""
    for node in scene.marked:
        rect = node_rect(scene, camera, node)
        if rect.intersects(exposed):
            paint_loud(painter, scene, camera, theme, node, rect)


def paint_loud(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, node: Node, rect: QRectF) -> None:
    """A node that takes part in something, or a bar."""
    edited = scene.mark(node).edited is not None
    if node.kind in ("input", "logits"):
        _paint_bar(painter, scene, theme, node, rect, edited)
        return
    pen = QPen(theme.color("text"), 1.3)
    if edited:
        pen.setDashPattern([2.2, 1.8])
    painter.setPen(pen)
    painter.setBrush(QColor(theme.panel))
    paint_shape(painter, node, rect)
    if node.kind == "head" and rect.height() >= PORTS_FROM:
        _paint_ports(painter, scene, camera, theme, node, QColor(theme.text))


def paint_shape(painter: QPainter, node: Node, rect: QRectF, grow: float = 0.0) -> None:
    """The outline of a node with the painter's pen and brush."""
    box = rect.adjusted(-grow, -grow, grow, grow)
    if node.kind == "head":
        painter.drawEllipse(box)
    else:
        corner = min(5.0, box.height() / 3) + grow * 0.5
        painter.drawRoundedRect(box, corner, corner)


def _paint_bar(painter: QPainter, scene: Scene, theme: Theme, node: Node, rect: QRectF, edited: bool) -> None:
    pen = QPen(QColor(theme.text if edited else theme.border), 1.2)
    if edited:
        pen.setDashPattern([3.0, 2.0])
    painter.setPen(pen)
    painter.setBrush(QColor(theme.raised))
    paint_shape(painter, node, rect)
    text = scene.data.input_label if node.kind == "input" else scene.data.output_label
    if edited and scene.mark(node).label:
        text += f"  {scene.mark(node).label}"
    font = pixel_font(12)
    if rect.height() >= 13:
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def _paint_ports(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, node: Node, line: QColor) -> None:
    centre, radius = scene.layout.position(node), scene.layout.radius
    size = max(2.0, 0.11 * radius * camera.scale)
    letters = 2 * radius * camera.scale >= LETTERS_FROM
    for reader in scene.data.graph.ports(node):
        dx, dy = port_offset(reader, radius)
        at = camera.point(centre.x() + dx, centre.y() + dy)
        painter.setPen(QPen(line, 1.0))
        painter.setBrush(QColor(theme.panel))
        painter.drawEllipse(at, size, size)
        if letters:
            painter.setFont(pixel_font(9))
            painter.setPen(QColor(theme.muted))
            painter.drawText(_letter_box(at, size), Qt.AlignmentFlag.AlignCenter, reader.kind)


def _letter_box(port: QPointF, size: float) -> QRectF:
    return QRectF(port.x() - 8, port.y() + size, 16, 12)


def _short(node: Node, rect: QRectF) -> str:
    """A quiet node's name as far as its shape has room for it."""
    return node.name if rect.width() > 44 else f"h{node.head}" if node.kind == "head" else f"m{node.layer}"


def port_at(scene: Scene, camera: Camera, node: Node, reader: Reader) -> QPointF:
    """Where a port of a head is, in widget pixels."""
    centre = scene.layout.position(node)
    dx, dy = port_offset(reader, scene.layout.radius)
    return camera.point(centre.x() + dx, centre.y() + dy)


def name_font(strong: bool) -> QFont:
    return pixel_font(NAME_PIXELS, QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
