"""The rows of the predictions: label, bars before and after, both figures and the change."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from views.data import PredictionRow, PredictionsData
from views.theme import current, mono_font
from views.widgets.painted import Painted, draw_bar
from views.widgets.text import answer_words, digits_to_see, number, plain_tip, signed

_NARROWEST_BAR = 40.0
_SMALLEST_FULL_BAR = 0.2  # below this a bar does not fill the row, so that small chances look small


class PredictionTable(Painted):
    """As many rows as fit in the height; none is squeezed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[PredictionRow, ...] = ()
        self._digits = 2
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_data(self, data: PredictionsData | None) -> None:
        self._rows = data.rows if data else ()
        self._digits = _digits(self._rows, data.unit if data else "")
        self.setAccessibleName("; ".join(" ".join(cells) for cells in self.row_texts()))
        self.update()

    def row_texts(self) -> list[tuple[str, str, str]]:
        """Label, figures and change of every row."""
        return [self._texts(row) for row in self._rows]

    def rows_shown(self) -> int:
        return max(1, min(len(self._rows), int(self.height() / self._line()))) if self._rows else 0

    def _texts(self, row: PredictionRow) -> tuple[str, str, str]:
        before, after = number(row.before, self._digits), number(row.after, self._digits)
        return answer_words(row.label), f"{before} → {after}", signed(row.after - row.before, self._digits)

    def _line(self) -> int:
        """The least height of a row."""
        return self.fontMetrics().height() + 7

    def _row_height(self) -> float:
        """Rows take some of the room that is left over."""
        return min(max(self.height() / max(self.rows_shown(), 1), self._line()), 1.3 * self._line())

    def sizeHint(self) -> QSize:
        return QSize(420, self._line() * max(4, len(self._rows)))

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self._line())

    def draw(self, painter: QPainter) -> None:
        theme, height = current(), self._row_height()
        shown = self._rows[: self.rows_shown()]
        if not shown:
            return
        mono = mono_font()
        metrics, mono_metrics = QFontMetricsF(self.font()), QFontMetricsF(mono)
        texts = [self._texts(row) for row in shown]
        figures = max(mono_metrics.horizontalAdvance(cells[1]) for cells in texts)
        change = max(mono_metrics.horizontalAdvance(cells[2]) for cells in texts)
        gap = 12.0 if self.width() < 420 else 24.0
        right = figures + gap + change
        labels = max(metrics.horizontalAdvance(cells[0]) * 1.08 for cells in texts) + 14
        labels = min(max(labels, 74.0), max(56.0, (self.width() - right) * 0.45))
        bars = self.width() - labels - right - gap
        top = max(range(len(shown)), key=lambda i: shown[i].after)
        most = max(_SMALLEST_FULL_BAR, *(max(abs(row.before), abs(row.after)) for row in self._rows))
        right_edge = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for i, (row, (label, numbers, delta)) in enumerate(zip(shown, texts, strict=True)):
            box = QRectF(0, i * height, self.width(), height)
            font = self.font()
            font.setBold(i == top)
            painter.setFont(font)
            painter.setPen(theme.color("text"))
            label = QFontMetricsF(font).elidedText(label, Qt.TextElideMode.ElideRight, labels - 10)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, label)
            if bars >= _NARROWEST_BAR:
                y = box.center().y()
                before = QRectF(labels, y - 7, bars * abs(row.before) / most, 6)
                after = QRectF(labels, y + 1, bars * abs(row.after) / most, 6)
                draw_bar(painter, before, theme.color("neutral"))
                draw_bar(painter, after, theme.color("positive" if row.after >= 0 else "negative"))
            painter.setFont(mono)
            painter.drawText(box.adjusted(0, 0, -change - gap, 0), right_edge, self._set_pen(painter, numbers))
            mono.setBold(True)
            painter.setFont(mono)
            mono.setBold(False)
            moved = delta[0] in "+−"
            color = "muted" if not moved else "positive" if row.after > row.before else "negative"
            painter.setPen(theme.color(color))
            painter.drawText(box, right_edge, delta)

    @staticmethod
    def _set_pen(painter: QPainter, text: str) -> str:
        painter.setPen(current().color("text"))
        return text

    def row_at(self, point: QPointF) -> PredictionRow | None:
        index = int(point.y() // self._row_height())
        return self._rows[index] if 0 <= index < self.rows_shown() else None

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self.row_at(QPointF(event.pos()))
            tip = f"{row.label!r}: {number(row.before, 5)} → {number(row.after, 5)}" if row else ""
            QToolTip.showText(event.globalPos(), plain_tip(tip), self)
            return True
        return super().event(event)


def _digits(rows: tuple[PredictionRow, ...], unit: str) -> int:
    """Digits after the point: two (of cosines three), and as many more as it takes to see small chances, or the
    largest change. A model that is sure of its answer would otherwise seem to be untouched by an edit."""
    most = max((abs(value) for row in rows for value in (row.before, row.after)), default=1.0)
    change = max((abs(row.after - row.before) for row in rows), default=0.0)
    return digits_to_see(change, 2 if most >= 0.1 and unit != "cosine" else 3 if most >= 0.01 else 4)
