"""The set of a minimal patch as a table: a line for each part, with it and without it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from views.panels.flip.data import HEADERS, FlipRow, whole_words_of, words_of
from views.theme import current
from views.widgets.line_table import as_line_table
from views.widgets.text import plain_tip, small_mono

TIPS = (
    "The parts patched from B, in their order; a click selects one on the canvas",
    "With this part and all above: by how many logits B's answer is ahead of the best other one; above 0 it has won",
    "The same with all parts but this one: the answer is not B's then, so the set needs it",
)
_Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
_NO_INDEX = QModelIndex()
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class FlipModel(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[FlipRow, ...] = ()

    def set_rows(self, rows: tuple[FlipRow, ...]) -> None:
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def rowCount(self, parent: _Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(HEADERS)

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        words = words_of(row)[column]
        if role == _ROLE.DisplayRole:
            return words
        if role == _ROLE.AccessibleTextRole:
            return f"{HEADERS[column]}: {whole_words_of(row)[column] or 'nothing'}"
        if role == _ROLE.FontRole:
            return small_mono()
        if role == _ROLE.TextAlignmentRole:
            return _RIGHT if column else _LEFT
        if role == _ROLE.ForegroundRole and column and not (column == 1 and row.turned):
            return current().color("muted")
        if role != _ROLE.ToolTipRole:
            return None
        answer = ("", row.answer, row.its_answer)[column]
        said = row.part if column == 0 else f"The answer is “{answer}”" if answer else ""
        return plain_tip("  ·  ".join(filter(None, (said, TIPS[column]))))

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(HEADERS):
            return None
        if role in (_ROLE.DisplayRole, _ROLE.AccessibleTextRole):
            return HEADERS[section]
        if role == _ROLE.TextAlignmentRole:
            return _RIGHT if section else _LEFT
        return TIPS[section] if role in (_ROLE.ToolTipRole, _ROLE.AccessibleDescriptionRole) else None


class FlipView(QTableView):
    chosen = Signal(list)  # targets

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = FlipModel(self)
        self.setModel(self.lines)
        as_line_table(self, "The parts of the minimal patch", "Columns of the parts")
        header = self.horizontalHeader()
        header.setStretchLastSection(False)
        header.setSectionsClickable(False)  # their order is that in which they are patched
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # both ends of an edge
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.selectionModel().selectionChanged.connect(lambda *_: self._tell())

    def _tell(self) -> None:
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        self.chosen.emit([row.target for row in (self.lines.rows[each] for each in rows) if row.target is not None])
