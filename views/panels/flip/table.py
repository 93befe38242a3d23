"""The set of a minimal patch as a table: a line for each part, with it and without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from views.panels.flip.data import COLUMNS, FlipRow, whole_words_of, words_of
from views.theme import current
from views.widgets.line_column import LineColumn
from views.widgets.line_table import as_line_table
from views.widgets.sorted_lines import ROLE, Index, SortedLines, aligned
from views.widgets.text import plain_tip, small_mono


class FlipModel(SortedLines):
    shown: tuple[FlipRow, ...] = ()

    def columns(self) -> Sequence[LineColumn]:
        return COLUMNS

    def set_rows(self, rows: tuple[FlipRow, ...]) -> None:
        if rows != self.shown:
            self._show(rows)

    def data(self, index: Index, role: int = ROLE.DisplayRole) -> Any:
        row, column = self.shown[index.row()], index.column()
        words = words_of(row)[column]
        if role == ROLE.DisplayRole:
            return words
        if role == ROLE.AccessibleTextRole:
            return f"{COLUMNS[column].title}: {whole_words_of(row)[column] or 'nothing'}"
        if role == ROLE.FontRole:
            return small_mono()
        if role == ROLE.TextAlignmentRole:
            return aligned(COLUMNS[column])
        if role == ROLE.ForegroundRole and column and not (column == 1 and row.turned):
            return current().color("muted")
        if role != ROLE.ToolTipRole:
            return None
        answer = ("", row.answer, row.its_answer)[column]
        said = row.part if column == 0 else f"The answer is “{answer}”" if answer else ""
        return plain_tip("  ·  ".join(filter(None, (said, COLUMNS[column].tip))))


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
        self.chosen.emit([row.target for row in (self.lines.shown[each] for each in rows) if row.target is not None])
