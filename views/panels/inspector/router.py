"""What a mixture's router says at one position: each expert's logit and weight, a row that selects it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.formatting import signed
from core.graph import Node
from views.panels.inspector.data import RouterData
from views.widgets.bar_rows import BarRow, BarRows
from views.widgets.section import Section
from views.widgets.text import dim, show_text, wrapped

SHOWN = 12


class RouterSection(Section):
    """Of the last of the chosen positions, or of the last one of all."""

    node_selected = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Router", parent, word="expert")
        self._data: RouterData | None = None
        self._pinned: tuple[int, ...] = ()
        self._numbers: list[int] = []
        self.rows = BarRows("Router", clickable=True)
        self.rows.row_clicked.connect(self._click)
        self.words = wrapped()
        self.body.addWidget(self.rows)
        self.body.addWidget(self.words)
        self.hide()

    def show_router(self, data: RouterData | None) -> None:
        self._data = data
        self.setVisible(data is not None)
        self.set_stale(False)
        self._show()

    def set_pinned(self, positions: tuple[int, ...]) -> None:
        self._pinned = positions
        self._show()

    def set_stale(self, stale: bool) -> None:
        self.rows.set_stale(stale)
        dim(self.words, stale)

    def _show(self) -> None:
        data = self._data
        if data is None:
            return
        length, of = data.logits.shape
        place = self._pinned[-1] if self._pinned and self._pinned[-1] < length else length - 1
        logits, weights = data.logits[place], data.weights[place]
        self._numbers = np.argsort(-logits, kind="stable")[:SHOWN].tolist()
        self.rows.set_rows([self._row(data, number, logits, weights) for number in self._numbers], most=1.0)
        label = data.labels[place].strip() if place < len(data.labels) else str(place)
        self.hint.setText(f"at “{label}”", "")
        chosen = int((weights > 0).sum())
        shown = f"The {SHOWN} highest of {of} logits" if of > SHOWN else "Each expert’s logit"
        another = "" if self._pinned else " Click a position to see another."
        show_text(self.words, f"{shown}, and the weight of the {chosen} that it chooses, at position {place}.{another}")

    @staticmethod
    def _row(data: RouterData, number: int, logits: NDArray[np.float64], weights: NDArray[np.float64]) -> BarRow:
        name, weight = Node("expert", data.node.layer, number).name, float(weights[number])
        tip = f"{name}: logit {signed(float(logits[number]), 3)}, "
        tip += f"weight {weight:.3f}" if weight else "not chosen"
        edited = number in data.edited
        tip += "\nClick selects it: Force has the router choose it, K knocks it out"
        label = f"e{number} {signed(float(logits[number]))}"
        return BarRow(label, weight, f"{weight:.2f}" if weight else "not chosen", "muted", tip, bold=edited)

    def _click(self, row: int) -> None:
        if self._data is not None:
            self.node_selected.emit(Node("expert", self._data.node.layer, self._numbers[row]))
