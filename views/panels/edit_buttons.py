"""The edits that apply to the inspected node or edge: Zero, Mean, From B, Scale."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from core.edits import EditKind

_BUTTONS: tuple[tuple[EditKind, str, str], ...] = (
    ("zero", "Zero", "Replace it by zero"),
    ("mean", "Mean", "Replace it by its mean over positions, or over the dataset"),
    ("patch", "From B", "Replace it by its value in the counterfactual B"),
    ("scale", "Scale", "Multiply it by a factor"),
)
_NO_B = "There is no counterfactual: fill card B first"
_FIRST_FACTOR = 0.5  # what Scale starts with: 1 would change nothing
_MOST = 2.0


class EditButtons(QWidget):
    """The button of the present edit is chosen; the same again restores."""

    edit_requested = Signal(str, float)  # kind, factor (counts for scale only)
    restore_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edited: EditKind | None = None
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout()
        row.setSpacing(6)
        for kind, words, tip in _BUTTONS:
            button = QPushButton(words)
            button.setToolTip(tip)
            button.setAccessibleDescription(tip)
            button.setStyleSheet("padding: 5px 2px;")
            button.clicked.connect(lambda _checked=False, kind=kind: self._press(kind))
            row.addWidget(button, 1)
            self.buttons[kind] = button

        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 40)
        self.slider.setPageStep(5)
        self.slider.setAccessibleName("Scale factor")
        self.spin = QDoubleSpinBox()
        self.spin.setRange(0.0, _MOST)
        self.spin.setSingleStep(0.05)
        self.spin.setPrefix("× ")
        self.spin.setAccessibleName("Scale factor as a number")
        self.slider.valueChanged.connect(lambda value: self.spin.setValue(value * _MOST / 40))
        self.spin.valueChanged.connect(self._scaled)
        self.scale_row = QWidget()
        scale = QHBoxLayout(self.scale_row)
        scale.setContentsMargins(0, 0, 0, 0)
        scale.addWidget(self.slider, 1)
        scale.addWidget(self.spin)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self.scale_row)
        self._set_factor(_FIRST_FACTOR)
        self.show_edit(None, False)

    def show_edit(self, edited: EditKind | None, has_counterfactual: bool, factor: float | None = None) -> None:
        """`factor` is that of a scale edit; a slider that is being dragged keeps its own."""
        self._edited = edited
        for kind, _words, tip in _BUTTONS:
            button = self.buttons[kind]
            if button.property("chosen") != (kind == edited):
                button.setProperty("chosen", kind == edited)
                button.style().unpolish(button)
                button.style().polish(button)
            again = "\nClick again to restore it" if kind == edited else ""
            button.setToolTip(tip + again)
        patch = self.buttons["patch"]
        patch.setEnabled(has_counterfactual)
        if not has_counterfactual:
            patch.setToolTip(_NO_B)
        self.scale_row.setVisible(edited == "scale")
        if factor is not None and not self.slider.isSliderDown() and not self.spin.hasFocus():
            self._set_factor(factor)

    def chosen(self) -> str | None:
        """The kind whose button is chosen."""
        return next((kind for kind, button in self.buttons.items() if button.property("chosen")), None)

    def _press(self, kind: EditKind) -> None:
        if kind == self._edited:
            self.restore_requested.emit()
        else:
            if kind == "scale":
                self._set_factor(_FIRST_FACTOR)
            self.edit_requested.emit(kind, self.spin.value() if kind == "scale" else 0.0)

    def _scaled(self, factor: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(factor * 40 / _MOST))
        if self._edited == "scale":
            self.edit_requested.emit("scale", factor)

    def _set_factor(self, factor: float) -> None:
        with QSignalBlocker(self.spin), QSignalBlocker(self.slider):
            self.spin.setValue(factor)
            self.slider.setValue(round(factor * 40 / _MOST))
