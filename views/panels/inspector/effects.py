"""The effect of an edit, estimated and measured, side by side, and their gap in words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from core.formatting import change_words, gap_is_large, gap_words
from views.theme import RADIUS, current, hue_of, mono_font, theme_changes
from views.widgets.painted import Painted, draw_bar
from views.widgets.text import dim, show_text, wrapped

_WHY_GAP = (
    "An estimate follows the slope of the metric at one point, the real edit goes all the way. Where the two part is "
    "not measured: trust the measurement."
)


class EffectBars(Painted):
    """Two rows: word, bar, number. Both bars have one scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._estimated: float | None = None
        self._measured: float | None = None
        self._direction: int | None = 1
        self._of = ("", "")
        self._floor = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_values(
        self,
        estimated: float | None,
        measured: float | None,
        direction: int | None = 1,
        of: tuple[str, str] = ("", ""),
        noise_floor: float = 0.0,
    ) -> None:
        """direction: A's, by which the measured change has its hue. of: what each is of, where they are not of the
        same. noise_floor: of the metric; a measured change below it is called that, and has no bar."""
        self._estimated, self._measured, self._direction, self._of = estimated, measured, direction, of
        self._floor = noise_floor
        self.setAccessibleName("; ".join(f"{word} {text}" for word, text in self.row_texts()))
        self.update()

    def row_texts(self) -> list[tuple[str, str]]:
        """The words and the numbers shown."""
        words = [f"{word}, {of}" if of else word for word, of in zip(("estimated", "measured"), self._of, strict=True)]
        return [
            (words[0], "–" if self._estimated is None else change_words(self._estimated)),
            (words[1], "not yet" if self._measured is None else self._measured_words(self._measured)),
        ]

    def _measured_words(self, measured: float) -> str:
        return f"below noise ({self._floor:.2g})" if abs(measured) < self._floor else change_words(measured)

    def _row_height(self) -> int:
        return self.fontMetrics().height() + 7

    def sizeHint(self) -> QSize:
        return QSize(220, 2 * self._row_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 2 * self._row_height())

    def draw(self, painter: QPainter) -> None:
        theme, height = current(), self._row_height()
        words, mono = QFontMetricsF(self.font()), mono_font()
        left = max(words.horizontalAdvance(word) for word in ("estimated", *(row[0] for row in self.row_texts()))) + 14
        right = max(QFontMetricsF(mono).horizontalAdvance(text) for _, text in self.row_texts()) + 12
        room = max(self.width() - left - right, 1.0)
        most = max(abs(self._estimated or 0), abs(self._measured or 0), 1e-9)
        lost = self._measured is not None and abs(self._measured) < self._floor
        values = (self._estimated, None if lost else self._measured)
        for row, ((word, text), value) in enumerate(zip(self.row_texts(), values, strict=True)):
            box = QRectF(0, row * height, self.width(), height)
            painter.setFont(self.font())
            painter.setPen(theme.color("muted"))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, word)
            painter.setFont(mono if value is not None else self.font())
            painter.setPen(theme.color("text" if value is not None else "muted"))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
            if value is not None:
                color = "neutral" if row == 0 else hue_of(value, self._direction)
                bar = QRectF(left, box.center().y() - 4.5, room * abs(value) / most, 9)
                draw_bar(painter, bar, theme.color(color))


class GapFlag(QLabel):
    """A calm mark that the estimate and the measurement disagree; its tip says why that happens."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("gap", parent)
        self.setToolTip(f"<span>{_WHY_GAP}</span>")
        self.setAccessibleName("Large gap between estimate and measurement")
        self.setAccessibleDescription(_WHY_GAP)
        theme_changes().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        color = current().selection
        self.setStyleSheet(
            f"color: {color}; border: 1px solid {color}; border-radius: {RADIUS - 2}px; padding: 0px 5px;"
        )


class Effects(QWidget):
    measure_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars = EffectBars()
        self.kind = wrapped()
        self.measure = QPushButton("Measure")
        self.measure.setToolTip("Make the edit for a moment and see what the metric really does")
        self.measure.clicked.connect(self.measure_requested)
        self.gap = wrapped()
        self.flag = GapFlag()
        self.flag.hide()
        self.note = wrapped()
        gap = QHBoxLayout()
        gap.setSpacing(6)
        gap.addWidget(self.flag, 0, Qt.AlignmentFlag.AlignTop)
        gap.addWidget(self.gap, 1)
        row = QHBoxLayout()
        row.addWidget(self.kind, 1)
        row.addWidget(self.measure)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.bars)
        layout.addLayout(gap)
        layout.addWidget(self.note)
        layout.addLayout(row)

    def show_effects(
        self,
        estimated: float | None,
        measured: float | None,
        kind_words: str,
        waits: bool = False,
        note: str = "",
        direction: int | None = 1,
        of: tuple[str, str] = ("", ""),
        noise_floor: float = 0.0,
    ) -> None:
        """waits: the edit cannot be made now, so there is nothing to measure. note: why there is no estimate. of: what
        the estimate and the measurement are of, where that is not the same: then there is no gap to speak of.
        direction: A's. noise_floor: of the metric; of a measured change below it nothing more is said."""
        self.bars.set_values(estimated, measured, direction, of, noise_floor)
        alike = not any(of) and (measured is None or abs(measured) >= noise_floor)
        show_text(self.gap, gap_words(estimated, measured) if alike else "")
        self.flag.setVisible(alike and gap_is_large(estimated, measured))
        show_text(self.note, note)
        self.kind.setText(f"change of the metric, {kind_words}" if kind_words else "change of the metric")
        self.measure.setVisible(measured is None and not waits)

    def set_stale(self, stale: bool) -> None:
        self.bars.set_stale(stale)
        dim(self.gap, stale)
