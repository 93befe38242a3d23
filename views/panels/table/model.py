"""The table's Qt model: a sorted and filtered view of `Rows`, as an array of row numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt

from core.edits import Target
from core.tracing.order import SORTED
from views.panels.table.names import Mask, NotAName
from views.panels.table.rows import Rows
from views.theme import current
from views.widgets.painted import STALE_OPACITY
from views.widgets.sorted_lines import ROLE, Column, Index, SortedLines, aligned
from views.widgets.text import plain_tip, small_mono

USUAL_ORDER = (2, True)  # column, greatest first
MOST_LINES = 100_000  # of very many rows, which are not all sorted


class RowsModel(SortedLines):
    """Line `i` of the table is row `shown[i]`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: Rows | None = None
        self.shown: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.problem = ""  # why the filter means nothing
        self.sorted_by = USUAL_ORDER
        self._filter = ""
        self._order: NDArray[np.int64] | None = None  # all rows, sorted; of very many the first
        self.fitting = 0  # rows that the filter keeps: more than are shown, where there are very many

    # ---- what is shown ---------------------------------------------------------------------------------------

    def set_rows(self, rows: Rows | None) -> None:
        """Show these, sorted and filtered as before. Where the same rows stay in their places only their cells
        change, and the selection and the scroll bar stay with them."""
        before, same = self.shown, self._fits(rows)
        if rows is not None and self.sorted_by[0] >= len(rows.columns):  # a column that only others have
            self.sorted_by, self._order = USUAL_ORDER, None
        if not (same and self._same_key(rows, self.sorted_by[0])):
            self._order = None
        self.rows = rows
        shown = self._choose()
        if same and np.array_equal(before, shown):
            self._refresh()
            return
        self._show(shown)

    def _fits(self, rows: Rows | None) -> bool:
        known = self.rows
        if rows is None or known is None:
            return False
        alike = known.what == rows.what and len(known.columns) == len(rows.columns)
        return alike and known.count == rows.count

    def _same_key(self, rows: Rows | None, column: int) -> bool:
        """Whether new rows are in the order of those before: sorting takes longest."""
        if rows is None or self.rows is None:
            return False
        return rows.same_key(column, self.rows)

    def set_filter(self, text: str) -> None:
        """Show only the rows that typed words mean; `problem` says why they mean nothing, and then all stay."""
        self._filter = text
        self._show(self._choose())

    def filter(self) -> str:
        return self._filter

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.sorted_by = (column, order == Qt.SortOrder.DescendingOrder)
        self._order = None
        self._show(self._choose())

    def _choose(self) -> NDArray[np.int64]:
        self.problem = ""
        if self.rows is None:
            return np.zeros(0, dtype=np.int64)
        mask = self._mask(self.rows)
        large = self.rows.count > SORTED
        self.fitting = self.rows.count if mask is None else int(np.count_nonzero(mask))
        if large and mask is not None:
            return self.rows.first(*self.sorted_by, mask, MOST_LINES)
        if self._order is None:
            rows, by = self.rows, self.sorted_by
            self._order = rows.first(*by, None, MOST_LINES) if large else rows.order(*by)
        return self._order if mask is None else self._order[mask[self._order]]

    def _mask(self, rows: Rows) -> Mask | None:
        """Which rows the filter keeps; None: all."""
        if not self._filter.strip():
            return None
        try:
            return rows.choose(self._filter)
        except NotAName as problem:
            self.problem = str(problem)
            return None

    # ---- between lines and targets -----------------------------------------------------------------------------

    def targets(self, lines: NDArray[np.int64]) -> tuple[Target, ...]:
        """What stands in these lines."""
        assert self.rows is not None
        return tuple(self.rows.target(int(row)) for row in self.shown[lines])

    def lines_of(self, targets: tuple[Target, ...]) -> NDArray[np.int64]:
        """The lines in which these stand, those that are filtered away left out, in order of the lines."""
        if self.rows is None or not targets:
            return np.zeros(0, dtype=np.int64)
        numbers = [number for target in targets if (number := self.rows.number(target)) is not None]
        return np.flatnonzero(np.isin(self.shown, numbers)) if numbers else np.zeros(0, dtype=np.int64)

    def texts(self, line: int) -> list[str]:
        """The words of a line's cells."""
        assert self.rows is not None
        return self.rows.values(int(self.shown[line]))

    # ---- for Qt ------------------------------------------------------------------------------------------------

    def columns(self) -> Sequence[Column]:
        return () if self.rows is None else self.rows.columns

    def data(self, index: Index, role: int = ROLE.DisplayRole) -> Any:
        if self.rows is None or not index.isValid():
            return None
        column, row = self.rows.columns[index.column()], int(self.shown[index.row()])
        if role == ROLE.DisplayRole:
            return column.text(row)
        if role == ROLE.TextAlignmentRole:
            return aligned(column)
        if role == ROLE.ForegroundRole:
            return self._color(column.sign, row)
        if role == ROLE.FontRole:
            return small_mono() if column.figures or column.name else None
        if role == ROLE.AccessibleTextRole:
            return f"{column.title}: {column.text(row) or 'none'}"
        if role == ROLE.AccessibleDescriptionRole:
            return self.rows.describe(row)
        if role == ROLE.ToolTipRole:
            return plain_tip(self.rows.describe(row))
        return None

    def _color(self, sign: Callable[[int], float] | None, row: int) -> Any:
        assert self.rows is not None
        theme, stale = current(), self.rows.data.stale
        if sign is None:
            return None
        value = sign(row)
        name = "positive" if value > 0 else "negative" if value < 0 else "muted"
        return theme.color(name, STALE_OPACITY if stale else 1.0)
