"""The edits that apply to what is inspected, a button for every row of `core.edit_kinds`, and how strong they are."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from core.edits import KINDS, STRENGTH, EditKind
from views.panels.inspector.data import EditState
from views.widgets.buttons import LinkButton
from views.widgets.number_boxes import DecimalBox

_ROWS: tuple[tuple[EditKind, ...], ...] = tuple(
    tuple(kind for kind, row in KINDS.items() if row.row == number and not row.of_parts)
    for number in range(1 + max(row.row for row in KINDS.values()))
)
_OF_EXPERTS: tuple[EditKind, ...] = tuple(kind for kind, row in KINDS.items() if row.routes)
_NO_OTHERS = "There is no other input to take it from: add inputs to the dataset first"

_NO_VECTOR = "It is for vectors of the stream, and this is a part of an MLP: select the MLP as a whole"


class EditButtons(QWidget):
    """The button of the present edit is chosen; the same again restores. While there is an edit, a slider says how
    strong it is."""

    edit_requested = Signal(str, float)  # kind; its factor (scale), coefficient (steer), or strength from 0 to 1
    restore_requested = Signal()
    drag_ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edited: EditKind | None = None
        self._amount = STRENGTH
        self.buttons: dict[str, QPushButton] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for kinds in (*_ROWS, _OF_EXPERTS):
            row = QHBoxLayout()
            row.setSpacing(6)
            for kind in kinds:
                button = QPushButton(KINDS[kind].button)
                button.setStyleSheet("padding: 5px 2px;")
                button.clicked.connect(lambda _checked=False, kind=kind: self._press(kind))
                row.addWidget(button, 1)
                self.buttons[kind] = button
            layout.addLayout(row)

        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setMinimumWidth(50)
        self.spin = DecimalBox()
        self.spin.setKeyboardTracking(False)
        self.slider.valueChanged.connect(
            lambda value: self.spin.setValue(value * self._amount.step * self._amount.shown)
        )
        self.slider.sliderReleased.connect(self.drag_ended)
        self.spin.valueChanged.connect(self._changed)
        self.spin.editingFinished.connect(self.drag_ended)
        self.restore = LinkButton("restore")
        self.restore.setToolTip("Take this edit back (R)")
        self.restore.clicked.connect(self.restore_requested)
        self.amount_row = QWidget()
        row = QHBoxLayout(self.amount_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.slider, 1)
        row.addWidget(self.spin)
        row.addWidget(self.restore)
        layout.addWidget(self.amount_row)
        self._take_amount("scale")
        self.show_edit(EditState())

    def show_edit(self, edit: EditState) -> None:
        """A slider that is being dragged keeps its own amount."""
        edited = edit.kind
        changed, self._edited = edited != self._edited, edited
        for kinds in _ROWS:
            for kind in kinds:
                self._show_button(kind, edit.has_counterfactual, edit.has_dataset, edit.of_unit)
        for kind in _OF_EXPERTS:
            self._show_button(kind, edit.has_counterfactual, edit.has_dataset)
            self.buttons[kind].setVisible(edit.of_expert)
        self.amount_row.setVisible(edited is not None)
        if edited is None:
            return
        if changed:
            self._take_amount(edited)
        if not self.slider.isSliderDown() and (changed or not self.spin.hasFocus()):
            self._set(edit.factor if KINDS[edited].turns_value and edit.factor is not None else edit.strength)

    def _show_button(self, kind: EditKind, has_counterfactual: bool, has_dataset: bool, of_unit: bool = False) -> None:
        button, row = self.buttons[kind], KINDS[kind]
        if button.property("chosen") != (kind == self._edited):
            button.setProperty("chosen", kind == self._edited)
            button.style().unpolish(button)
            button.style().polish(button)
        tip = row.tip.format(inputs="the dataset" if has_dataset else "the positions of A")
        if kind == self._edited:
            tip += "\nClick again to restore it"
        elif row.without_b and not has_counterfactual:
            tip = row.without_b
        elif row.others and not has_dataset:
            tip = _NO_OTHERS
        elif of_unit and not row.of_units:
            tip = _NO_VECTOR
        able = (has_counterfactual or not row.without_b) and (has_dataset or not row.others)
        able = able and (row.of_units or not of_unit)
        button.setEnabled(able or (kind == self._edited and not row.from_b))
        button.setToolTip(tip)
        button.setAccessibleDescription(tip)

    def chosen(self) -> str | None:
        """The kind whose button is chosen."""
        return next((kind for kind, button in self.buttons.items() if button.property("chosen")), None)

    # ---- how strong ----------------------------------------------------------------------------------------

    def _take_amount(self, kind: EditKind) -> None:
        """Give the slider the range of a kind."""
        amount = self._amount = KINDS[kind].amount
        with QSignalBlocker(self.spin), QSignalBlocker(self.slider):
            self.slider.setRange(round(amount.least / amount.step), round(amount.most / amount.step))
            self.slider.setPageStep(5)
            self.spin.setDecimals(0 if amount.shown > 1 else 2)
            self.spin.setRange(amount.least * amount.shown, amount.most * amount.shown)
            self.spin.setSingleStep(amount.step * amount.shown)
            self.spin.setPrefix(amount.prefix)
            self.spin.setSuffix(amount.suffix)
        self.spin.setFixedWidth(self.spin.fontMetrics().horizontalAdvance("× -4.00") + 38)  # the same for all kinds
        for widget, words in ((self.slider, amount.words), (self.spin, f"{amount.words} as a number")):
            widget.setAccessibleName(words.capitalize())
            widget.setToolTip(f"How strong the edit is: {amount.ticks}\nLeft and Right move it by a step")

    def _press(self, kind: EditKind) -> None:
        if kind == self._edited:
            self.restore_requested.emit()
        else:
            self.edit_requested.emit(kind, KINDS[kind].amount.first)

    def _changed(self, shown: float) -> None:
        value = shown / self._amount.shown
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(value / self._amount.step))
        if self._edited is not None:
            self.edit_requested.emit(self._edited, value)

    def _set(self, value: float) -> None:
        with QSignalBlocker(self.spin), QSignalBlocker(self.slider):
            self.spin.setValue(value * self._amount.shown)
            self.slider.setValue(round(value / self._amount.step))
