"""What Qt models of tables share that are sorted by a click on a title: aligned cells, and titles with the mark of the
order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex
ROLE = Qt.ItemDataRole
NO_INDEX = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

UNSORTED = (-1, False)


class Column(Protocol):
    """title, tip: of its heading. figures: its cells are numbers, and stand on the right."""

    @property
    def title(self) -> str: ...

    @property
    def tip(self) -> str: ...

    @property
    def figures(self) -> bool: ...


def aligned(column: Column) -> Qt.AlignmentFlag:
    return _RIGHT if column.figures else _LEFT


class SortedLines(QAbstractTableModel):
    """sorted_by: the number of a column, and whether the greatest comes first; UNSORTED where a click does not sort. A
    subclass has the columns, and `shown`,
    its lines in their order."""

    sorted_by: tuple[int, bool] = UNSORTED
    shown: Any

    def columns(self) -> Sequence[Column]:
        raise NotImplementedError

    def _show(self, shown: Any) -> None:
        """Other lines than before."""
        self.beginResetModel()
        self.shown = shown
        self.endResetModel()

    def _refresh(self) -> None:
        """Other cells in the same lines: the selection and the scroll bar stay with them."""
        if len(self.shown):
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.shown) - 1, self.columnCount() - 1))

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.columns())

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= self.columnCount():
            return None
        column = self.columns()[section]
        if role == ROLE.DisplayRole:  # Qt's own mark of the order cuts a hole into a title on the right
            ordered, backwards = self.sorted_by
            return column.title + (f" {'↓' if backwards else '↑'}" if section == ordered else "")
        if role == ROLE.AccessibleTextRole:
            return column.title
        if role in (ROLE.ToolTipRole, ROLE.AccessibleDescriptionRole):
            return column.tip if self.sorted_by == UNSORTED else f"{column.tip.removesuffix('.')}. Click to sort."
        if role == ROLE.TextAlignmentRole:
            return aligned(column)
        return None
