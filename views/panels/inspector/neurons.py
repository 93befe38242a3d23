"""What an MLP opens into: its strongest neurons, or the experts of a mixture, each a row that selects it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.formatting import change_words, signed
from core.graph import Node
from views.panels.inspector.data import NeuronRow, NeuronsData
from views.theme import hue_of
from views.widgets.bar_rows import BarRow, BarRows
from views.widgets.section import Section
from views.widgets.text import dim, show_text, wrapped


class NeuronsSection(Section):
    """A click on a row selects its neuron, to be edited as any node."""

    node_selected = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Neurons", parent, word="neuron")
        self._data: NeuronsData | None = None
        self._selected: Node | None = None
        self.rows = BarRows("Neurons", clickable=True)
        self.rows.row_clicked.connect(self._click)
        self.words = wrapped()
        self.body.addWidget(self.rows)
        self.body.addWidget(self.words)

    def show_neurons(self, data: NeuronsData | None, selected: Node | None = None) -> None:
        """selected: the one whose row is marked."""
        self.setVisible(data is not None)
        self._data, self._selected = data, selected
        if data is None:
            return
        self.set_stale(False)
        self.set_title(f"{data.kind.capitalize()}s", data.kind)
        self.rows.setVisible(bool(data.rows))
        self.rows.set_rows([self._row(row, data) for row in data.rows])
        measured = all(row.measured is not None for row in data.rows)
        self.hint.setText(data.kind_words, "")
        if data.why:
            show_text(self.words, data.why)
            return
        how = "measured, each alone" if measured else "estimated; being measured"
        total, left = change_words(data.total), change_words(data.rest)
        rest = f"All estimates together are {total}"
        nothing = abs(data.rest) < 0.005 * abs(data.total)
        rest += "." if nothing else f", {left} of it from no {data.kind}."
        show_text(self.words, f"The strongest {len(data.rows)} of {data.of:,} {data.kind}s, {how}. {rest}")

    def _row(self, row: NeuronRow, data: NeuronsData) -> BarRow:
        effect = row.estimated if row.measured is None else row.measured
        tip = f"{row.node.name}: estimated {change_words(row.estimated)}"
        tip += "" if row.measured is None else f", measured {change_words(row.measured)}"
        tip += "" if row.direct is None else f"\nadds {signed(row.direct, 3)} to {data.direct_words} itself"
        tip += f"\n{row.router}" if row.router else ""
        tip += f"\nmost at {row.place}\nClick selects it: X cuts it, P patches it from B"
        label = f"{row.node.name.rpartition('.')[2]} {row.place}"  # the section is of one MLP: room for the token
        color = hue_of(effect, data.direction)
        hollow = row.measured is None
        return BarRow(label, effect, change_words(effect), color, tip, hollow, row.edited, row.node == self._selected)

    def _click(self, row: int) -> None:
        if self._data is not None:
            self.node_selected.emit(self._data.rows[row].node)

    def set_stale(self, stale: bool) -> None:
        self.rows.set_stale(stale)
        dim(self.words, stale)
