"""Attribution per token, of the `input` node: what the input at each position does to the metric."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from core.formatting import change_words, visible_token
from core.tracing.meaning import hues
from views.panels.inspector.lens_data import TokensData
from views.theme import hue_of
from views.widgets.bar_rows import BarRow, BarRows
from views.widgets.buttons import LinkButton
from views.widgets.section import Section
from views.widgets.text import dim, show_text, wrapped

LISTED = 16  # the strongest of more
_TIP = (
    "Integrated gradients (Sundararajan et al. 2017): the effects of all positions add up to that of replacing\n"
    "the whole input. Measured: the input really replaced at one position at a time"
)


class TokensSection(Section):
    measure_requested = Signal()
    tint_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Attribution", parent, word="attribution")
        self._data = TokensData()
        self.hint.set_tip(_TIP)
        self.rows = BarRows("Attribution")
        self.words, self.why = wrapped(), wrapped()
        self.measure = LinkButton("measure each token", color="accent", flush=True)
        self.measure.setToolTip("Really replace the input at one position at a time, a run each")
        self.measure.clicked.connect(lambda: self.measure_requested.emit())
        self.tint = LinkButton("tint card A", flush=True)
        self.tint.setToolTip("Colour the tokens or patches of card A by their effects; again takes the colours away")
        self.tint.clicked.connect(lambda: self.tint_requested.emit())
        for widget in (self.rows, self.words, self.why):
            self.body.addWidget(widget)
        for button in (self.measure, self.tint):
            self.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_tokens(None)

    def show_tokens(self, data: TokensData | None) -> None:
        """None: another node is selected, or nothing is known yet."""
        self.setVisible(data is not None)
        if data is None:
            return
        self._data = data
        self.set_stale(False)
        show_text(self.why, data.why)
        there = data.estimated is not None
        for widget in (self.rows, self.tint):
            widget.setVisible(there)
        self.measure.setVisible(there and data.measured is None)
        self.measure.setText("measure each patch" if data.patches else "measure each token")
        show_text(self.words, self._words())
        self.hint.setText(*((f"{data.replaced}, est.", "est.") if there else ("",)))
        if data.estimated is None:
            return
        sizes = np.abs(data.estimated if data.measured is None else data.measured)
        order = np.sort(np.argsort(-sizes, kind="stable")[:LISTED])
        self.rows.set_rows([self._row(int(position)) for position in order])

    def _row(self, position: int) -> BarRow:
        data = self._data
        assert data.estimated is not None
        estimated = float(data.estimated[position])
        value = estimated if data.measured is None else float(data.measured[position])
        tip = f"position {position}: estimated {estimated:z.4f}"
        if data.measured is not None:
            tip += f", measured {value:z.4f}"
        number = change_words(value)
        if data.measured is not None:
            number = f"{number} (est. {change_words(estimated)})"
        label = data.labels[position] if data.patches else visible_token(data.labels[position])
        return BarRow(label, value, number, hue_of(value, data.direction), tip, hollow=data.measured is None)

    def _words(self) -> str:
        data = self._data
        if data.estimated is None:
            return ""
        blue, orange = hues(data.direction)
        few = f" The strongest {LISTED} of {len(data.labels)} positions." if len(data.labels) > LISTED else ""
        sums = (
            f"Change of {data.metric} by replacing the input at a position. The estimates add up to "
            f"{change_words(float(data.estimated.sum()))}; replacing all of it does {change_words(data.total)}."
        )
        return f"{sums} Blue: {blue}; orange: {orange}. Of the model without edits.{few}"

    def set_tinted(self, tinted: bool) -> None:
        self.tint.setText("take the colours off card A" if tinted else "tint card A")

    def set_stale(self, stale: bool) -> None:
        self.rows.set_stale(stale)
        dim(self.words, stale)
