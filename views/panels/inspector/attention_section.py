"""The attention part of the inspector: on the picture or as a matrix, of this input or as the mean over the dataset,
with one line that says what is under the pointer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.formatting import counted
from views.panels.inspector.attention import AttentionView
from views.panels.inspector.data import AverageData, NodeInspection
from views.panels.inspector.patch_attention import PatchAttention
from views.widgets.buttons import LinkButton
from views.widgets.flow import FlowLayout
from views.widgets.section import Section
from views.widgets.text import ElidedLabel, dim, plain_tip, show_text, wrapped

# As much as there is room for: half a sentence would not help.
_MATRIX_WORDS = ("rows look at columns", "")
_PICTURE_WORDS = ("click a patch to ask from it", "click a patch to ask", "click a patch", "")


_BY_VALUE = "weighed by the length of what it moves, |A v W_O|, as shares of each row"
_BY_VALUE_TIP = (
    "The attention times the length of what it moves (value and output matrix): a head may look at a position from "
    "which it takes next to nothing, most often the first one (Kobayashi et al. 2020)"
)


class AttentionSection(Section):
    pointed = Signal(int, int)  # positions: what asks and what offers under the pointer; -1: none
    pin_requested = Signal(int, bool)  # edit at this position only; whether beside the others that are pinned
    moved_requested = Signal(bool)  # weigh the attention by what it moves, or not
    average_requested = Signal(bool)  # show the mean over the dataset, or this input again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Attention", parent, word="attention")
        self._data: NodeInspection | None = None
        self._average = AverageData(None)
        self._inputs = 0  # of the dataset
        self._averaged = False
        self._moved: NDArray[np.float32] | None = None  # lengths of what it moves
        self._by_value = False
        self._has_picture = False
        self._as_matrix = False
        self._pinned: tuple[int, ...] = ()
        self.toggle = LinkButton("matrix")
        self.toggle.setToolTip("Show the attention as a matrix, or on the picture")
        self.toggle.clicked.connect(self._switch)
        self.by_value = LinkButton("value")
        self.by_value.setCheckable(True)
        self.by_value.setToolTip(plain_tip(_BY_VALUE_TIP))
        self.by_value.clicked.connect(lambda _checked=False: self._set_by_value(not self._by_value))
        self.header.addWidget(self.by_value)
        self.header.addWidget(self.toggle)
        self.this_input = LinkButton("show this input")
        self.average = LinkButton("show the average")
        for button, averaged in ((self.this_input, False), (self.average, True)):
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, averaged=averaged: self._set_averaged(averaged))
        self.this_input.setToolTip("The attention on input A, with the edits")
        self.choice = QWidget()
        choice = FlowLayout(self.choice, gap=4)  # two lines where the panel is narrow
        choice.addWidget(self.this_input)
        choice.addWidget(self.average)
        self.matrix = AttentionView()
        self.patches = PatchAttention()
        self.regions = wrapped()
        self.regions.setToolTip("What it reads, summed over each named region of the picture")
        self.line = ElidedLabel("", "muted")
        self.pin = LinkButton("pin")
        self.pin.clicked.connect(lambda: self.pin_requested.emit(self._asking(), False))
        self.why = wrapped()
        self.matrix.described.connect(lambda text: self._say(text, matrix=True))
        self.patches.described.connect(lambda text: self._say(text, matrix=False))
        self.matrix.pointed.connect(self.pointed)
        self.matrix.pin_requested.connect(self.pin_requested)
        self.patches.pointed.connect(self.pointed)
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.pin)
        for widget in (self.choice, self.matrix, self.patches, self.regions, self.why):
            self.body.addWidget(widget)
        self.body.addLayout(row)

    # ---- showing -------------------------------------------------------------------------------------------

    def show_attention(self, data: NodeInspection) -> None:
        self.setVisible(data.attention is not None)
        if data.attention is None:
            return
        if self._data is None or data.node != self._data.node:
            self._average = AverageData(None)
        self._data = data
        self._has_picture = data.image is not None and data.grid is not None
        self._show_weights()

    def set_inputs(self, count: int) -> None:
        """How many inputs the dataset has: with none there is no mean to choose."""
        self._inputs = count
        self.average.setToolTip(
            f"The mean attention over the dataset's {count} inputs, without edits. Positions that correspond are taken "
            "together: by their roles, else from the nearer end"
        )
        if not count and self._averaged:
            self._set_averaged(False)
        self._arrange()

    def show_average(self, data: AverageData) -> None:
        self._average = data
        if self._averaged:
            self._show_weights()

    def show_moved(self, weights: NDArray[np.float32] | None) -> None:
        """Lengths of what the attention moves, [query, key]; None: not known."""
        self._moved = weights
        if self._by_value:
            self._show_weights()

    def shows_moved(self) -> bool:
        """Whether the attention is weighed by what it moves."""
        return self._by_value

    def shows_average(self) -> bool:
        return self._averaged

    def set_pinned(self, positions: tuple[int, ...]) -> None:
        """Which positions edits apply at."""
        self._pinned = positions
        self.matrix.set_pinned(positions)
        self._arrange()

    def set_stale(self, stale: bool) -> None:
        self.matrix.set_stale(stale)
        self.patches.set_stale(stale)
        for label in (self.line, self.regions):
            dim(label, stale)

    def shows_matrix(self) -> bool:
        return self._as_matrix or not self._has_picture

    def _weights(self) -> NDArray[np.float32] | None:
        assert self._data is not None
        if self._averaged:
            return self._average.weights
        return self._moved_shares() if self._by_value else self._data.attention

    def _moved_shares(self) -> NDArray[np.float32] | None:
        """Of each query's lengths the shares, so that rows sum to 1 as those of attention do."""
        if self._moved is None:
            return None
        total = self._moved.sum(axis=1, keepdims=True)
        shares: NDArray[np.float32] = np.divide(self._moved, total, out=np.zeros_like(self._moved), where=total > 0)
        return shares

    def _show_weights(self) -> None:
        data, weights = self._data, self._weights()
        if data is not None and weights is not None:
            if data.image is not None and data.grid is not None:
                self.patches.set_pattern(weights, data.labels, data.image, data.grid, data.prefix, data.regions)
                names = [self.patches.name_of(i) for i in range(weights.shape[0])]
                self.matrix.set_pattern(weights, [name.removeprefix("patch ") for name in names], tokens=False)
            else:
                self.matrix.set_pattern(weights, data.labels)
            self.matrix.set_pinned(self._pinned)
        self._arrange()

    # ---- choosing ------------------------------------------------------------------------------------------

    def _set_averaged(self, averaged: bool) -> None:
        changed, self._averaged = averaged != self._averaged, averaged
        if averaged and self._by_value:
            self._set_by_value(False)
        if changed:
            self.average_requested.emit(averaged)
        if self._data is not None:
            self._show_weights()

    def _set_by_value(self, by_value: bool) -> None:
        """Of this input: the mean over a dataset is of plain attention."""
        self._by_value = by_value
        if by_value and self._averaged:
            self._set_averaged(False)
        self.moved_requested.emit(by_value)
        if self._data is not None:
            self._show_weights()

    def _switch(self) -> None:
        self._as_matrix = not self._as_matrix
        self._arrange()

    def _arrange(self) -> None:
        shown = self._data is not None and self._weights() is not None
        matrix = self.shows_matrix()
        self.choice.setVisible(self._inputs > 0)
        self.this_input.setChecked(not self._averaged)
        self.average.setChecked(self._averaged)
        self.by_value.setChecked(self._by_value)
        self.matrix.setVisible(matrix and shown)
        self.patches.setVisible(not matrix and shown)
        self.toggle.setVisible(self._has_picture)
        self.toggle.setText("picture" if matrix else "matrix")
        self.hint.setText(*(_MATRIX_WORDS if matrix else _PICTURE_WORDS))
        show_text(self.why, self._why())
        self.line.setVisible(shown)
        self._show_regions()
        asking = self._asking()
        self.pin.setVisible(shown and not matrix and asking >= 0)
        pinned = asking in self._pinned
        self.pin.setText("unpin" if pinned else "pin")
        self.pin.setToolTip(
            "Edits apply everywhere again" if pinned else "Let edits apply only at the position that asks"
        )
        if self._has_picture and shown:
            (self.matrix if matrix else self.patches).describe()

    def _why(self) -> str:
        if self._by_value and not self._averaged:
            return _BY_VALUE if self._moved is not None else "Working out what it moves…"
        if not self._averaged:
            return ""
        if self._average.weights is None:
            return self._average.why
        rows, of = self._average.rows, self._average.of
        fewer = f"; fewer at some positions, {rows} at least" if of > rows else ""
        return f"mean of {counted(of, 'input')}, without edits{fewer}"

    def _asking(self) -> int:
        query = self.patches.query()
        return -1 if query is None else query

    def _say(self, text: str, matrix: bool) -> None:
        if matrix == self.shows_matrix():
            plain = text.replace(" most:", ":")
            self.line.setText(text, plain, plain.replace("patch ", "").replace(" reads ", " → "))
        if not matrix:
            self._show_regions()
            asking = self._asking()
            self.pin.setVisible(not self.shows_matrix() and asking >= 0)
            self.pin.setText("unpin" if asking in self._pinned else "pin")

    def _show_regions(self) -> None:
        """Sums over what has a name, of the position that asks."""
        there = self._has_picture and not self.shows_matrix() and self._data is not None and self._weights() is not None
        words = self.patches.region_words() if there else ""
        show_text(self.regions, f"To regions: {words}" if words else "")
