"""The runs as lines of a table, sorted and filtered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Qt

from views.panels.runs.data import COLUMNS, RunRow
from views.theme import current
from views.widgets.sorted_lines import ROLE, Column, Index, SortedLines, aligned
from views.widgets.text import plain_tip, small_mono

NEWEST_FIRST = (0, True)  # column, greatest first


class RunsModel(SortedLines):
    """Line `i` of the table is `shown[i]`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[RunRow, ...] = ()
        self.shown: list[RunRow] = []
        self.sorted_by = NEWEST_FIRST
        self._words: list[str] = []  # that all must stand in a line

    def set_rows(self, rows: Sequence[RunRow]) -> None:
        """Where the same runs stay in their lines, the selection stays with them."""
        self.rows = tuple(rows)
        shown = self._choose()
        if [row.number for row in shown] == [row.number for row in self.shown]:
            self.shown = shown
            self._refresh()
        else:
            self._show(shown)

    def set_filter(self, text: str) -> None:
        self._words = text.casefold().split()
        self._show(self._choose())

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.sorted_by = (column, order == Qt.SortOrder.DescendingOrder)
        self._show(self._choose())

    def _choose(self) -> list[RunRow]:
        column, backwards = self.sorted_by
        rows = [row for row in self.rows if all(word in " ".join(row.cells).casefold() for word in self._words)]
        known = [row for row in rows if row.keys[column] is not None]
        unknown = [row for row in rows if row.keys[column] is None]
        return sorted(known, key=lambda row: row.keys[column], reverse=backwards) + unknown  # type: ignore[arg-type,return-value]

    # ---- for Qt ----

    def columns(self) -> Sequence[Column]:
        return COLUMNS

    def data(self, index: Index, role: int = ROLE.DisplayRole) -> Any:
        row, column = self.shown[index.row()], COLUMNS[index.column()]
        text = row.cells[index.column()]
        if role == ROLE.DisplayRole:
            return text
        if role == ROLE.TextAlignmentRole:
            return aligned(column)
        if role == ROLE.FontRole:
            return small_mono() if column.figures else None
        if role == ROLE.ForegroundRole:
            return current().color("selection") if row.present and index.column() == 0 else None
        if role == ROLE.AccessibleTextRole:
            return f"{column.title}: {text or 'not known'}"
        if role in (ROLE.ToolTipRole, ROLE.AccessibleDescriptionRole):
            return plain_tip(row.tip) if role == ROLE.ToolTipRole else row.tip
        return None
