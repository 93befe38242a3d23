"""The runs as lines of a table, sorted and filtered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from views.panels.runs.data import COLUMNS, RunRow
from views.theme import current
from views.widgets.text import plain_tip, small_mono

_Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_NO_INDEX = QModelIndex()
NEWEST_FIRST = (0, True)  # column, greatest first


class RunsModel(QAbstractTableModel):
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
            if shown:
                self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, len(COLUMNS) - 1))
        else:
            self._show(shown)

    def set_filter(self, text: str) -> None:
        self._words = text.casefold().split()
        self._show(self._choose())

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.sorted_by = (column, order == Qt.SortOrder.DescendingOrder)
        self._show(self._choose())

    def _show(self, shown: list[RunRow]) -> None:
        self.beginResetModel()
        self.shown = shown
        self.endResetModel()

    def _choose(self) -> list[RunRow]:
        column, backwards = self.sorted_by
        rows = [row for row in self.rows if all(word in " ".join(row.cells).casefold() for word in self._words)]
        known = [row for row in rows if row.keys[column] is not None]
        unknown = [row for row in rows if row.keys[column] is None]
        return sorted(known, key=lambda row: row.keys[column], reverse=backwards) + unknown  # type: ignore[arg-type,return-value]

    # ---- for Qt ----

    def rowCount(self, parent: _Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: _Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        row, column = self.shown[index.row()], COLUMNS[index.column()]
        text = row.cells[index.column()]
        if role == _ROLE.DisplayRole:
            return text
        if role == _ROLE.TextAlignmentRole:
            return _RIGHT if column.figures else _LEFT
        if role == _ROLE.FontRole:
            return small_mono() if column.figures else None
        if role == _ROLE.ForegroundRole:
            return current().color("selection") if row.present and index.column() == 0 else None
        if role == _ROLE.AccessibleTextRole:
            return f"{column.title}: {text or 'not known'}"
        if role in (_ROLE.ToolTipRole, _ROLE.AccessibleDescriptionRole):
            return plain_tip(row.tip) if role == _ROLE.ToolTipRole else row.tip
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(COLUMNS):
            return None
        column = COLUMNS[section]
        if role == _ROLE.DisplayRole:
            ordered, backwards = self.sorted_by
            return column.title + (f" {'↓' if backwards else '↑'}" if section == ordered else "")
        if role == _ROLE.AccessibleTextRole:
            return column.title
        if role in (_ROLE.ToolTipRole, _ROLE.AccessibleDescriptionRole):
            return f"{column.tip}. Click to sort."
        if role == _ROLE.TextAlignmentRole:
            return _RIGHT if column.figures else _LEFT
        return None
