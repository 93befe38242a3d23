"""Figures: the canvas as SVG, PDF or PNG, with a legend and a caption that say what it shows.

The same painters as the window's, the whole graph framed, without selection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import (
    QPointF,
    QRectF,
    QSizeF,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QPainter,
    QPen,
    QTextLayout,
    QTextOption,
)

from core.edits import KINDS, EditKind
from core.tracing.meaning import hues
from views.canvas.border import beside_words, count_words, header_widths, paint_layer_names
from views.canvas.camera import framed
from views.canvas.corners import EDGE, Corners
from views.canvas.data import CanvasData, EdgeMark, NodeMark
from views.canvas.edge_layer import dash_lengths, edge_color
from views.canvas.groups import paint_groups
from views.canvas.labels import NOTE_PIXELS, Pill, pill_size, pixel_font, text_width
from views.canvas.layout import make_layout
from views.canvas.painter import paint_pill, paint_world
from views.canvas.scene import make_scene
from views.figures.data import FigureCaption
from views.figures.formats import write_painted
from views.theme_colors import LIGHT, Theme

SIZE = QSizeF(760, 540)  # of the graph; legend and caption are added below
CAPTION_PIXELS = 12
LINE = 18.0
MOST_LINES = 6  # of one entry of the caption


class Drawing(Protocol):
    """What a figure is of."""

    @property
    def words(self) -> str:
        """How much of how much it shows."""

    @property
    def marks(self) -> Sequence[EdgeMark | NodeMark]:
        """All that the legend must explain."""

    @property
    def how(self) -> str:
        """What dashed edges are: "estimated", "scored", "drawn"."""

    def paint(self, painter: QPainter, size: QSizeF, theme: Theme) -> None:
        """Draw it from (0, 0) to a size, framed."""


@dataclass(frozen=True)
class GraphDrawing:
    """The whole graph."""

    data: CanvasData

    @property
    def words(self) -> str:
        return f"{count_words(self.data)} {beside_words(self.data)}".strip()

    @property
    def marks(self) -> Sequence[EdgeMark | NodeMark]:
        return (*self.data.edges, *self.data.nodes.values())

    @property
    def how(self) -> str:
        return self.data.how

    def paint(self, painter: QPainter, size: QSizeF, theme: Theme) -> None:
        left, _ = header_widths(self.words)
        layout = make_layout(self.data.graph, size, Corners(left))
        scene = make_scene(self.data, layout)
        camera = framed(layout.bounds, size, layout.margins, 1.0)
        paint_world(painter, scene, camera, theme, QRectF(QPointF(0, 0), size))
        paint_layer_names(painter, scene, camera, theme, size)
        paint_groups(painter, scene, camera, theme, size, None)


def write_figure(
    path: str | Path,
    data: CanvasData | Drawing,
    caption: FigureCaption,
    theme: Theme = LIGHT,
    scale: int = 1,
    size: QSizeF = SIZE,
) -> None:
    """Write a figure; the ending of the path says the format (.svg, .pdf, .png). `scale` multiplies the pixels
    of a PNG; `size` is that of the graph in pixels of 1/96 inch.

    Raises WirescopeError when the format is unknown or the file cannot be written.
    """
    write_painted(path, Figure(data, caption, theme, size), scale)


class Figure:
    """A figure laid out and ready to paint on anything."""

    def __init__(self, data: CanvasData | Drawing, caption: FigureCaption, theme: Theme, size: QSizeF) -> None:
        self.drawing = drawing = GraphDrawing(data) if isinstance(data, CanvasData) else data
        self.theme = theme
        self.graph_size = QSizeF(max(size.width(), 360.0), max(size.height(), 240.0))
        self.title = f"{caption.model}: {drawing.words}"
        self._legend = _legend(drawing.marks, drawing.how)
        self._legend_rows = self._flow_legend()
        self._text = self._wrap(caption)
        below = (self._legend_rows[-1][1] + 1) * LINE + 14 + len(self._text) * LINE + EDGE
        self.size = QSizeF(self.graph_size.width(), round(self.graph_size.height() + below))

    def _flow_legend(self) -> list[tuple[float, int]]:
        """Left edge and row of every entry of the legend."""
        places, x, row = [], EDGE, 0
        for kind, words in self._legend:
            width = _SWATCH[kind] + 6 + text_width(words, NOTE_PIXELS)
            if x > EDGE and x + width > self.graph_size.width() - EDGE:
                x, row = EDGE, row + 1
            places.append((x, row))
            x += width + 18
        return places

    def _wrap(self, caption: FigureCaption) -> list[tuple[str, str]]:
        """Lines of the caption: (the entry's name or nothing, text)."""
        lines = []
        for name, text in caption.entries():
            room = self.graph_size.width() - 2 * EDGE - self._indent
            wrapped = wrap(text, pixel_font(CAPTION_PIXELS), room)
            if len(wrapped) > MOST_LINES:
                wrapped = [*wrapped[: MOST_LINES - 1], wrapped[MOST_LINES - 1][:-2].rstrip() + " …"]
            lines += [(name if number == 0 else "", line) for number, line in enumerate(wrapped)]
        return lines

    @property
    def _indent(self) -> float:
        return text_width("Metric", CAPTION_PIXELS, QFont.Weight.DemiBold) + 12

    def paint(self, painter: QPainter) -> None:
        """Draw it from (0, 0) to `size`."""
        theme = self.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(QPointF(0, 0), self.size), QColor(theme.panel))
        self.drawing.paint(painter, self.graph_size, theme)
        painter.setFont(pixel_font(NOTE_PIXELS))
        painter.setPen(QColor(theme.muted))
        _write(painter, EDGE, EDGE + 10, self.drawing.words)
        self._paint_below(painter)

    def _paint_below(self, painter: QPainter) -> None:
        theme, top = self.theme, self.graph_size.height()
        for (kind, words), (x, row) in zip(self._legend, self._legend_rows, strict=True):
            y = top + row * LINE + LINE / 2
            _paint_swatch(painter, kind, x, y, theme)
            painter.setFont(pixel_font(NOTE_PIXELS))
            painter.setPen(QColor(theme.muted))
            _write(painter, x + _SWATCH[kind] + 6, y + 4, words)
        y = top + (self._legend_rows[-1][1] + 1) * LINE + 4
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(QPointF(EDGE, y), QPointF(self.size.width() - EDGE, y))
        y += 6
        for name, text in self._text:
            y += LINE
            if name:
                painter.setFont(pixel_font(CAPTION_PIXELS, QFont.Weight.DemiBold))
                painter.setPen(QColor(theme.text))
                _write(painter, EDGE, y - 4, name)
            painter.setFont(pixel_font(CAPTION_PIXELS))
            painter.setPen(QColor(theme.text))
            _write(painter, EDGE + self._indent, y - 4, text)


def wrap(text: str, font: QFont, width: float) -> list[str]:
    """Break a text into lines that fit, at words where that is possible."""
    lines = []
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    for paragraph in text.split("\n"):
        units = paragraph.encode("utf-16-le", "replace")  # Qt counts in these, and an emoji is two
        layout = QTextLayout(paragraph, font)
        layout.setTextOption(option)
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            start, end = 2 * line.textStart(), 2 * (line.textStart() + line.textLength())
            lines.append(units[start:end].decode("utf-16-le", "replace").rstrip())
        layout.endLayout()
    return lines


# ---- legend -----------------------------------------------------------------------------------------------

_CHANGED: dict[EditKind, str] = {kind: row.done for kind, row in KINDS.items() if row.sign}
_PILLS: dict[str, EditKind] = {"cut": "zero", "patch": "patch", **{kind: kind for kind in _CHANGED}}
_SWATCH = {
    **dict.fromkeys(_PILLS, 52.0),
    "positive": 26.0,
    "negative": 26.0,
    "unsigned": 26.0,
    "solid": 26.0,
    "dashed": 26.0,
    "unknown": 26.0,
}


def _legend(marks: Sequence[EdgeMark | NodeMark], how: str) -> list[tuple[str, str]]:
    """What needs explaining: (swatch, words)."""
    signed = {mark.signed for mark in marks if isinstance(mark, EdgeMark)} or {True}
    blue, orange = hues(next((mark.direction for mark in marks if isinstance(mark, EdgeMark)), 1))
    entries = [("positive", blue), ("negative", orange)] if True in signed else []
    entries += [("unsigned", "no sign")] if False in signed else []
    entries += [("solid", "measured"), ("dashed", how)]
    if any(isinstance(mark, EdgeMark) and mark.value is None for mark in marks):
        entries.append(("unknown", "not scored"))
    kinds = {mark.edited for mark in marks if mark.edited}
    if any(not KINDS[kind].from_b and kind not in _CHANGED for kind in kinds):
        entries.append(("cut", "cut, with the metric's change"))
    if any(KINDS[kind].from_b for kind in kinds):
        entries.append(("patch", "cut or patched from B, with the metric's change"))
    entries += [(kind, f"{words}, with the metric's change") for kind, words in _CHANGED.items() if kind in kinds]
    return entries


def _paint_swatch(painter: QPainter, kind: str, x: float, y: float, theme: Theme) -> None:
    colors = {"positive": theme.positive, "negative": theme.negative, "unsigned": theme.neutral}
    color = QColor(colors.get(kind, theme.muted))
    pen = QPen(color, 2.2) if kind != "unknown" else QPen(edge_color(theme, 0, 0), 1.0)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if kind == "dashed":
        pen.setDashPattern([length / 2.2 for length in dash_lengths(2.2)])
    painter.setPen(pen)
    width = _SWATCH[kind]
    if kind not in _PILLS:
        painter.drawLine(QPointF(x, y), QPointF(x + width, y))
        return
    size = pill_size("")
    painter.drawLine(QPointF(x, y), QPointF(x + (width - size.width()) / 2 - 4, y))
    painter.drawLine(QPointF(x + (width + size.width()) / 2 + 4, y), QPointF(x + width, y))
    box = QRectF(x + (width - size.width()) / 2, y - 8, size.width(), 16)
    paint_pill(painter, Pill(box, _PILLS[kind], ""), theme)


def _write(painter: QPainter, x: float, y: float, text: str) -> None:
    painter.drawText(QPointF(x, y), text)
