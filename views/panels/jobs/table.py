"""The jobs as lines in the order of the queue, each with a bar of what is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from views.panels.jobs.data import COLUMNS, PROGRESS, STATE, JobRow
from views.theme import current
from views.widgets.line_table import as_line_table
from views.widgets.sorted_lines import NO_INDEX, ROLE, Index, aligned
from views.widgets.text import plain_tip, small_mono

SHARE = Qt.ItemDataRole.UserRole
BAR, GAP = 4, 3  # pixels: how high the bar is, and what is left below it
PADDING = 32  # pixels beside the words of a cell


class JobsModel(QAbstractTableModel):
    """Line `i` of the table is `rows[i]`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[JobRow, ...] = ()

    def set_rows(self, rows: Sequence[JobRow]) -> None:
        """Where the same jobs stay in their lines, the selection stays with them."""
        same = [row.key for row in rows] == [row.key for row in self.rows]
        if same:
            self.rows = tuple(rows)
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
        else:
            self.beginResetModel()
            self.rows = tuple(rows)
            self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(COLUMNS):
            return None
        column = COLUMNS[section]
        if role in (ROLE.DisplayRole, ROLE.AccessibleTextRole):
            return column.title
        if role in (ROLE.ToolTipRole, ROLE.AccessibleDescriptionRole):
            return column.tip
        return aligned(column) if role == ROLE.TextAlignmentRole else None

    def data(self, index: Index, role: int = ROLE.DisplayRole) -> Any:
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        text = row.cells[index.column()]
        if role == ROLE.DisplayRole:
            return text
        if role == ROLE.TextAlignmentRole:
            return aligned(column)
        if role == ROLE.FontRole:
            return small_mono() if column.figures else None
        if role == ROLE.ForegroundRole:
            return current().color(row.tone) if index.column() == STATE else None
        if role == ROLE.AccessibleTextRole:
            return f"{column.title}: {text or 'not known'}"
        if role in (ROLE.ToolTipRole, ROLE.AccessibleDescriptionRole):
            return plain_tip(row.tip) if role == ROLE.ToolTipRole else row.tip
        if role == SHARE and index.column() == PROGRESS:
            return row.share
        return None


class BarDelegate(QStyledItemDelegate):
    """A thin bar under the words."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # type: ignore[override]
        super().paint(painter, option, index)
        share = index.data(SHARE)
        if share is None:
            return
        cell = QRectF(option.rect)  # type: ignore[attr-defined]
        bar = QRectF(cell.left() + 6, cell.bottom() - BAR - GAP + 1, max(cell.width() - 16, 0), BAR)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current().color("raised"))
        painter.drawRoundedRect(bar, BAR / 2, BAR / 2)
        bar.setWidth(bar.width() * min(max(share, 0.0), 1.0))
        painter.setBrush(current().color("accent"))
        painter.drawRoundedRect(bar, BAR / 2, BAR / 2)
        painter.restore()


class JobsView(QTableView):
    """Enter or a double click shows a result."""

    show_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = JobsModel(self)
        self.setModel(self.lines)
        as_line_table(self, "Table of the jobs", "Columns of the jobs")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.horizontalHeader().setSectionsClickable(False)
        self.verticalHeader().setDefaultSectionSize(QFontMetrics(self.font()).height() + 2 * (BAR + GAP))
        self.setItemDelegateForColumn(PROGRESS, BarDelegate(self))
        self.doubleClicked.connect(lambda _: self.show_wanted.emit())

    def chosen(self) -> JobRow | None:
        """The job that is selected."""
        lines = self.selectionModel().selectedRows()
        return self.lines.rows[lines[0].row()] if lines else None

    def set_rows(self, rows: Sequence[JobRow]) -> None:
        """The job that is selected stays so, wherever it stands."""
        before = self.chosen()
        fits = len(rows) == len(self.lines.rows)
        self.lines.set_rows(rows)
        keys = [row.key for row in rows]
        if before is not None and before.key in keys and self.chosen() is None:
            self.selectRow(keys.index(before.key))
        if not fits:
            self.fit_columns()

    def fit_columns(self) -> None:
        """Each as wide as its words, within limits."""
        figures, words = QFontMetrics(small_mono()), QFontMetrics(self.font())
        for place, column in enumerate(COLUMNS):
            metrics = figures if column.figures else words
            widest = max((metrics.horizontalAdvance(row.cells[place]) for row in self.lines.rows), default=0)
            least = max(words.horizontalAdvance(column.title), metrics.horizontalAdvance(column.sample))
            self.setColumnWidth(place, max(min(widest, column.most), least) + PADDING)

    def keyPressEvent(self, event: Any) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.show_wanted.emit()
        else:
            super().keyPressEvent(event)
