"""What stays at the border of the canvas while the world moves: the names of the layers, how many edges are shown and
how many are not, what lines and marks mean, and why there is nothing to see."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from core.graph import Node
from core.tracing.meaning import hue_note
from views.canvas.camera import Camera
from views.canvas.corners import EDGE, Corners
from views.canvas.data import CanvasData, NodeChanges, NodeScores
from views.canvas.directions import paint_arrow, paint_dot
from views.canvas.labels import NOTE_PIXELS, pixel_font, sized, text_width
from views.canvas.node_layer import PORTS_FROM, score_color, shade_color
from views.canvas.readers import blocks_of
from views.canvas.scene import SHADES, Scene
from views.theme import mix
from views.theme_colors import Theme

LEGEND = ("solid measured · dashed estimated", hue_note(1))
NO_HUE = "grey: no sign"
READS, WRITES = "is read", "is written to"
CHANGED = "change of output"  # of a node; its tooltip says so
FILLS = ("estimated", "measured")  # of nodes, by their scores
MOST_CHANGED = ("is measured", "100 %")  # without and with its values
NOTICE_WIDTH = 380.0
GROUND = 0.95  # how much of what is below words they hide
_LAYER_STEPS = (1, 2, 5, 10, 20, 50, 100)
_LINE_PIXELS = 16.0


# ---- layers ------------------------------------------------------------------------------------------------


def legend(data: CanvasData) -> tuple[str, str]:
    """What the lines mean: how edges got their values, and what hues say."""
    solid, hues = f"solid measured · dashed {data.how}", hue_note(data.direction)
    if data.signed:
        return solid, hues
    return solid, f"{hues} · {NO_HUE}" if any(mark.signed for mark in data.edges) else NO_HUE


def _line() -> float:
    """The height of a line of notes."""
    return sized(_LINE_PIXELS)


def paint_layer_names(
    painter: QPainter, scene: Scene, camera: Camera, theme: Theme, size: QSizeF, foot: float = 12.0
) -> None:
    """`layer 0`, `layer 5` ... on the left, as many as have room above the lowest `foot` pixels; they stay at the
    border while the world moves."""
    layout = scene.layout
    pitch = layout.pitch_y * camera.scale
    step = 1 if pitch >= 20 else next((s for s in _LAYER_STEPS[1:] if s * pitch >= 44), 100)
    painter.setFont(pixel_font(NOTE_PIXELS))
    top = EDGE if layout.margins.top() == EDGE else layout.margins.top() - 4
    top = max(top, 40 + _line() * (len(_count_lines(scene.data)) - 1))
    bottom = size.height() - foot
    for layer in range(0, layout.layers, step):
        y = camera.point(0, layout.layer_y(layer)).y()
        if not top <= y <= bottom:
            continue
        text = f"layer {layer}"
        place = QRectF(EDGE - 3, y - _line() / 2, text_width(text, NOTE_PIXELS) + 6, _line())
        box = _layer_box(scene, camera, layer, place)
        if box is None or box.top() < top - 8:
            continue
        painter.fillRect(box, theme.color("panel", GROUND))
        painter.setPen(QColor(theme.muted))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _layer_box(scene: Scene, camera: Camera, layer: int, box: QRectF) -> QRectF | None:
    """Where the name of a layer covers none of its nodes: in the row, else above it. None where it would replace
    the name of a node; specks it may cover."""
    graph, layout = scene.data.graph, scene.layout
    block = blocks_of(graph)[0]  # the left one
    first = min(block.row(layer), block.end)
    across = layout.positions[first : min(first + block.heads + 1, block.end), 0] * camera.scale + camera.x
    reach = max(layout.mlp_size.width() / 2, layout.radius) * camera.scale
    near = np.flatnonzero((across + reach >= box.left()) & (across - reach <= box.right()))  # none, most of the time
    shapes = [camera.rect(layout.shape(graph.writers[first + int(place)])) for place in near]
    raised = box.translated(0, -scene.layout.radius * camera.scale - 10)
    for place in (box, raised):
        if not any(shape.intersects(place) for shape in shapes):
            return place
    return box if 2 * scene.layout.radius * camera.scale < PORTS_FROM else None


# ---- the upper corners ---------------------------------------------------------------------------------------


def count_words(data: CanvasData) -> str:
    """`214 of 70,651 edges`: the circuit, or what is shown in its place."""
    return f"{len(data.edges) - data.beside:,} of {data.graph.n_edges:,} edges"


def beside_words(data: CanvasData) -> str:
    """What is shown of the selection and of the edits that the circuit does not have: `+ 12 beside them`."""
    return f"+ {data.beside:,} beside them" if data.beside else ""


def weaker_words(data: CanvasData) -> str:
    """Of the selected node's edges, those that are not shown."""
    return f"{data.weaker:,} weaker of {data.weaker_of} not shown" if data.weaker else ""


def _count_lines(data: CanvasData, short: bool = False) -> list[str]:
    """Two at most: a third would come down to the graph. short: a bar stands beside the second."""
    weaker = f"{data.weaker:,} weaker{'' if short else ' not shown'}" if data.weaker else ""
    beside = beside_words(data).removesuffix(" them") if short else beside_words(data)
    more = ", ".join(words for words in (beside, weaker) if words)
    return [line for line in (f"{count_words(data)} shown", more) if line]


def header_widths(count: str) -> tuple[float, float]:
    """Pixels of the text in the upper left and the upper right corner."""
    return (
        text_width(count, NOTE_PIXELS),
        max(text_width(line, NOTE_PIXELS) for line in LEGEND),
    )


def widest_corners(data: CanvasData) -> Corners:
    """The most that the corners ever take, so that nothing moves when edges come and go."""
    every = f"{data.graph.n_edges:,}"
    ends = f"{min(data.graph.n_edges, 9_999):,}"  # more than a node has
    left, right = header_widths(f"{every} of {every} edges shown")
    second = text_width(f"+ {ends} beside them, {ends} weaker not shown", NOTE_PIXELS)
    short = text_width(f"+ {ends} beside, {ends} weaker", NOTE_PIXELS)
    hues = text_width(LEGEND[1], NOTE_PIXELS)
    return Corners(max(left, second), right, widest_foot(), short, hues)


def widest_foot() -> float:
    """The most of the lower left corner."""
    marks = text_width(READS, NOTE_PIXELS) + text_width(WRITES, NOTE_PIXELS) + 44
    most = max(text_width(words, NOTE_PIXELS) for words in MOST_CHANGED)
    shades = text_width(CHANGED, NOTE_PIXELS) + 8 + 6 * SHADES + 5 + most + 4
    fill = max(text_width(f"fill {how}", NOTE_PIXELS) for how in FILLS) + 8 + 8 * SHADES + 4
    return max(marks, shades, fill)


def count_box(data: CanvasData, short: bool = False) -> QRectF:
    """Where the count of edges stands (widget pixels)."""
    lines = _count_lines(data, short)
    width = max(text_width(line, NOTE_PIXELS) for line in lines)
    return QRectF(EDGE - 4, EDGE - 4, width + 8, 4 + _line() * len(lines))


def paint_header(
    painter: QPainter, data: CanvasData, theme: Theme, size: QSizeF, pointed_at: bool = False, short: bool = False
) -> None:
    """The number of edges on the left, what the lines mean on the right. pointed_at: the pointer is on the count,
    which opens a menu. short: a bar stands between the second lines."""
    painter.setFont(pixel_font(NOTE_PIXELS))
    ground = theme.color("panel", GROUND)
    painter.fillRect(count_box(data, short), ground)
    painter.setPen(QColor(theme.text if pointed_at else theme.muted))
    lines = _count_lines(data, short)
    for line, text in enumerate(lines):
        box = QRectF(EDGE, EDGE - 2 + _line() * line, text_width(text, NOTE_PIXELS) + 4, _line())
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft, text)
    painter.setPen(QColor(theme.muted))
    counts = [text_width(line, NOTE_PIXELS) for line in lines]
    for line, text in enumerate(legend(data)):  # each as wide as it is: edges pass beside the shorter one
        room = size.width() - 2 * EDGE - 24 - (counts[line] if line < len(counts) else 0.0)
        if short and line == 1:
            room = min(room, text_width(LEGEND[1], NOTE_PIXELS) + 1)
        text = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, room)
        width = text_width(text, NOTE_PIXELS)
        box = QRectF(
            size.width() - EDGE - width - 4, EDGE - 4 + _line() * line, width + 8, _line() + (0 if line == 0 else 4)
        )
        painter.fillRect(box, ground)
        box = QRectF(size.width() - EDGE - width - 4, EDGE - 2 + _line() * line, width + 4, _line())
        painter.drawText(box, Qt.AlignmentFlag.AlignRight, text)


# ---- the lower left corner: marks and fills --------------------------------------------------------------------


def paint_marks_legend(painter: QPainter, data: CanvasData, theme: Theme, size: QSizeF) -> None:
    """What the marks of a selected node's edges mean, and the fill of nodes after an edit."""
    painter.setFont(pixel_font(NOTE_PIXELS))
    top = size.height() - marks_legend_height(data)
    if _has_directions(data):
        _paint_directions(painter, theme, top)
        top += _line()
    if data.changes is not None:
        _paint_shades(painter, data.changes, theme, top)
    elif data.scores is not None:
        _paint_score_shades(painter, data.scores, theme, top)


def marks_legend_height(data: CanvasData) -> float:
    """How high above the lower border of the canvas it begins, in pixels."""
    return EDGE - 4 + _line() * (_has_directions(data) + (data.changes is not None or data.scores is not None))


def foot_box(data: CanvasData, view: QRectF) -> QRectF | None:
    """What they take of a view (widget pixels); None where there are none."""
    height = marks_legend_height(data)
    return QRectF(view.left(), view.bottom() - height, EDGE + widest_foot(), height) if height > EDGE else None


def _has_directions(data: CanvasData) -> bool:
    return any(isinstance(target, Node) for target in data.selection)


def _paint_directions(painter: QPainter, theme: Theme, top: float) -> None:
    read, written = text_width(READS, NOTE_PIXELS), text_width(WRITES, NOTE_PIXELS)
    painter.fillRect(QRectF(EDGE - 4, top, read + written + 48, _line()), theme.color("panel", GROUND))
    ink, middle = QColor(theme.muted), top + _line() / 2
    paint_dot(painter, QPointF(EDGE + 4, middle), theme, ink)
    painter.setPen(ink)
    painter.drawText(QRectF(EDGE + 12, top, read + 4, _line()), Qt.AlignmentFlag.AlignVCenter, READS)
    left = EDGE + 12 + read + 14
    paint_arrow(painter, QPointF(left + 4, middle - 4), QPointF(0, -1), theme, ink)
    painter.setPen(ink)
    painter.drawText(QRectF(left + 12, top, written + 4, _line()), Qt.AlignmentFlag.AlignVCenter, WRITES)


def _paint_shades(painter: QPainter, changes: NodeChanges, theme: Theme, top: float) -> None:
    name, most = text_width(CHANGED, NOTE_PIXELS), MOST_CHANGED[changes.values is not None]
    width = name + 8 + 6 * SHADES + 5 + text_width(most, NOTE_PIXELS)
    painter.fillRect(QRectF(EDGE - 4, top, width + 8, _line()), theme.color("panel", GROUND))
    painter.setPen(QColor(theme.muted))
    painter.drawText(QRectF(EDGE, top, name + 4, _line()), Qt.AlignmentFlag.AlignVCenter, CHANGED)
    x = EDGE + name + 8
    if changes.values is not None:
        for shade in range(1, SHADES + 1):
            painter.fillRect(QRectF(x, top + 3, 6, _line() - 6), shade_color(theme, shade))
            x += 6
        x += 5
    painter.drawText(QRectF(x, top, 100, _line()), Qt.AlignmentFlag.AlignVCenter, most)


def _paint_score_shades(painter: QPainter, scores: NodeScores, theme: Theme, top: float) -> None:
    """From the score that leads away from A most to the one that leads towards it most; the hues are said in the
    header."""
    how = f"fill {scores.how}" + ("" if scores.signed else ", no sign")
    name = text_width(how, NOTE_PIXELS)
    shades = [*range(-SHADES, 0), *range(1, SHADES + 1)] if scores.signed else [*range(SHADES + 1, 2 * SHADES + 1)]
    width = name + 8 + 4 * len(shades)
    painter.fillRect(QRectF(EDGE - 4, top, width + 8, _line()), theme.color("panel", GROUND))
    painter.setPen(QColor(theme.muted))
    painter.drawText(QRectF(EDGE, top, name + 4, _line()), Qt.AlignmentFlag.AlignVCenter, how)
    x = EDGE + name + 8
    for shade in shades:
        painter.fillRect(QRectF(x, top + 3, 4, _line() - 6), score_color(theme, shade))
        x += 4


# ---- nothing to see ----------------------------------------------------------------------------------------


def paint_notice(painter: QPainter, text: str, theme: Theme, size: QSizeF) -> None:
    """Why nothing is shown, in the middle of the canvas."""
    font = pixel_font(13)
    width = min(NOTICE_WIDTH, size.width() - 2 * EDGE - 32)
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    inside = QFontMetricsF(font).boundingRect(QRectF(0, 0, width, 400), flags, text)
    box = QRectF(0, 0, inside.width() + 32, inside.height() + 22)
    box.moveCenter(QPointF(size.width() / 2, size.height() / 2))
    painter.setPen(QPen(QColor(theme.border), 1.0))
    painter.setBrush(QColor(mix(theme.panel, theme.raised, 0.8)))
    painter.drawRoundedRect(box, 6, 6)
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    painter.drawText(box.adjusted(16, 11, -16, -11), flags, text)
