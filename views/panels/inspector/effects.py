"""The effect of an edit, estimated and measured, side by side, and their gap in words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from core.formatting import change_words, gap_is_large, gap_words
from views.panels.inspector.data import Effect
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
        self._effect = Effect()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_effect(self, effect: Effect) -> None:
        """A measured change below the noise of the metric is called that, and has no bar."""
        self._effect = effect
        self.setAccessibleName("; ".join(f"{word} {text}" for word, text in self.row_texts()))
        self.update()

    def row_texts(self) -> list[tuple[str, str]]:
        """The words and the numbers shown."""
        effect = self._effect
        parts = ("estimated", effect.estimated_of), ("measured", effect.measured_of)
        words = [f"{word}, {of}" if of else word for word, of in parts]
        return [
            (words[0], "–" if effect.estimated is None else change_words(effect.estimated)),
            (words[1], "not yet" if effect.measured is None else self._measured_words(effect.measured)),
        ]

    def _measured_words(self, measured: float) -> str:
        return f"below noise ({self._effect.noise_floor:.2g})" if self._is_lost(measured) else change_words(measured)

    def _is_lost(self, measured: float) -> bool:
        return abs(measured) < self._effect.noise_floor

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
        estimated, measured = self._effect.estimated, self._effect.measured
        most = max(abs(estimated or 0), abs(measured or 0), 1e-9)
        values = estimated, None if measured is None or self._is_lost(measured) else measured
        for row, ((word, text), value) in enumerate(zip(self.row_texts(), values, strict=True)):
            box = QRectF(0, row * height, self.width(), height)
            painter.setFont(self.font())
            painter.setPen(theme.color("muted"))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, word)
            painter.setFont(mono if value is not None else self.font())
            painter.setPen(theme.color("text" if value is not None else "muted"))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
            if value is not None:
                color = "neutral" if row == 0 else hue_of(value, self._effect.direction)
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

    def show_effect(self, effect: Effect) -> None:
        """Where the figures are not of the same, or the measured one is below the noise, their gap says nothing."""
        estimated, measured = effect.estimated, effect.measured
        self.bars.set_effect(effect)
        alike = not (effect.estimated_of or effect.measured_of)
        alike = alike and (measured is None or abs(measured) >= effect.noise_floor)
        show_text(self.gap, gap_words(estimated, measured) if alike else "")
        self.flag.setVisible(alike and gap_is_large(estimated, measured))
        show_text(self.note, effect.note)
        words = effect.kind_words
        self.kind.setText(f"change of the metric, {words}" if words else "change of the metric")
        self.measure.setVisible(measured is None and not effect.waits)

    def set_stale(self, stale: bool) -> None:
        self.bars.set_stale(stale)
        dim(self.gap, stale)
