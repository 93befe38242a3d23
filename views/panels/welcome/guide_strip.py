"""The strip of a guided example: its steps as ticks, and in words the one that is next."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from views.theme import as_card, current
from views.widgets.line_icons import IconButton
from views.widgets.painted import Painted
from views.widgets.text import wrapped


class StepTicks(Painted):
    """A row of rings, one a step: ticked when done, the next one in the selection's colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps, self._done = 0, 0

    def set_steps(self, steps: int, done: int) -> None:
        self._steps, self._done = steps, done
        self.setAccessibleName(f"{done} of {steps} steps done")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        side = self.fontMetrics().height()
        return QSize(self._steps * (side + 2), side + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def draw(self, painter: QPainter) -> None:
        theme, side = current(), self.fontMetrics().height()
        for step in range(self._steps):
            box = QRectF(step * (side + 2) + 2, (self.height() - side) / 2 + 2, side - 4, side - 4)
            color = "good" if step < self._done else "selection" if step == self._done else "muted"
            painter.setPen(QPen(theme.color(color), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(box)
            if step < self._done:
                x, y, unit = box.center().x(), box.center().y(), box.width() / 10
                painter.drawLine(round(x - 2.4 * unit), round(y), round(x - 0.6 * unit), round(y + 2 * unit))
                painter.drawLine(round(x - 0.6 * unit), round(y + 2 * unit), round(x + 2.6 * unit), round(y - 2 * unit))


class GuideStrip(QFrame):
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Guide")
        self.ticks = StepTicks()
        self.words = wrapped(role="")
        self.close_button = IconButton("cross", "Close the guide", "Close the guide; the work stays")
        self.close_button.clicked.connect(self.closed)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(12)
        row.addWidget(self.ticks, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.words, 1)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    def show_guide(self, title: str, steps: Sequence[str], done: int, end: str) -> None:
        """done: how many of the steps, from the first."""
        self.ticks.set_steps(len(steps), done)
        self.ticks.setToolTip(title + "\n" + "\n".join(f"{'✓' if i < done else '·'} {s}" for i, s in enumerate(steps)))
        words = steps[done] if done < len(steps) else f"Done. {end}"
        self.words.setText(words)
        self.words.setAccessibleName(f"{title}, step {min(done + 1, len(steps))} of {len(steps)}: {words}")
        self.show()
