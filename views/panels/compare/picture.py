"""Two circuits on one layout as a figure for others, with what tells the lines apart, what both are of, and how much
they share."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from views.canvas.border import paint_layer_names
from views.canvas.camera import framed
from views.canvas.compared import ComparedEdges, ComparedWorld, paint_swatch
from views.canvas.corners import EDGE
from views.canvas.labels import NOTE_PIXELS, pixel_font
from views.canvas.layout import make_layout
from views.canvas.scene import make_scene
from views.figures.figure import wrap
from views.panels.compare.data import ComparisonData
from views.theme_colors import LIGHT, Theme

SIZE = QSizeF(760, 540)  # of the graph; legend and text are added below
LINE = 18.0
SWATCH = 48.0


class ComparisonFigure:
    """Laid out and ready to paint on anything. size: in pixels of 1/96 inch."""

    def __init__(self, data: ComparisonData, theme: Theme = LIGHT) -> None:
        self._data, self._theme = data, theme
        self.title = f"Two circuits: {data.names[0]}; {data.names[1]}"
        font = pixel_font(NOTE_PIXELS)
        self._text = [line for part in self._parts() for line in wrap(part, font, SIZE.width() - 2 * EDGE)]
        self.size = QSizeF(SIZE.width(), SIZE.height() + (len(data.legend) + len(self._text)) * LINE + 2 * EDGE)

    def _parts(self) -> list[str]:
        data = self._data
        both, first, second = data.nodes
        parts = [f"The first: {data.names[0]}", f"The second: {data.names[1]}", f"{data.overlap_words}."]
        parts.append(f"Heads and MLPs in both: {both:,}, only in the first: {first:,}, only in the second: {second:,}.")
        for column in data.columns:
            if column.problem:
                parts.append(f"Recovered {column.title}: not known. {column.problem}")
            else:
                shares = f"the first {column.first}, the second {column.second}, random edges {column.random}"
                parts.append(f"Recovered {column.title}: {shares}. {column.tip}")
        return [*parts, *data.notes]

    def paint(self, painter: QPainter) -> None:
        """Draw it from (0, 0) to `size`."""
        data, theme = self._data, self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(QPointF(0, 0), self.size), QColor(theme.panel))
        layout = make_layout(data.graph, SIZE)
        edges = ComparedEdges(data.both, data.only_first, data.only_second).few()
        scene = make_scene(edges.canvas_data(data.graph, data.input_label, data.output_label), layout)
        camera = framed(layout.bounds, SIZE, layout.margins, 1.0)
        world = ComparedWorld(scene, edges, edges.nodes(data.graph))
        for _ in world.steps(painter, camera, theme, QRectF(QPointF(0, 0), SIZE), vector=True):
            pass
        paint_layer_names(painter, scene, camera, theme, SIZE)
        y = SIZE.height() + EDGE / 2
        for kind, words in data.legend:
            paint_swatch(painter, kind, QRectF(EDGE, y, SWATCH, LINE), theme)
            self._write(painter, EDGE + SWATCH + 8, y, words, QFont.Weight.DemiBold)
            y += LINE
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(QPointF(EDGE, y + 4), QPointF(self.size.width() - EDGE, y + 4))
        y += 8
        for line in self._text:
            self._write(painter, EDGE, y, line, QFont.Weight.Normal)
            y += LINE

    def _write(self, painter: QPainter, x: float, y: float, words: str, weight: QFont.Weight) -> None:
        painter.setFont(pixel_font(NOTE_PIXELS, weight))
        painter.setPen(QColor(self._theme.text))
        painter.drawText(QPointF(x, y + LINE - 5), words)
