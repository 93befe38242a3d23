"""The preferences: one form; what is changed applies at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from views.choices import LARGEST, SMALLEST
from views.panels.preferences.data import CUTS, FEWEST_EDGES, LEAST_MEMORY, MOST_EDGES, MOST_MEMORY, Preferences
from views.theme import SPACE
from views.widgets.number_boxes import NumberBox
from views.widgets.scroll_bars import scrolled
from views.widgets.text import heading, wrapped

THEMES = (("system", "As the system"), ("dark", "Dark"), ("light", "Light"))
MOTIONS = (("system", "As the system"), ("full", "Smooth"), ("reduced", "Reduced: at once"))
PRECISIONS = (
    ("fp32", "fp32"),
    ("bf16", "bf16: half the memory, small effects are lost"),
    ("fp64", "fp64: twice the memory, to check"),
)
CLOSINGS = ((True, "Ask whether to save"), (False, "Keep all work without asking"))


class PreferencesDialog(QDialog):
    """Emits the whole of the preferences with each change."""

    changed = Signal(object)  # Preferences

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self._preferences = preferences
        self.theme = self._choice("theme", THEMES)
        self.motion = self._choice("motion", MOTIONS)
        self.text_percent = self._number("text_percent", SMALLEST, LARGEST, 10, " %")
        self.memory = self._number("memory_megabytes", LEAST_MEMORY, MOST_MEMORY, 64, " MB")
        self.cut = self._choice("cut", CUTS)
        self.strongest = self._number("strongest", FEWEST_EDGES, MOST_EDGES, 8, "")
        self.precision = self._choice("precision", PRECISIONS)
        self.asks_before_closing = self._choice("asks_before_closing", CLOSINGS)
        form = QFormLayout()
        form.setHorizontalSpacing(3 * SPACE)
        form.setVerticalSpacing(SPACE)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        form.addRow(heading("Look"))
        self._row(form, "&Theme", self.theme, "")
        self._row(form, "&Motion", self.motion, "Whether the canvas glides to where it goes.")
        self._row(form, "Text &size", self.text_percent, "")
        form.addRow(_gap())
        form.addRow(heading("Work"))
        self._row(
            form, "A &cut carries", self.cut, "At first. “replace with” in the top bar says it for the work at hand."
        )
        self._row(form, "&Edges shown", self.strongest, "The strongest, until a circuit is chosen.")
        self._row(form, "Memory for &runs", self.memory, "Kept runs make the next ones faster; the oldest go first.")
        self._row(form, "Models compute &in", self.precision, "The model at hand is opened anew; Undo brings it back.")
        kept = "What is kept without a file is offered at the next start."
        self._row(form, "&When closing", self.asks_before_closing, kept)
        self.reset = QPushButton("&Reset to Defaults")
        self.reset.setToolTip("Every preference as it was at first")
        self.reset.setAutoDefault(False)
        self.reset.clicked.connect(self._reset)
        close = QPushButton("C&lose")
        close.setToolTip("Close the preferences (Esc)")
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.reset)
        buttons.addStretch(1)
        buttons.addWidget(close)
        content = QWidget()
        content.setLayout(form)
        area = scrolled(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        column.addWidget(area, 1)
        column.addLayout(buttons)
        self.show_preferences(preferences)
        bar = area.verticalScrollBar().sizeHint().width()
        area.setMinimumWidth(content.minimumSizeHint().width() + bar + 2 * area.frameWidth())
        self.resize(560, 600)

    # ---- parts ---------------------------------------------------------------------------------------------

    def _choice(self, field: str, choices: Sequence[tuple[Any, str]]) -> QComboBox:
        box = QComboBox()
        for key, words in choices:
            box.addItem(words, key)
        box.activated.connect(lambda _index: self._change(field, box.currentData()))
        return box

    def _number(self, field: str, low: int, high: int, step: int, unit: str) -> QSpinBox:
        box = NumberBox()
        box.setRange(low, high)
        box.setSingleStep(step)
        box.setSuffix(unit)
        box.lineEdit().setTextMargins(8, 0, 0, 0)
        box.setKeyboardTracking(False)  # a number counts when it is written to its end
        box.valueChanged.connect(lambda value: self._change(field, value))
        return box

    @staticmethod
    def _row(form: QFormLayout, words: str, field: QComboBox | QSpinBox, more: str) -> None:
        label = QLabel(words)
        label.setBuddy(field)
        plain = words.replace("&", "")
        field.setAccessibleName(plain)
        field.setToolTip(more or plain)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(field)
        if more:
            field.setAccessibleDescription(more)
            column.addWidget(wrapped(more))
        form.addRow(label, column)

    # ---- showing and changing ------------------------------------------------------------------------------

    def preferences(self) -> Preferences:
        return self._preferences

    def show_preferences(self, preferences: Preferences) -> None:
        """Emits nothing."""
        self._preferences = preferences
        for box, value in (
            (self.theme, preferences.theme),
            (self.motion, preferences.motion),
            (self.cut, preferences.cut),
            (self.precision, preferences.precision),
            (self.asks_before_closing, preferences.asks_before_closing),
        ):
            box.setCurrentIndex(max(box.findData(value), 0))
        for spin, number in (
            (self.text_percent, preferences.text_percent),
            (self.memory, preferences.memory_megabytes),
            (self.strongest, preferences.strongest),
        ):
            with QSignalBlocker(spin):
                spin.setValue(number)

    def _change(self, field: str, value: Any) -> None:
        changed = replace(self._preferences, **{field: value})
        if changed != self._preferences:
            self._preferences = changed
            self.changed.emit(changed)

    def _reset(self) -> None:
        self.show_preferences(Preferences())
        self.changed.emit(self._preferences)


def _gap() -> QWidget:
    gap = QWidget()
    gap.setFixedHeight(SPACE)
    return gap
