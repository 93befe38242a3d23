"""What is lost without each set, as a table: a line that is chosen selects the heads of its set on the canvas."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from core.studies.set_values import SetRow, StudyShown
from views.theme import current
from views.widgets.line_table import as_line_table
from views.widgets.text import plain_tip

_Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
_NO_INDEX = QModelIndex()
TIPS = ("What is ablated", "How many heads")
LEAST = 230  # pixels of the first column
LOST = "The share that is lost, and its 95 % interval"


class SetsModel(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.header: tuple[str, ...] = ()
        self.rows: tuple[SetRow, ...] = ()

    def show_study(self, shown: StudyShown) -> None:
        self.beginResetModel()
        self.header, self.rows = shown.header, shown.rows
        self.endResetModel()

    # ---- for Qt ----

    def rowCount(self, parent: _Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.header)

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        text = row.texts[column]
        if role == _ROLE.DisplayRole:
            return text
        if role == _ROLE.TextAlignmentRole:
            return _alignment(column)
        if role == _ROLE.ForegroundRole:
            return None if row.heads else current().color("muted")
        if role == _ROLE.AccessibleTextRole:
            return f"{self.header[column]}: {text.strip() or 'none'}"
        if role == _ROLE.ToolTipRole and (row.heads or text):
            return plain_tip(f"{row.name.strip()}: {', '.join(row.heads) if column < 2 and row.heads else text}")
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.header):
            return None
        if role in (_ROLE.DisplayRole, _ROLE.AccessibleTextRole):
            title = self.header[section].removeprefix("in-context ")  # three outcomes are to find room
            return title[0].upper() + title[1:]
        if role in (_ROLE.ToolTipRole, _ROLE.AccessibleDescriptionRole):
            return TIPS[section] if section < len(TIPS) else f"{self.header[section]}. {LOST}"
        return _alignment(section) if role == _ROLE.TextAlignmentRole else None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class SetsView(QTableView):
    heads_chosen = Signal(list)  # their names

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = SetsModel(self)
        self.setModel(self.lines)
        as_line_table(self, "Table of the sets of heads", "What is lost")
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # the share is at the end
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.horizontalHeader()
        header.setStretchLastSection(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(44)
        self._showing = False
        self.selectionModel().selectionChanged.connect(lambda *_: self._tell())

    def show_study(self, shown: StudyShown, chosen: frozenset[str]) -> None:
        if (shown.header, shown.rows) != (self.lines.header, self.lines.rows):
            self._showing = True
            self.lines.show_study(shown)
            self._showing = False
            self._fit()
        self.mark(chosen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """All columns as wide as their words; the first one gives way."""
        header = self.horizontalHeader()
        if not self.lines.columnCount():
            return
        for column in range(1, self.lines.columnCount()):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        wanted = max(self.sizeHintForColumn(0), header.sectionSizeHint(0)) + 8
        others = sum(header.sectionSize(column) for column in range(1, self.lines.columnCount()))
        header.resizeSection(0, min(wanted, max(self.viewport().width() - others, LEAST)))

    def mark(self, chosen: frozenset[str]) -> None:
        """Select the line of the set whose heads are those that are selected."""
        fitting = [place for place, row in enumerate(self.lines.rows) if row.heads and frozenset(row.heads) == chosen]
        present = [index.row() for index in self.selectionModel().selectedRows()]
        if present and present[0] in fitting:
            return
        self._showing = True
        if fitting:
            self.selectRow(fitting[0])
        elif present and self.lines.rows[present[0]].heads:
            self.clearSelection()
        self._showing = False

    def _tell(self) -> None:
        lines = self.selectionModel().selectedRows()
        if not self._showing and lines and (heads := self.lines.rows[lines[0].row()].heads):
            self.heads_chosen.emit(list(heads))
