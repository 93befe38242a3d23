"""A figure of the dock as a picture for others: in the light theme and at the usual size of text, with its legend and
with what it is of below it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from views.canvas.labels import NOTE_PIXELS, pixel_font, text_width
from views.figures.figure import wrap
from views.figures.formats import write_painted
from views.panels.plots.chart import Chart
from views.panels.plots.data import PlotsData
from views.panels.plots.legend import SWATCH, paint_swatch
from views.panels.plots.plot import Plot
from views.theme import usual_text
from views.theme_colors import LIGHT, Theme

WIDTH, HEIGHT = 760, 420  # pixels of 1/96 inch, of the chart
EDGE, LINE = 16.0, 18.0
FINENESS = 2  # of a PNG


def write_plot(path: str | Path, plot: Plot, data: PlotsData, hidden: frozenset[int] = frozenset()) -> None:
    """Write a figure; the ending of the path says the format (.svg, .pdf, .png). Raises WirescopeError."""
    with usual_text():
        fineness = FINENESS if Path(path).suffix.lower() == ".png" else 1
        picture = Picture(plot, data, hidden, fineness)
        try:
            write_painted(path, picture, FINENESS)
        finally:
            picture.close()


class Picture:
    """Laid out and ready to paint on anything. size: in pixels; title: in a line."""

    def __init__(
        self, plot: Plot, data: PlotsData, hidden: frozenset[int], fineness: float = 1, theme: Theme = LIGHT
    ) -> None:
        self._theme = theme
        self._chart = Chart(theme=theme, fineness=fineness)
        self._chart.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self._chart.resize(WIDTH, HEIGHT)
        self._chart.show()  # else it has no places yet
        plot.draw(self._chart, data, hidden)
        self._chart.getPlotItem().layout.activate()
        self._chart.fit()
        self._chart.scene().prepareForPaint()
        self._chart.place_names()
        stale = "Of an earlier state: " if plot.stale(data) else ""
        self.title = f"{plot.title}: {stale}{plot.caption(data)}"
        self._legend = [entry for entry in plot.legend(data) if entry.key not in hidden or entry.key is None]
        room = WIDTH - 2 * EDGE
        tips = [f"{entry.name}: {entry.tip}".replace("\n", "; ") for entry in self._legend if entry.tip]
        bold, usual = QFont.Weight.DemiBold, QFont.Weight.Normal
        parts = [(f"{stale}{plot.caption(data)}", bold), (plot.note(data), usual), *((tip, usual) for tip in tips)]
        self._text = [
            (line, weight)
            for part, weight in parts
            if part
            for line in wrap(part, pixel_font(NOTE_PIXELS, weight), room)
        ]
        self._places = self._flow()
        below = (self._places[-1][1] + 1 if self._places else 0) * LINE + len(self._text) * LINE + 2 * EDGE
        self.size = QSizeF(WIDTH, round(HEIGHT + below))

    def _flow(self) -> list[tuple[float, int]]:
        """Left edge and row of every entry of the legend."""
        places, x, row = [], EDGE, 0
        for entry in self._legend:
            width = SWATCH.width() + 6 + text_width(entry.name, NOTE_PIXELS)
            if x > EDGE and x + width > WIDTH - EDGE:
                x, row = EDGE, row + 1
            places.append((x, row))
            x += width + 18
        return places

    def paint(self, painter: QPainter) -> None:
        """Draw it from (0, 0) to `size`."""
        theme = self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(QPointF(0, 0), self.size), QColor(theme.panel))
        chart = QRectF(0, 0, WIDTH, HEIGHT)
        self._chart.scene().render(painter, chart, self._chart.sceneRect())
        painter.setFont(pixel_font(NOTE_PIXELS))
        rows = HEIGHT + 8.0
        for entry, (x, row) in zip(self._legend, self._places, strict=True):
            y = rows + row * LINE + LINE / 2
            paint_swatch(painter, entry, QRectF(x, y - SWATCH.height() / 2, SWATCH.width(), SWATCH.height()), theme)
            painter.setPen(QColor(theme.text))
            painter.setFont(pixel_font(NOTE_PIXELS))
            painter.drawText(QPointF(x + SWATCH.width() + 6, y + 4), entry.name)
        y = rows + (self._places[-1][1] + 1 if self._places else 0) * LINE + 4
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(QPointF(EDGE, y), QPointF(WIDTH - EDGE, y))
        painter.setPen(QColor(theme.text))
        for number, (line, weight) in enumerate(self._text):
            painter.setFont(pixel_font(NOTE_PIXELS, weight))
            painter.drawText(QPointF(EDGE, y + (number + 1) * LINE), line)

    def close(self) -> None:
        """Let the chart go."""
        self._chart.hide()  # its own `close` takes it apart
        self._chart.deleteLater()
