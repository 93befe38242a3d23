"""The jobs as lines in the order of the queue, each with a bar of what is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from views.panels.jobs.data import COLUMNS, PROGRESS, RATE, STATE, TIME_LEFT, JobRow
from views.theme import current
from views.widgets.lines import LinesModel, LinesView
from views.widgets.sorted_lines import ROLE, Index

SHARE = Qt.ItemDataRole.UserRole
BAR, GAP = 4, 3  # pixels: how high the bar is, and what is left below it


class JobsModel(LinesModel[JobRow]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(COLUMNS, parent)

    def tone(self, row: JobRow, column: int) -> str:
        return row.tone if column == STATE else ""

    def data(self, index: Index, role: int = ROLE.DisplayRole) -> Any:
        if role == SHARE:
            return self.shown[index.row()].share if index.column() == PROGRESS else None
        return super().data(index, role)


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


class JobsView(LinesView[JobRow]):
    """One line is selected at a time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.lines = JobsModel()
        super().__init__(self.lines, "Table of the jobs", "Columns of the jobs", parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.horizontalHeader().setSectionsClickable(False)
        self.verticalHeader().setDefaultSectionSize(QFontMetrics(self.font()).height() + 2 * (BAR + GAP))
        self.setItemDelegateForColumn(PROGRESS, BarDelegate(self))

    def set_rows(self, rows: Sequence[JobRow]) -> None:
        """What nothing is known of while no job runs takes no room."""
        super().set_rows(rows)
        for column in (RATE, TIME_LEFT):
            self.setColumnHidden(column, not any(row.cells[column] for row in rows))
