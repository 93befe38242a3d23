"""The cells of the logit lens: rows are stages, the end of the model on top; columns are positions."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from core.formatting import answer_words, number, visible_token
from views.panels.lens_map.data import LensMapData
from views.theme import current, mix
from views.widgets.text import plain_tip, small_mono

STRONGEST = 0.7  # of the blue: the words stay readable on it
OUTLINE = 2  # pixels
WIDE = 80  # pixels of a column, at the usual size of text
_Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
_NO_INDEX = QModelIndex()


class LensModel(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shown = LensMapData()

    def set_data(self, data: LensMapData) -> None:
        """Where it has as many cells as before, the place that is looked at stays."""
        before, self.shown = self.shown, data
        if (before.stages, before.positions) == (data.stages, data.positions) and data.stages:
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))
        elif before.stages or data.stages:
            self.beginResetModel()
            self.endResetModel()

    def stage_of(self, row: int) -> int:
        """The number of a row's stage."""
        return len(self.shown.stages) - 1 - row

    def rowCount(self, parent: _Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.shown.stages)

    def columnCount(self, parent: _Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.shown.positions)

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        shown, stage, position = self.shown, self.stage_of(index.row()), index.column()
        if shown.values is None or shown.best is None:
            return None
        label = shown.labels[stage][position]
        if role == _ROLE.DisplayRole:
            return visible_token(label)
        if role == _ROLE.FontRole:
            return small_mono()
        if role == _ROLE.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if role == _ROLE.BackgroundRole:
            share = STRONGEST * min(max(float(shown.values[stage, position]), 0.0), 1.0)
            return mix(current().panel, current().positive, share)
        if role == _ROLE.ForegroundRole:
            return current().color("muted" if shown.stale else "text")
        if role in (_ROLE.ToolTipRole, _ROLE.AccessibleTextRole):
            words = self.words_of(stage, position)
            return plain_tip(words) if role == _ROLE.ToolTipRole else words
        return None

    def words_of(self, stage: int, position: int) -> str:
        """A cell in a sentence."""
        shown = self.shown
        assert shown.best is not None
        assert shown.values is not None
        token, label = visible_token(shown.positions[position]), answer_words(shown.labels[stage][position])
        words = (
            f"After {shown.stages[stage]}, at “{token}” (position {position}): “{label}” "
            f"{number(float(shown.best[stage, position]), 3)}"
        )
        if shown.answer:
            words += f"; “{answer_words(shown.answer)}” {number(float(shown.values[stage, position]), 3)}"
        return words

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        across = orientation == Qt.Orientation.Horizontal
        if section >= (len(self.shown.positions) if across else len(self.shown.stages)):
            return None
        name = visible_token(self.shown.positions[section]) if across else self.shown.stages[self.stage_of(section)]
        if role == _ROLE.DisplayRole:
            return name
        if role == _ROLE.FontRole:
            return small_mono()
        if role in (_ROLE.ToolTipRole, _ROLE.AccessibleTextRole):
            where = f"the token “{name}”, position {section}" if across else f"after {name}"
            return plain_tip(where) if role == _ROLE.ToolTipRole else where
        return None


class _Outlined(QStyledItemDelegate):
    """The cell that is looked at keeps its colour: it has an outline."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        state = option.state  # type: ignore[attr-defined]
        looked_at = bool(state & QStyle.StateFlag.State_Selected)
        plain = QStyleOptionViewItem(option)
        plain.state = state & ~(QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_HasFocus)  # type: ignore[attr-defined]
        super().paint(painter, plain, index)
        if looked_at:
            painter.setPen(QPen(current().color("selection"), OUTLINE))
            painter.drawRect(option.rect.adjusted(1, 1, -1, -1))  # type: ignore[attr-defined]


class LensGrid(QTableView):
    """A cell that is opened, by a double click or Enter, tells its stage; the one with the focus its words."""

    stage_chosen = Signal(str)
    described = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = LensModel(self)
        self.setModel(self.cells)
        self.setItemDelegate(_Outlined(self))
        self.setAccessibleName("The logit lens: rows are layers, columns are tokens")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)  # Tab goes on to the next panel
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setMinimumSize(120, 60)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        metrics = QFontMetrics(self.font())
        for header, name in ((self.horizontalHeader(), "Tokens"), (self.verticalHeader(), "After what is read")):
            header.setAccessibleName(name)
            header.setHighlightSections(False)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(metrics.height() + 5)
        self.horizontalHeader().setDefaultSectionSize(WIDE * metrics.height() // 16)
        self.activated.connect(lambda index: self.stage_chosen.emit(self._stage(index.row())))
        self.selectionModel().currentChanged.connect(lambda index, _: self._describe(index))

    def set_data(self, data: LensMapData) -> None:
        before = self.cells.shown
        self.cells.set_data(data)
        fresh = (before.positions, before.asked) != (data.positions, data.asked) or not self.currentIndex().isValid()
        if fresh and data.positions:  # the answer that is asked for is the end of the model at this position
            row = max(self.currentIndex().row(), 0)
            self.setCurrentIndex(self.cells.index(row, data.asked % len(data.positions)))
            self.scrollTo(self.currentIndex())
        self._describe(self.currentIndex())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What is looked at stays in sight."""
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def _stage(self, row: int) -> str:
        return self.cells.shown.stages[self.cells.stage_of(row)]

    def _describe(self, index: _Index) -> None:
        there = index.isValid() and self.cells.shown.values is not None
        self.described.emit(self.cells.words_of(self.cells.stage_of(index.row()), index.column()) if there else "")
