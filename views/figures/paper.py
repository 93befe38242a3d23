"""A figure for a paper: a circuit at a given width, with legend, tokens and a caption. No text is smaller than 6 pt,
and none overlaps another: names lie within boxes that keep their distance, the rest is set in lines."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from views.canvas.labels import pixel_font, text_width
from views.figures.figure import wrap
from views.figures.paper_data import Cancelled, PaperBox, PaperData, PaperDrawing, PaperLine
from views.theme import usual_text
from views.theme_colors import DARK, LIGHT, Theme

NAME, SMALL = 9, 8  # pixels of 1/96 inch; 8 are 6 pt, which is the least that is read in print
MARGIN, LINE = 4.0, 11.0
SWATCH = 18.0
THUMBNAIL = 64.0  # of an input that is a picture
DASHES = (4.0, 2.0)  # of a line's width
# Told apart without colour: one dark, one light.
PRINT = replace(LIGHT, positive="#0a2f6b", negative="#e08214", muted="#333333", text="#000000", neutral="#777777")
THEMES = {"light": LIGHT, "print": PRINT, "dark": DARK}


class PaperPlan:
    """A figure whose names are measured and whose layout is to come: `arrange` may run in another thread. width: in
    pixels of 1/96 inch. letters: how much larger than usual everything is, of a slide."""

    def __init__(self, data: PaperData, width: float, letters: float = 1.0) -> None:
        self.data, self.width, self.letters = data, width / letters, letters
        with usual_text():
            self._widths = {name: text_width(name, NAME) for name in data.names}

    def arrange(self, cancelled: Cancelled = lambda: False) -> PaperDrawing:
        """Raises what cancelling raises."""
        return self.data.arrange(self._widths.__getitem__, self.width - 2 * MARGIN, cancelled)


class PaperFigure:
    """A figure laid out. Text has its usual size, whatever the window's."""

    def __init__(self, plan: PaperPlan, drawing: PaperDrawing, theme: Theme = LIGHT) -> None:
        self.data, self.theme, self.drawing, self.letters = plan.data, theme, drawing, plan.letters
        self.title = self.data.title
        self.width = plan.width
        room = self.width - 2 * MARGIN
        with usual_text():
            tokens = [_fitting(text, room - 4) for text in self.data.tokens]
            self.tokens = self._flow([(text, text_width(text, SMALL) + 4) for text in tokens], room, 2)
            words = [_fitting(text, room - SWATCH - 4) for text, _, _ in self._legend()]
            self.legend = self._flow([(text, SWATCH + 4 + text_width(text, SMALL)) for text in words], room, 10)
            font = pixel_font(SMALL)
            self.caption = [line for text in self.data.caption for line in wrap(text, font, room)]
        self.pictures = [(title, QImage.fromData(content)) for title, content in self.data.pictures]
        rows = (self._rows(self.tokens) * (LINE + 2), self._rows(self.legend) * LINE, len(self.caption) * LINE)
        pictures = THUMBNAIL + LINE + MARGIN if self.pictures else 0.0
        self.height = self.drawing.height + pictures + sum(rows) + 4 * MARGIN + 6

    @property
    def size(self) -> QSizeF:
        """In pixels of 1/96 inch."""
        return QSizeF(self.width * self.letters, round(self.height * self.letters))

    @property
    def smallest_text(self) -> float:
        """In points, as the figure is printed."""
        return min(NAME, SMALL) * self.letters * 72 / 96

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
        with usual_text():
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(QPointF(0, 0), self.size), QColor(self.theme.panel))
        if self.letters != 1:
            painter.scale(self.letters, self.letters)
        painter.save()
        painter.translate((self.width - self.drawing.width) / 2, MARGIN)
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
        painter.setBrush(QColor(self.theme.panel))
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
        if self.pictures:
            self._paint_pictures(painter, y)
            y += THUMBNAIL + LINE + MARGIN
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

    def _paint_pictures(self, painter: QPainter, y: float) -> None:
        """Side by side, each with its letter above."""
        x = MARGIN
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for title, image in self.pictures:
            shown = QSizeF(image.size()).scaled(THUMBNAIL, THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio)
            painter.setPen(QColor(self.theme.text))
            painter.drawText(QPointF(x, y + LINE - 3), title)
            painter.drawImage(QRectF(QPointF(x, y + LINE), shown), image)
            x += max(shown.width(), text_width(title, SMALL)) + 10


def _fitting(text: str, room: float) -> str:
    return QFontMetricsF(pixel_font(SMALL)).elidedText(text, Qt.TextElideMode.ElideRight, room)


def laid_out(data: PaperData, width: float, theme: Theme = LIGHT, letters: float = 1.0) -> PaperFigure:
    """At once, in this thread."""
    plan = PaperPlan(data, width, letters)
    return PaperFigure(plan, plan.arrange(), theme)
