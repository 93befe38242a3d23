"""The runs as lines of a table, sorted and filtered."""

from __future__ import annotations

from PySide6.QtCore import QObject

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

    def sort_key(self, row: RunRow, column: int) -> float | str | None:
        return row.keys[column]

    def is_shown(self, row: RunRow) -> bool:
        return all(word in " ".join(row.cells).casefold() for word in self._words)

    def tone(self, row: RunRow, column: int) -> str:
        return "selection" if row.present and column == 0 else ""
