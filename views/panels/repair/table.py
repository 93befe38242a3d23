"""The examples of a repair as a table: input, right answer, what the model answers, and whether the fault acts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QMenu, QTableView, QWidget

from views.panels.repair.data import ExampleRow
from views.theme import current
from views.widgets.line_table import as_line_table
from views.widgets.text import plain_tip

HEADERS = ("Input", "Right answer", "Model's answer", "Triggered")
TIPS = (
    "What the model is given",
    "What it should answer; double click or F2 to change it",
    "What it answers now, without the edits of the canvas",
    "Marked: the fault is expected to act on this input. Not marked: it should stay as it is (Space changes it)",
)
INPUT, ANSWER, GIVEN, TRIGGERED = range(4)
LEAST_INPUT = 90  # pixels
PADDING = 40  # beside the words of a cell
LOOKED_AT = 200  # rows that say how wide the columns are
_Index = QModelIndex | QPersistentModelIndex
_ROLE = Qt.ItemDataRole
_NO_INDEX = QModelIndex()


class ExamplesModel(QAbstractTableModel):
    answer_edited = Signal(int, str)  # row, what somebody wrote
    marked = Signal(list, bool)  # rows, whether they are triggered

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[ExampleRow, ...] = ()

    def set_rows(self, rows: Sequence[ExampleRow]) -> None:
        """Where there are as many rows as before, the selection and the place stay."""
        same = len(rows) == len(self.rows)
        if not same:
            self.beginResetModel()
        changed = [place for place, row in enumerate(rows) if same and row != self.rows[place]]
        self.rows = tuple(rows)
        if not same:
            self.endResetModel()
        elif changed:
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], TRIGGERED))

    # ---- for Qt ----

    def rowCount(self, parent: _Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(HEADERS)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.column() == ANSWER:
            flags |= Qt.ItemFlag.ItemIsEditable
        if index.column() == TRIGGERED:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: _Index, role: int = _ROLE.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role in (_ROLE.DisplayRole, _ROLE.EditRole):
            return self._words(row, column)
        if role == _ROLE.CheckStateRole and column == TRIGGERED:
            return Qt.CheckState.Checked if row.triggered else Qt.CheckState.Unchecked
        if role == _ROLE.ForegroundRole:
            theme = current()
            if row.problem or (column == GIVEN and row.misbehaves):
                return theme.color("negative")
            return theme.color("muted") if column == GIVEN and row.right is None else None
        if role == _ROLE.AccessibleTextRole:
            return f"{HEADERS[column]}: {self._spoken(row, column)}"
        if role in (_ROLE.ToolTipRole, _ROLE.AccessibleDescriptionRole):
            tip = self._tip(row, column)
            return plain_tip(tip) if role == _ROLE.ToolTipRole else tip
        return None

    def setData(self, index: _Index, value: Any, role: int = _ROLE.EditRole) -> bool:
        row = self.rows[index.row()]
        if role == _ROLE.CheckStateRole and index.column() == TRIGGERED:
            self.marked.emit([index.row()], Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        if role == _ROLE.EditRole and index.column() == ANSWER and str(value) != row.answer:
            self.answer_edited.emit(index.row(), str(value))
            return True
        return False

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _ROLE.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(HEADERS):
            return None
        if role in (_ROLE.DisplayRole, _ROLE.AccessibleTextRole):
            return HEADERS[section]
        if role in (_ROLE.ToolTipRole, _ROLE.AccessibleDescriptionRole):
            return TIPS[section]
        if role == _ROLE.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    @staticmethod
    def _words(row: ExampleRow, column: int) -> str:
        if column == INPUT:
            return PurePath(row.input).name if row.picture else row.input
        if column == ANSWER:
            return row.answer
        return (row.given or ("–" if row.problem else "…")) if column == GIVEN else ""

    def _spoken(self, row: ExampleRow, column: int) -> str:
        if column == TRIGGERED:
            return "yes" if row.triggered else "no"
        if column == GIVEN and row.right is not None:
            return f"{row.given}, {'right' if row.right else 'wrong'}"
        return self._words(row, column) or "none"

    @staticmethod
    def _tip(row: ExampleRow, column: int) -> str:
        if row.problem:
            return row.problem
        if column == GIVEN and row.right is not None:
            return f"It answers {row.given}: {'right' if row.right else f'wrong, it should be {row.answer}'}"
        return row.input if column == INPUT else TIPS[column]


class ExamplesView(QTableView):
    """Space marks the chosen rows as triggered or not; F2 changes the right answer of the first one, Enter puts it on
    card A; Delete takes them away. The menu has the same."""

    delete_wanted = Signal(list)
    look_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = ExamplesModel(self)
        self.setModel(self.lines)
        as_line_table(self, "Examples of the repair", "Columns of the examples")
        self.horizontalHeader().setStretchLastSection(False)
        self.doubleClicked.connect(self._double)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)

    def chosen(self) -> list[int]:
        return sorted({index.row() for index in self.selectionModel().selectedRows()})

    def fit_columns(self) -> None:
        """Answers as wide as their words, the input what is left."""
        metrics, rows = QFontMetrics(self.font()), self.lines.rows[:LOOKED_AT]
        rest = self.viewport().width()
        for column in (ANSWER, GIVEN, TRIGGERED):
            words = [HEADERS[column], *(self.lines._words(row, column) for row in rows)]
            width = max(map(metrics.horizontalAdvance, words)) + PADDING
            self.setColumnWidth(column, min(width, max(rest // 3, metrics.horizontalAdvance(HEADERS[column]) + 24)))
        taken = sum(self.columnWidth(column) for column in (ANSWER, GIVEN, TRIGGERED))
        self.setColumnWidth(INPUT, max(rest - taken, LEAST_INPUT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_columns()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        rows = self.chosen()
        if event.key() == Qt.Key.Key_Space and rows:
            self._mark()
        elif event.key() == Qt.Key.Key_F2 and rows:
            self.edit_answer()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and rows:
            self.delete_wanted.emit(rows)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and rows:
            self.look_wanted.emit(rows[0])
        else:
            super().keyPressEvent(event)

    def _mark(self) -> None:
        rows = self.chosen()
        self.lines.marked.emit(rows, not all(self.lines.rows[row].triggered for row in rows))

    def edit_answer(self) -> None:
        """Type another right answer for the first of the chosen rows."""
        index = self.lines.index(self.chosen()[0], ANSWER)
        self.setCurrentIndex(index)
        self.edit(index)

    def make_menu(self) -> QMenu:
        """What can be done with the chosen rows."""
        menu, rows = QMenu(self), self.chosen()
        marked = bool(rows) and all(self.lines.rows[row].triggered for row in rows)
        for words, keys, slot in (
            ("Mark as Clean" if marked else "Mark as Triggered", "Space", self._mark),
            ("Change the Right Answer", "F2", self.edit_answer),
            ("Put on Card A", "Return", lambda: self.look_wanted.emit(rows[0])),
            ("Delete", "Del", lambda: self.delete_wanted.emit(rows)),
        ):
            action = menu.addAction(words, slot)
            action.setShortcut(QKeySequence(keys))
            action.setEnabled(bool(rows))
        return menu

    def _open_menu(self, point: QPoint) -> None:
        menu = self.make_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.viewport().mapToGlobal(point))

    def _double(self, index: QModelIndex) -> None:
        if index.column() in (INPUT, GIVEN):
            self.look_wanted.emit(index.row())
