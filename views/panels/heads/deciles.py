"""The deciles of a head's score over a corpus as eleven columns, from the least to the most."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.formatting import number
from views.theme import current
from views.widgets.painted import Painted, draw_bar
from views.widgets.text import scaled

HIGH = 40  # pixels of the columns


def decile_words(place: int) -> str:
    """What the column says."""
    return {0: "the least", 5: "the median", 10: "the most"}.get(place, f"{10 * place} % are below")


class DecileBars(Painted):
    """Each column goes from 0 to 1; its number stands above where there is room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._deciles: tuple[float, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that a screen reader comes by

    def set_deciles(self, deciles: Sequence[float]) -> None:
        """[11]; none where there are none."""
        self._deciles = tuple(deciles)
        words = (f"{decile_words(place)} {number(value)}" for place, value in enumerate(self._deciles))
        self.setAccessibleName("Deciles: " + ", ".join(words))
        self.setVisible(bool(self._deciles))
        self.update()

    def deciles(self) -> tuple[float, ...]:
        return self._deciles

    def sizeHint(self) -> QSize:
        return QSize(220, HIGH + 2 * self._line())

    def minimumSizeHint(self) -> QSize:
        return QSize(150, HIGH + 2 * self._line())

    def _line(self) -> int:
        return round(QFontMetricsF(scaled(self.font(), 0.85)).height()) + 2

    def column_rect(self, place: int) -> QRectF:
        """Where a column may stand."""
        wide = self.width() / 11
        return QRectF(place * wide, self._line(), wide, HIGH)

    def draw(self, painter: QPainter) -> None:
        theme, font = current(), scaled(self.font(), 0.85)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        base = self._line() + HIGH
        painter.setPen(QPen(theme.color("faint"), 1))
        painter.drawLine(QLineF(0, base, self.width(), base))
        fits = metrics.horizontalAdvance("0.00") + 2 <= self.width() / 11
        for place, value in enumerate(self._deciles):
            room = self.column_rect(place)
            high = HIGH * min(max(value, 0.0), 1.0)
            draw_bar(painter, QRectF(room.x() + 2, base - high, room.width() - 4, high), theme.color("positive"))
            painter.setPen(theme.color("muted"))
            if fits or place in (0, 5, 10):
                above = QRectF(room.center().x() - 30, base - high - self._line(), 60, self._line())
                painter.drawText(self._inside(above), self._side(place), number(value))
            if place in (0, 5, 10):
                below = QRectF(room.center().x() - 40, base + 1, 80, self._line())
                painter.drawText(self._inside(below), self._side(place), decile_words(place).removeprefix("the "))

    def _inside(self, rect: QRectF) -> QRectF:
        """Moved so that nothing is beyond the edges."""
        rect.moveLeft(min(max(rect.x(), 0.0), self.width() - rect.width()))
        return rect

    def _side(self, place: int) -> Qt.AlignmentFlag:
        across = {0: Qt.AlignmentFlag.AlignLeft, 10: Qt.AlignmentFlag.AlignRight}
        return across.get(place, Qt.AlignmentFlag.AlignHCenter) | Qt.AlignmentFlag.AlignVCenter

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent) and self._deciles:
            place = min(int(QPointF(event.pos()).x() * 11 / max(self.width(), 1)), 10)
            QToolTip.showText(event.globalPos(), f"{decile_words(place)}: {number(self._deciles[place])}", self)
            return True
        return super().event(event)  # type: ignore[arg-type]
