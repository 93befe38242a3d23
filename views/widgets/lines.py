"""Tables of lines that are values: words under titles. A table has a list of columns, and says what is its own."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QItemSelectionModel, QObject, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QTableView, QWidget

from views.theme import current
from views.widgets.line_column import LineColumn
from views.widgets.line_table import as_line_table
from views.widgets.sorted_lines import ROLE, UNSORTED, Index, SortedLines, aligned
from views.widgets.text import plain_tip, small_mono

ORDERED = 16  # pixels for the mark of the order beside a title
PADDING, PADDING_OF_FIGURES = 34, 26  # and beside the words of a cell


class Line(Protocol):
    """key: tells it from the others. cells: words, one a column. tip: all of it."""

    @property
    def key(self) -> Hashable: ...

    @property
    def cells(self) -> tuple[str, ...]: ...

    @property
    def tip(self) -> str: ...


L = TypeVar("L", bound=Line)


class LinesModel(SortedLines, Generic[L]):
    """Line `i` of the table is `shown[i]`."""

    def __init__(self, columns: Sequence[LineColumn], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = columns
        self.rows: tuple[L, ...] = ()
        self.shown: list[L] = []

    def set_rows(self, rows: Sequence[L]) -> None:
        """Where the same lines stay in their places, the selection stays with them."""
        self.rows = tuple(rows)
        shown = self._chosen()
        if [row.key for row in shown] == [row.key for row in self.shown]:
            self.shown = shown
            self._refresh()
        else:
            self._show(shown)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.sorted_by = (column, order == Qt.SortOrder.DescendingOrder)
        self._show(self._chosen())

    def sort_key(self, row: L, column: int) -> float | str | None:
        """What a line is sorted by; those with None come last, whichever way it is sorted."""
        raise NotImplementedError

    def is_shown(self, _row: L) -> bool:
        """Whether no filter leaves it out."""
        return True

    def _chosen(self) -> list[L]:
        """Those that are shown, in their order."""
        rows, (column, backwards) = [row for row in self.rows if self.is_shown(row)], self.sorted_by
        if self.sorted_by == UNSORTED:
            return rows
        keys = [(self.sort_key(row, column), row) for row in rows]
        known = sorted((each for each in keys if each[0] is not None), key=lambda each: each[0], reverse=backwards)
        return [row for _, row in known] + [row for key, row in keys if key is None]

    def tone(self, _row: L, _column: int) -> str:
        """The colour of a cell, by its name in the theme; empty for the usual one."""
        return ""

    # ---- for Qt ----

    def columns(self) -> Sequence[LineColumn]:
        return self._columns

    def data(self, index: Index, role: int = ROLE.DisplayRole) -> Any:
        row, column = self.shown[index.row()], self._columns[index.column()]
        text = row.cells[index.column()]
        if role == ROLE.DisplayRole:
            return text
        if role == ROLE.TextAlignmentRole:
            return aligned(column)
        if role == ROLE.FontRole:
            return small_mono() if column.figures else None
        if role == ROLE.ForegroundRole:
            tone = self.tone(row, index.column())
            return current().color(tone) if tone else None
        if role == ROLE.AccessibleTextRole:
            return f"{column.said or column.title}: {text or 'not known'}"
        if role in (ROLE.ToolTipRole, ROLE.AccessibleDescriptionRole):
            return plain_tip(row.tip) if role == ROLE.ToolTipRole else row.tip
        return None


class LinesView(QTableView, Generic[L]):
    """Enter or a double click shows what a line is of. name, columns: for screen readers."""

    show_wanted = Signal()

    def __init__(self, lines: LinesModel[L], name: str, columns: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        lines.setParent(self)
        self._lines = lines
        self.setModel(lines)
        as_line_table(self, name, columns)
        self.doubleClicked.connect(lambda _: self.show_wanted.emit())

    def chosen(self) -> list[L]:
        """The lines that are selected, in their order."""
        places = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self._lines.shown[place] for place in places]

    def choose(self, keys: Collection[Hashable]) -> None:
        """Select lines, those of them that are shown. The arrow keys go on from the first, where they had no line."""
        flags, selection = QItemSelectionModel.SelectionFlag, self.selectionModel()
        for place, row in enumerate(self._lines.shown):
            if row.key in keys:
                index = self._lines.index(place, 0)
                selection.select(index, flags.Select | flags.Rows)
                if not selection.currentIndex().isValid():
                    selection.setCurrentIndex(index, flags.NoUpdate)

    def choose_nothing(self) -> None:
        """The lines that come are others, though they may have the same keys."""
        self.selectionModel().clear()

    def set_rows(self, rows: Sequence[L]) -> None:
        """Those that are selected stay so, wherever they stand."""
        kept = [row.key for row in self.chosen()]
        fits = len(rows) == len(self._lines.rows)
        self._lines.set_rows(rows)
        self.choose(kept)
        if not fits:
            self.fit_columns()

    def fit_columns(self) -> None:
        """Each as wide as its words, within limits."""
        figures, words = QFontMetrics(small_mono()), QFontMetrics(self.font())
        mark = 0 if self._lines.sorted_by == UNSORTED else ORDERED
        for place, column in enumerate(self._lines.columns()):
            metrics = figures if column.figures else words
            widest = max((metrics.horizontalAdvance(row.cells[place]) for row in self._lines.rows), default=0)
            least = max(words.horizontalAdvance(column.title) + mark, metrics.horizontalAdvance(column.sample))
            padding = PADDING_OF_FIGURES if column.figures else PADDING
            self.setColumnWidth(place, max(min(widest, column.most), least) + padding)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.show_wanted.emit()
        else:
            super().keyPressEvent(event)
