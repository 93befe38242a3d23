"""The runs as lines of a table, sorted and filtered."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt

from views.panels.runs.data import COLUMNS, RunRow
from views.widgets.lines import LinesModel

NEWEST_FIRST = (0, True)  # column, greatest first


class RunsModel(LinesModel[RunRow]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(COLUMNS, parent)
        self.sorted_by = NEWEST_FIRST
        self._words: list[str] = []  # that all must stand in a line

    def set_filter(self, text: str) -> None:
        self._words = text.casefold().split()
        self._show(self._chosen())

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.sorted_by = (column, order == Qt.SortOrder.DescendingOrder)
        self._show(self._chosen())

    def _chosen(self) -> list[RunRow]:
        column, backwards = self.sorted_by
        rows = [row for row in self.rows if all(word in " ".join(row.cells).casefold() for word in self._words)]
        known = [row for row in rows if row.keys[column] is not None]
        unknown = [row for row in rows if row.keys[column] is None]
        return sorted(known, key=lambda row: row.keys[column], reverse=backwards) + unknown  # type: ignore[arg-type,return-value]

    def tone(self, row: RunRow, column: int) -> str:
        return "selection" if row.present and column == 0 else ""
