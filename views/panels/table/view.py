"""The table widget: lines of `RowsModel`, their selection, and copying."""

from __future__ import annotations

import csv
import io

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QTableView, QWidget

from core.edits import Target
from views.panels.table.model import RowsModel
from views.panels.table.rows import Rows
from views.widgets.line_table import as_line_table
from views.widgets.text import small_mono

MOST_SELECTED = 200  # the canvas marks so many at once; more cannot be told apart there
PADDING = 28  # pixels beside the words of a cell
ARROW = 26  # and for the mark of the order beside a title
_SAMPLES = ("a29.h8", "a29.kv2 ⟨q⟩", "+0.0000", "+0.0000", "scale 0.5", "Circuit", "29 → 29")
_LABELS = "previous token 0.81, cop"
_NODE_SAMPLES = ("a29.h8", "head 8 of layer 29", *_SAMPLES[2:4], _LABELS, *_SAMPLES[4:])


class FewLines(QItemSelectionModel):
    """Selects at most the first `MOST_SELECTED` lines of a span. Of every line that is selected Qt makes a list of
    cells, for the screen reader; for all lines of a large model this takes seconds."""

    def select(self, what: QItemSelection | QModelIndex, command: QItemSelectionModel.SelectionFlag) -> None:  # type: ignore[override]
        if isinstance(what, QItemSelection):
            few, left = QItemSelection(), MOST_SELECTED
            for span in what:
                if left > 0 and span.isValid():
                    last = min(span.bottom(), span.top() + left - 1)
                    few.select(span.topLeft(), span.model().index(last, span.right()))
                    left -= last - span.top() + 1
            what = few
        super().select(what, command)


class RowsView(QTableView):
    """Selects whole lines, with Ctrl and Shift several of them. Enter or a double click goes to the place on the
    canvas, Ctrl+C copies."""

    targets_chosen = Signal(object)  # tuple of Node | Edge, by the user's hand
    place_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = RowsModel(self)
        self.setModel(self.lines)
        self.setSelectionModel(FewLines(self.lines, self))
        self._selection: tuple[Target, ...] = ()
        self._showing = False  # the selection changes, but not by the user's hand
        self._sampled = ""  # the kind of rows that the columns are as wide as
        as_line_table(self, "Table of the graph", "Columns of the table")
        header = self.horizontalHeader()
        header.setSortIndicatorShown(True)
        header.sectionClicked.connect(self.sort_by)
        self.lines.modelReset.connect(self._mark)
        self.selectionModel().selectionChanged.connect(self._say)
        self.doubleClicked.connect(lambda _: self.place_wanted.emit())
        self._show_order()

    # ---- showing ---------------------------------------------------------------------------------------------

    def show_rows(self, rows: Rows | None) -> None:
        self.lines.set_rows(rows)
        what = "" if rows is None else rows.what
        if rows is not None and what != self._sampled:
            self._sampled = what
            widest = QFontMetrics(small_mono())
            for column, sample in enumerate(_NODE_SAMPLES if what == "nodes" else _SAMPLES):
                title = QFontMetrics(self.font()).horizontalAdvance(rows.columns[column].title)
                self.setColumnWidth(column, max(widest.horizontalAdvance(sample), title + ARROW) + PADDING)

    def set_selection(self, selection: tuple[Target, ...], look: bool = True) -> None:
        """Mark these, and bring the first of them into view. Emits nothing."""
        if selection != self._selection:
            self._selection = selection
            self._mark(look)

    def chosen(self) -> NDArray[np.int64]:
        """The lines that are selected, in order."""
        mask = np.zeros(self.lines.rowCount(), dtype=bool)
        for span in self.selectionModel().selection():
            mask[span.top() : span.bottom() + 1] = True
        return np.flatnonzero(mask)

    def _mark(self, look: bool = True) -> None:
        """Select the lines of what is selected."""
        self._showing = True
        try:
            lines, model = self.lines.lines_of(self._selection), self.selectionModel()
            spans = QItemSelection()
            last = self.lines.columnCount() - 1
            for line in lines.tolist():
                spans.select(self.lines.index(line, 0), self.lines.index(line, last))
            model.select(spans, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            if len(lines):
                first = self.lines.index(int(lines[0]), 0)
                model.setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
                if look:
                    self.scrollTo(first)
            elif self.lines.rowCount() and not model.currentIndex().isValid():
                model.setCurrentIndex(self.lines.index(0, 0), QItemSelectionModel.SelectionFlag.NoUpdate)
        finally:
            self._showing = False

    def _say(self) -> None:
        if not self._showing:
            self._selection = self.lines.targets(self.chosen()[:MOST_SELECTED])
            self.targets_chosen.emit(self._selection)

    # ---- sorting ---------------------------------------------------------------------------------------------

    def sort_by(self, column: int) -> None:
        """By a column; by the same again the other way round."""
        assert self.lines.rows is not None
        known, backwards = self.lines.sorted_by
        way = not backwards if known == column else self.lines.rows.columns[column].large_first
        self.lines.sort(column, Qt.SortOrder.DescendingOrder if way else Qt.SortOrder.AscendingOrder)
        self._show_order()

    def _show_order(self) -> None:
        column, backwards = self.lines.sorted_by
        order = Qt.SortOrder.DescendingOrder if backwards else Qt.SortOrder.AscendingOrder
        header = self.horizontalHeader()
        header.setSortIndicator(column, order)
        self.lines.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(header.count() - 1, 0))

    # ---- copying and keys --------------------------------------------------------------------------------------

    def copied(self, separator: str) -> str:
        """The selected lines, or all where none is, under the names of the columns; a tab or a comma between cells."""
        rows = self.lines.rows
        if rows is None:
            return ""
        lines = self.chosen()
        text = io.StringIO()
        table = csv.writer(text, delimiter=separator, lineterminator="\n")
        table.writerow([column.title for column in rows.columns])
        for line in (lines if len(lines) else np.arange(len(self.lines.shown))).tolist():
            table.writerow([cell.replace("\N{MINUS SIGN}", "-") for cell in self.lines.texts(line)])
        return text.getvalue()

    def copy(self, separator: str = "\t") -> None:
        QGuiApplication.clipboard().setText(self.copied(separator))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.place_wanted.emit()
        elif event.key() == Qt.Key.Key_Escape and self._selection:
            self.clearSelection()
        else:
            super().keyPressEvent(event)
