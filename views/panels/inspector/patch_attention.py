"""The attention of one query over the patches of a picture, with the positions before the patches as chips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from views.widgets.flow import FlowLayout
from views.widgets.patch_image import PatchImage


class PatchAttention(QWidget):
    """A click on a patch makes it the query; a click on a chip, CLS or a register.

    Without positions before the patches, the mean over all queries stands first.
    """

    described = Signal(str)
    pointed = Signal(int, int)  # positions: the query and what is under the pointer; -1: none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._weights: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        self._labels: tuple[str, ...] = ()
        self._prefix = 0
        self._columns = 1
        self._regions: tuple[tuple[str, Sequence[int]], ...] = ()
        self._query: int | None = 0  # None: the mean over all
        self._hovered = -1
        self.buttons: list[QPushButton] = []
        self.picture = PatchImage(most_height=300, choosable=True)
        self.picture.setAccessibleName("Attention over the picture")
        self.picture.patch_clicked.connect(lambda patch: self.set_query(self._prefix + patch))
        self.picture.patch_hovered.connect(self._hover)
        self._chips = FlowLayout(gap=5)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.picture)
        layout.addLayout(self._chips)

    def set_pattern(
        self,
        weights: NDArray[np.float32],
        labels: Sequence[str],
        image: NDArray[np.uint8],
        grid: tuple[int, int],
        prefix: int,
        regions: Sequence[tuple[str, Sequence[int]]] = (),
    ) -> None:
        """`weights` [query, key] over the prefix positions and then the patches, row by row. regions: what the weights
        are summed over, names and positions."""
        same = (weights.shape, prefix) == (self._weights.shape, self._prefix)
        self._weights, self._labels, self._prefix = weights, tuple(labels), prefix
        self._columns, self._regions = grid[1], tuple(regions)
        self.picture.set_image(image, grid)
        self._make_chips()
        self.set_query(self._query if same else (0 if prefix else None))

    def weights(self) -> NDArray[np.float32]:
        """[query, key], as shown."""
        return self._weights

    def query(self) -> int | None:
        return self._query

    def chip_texts(self) -> list[str]:
        return [button.text() for button in self.buttons]

    def name_of(self, position: int) -> str:
        if position >= self._prefix:
            row, column = divmod(position - self._prefix, self._columns)
            return f"patch {row}, {column}"
        if position < len(self._labels) and self._labels[position]:
            return self._labels[position]
        return "CLS" if position == 0 else f"register {position}"

    def region_words(self) -> str:
        """How much of what the query reads lies in each region; empty where none has a name."""
        row = self._row() if self._weights.size else self._weights
        return " · ".join(f"{name} {row[list(places)].sum():.2f}" for name, places in self._regions)

    def set_query(self, query: int | None) -> None:
        """Show what one position reads; None shows the mean over all positions."""
        if not self._weights.size:
            return
        self._query = query
        row = self._row()
        self.picture.set_weights(row[self._prefix :])
        self.picture.set_marked(-1 if query is None or query < self._prefix else query - self._prefix)
        for position, button in enumerate(self.buttons):
            if self._prefix:
                button.setText(f"{self.name_of(position)}  {row[position]:.2f}")
                button.setChecked(position == query)
            else:
                button.setChecked(query is None)
        self.describe()

    def set_stale(self, stale: bool) -> None:
        self.picture.set_stale(stale)

    def _row(self) -> NDArray[np.float32]:
        return self._weights.mean(axis=0) if self._query is None else self._weights[self._query]

    def _make_chips(self) -> None:
        positions: list[int | None] = list(range(self._prefix)) or [None]
        if len(self.buttons) == len(positions):
            return
        self._chips.clear()
        self.buttons = []
        for position in positions:
            button = QPushButton("mean of all" if position is None else self.name_of(position))
            button.setCheckable(True)
            button.setStyleSheet("padding: 2px 7px;")
            button.setToolTip("What this position reads; the number is what the query reads from it")
            button.clicked.connect(lambda _checked=False, position=position: self.set_query(position))
            self._chips.addWidget(button)
            self.buttons.append(button)

    def _hover(self, patch: int) -> None:
        self._hovered = patch
        self.describe()
        asking = -1 if self._query is None else self._query
        self.pointed.emit(*((asking, patch + self._prefix) if patch >= 0 else (-1, -1)))

    def describe(self) -> None:
        """Emit the words for what is pointed at."""
        row = self._row()
        asks = "the mean" if self._query is None else self.name_of(self._query)
        position = self._hovered + self._prefix if self._hovered >= 0 else int(row.argmax())
        most = "" if self._hovered >= 0 else " most"
        self.described.emit(f"{asks} reads {self.name_of(position)}{most}: {row[position]:.3f}")
