"""A figure for a paper: a circuit at a given width, with legend, tokens and a caption. No text is smaller than 6 pt,
and none overlaps another: names lie within boxes that keep their distance, the rest is set in lines."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from views.canvas.labels import pixel_font, text_width
from views.figures.figure import wrap
from views.figures.paper_data import PaperBox, PaperData, PaperLine
from views.theme_colors import LIGHT, Theme

NAME, SMALL = 9, 8  # pixels of 1/96 inch; 8 are 6 pt, which is the least that is read in print
MARGIN, LINE = 4.0, 11.0
SWATCH = 18.0
DASHES = (4.0, 2.0)  # of a line's width
# Told apart without colour: one dark, one light.
PRINT = replace(LIGHT, positive="#0a2f6b", negative="#e08214", muted="#333333", text="#000000", neutral="#777777")
PALETTES = {"light": LIGHT, "print": PRINT}


class PaperFigure:
    """A figure laid out. width: in pixels of 1/96 inch."""

    def __init__(self, data: PaperData, width: float, theme: Theme = LIGHT) -> None:
        self.data, self.theme = data, theme
        self.title = data.title
        room = width - 2 * MARGIN
        self.drawing = data.arrange(lambda text: text_width(text, NAME), room)
        self.tokens = self._flow([(text, text_width(text, SMALL) + 4) for text in data.tokens], room, 2)
        entries = [(words, SWATCH + 4 + text_width(words, SMALL)) for words, _, _ in self._legend()]
        self.legend = self._flow(entries, room, 10)
        font = pixel_font(SMALL)
        self.caption = [line for text in data.caption if text for line in wrap(text, font, room)]
        rows = (self._rows(self.tokens) * (LINE + 2), self._rows(self.legend) * LINE, len(self.caption) * LINE)
        self.size = QSizeF(width, round(self.drawing.height + sum(rows) + 4 * MARGIN + 6))

    def _legend(self) -> list[tuple[str, str, bool]]:
        """(words, a colour of the theme, whether it is a group's)."""
        colors = {"towards": "positive", "away": "negative", "plain": "neutral"}
        entries = [(words, colors[hue], False) for hue, words in self.data.hues]
        return entries + [(name, color, True) for name, color in self.data.groups]

    @staticmethod
    def _flow(entries: list[tuple[str, float]], room: float, gap: float) -> list[tuple[str, float, int, float]]:
        """(text, x, row, width): one after the other, in as many rows as it takes."""
        placed, x, row = [], 0.0, 0
        for text, width in entries:
            if x and x + width > room:
                x, row = 0.0, row + 1
            placed.append((text, x, row, width))
            x += width + gap
        return placed

    @staticmethod
    def _rows(placed: list[tuple[str, float, int, float]]) -> int:
        return placed[-1][2] + 1 if placed else 0

    def paint(self, painter: QPainter) -> None:
        """Draw it from (0, 0) to `size`."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(QPointF(0, 0), self.size), QColor("#ffffff"))
        painter.save()
        painter.translate((self.size.width() - self.drawing.width) / 2, MARGIN)
        for frame in self.drawing.frames:
            painter.setPen(QPen(self.theme.color(frame.color), 0.8))
            painter.setBrush(self.theme.color(frame.color, 0.12))
            painter.drawRoundedRect(QRectF(frame.left, frame.top, frame.width, frame.height), 4, 4)
        for line in self.drawing.lines:
            self._paint_line(painter, line)
        for box in self.drawing.boxes:
            self._paint_box(painter, box)
        painter.restore()
        self._paint_below(painter)

    def _pen(self, color: str, width: float) -> QPen:
        pen = QPen(QColor(getattr(self.theme, color)), width)
        if self.data.how != "measured":
            pen.setDashPattern(list(DASHES))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        return pen

    def _paint_line(self, painter: QPainter, line: PaperLine) -> None:
        color = {"towards": "positive", "away": "negative", "plain": "neutral"}[line.hue]
        start, *rest = (QPointF(x, y) for x, y in line.points)
        path = QPainterPath(start)
        path.cubicTo(*rest)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._pen(color, 0.6 + 1.6 * line.weight))
        painter.drawPath(path)

    def _paint_box(self, painter: QPainter, box: PaperBox) -> None:
        painter.setPen(QPen(QColor(self.theme.muted), 0.7))
        painter.setBrush(QColor("#ffffff"))
        radius = 5.0 if box.is_head else 1.5
        painter.drawRoundedRect(QRectF(box.left, box.top, box.width, box.height), radius, radius)
        painter.setFont(pixel_font(NAME, QFont.Weight.Medium))
        painter.setPen(QColor(self.theme.text))
        x = box.left + (box.width - text_width(box.name, NAME)) / 2
        painter.drawText(QPointF(x, box.top + 11), box.name)
        painter.setFont(pixel_font(SMALL))
        painter.setPen(QColor(self.theme.muted))
        for letter, middle in box.ports:
            place = QPointF(middle - text_width(letter, SMALL) / 2, box.top + box.height - 3.5)
            painter.drawText(place, letter)

    def _paint_below(self, painter: QPainter) -> None:
        theme, y = self.theme, self.drawing.height + 2 * MARGIN
        painter.setFont(pixel_font(SMALL))
        for text, x, row, width in self.tokens:
            box = QRectF(MARGIN + x, y + row * (LINE + 2), width, LINE)
            painter.fillRect(box, QColor(theme.raised))
            painter.setPen(QColor(theme.text))
            painter.drawText(QPointF(box.left() + 2, box.bottom() - 2.5), text)
        y += self._rows(self.tokens) * (LINE + 2) + MARGIN
        for (text, x, row, _), (_, color, is_group) in zip(self.legend, self._legend(), strict=True):
            middle = y + row * LINE + LINE / 2
            left = MARGIN + x
            if is_group:
                painter.setPen(QPen(theme.color(color), 0.8))
                painter.setBrush(theme.color(color, 0.12))
                painter.drawRect(QRectF(left, middle - 3, SWATCH, 6))
            else:
                painter.setPen(self._pen(color, 1.6))
                painter.drawLine(QPointF(left, middle), QPointF(left + SWATCH, middle))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QPointF(left + SWATCH + 4, middle + 3), text)
        y += self._rows(self.legend) * LINE + 3
        painter.setPen(QColor(theme.text))
        for number, text in enumerate(self.caption):
            painter.drawText(QPointF(MARGIN, y + (number + 1) * LINE - 2), text)
