"""At the border of the second level: the names of the rows, what is shown of how much, and the mini-map's picture."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from core.graph import Node
from core.tracing.meaning import hue_note
from views.canvas.border import LEGEND
from views.canvas.camera import Camera
from views.canvas.corners import EDGE
from views.canvas.labels import NOTE_PIXELS, pixel_font, sized
from views.canvas.positions.data import PositionsData
from views.canvas.positions.scene import PositionsScene
from views.theme import mix
from views.theme_colors import Theme

ROW_NAMES = 62.0  # pixels at the left border that the names of the rows take
HEADS, LEAST_HEAD = 19.0, 16.0  # pixels: how high the names of columns at the lower border are, how narrow at least


def paint_row_names(
    painter: QPainter, scene: PositionsScene, camera: Camera, theme: Theme, size: QSizeF, loud: frozenset[Node]
) -> None:
    """The nodes' names on the left, as many as have room; they stay at the border while the world moves. loud: those
    that are selected or pointed at."""
    layout = scene.layout
    names = sorted(zip(layout.nodes, layout.rows.tolist(), strict=True), key=lambda item: item[0] not in loud)
    taken: list[float] = []
    painter.fillRect(QRectF(1, 6 + sized(34), sized(ROW_NAMES) - 2, size.height() - 42), theme.color("panel", 0.8))
    for node, row in names:
        y = camera.point(0, row).y()
        if not 12 + sized(34) < y < size.height() - 12 or any(abs(y - other) < sized(12.5) for other in taken):
            continue
        taken.append(y)
        strong = node in loud
        painter.setFont(pixel_font(NOTE_PIXELS, QFont.Weight.DemiBold if strong else QFont.Weight.Normal))
        painter.setPen(QColor(theme.text if strong else theme.muted))
        painter.drawText(QRectF(EDGE, y - 8, sized(ROW_NAMES) - EDGE, 16), Qt.AlignmentFlag.AlignVCenter, node.name)


def column_heads(scene: PositionsScene, camera: Camera, size: QSizeF) -> list[tuple[int, QRectF]]:
    """Where the columns in sight are named at the lower border, while their own chips are not in sight: column and
    place (widget pixels)."""
    layout = scene.layout
    if not scene.data.columns or camera.rect(layout.chip(0)).bottom() <= size.height():
        return []
    height, left, heads = sized(HEADS), sized(ROW_NAMES), []
    for number, (centre, width) in enumerate(zip(layout.centres.tolist(), layout.widths.tolist(), strict=True)):
        x, half = camera.point(centre, 0).x(), width * camera.scale / 2 - 2
        box = QRectF(x - half, size.height() - height - 2, 2 * half, height)
        box.setLeft(max(box.left(), left + 2))
        box.setRight(min(box.right(), size.width() - 4))
        if box.width() >= LEAST_HEAD:
            heads.append((number, box))
    return heads


def paint_column_heads(painter: QPainter, scene: PositionsScene, camera: Camera, theme: Theme, size: QSizeF) -> None:
    """The tokens or patches stay in sight while the world moves."""
    heads = column_heads(scene, camera, size)
    if not heads:
        return
    top = heads[0][1].top() - 3
    painter.fillRect(QRectF(1, top, size.width() - 2, size.height() - top - 1), theme.color("panel", 0.95))
    painter.setFont(pixel_font(NOTE_PIXELS))
    for number, box in heads:
        column = scene.data.columns[number]
        painter.setPen(QPen(QColor(theme.selection if column.chosen else theme.border), 1.0))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(QColor(theme.text))
        words = QFontMetricsF(painter.font()).elidedText(column.text, Qt.TextElideMode.ElideRight, box.width() - 6)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def positions_count(data: PositionsData) -> str:
    """ "61 of 1,840 links · 14 of 257 columns" """
    words = f"{len(data.links):,} of {data.links_in_all:,} links"
    if data.hidden_columns:
        every = len(data.columns) + data.hidden_columns
        words += f" · {len(data.columns)} of {every:,} {'columns' if data.picture else 'tokens'}"
    unfolded, in_all = data.edges
    return words if unfolded >= in_all else f"{words} · {unfolded} strongest of {in_all:,} edges"


def second_line(data: PositionsData) -> str:
    """What arcs and lines are; of wires that are kept at some columns only, at how many, and what they recover."""
    if data.kept_words:
        return data.kept_words
    if data.scored:
        return f"arcs move · lines stay · fill {data.scored}"
    return f"arcs move between {'patches' if data.picture else 'tokens'} · lines stay"


def paint_positions_header(painter: QPainter, data: PositionsData, theme: Theme, size: QSizeF) -> None:
    """What is shown of how much on the left, what the lines mean on the right."""
    ground = theme.color("panel", 0.85)
    painter.fillRect(QRectF(1, 1, size.width() - 2, EDGE + sized(32) - 2), ground)
    painter.setFont(pixel_font(NOTE_PIXELS))
    painter.setPen(QColor(theme.muted))
    for line, text in enumerate((positions_count(data), second_line(data))):
        box = QRectF(EDGE, EDGE - 2 + sized(16) * line, size.width() / 2, sized(16))
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft, text)
    for line, text in enumerate((LEGEND[0], hue_note(data.direction))):
        box = QRectF(size.width() / 2, EDGE - 2 + sized(16) * line, size.width() / 2 - EDGE, sized(16))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight, text)


def paint_note(painter: QPainter, note: str, theme: Theme, size: QSizeF) -> None:
    """Why there is nothing to see."""
    painter.setFont(pixel_font(13))
    painter.setPen(QColor(theme.muted))
    box = QRectF(40, 60, size.width() - 80, size.height() - 120)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, note)


def paint_positions_small(painter: QPainter, scene: PositionsScene, camera: Camera, theme: Theme) -> None:
    """The whole for the mini-map: the chips, and a mark for every node at a column."""
    for spot in scene.spots:
        rect = camera.rect(scene.layout.shape(spot))
        inner = spot.node.kind in ("head", "mlp")
        color = QColor(theme.positive) if inner else mix(theme.window, theme.muted, 0.4)
        least = 2.0
        painter.fillRect(QRectF(rect.topLeft(), rect.size().expandedTo(QSizeF(least, least))), color)
