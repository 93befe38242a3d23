"""Nodes: quiet dots until they take part in something; then outlined, with their name. MLPs are rounded
rectangles, `input` and `logits` bars.

Where nodes were traced they are filled by their scores, blue or orange. After an edit, nodes that it reaches are filled
in the ink of text, the more it changes them the more: without a hue, as the change of an output has no sign.

The nearer the eye, the more is drawn. Far out a layer is a band and each of its nodes a bar in it, as tall and as
strong as the strongest edge shown there; then dots; then names; close up heads show their q, k and v ports.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap

from core.graph import Node, Reader
from views.canvas.camera import Camera
from views.canvas.curves import port_offset
from views.canvas.labels import NAME_PIXELS, is_far, node_rect, pixel_font
from views.canvas.readers import blocks_of, kinds_of
from views.canvas.scene import SHADES, Scene
from views.canvas.strokes import LEVELS
from views.theme import mix
from views.theme_colors import Theme

PORTS_FROM = 28.0  # from which a head shows its ports
LETTERS_FROM = 54.0
MANY_MARKED = 200  # nodes
DARK_FROM = SHADES // 2  # fills above it are written on in the colour of the panel


def paint_quiet(
    painter: QPainter, scene: Scene, camera: Camera, theme: Theme, exposed: QRectF, vector: bool = False
) -> None:
    """The nodes in the exposed rectangle (widget pixels) that take part in nothing; they lie below the edges."""
    if is_far(scene, camera):
        _paint_bands(painter, scene, camera, theme, exposed)
        return
    fill, line = mix(theme.panel, theme.faint, 0.62), mix(theme.panel, theme.faint, 0.95)
    near = 2 * scene.layout.radius * camera.scale >= PORTS_FROM
    world = camera.world_rect(exposed)
    shaded = scene.data.changes is not None
    scored = scene.data.scores is not None
    shades = [shade_color(theme, shade) for shade in range(SHADES + 1)]
    for node, shape in scene.quiet:
        if not shape.intersects(world):
            continue
        rect = camera.rect(shape)
        shade = scene.shade(node) if shaded else 0
        inside = shades[shade] if shade else fill
        if scored and not shade and scene.score_shade(node):
            inside = score_color(theme, scene.score_shade(node))
        if not near and not vector:
            _stamp(painter, node, rect, inside, line)
            continue
        painter.setPen(QPen(line, 1.0))
        painter.setBrush(inside)
        paint_shape(painter, node, rect)
        if near:
            painter.setFont(pixel_font(10))
            painter.setPen(QColor(theme.muted) if shade <= DARK_FROM else ink_on(theme, shade))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, _short(node, rect))
            paint_ports(painter, scene, camera, theme, node, line)


def shade_color(theme: Theme, shade: int) -> QColor:
    """The fill of a node that an edit changes: 0 (not at all) to SHADES."""
    return mix(theme.panel, theme.text, 0.10 + 0.72 * shade / SHADES if shade else 0.0)


def score_color(theme: Theme, shade: int) -> QColor:
    """The fill of a node by its score: -SHADES to SHADES; above SHADES those of scores without a sign."""
    hue = theme.neutral if shade > SHADES else theme.positive if shade > 0 else theme.negative
    shade = shade - SHADES if shade > SHADES else shade
    return mix(theme.panel, hue, 0.10 + 0.80 * abs(shade) / SHADES if shade else 0.0)


def ink_on(theme: Theme, shade: int) -> QColor:
    """For what is written in a node of some fill."""
    return QColor(theme.text if shade <= DARK_FROM else theme.panel)


def _stamp(painter: QPainter, node: Node, rect: QRectF, fill: QColor, line: QColor) -> None:
    """Copy a small picture of the shape: ten times as fast as drawing it, and there may be thousands."""
    ratio = painter.device().devicePixelRatioF()
    key = (node.kind == "head", round(rect.width(), 1), round(rect.height(), 1), fill.name(), line.name(), ratio)
    picture = _picture(*key)
    size = picture.deviceIndependentSize()
    painter.drawPixmap(QPointF(rect.center().x() - size.width() / 2, rect.center().y() - size.height() / 2), picture)


@lru_cache(maxsize=64)
def _picture(round_: bool, width: float, height: float, fill: str, line: str, ratio: float) -> QPixmap:
    room = 2.0
    picture = QPixmap(round((width + 2 * room) * ratio), round((height + 2 * room) * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(line), 1.0))
    painter.setBrush(QColor(fill))
    box = QRectF(0, 0, width, height)
    box.moveCenter(QRectF(QPointF(0, 0), picture.deviceIndependentSize()).center())
    paint_shape(painter, Node("head" if round_ else "mlp"), box)
    painter.end()
    return picture


def _paint_bands(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, exposed: QRectF) -> None:
    """A strip for each layer, with a low bar for each node."""
    layout, graph = scene.layout, scene.data.graph
    positions = camera.to_widget(layout.positions)
    pitch_x, pitch_y = layout.pitch_x * camera.scale, layout.pitch_y * camera.scale
    strip, low = mix(theme.panel, theme.faint, 0.16), mix(theme.panel, theme.faint, 0.5)
    for block, layer in [(each, layer) for each in blocks_of(graph) for layer in range(each.layers)]:
        first = block.row(layer)
        y = positions[first, 1]
        left, right = positions[first, 0] - 0.6 * pitch_x, positions[first + block.heads, 0] + 0.9 * pitch_x
        box = QRectF(left, y - 0.44 * pitch_y, right - left, 0.88 * pitch_y)
        if not box.intersects(exposed):
            continue
        painter.fillRect(box, strip)
        for number in range(first, first + block.heads + 1):
            shade = int(scene.shades[number])
            by_score = int(scene.score_shades[number])
            color = shade_color(theme, shade) if shade else score_color(theme, by_score) if by_score else low
            painter.fillRect(_bar(scene, camera, number, 0.3 + 0.3 * shade / SHADES), color)


def _paint_bars(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, exposed: QRectF) -> None:
    """In the bands, a bar for each node with edges: taller and stronger with the strongest of them."""
    for number in np.flatnonzero((scene.strength[:-1] >= 0) & ~kinds_of(scene.data.graph)[0]).tolist():
        share = (int(scene.strength[number]) + 1) / LEVELS
        bar = _bar(scene, camera, number, 0.4 + 0.6 * share)
        if bar.intersects(exposed):
            painter.fillRect(bar, mix(theme.panel, theme.muted, 0.5 + 0.5 * share))


def _bar(scene: Scene, camera: Camera, number: int, share: float) -> QRectF:
    """Of a node in its layer's band; `share` of the band's height. All of a layer stand on one line."""
    layout = scene.layout
    block = next(block for block in blocks_of(scene.data.graph) if number < block.end)
    layer, column = divmod(number - block.row(0), block.heads + 1)
    x = float(layout.positions[number, 0]) * camera.scale + camera.x
    foot = (layout.layer_y(layer) + 0.44 * layout.pitch_y) * camera.scale + camera.y
    band = 0.88 * layout.pitch_y * camera.scale
    width = max(min(0.5 * layout.pitch_x * camera.scale, band), 1.0) * (1.6 if column == block.heads else 1.0)
    height = band * share
    return QRectF(x - width / 2, foot - height, width, height)


def ring_rect(scene: Scene, camera: Camera, node: Node) -> QRectF:
    """What a ring goes round: a node's shape, or its place in a band."""
    if node.kind in ("head", "mlp") and is_far(scene, camera) and scene.mark(node).edited is None:
        return _bar(scene, camera, scene.layout.number(node), 1.0).adjusted(-2, -1, 2, 1)
    return node_rect(scene, camera, node)


def paint_marked(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, exposed: QRectF) -> None:
    """The named and edited nodes and the bars in the exposed rectangle; they lie on top of the edges."""
    far = is_far(scene, camera)
    if far:
        _paint_bars(painter, scene, camera, theme, exposed)
    for node in scene.marked:
        if far and node.kind in ("head", "mlp") and scene.mark(node).edited is None:
            continue  # its bar shows it
        rect = node_rect(scene, camera, node)
        if rect.intersects(exposed):
            paint_loud(painter, scene, camera, theme, node, rect)


def paint_loud(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, node: Node, rect: QRectF) -> None:
    """A node that takes part in something, or a bar."""
    edited = scene.mark(node).edited is not None
    if node.kind in ("input", "logits"):
        _paint_bar(painter, scene, theme, node, rect, edited)
        return
    pen = QPen(mix(theme.panel, theme.text, _ink(scene, node)), 1.3)
    if edited:
        pen.setDashPattern([2.2, 1.8])
    painter.setPen(pen)
    by_score = scene.score_shade(node)
    painter.setBrush(score_color(theme, by_score) if by_score else shade_color(theme, scene.shade(node)))
    paint_shape(painter, node, rect)
    paint_ports(painter, scene, camera, theme, node, QColor(theme.text))


def _ink(scene: Scene, node: Node) -> float:
    """Of the outline of a node: full, unless so many take part that the weaker ones must stand back."""
    if len(scene.marked) < MANY_MARKED or scene.mark(node).edited:
        return 1.0
    return 0.45 + 0.55 * (int(scene.strength[scene.layout.number(node)]) + 1) / LEVELS


def paint_shape(painter: QPainter, node: Node, rect: QRectF, grow: float = 0.0) -> None:
    """The outline of a node with the painter's pen and brush."""
    box = rect.adjusted(-grow, -grow, grow, grow)
    if node.kind == "head" or node.is_unit:
        painter.drawEllipse(box)
    else:
        corner = min(5.0, box.height() / 3) + grow * 0.5
        painter.drawRoundedRect(box, corner, corner)


def _paint_bar(painter: QPainter, scene: Scene, theme: Theme, node: Node, rect: QRectF, edited: bool) -> None:
    pen = QPen(QColor(theme.text if edited else theme.border), 1.2)
    if edited:
        pen.setDashPattern([3.0, 2.0])
    painter.setPen(pen)
    shade = scene.shade(node)
    by_score = scene.score_shade(node)
    scored = score_color(theme, by_score) if by_score else QColor(theme.raised)
    painter.setBrush(shade_color(theme, shade) if shade else scored)
    paint_shape(painter, node, rect)
    text = scene.data.input_label if node.kind == "input" else scene.data.output_label
    text = scene.data.text_label if node.tower else text
    if edited and scene.mark(node).label:
        text += f"  {scene.mark(node).label}"
    font = pixel_font(12)
    if rect.height() >= 13:
        painter.setFont(font)
        dark = shade > DARK_FROM or abs(by_score) > DARK_FROM
        painter.setPen(QColor(theme.panel) if dark else QColor(theme.text if shade or by_score else theme.muted))
        text = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width() - 8)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def paint_ports(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, node: Node, line: QColor) -> None:
    """The q, k and v ports of a head, where the eye is near enough; their edges end in them."""
    if node.kind != "head" or 2 * scene.layout.radius * camera.scale < PORTS_FROM:
        return
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
