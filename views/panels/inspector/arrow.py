"""One weight of a head's attention: why the head looks there, what taking the weight away does, and the edits of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from core.edits import KINDS, EditKind
from core.formatting import change_words, number, signed
from views.panels.inspector.data import ArrowData, ArrowPart
from views.widgets.section import Section
from views.widgets.text import ElidedLabel, dim, wrapped

SHOWN: tuple[EditKind, ...] = ("zero", "knockout", "patch")
_TIP = (
    "The score before the softmax, split exactly into what each writer puts into the query and into the key, with the\n"
    "scales of norms held. Each list sums to the score. “if cut” is measured: the weight that is left when the edge\n"
    "is cut to zero at that position."
)


class ArrowSection(Section):
    edit_requested = Signal(str)  # kind
    edge_selected = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Why does it look there?", parent, "attention")
        self.hint.set_tip(_TIP)
        self.words = wrapped()
        self.body.addWidget(self.words)
        row = QHBoxLayout()
        row.setSpacing(6)
        self.buttons: dict[EditKind, QPushButton] = {}
        for kind in SHOWN:
            button = QPushButton(KINDS[kind].button)
            button.setStyleSheet("padding: 5px 2px;")
            button.clicked.connect(lambda _checked=False, kind=kind: self.edit_requested.emit(kind))
            row.addWidget(button, len(button.text()))
            self.buttons[kind] = button
        self.body.addLayout(row)
        self.effects = wrapped()
        self.body.addWidget(self.effects)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(0, 1)
        self.body.addLayout(self._grid)
        self._widgets: list[QWidget] = []
        self._cuts: list[QLabel] = []  # the weights that are left, of the parts that are listed
        self._listed: tuple[tuple[str, float], ...] = ()
        self.show_arrow(None)

    def show_arrow(self, data: ArrowData | None) -> None:
        """None: no weight is chosen, or it is not known yet. Of the parts that are listed already only what was still
        to be measured is written anew: nothing moves under the pointer."""
        self.setVisible(data is not None)
        if data is None:
            self._clear()
            return
        self.words.setText(f"{data.words}: weight {data.weight:.3f}, score {signed(data.score, 2)}.")
        for kind, button in self.buttons.items():
            self._show_button(button, kind, data)
        said = [f"{KINDS[kind].words} {change_words(data.effects[kind])}" for kind in SHOWN if kind in data.effects]
        waits = "Measuring what edits of it change …" if data.measuring else ""
        self.effects.setText(f"Measured change of the metric: {', '.join(said)}." if said else waits)
        parts = (*data.query, *data.key)
        if self._listed != tuple((part.name, part.share) for part in parts):
            self._clear()
            self._listed = tuple((part.name, part.share) for part in parts)
            for heading, side in (("Into its query", data.query), ("Into its key", data.key)):
                self._list(heading, side)
        for label, part in zip(self._cuts, parts, strict=True):
            waits = "…" if data.measuring and part.edge is not None else ""
            label.setText(waits if part.cut is None else f"{number(part.cut, 3)}")

    def _show_button(self, button: QPushButton, kind: EditKind, data: ArrowData) -> None:
        reason = data.refused.get(kind, "")
        if button.property("chosen") != (kind == data.edited):
            button.setProperty("chosen", kind == data.edited)
            button.style().unpolish(button)
            button.style().polish(button)
        button.setEnabled(not reason or kind == data.edited)
        tip = reason or KINDS[kind].weights_tip
        button.setToolTip(tip + ("\nClick again to restore it" if kind == data.edited else ""))
        button.setAccessibleDescription(tip)

    def _clear(self) -> None:
        for widget in self._widgets:
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._widgets, self._cuts, self._listed = [], [], ()

    def texts(self) -> list[str]:
        """Every line as it reads."""
        return [widget.text() for widget in self._widgets if isinstance(widget, QLabel | QPushButton)]

    def set_stale(self, stale: bool) -> None:
        for widget in (self.words, self.effects):
            dim(widget, stale)

    def _list(self, heading: str, parts: Sequence[ArrowPart]) -> None:
        at = self._grid.rowCount()
        self._put(at, 0, _muted(heading))
        self._put(at, 1, _muted("score", "What this writer adds to the score of the weight"))
        self._put(at, 2, _muted("if cut", "The weight that is left when this edge is cut at that position"))
        for place, part in enumerate(parts, start=at + 1):
            if part.edge is None:
                label = ElidedLabel("", "muted")
                label.setText(part.name, *filter(None, [part.short]))
                self._put(place, 0, label)
            else:
                button = QPushButton(part.name.partition("->")[0])  # all go to one port
                button.setStyleSheet("padding: 1px 6px; text-align: left;")
                button.setMinimumWidth(40)
                button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # gives way first
                button.setToolTip(f"Select the edge {part.name}")
                button.clicked.connect(lambda _checked=False, edge=part.edge: self.edge_selected.emit(edge))
                self._put(place, 0, button)
            self._put(place, 1, QLabel(signed(part.share, 2)))
            self._cuts.append(QLabel())
            self._put(place, 2, self._cuts[-1])

    def _put(self, row: int, column: int, widget: QWidget) -> None:
        self._grid.addWidget(widget, row, column)
        self._widgets.append(widget)


def _muted(text: str, tip: str = "") -> QLabel:
    label = QLabel(text)
    label.setToolTip(tip)
    label.setProperty("role", "muted")
    return label
