"""The dock *Runs*: every trace, evaluation and scan as a line, with its figures side by side."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from views.panels.runs.data import COLUMNS, RunRow, RunsData
from views.panels.runs.model import RunsModel
from views.theme import as_card
from views.widgets.line_table import as_line_table
from views.widgets.text import ElidedLabel, show_text, small_mono, wrapped

NOTHING = (
    "Trace (T), evaluate (E) or measure (M): each run stands here as a line, with what it was run on and what came out "
    "of it. Two lines can be compared."
)
CHOOSE_ONE, CHOOSE_TWO = "Choose a line first", "Choose two lines: click one, then Ctrl+click another"
ORDERED = 16  # pixels for the mark of the order beside a title
PADDING, PADDING_OF_FIGURES = 44, 18  # and beside the words of a cell
WIDEST = 220  # pixels of a column of words at first
_BUTTONS = (
    ("show", "Show", "Take the window to the step of this run; its figures are there again"),
    ("compare", "Compare", "Both circuits on one layout: what only one has, what both have"),
    ("rerun", "Run Again", "Go to the step of this run, and make its figures anew"),
    ("export", "CSV…", "All lines as a table for other programs"),
)


class RunsView(QTableView):
    """Enter or a double click shows a run."""

    show_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = RunsModel(self)
        self.setModel(self.lines)
        as_line_table(self, "Table of the runs", "Columns of the runs")
        self.horizontalHeader().sectionClicked.connect(self.sort_by)
        self.doubleClicked.connect(lambda _: self.show_wanted.emit())

    def sort_by(self, column: int) -> None:
        """By a column; by the same again the other way round."""
        known, backwards = self.lines.sorted_by
        way = not backwards if known == column else COLUMNS[column].figures or column == 0
        kept = self.numbers()
        self.lines.sort(column, Qt.SortOrder.DescendingOrder if way else Qt.SortOrder.AscendingOrder)
        self.lines.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
        self.choose(kept)

    def chosen(self) -> list[RunRow]:
        """The runs that are selected, in the order of the lines."""
        lines = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self.lines.shown[line] for line in lines]

    def numbers(self) -> list[int]:
        return [row.number for row in self.chosen()]

    def choose(self, numbers: list[int]) -> None:
        """Select runs, those of them that are shown."""
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for line, row in enumerate(self.lines.shown):
            if row.number in numbers:
                self.selectionModel().select(self.lines.index(line, 0), flags)

    def fit_columns(self) -> None:
        """Each as wide as its words, within limits."""
        figures, words = QFontMetrics(small_mono()), QFontMetrics(self.font())
        for place, column in enumerate(COLUMNS):
            metrics = figures if column.figures else words
            widest = max((metrics.horizontalAdvance(row.cells[place]) for row in self.lines.rows), default=0)
            room = max(min(widest, WIDEST), words.horizontalAdvance(column.title) + ORDERED)
            self.setColumnWidth(place, room + (PADDING_OF_FIGURES if column.figures else PADDING))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.show_wanted.emit()
        else:
            super().keyPressEvent(event)


class RunsPanel(QFrame):
    show_wanted = Signal(int)  # the number of a run
    compare_wanted = Signal(int, int)
    rerun_wanted = Signal(int)
    export_wanted = Signal()
    shown = Signal()  # it is looked at again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Runs")
        self.setMinimumSize(260, 96)
        self._data = RunsData()
        self._fitted = 0  # for so many runs the columns are as wide as they are
        self.view = RunsView()
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.show_wanted.connect(lambda: self._press("show"))
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._look())
        self.view.lines.modelReset.connect(self._look)
        self.buttons: dict[str, QPushButton] = {}
        header = QHBoxLayout()
        header.setSpacing(8)
        for key, words, tip in _BUTTONS:
            button = QPushButton(words)
            button.setAccessibleDescription(tip)
            button.setStyleSheet("padding: 2px 10px;")
            button.clicked.connect(lambda _checked=False, key=key: self._press(key))
            self.buttons[key] = button
            header.addWidget(button)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: eap-ig, evaluation, 24 pairs")
        self.filter.setAccessibleName("Filter of the runs")
        self.filter.setToolTip("Show only lines in which all of these words stand")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self.view.lines.set_filter)
        self.count = ElidedLabel("", "muted")
        header.addWidget(self.filter, 3)
        header.addWidget(self.count, 1)
        self.hint = wrapped(NOTHING)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 6, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(header)
        layout.addWidget(self.hint)
        layout.addWidget(self.view, 1)
        self.set_data(RunsData())

    def set_data(self, data: RunsData) -> None:
        self._data = data
        self.view.lines.set_rows(data.rows)
        if len(data.rows) != self._fitted:
            self._fitted = len(data.rows)
            self.view.fit_columns()
        show_text(self.hint, "" if data.rows else NOTHING)
        self.view.setVisible(bool(data.rows))
        self.filter.setEnabled(bool(data.rows))
        self._look()

    def data(self) -> RunsData:
        return self._data

    def why_not(self, key: str) -> str:
        """Why a button cannot be pressed; empty where it can."""
        chosen = self.view.chosen()
        if key == "export":
            return "" if self._data.rows else "Nothing has been run yet"
        if key != "compare":
            if len(chosen) != 1:
                return CHOOSE_ONE
            return (chosen[0].no_rerun or self._data.no_rerun) if key == "rerun" else ""
        if len(chosen) != 2:
            return CHOOSE_TWO
        why = next((row.no_circuit for row in chosen if row.no_circuit), "")
        shapes = [row.shape for row in chosen]
        apart = f"These circuits are of models of different shape: {' and '.join(shapes)}"
        return why or ("" if shapes[0] == shapes[1] else apart)

    def _look(self) -> None:
        """What can be pressed now, and how many lines there are."""
        for key, _, tip in _BUTTONS:
            why = self.why_not(key)
            self.buttons[key].setEnabled(not why)
            self.buttons[key].setToolTip(why or tip)
        every, shown = len(self._data.rows), len(self.view.lines.shown)
        runs = f"{every:,} run{'s' * (every != 1)}"
        self.count.setText("" if not every else runs if shown == every else f"{shown:,} of {runs}")

    def _press(self, key: str) -> None:
        if self.why_not(key):
            return
        numbers = self.view.numbers()
        if key == "export":
            self.export_wanted.emit()
        elif key == "compare":
            self.compare_wanted.emit(*sorted(numbers))
        else:
            (self.show_wanted if key == "show" else self.rerun_wanted).emit(numbers[0])

    def make_menu(self) -> QMenu:
        """What can be done with the selected lines."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for key, words, tip in _BUTTONS:
            action = menu.addAction(words)
            action.setEnabled(not self.why_not(key))
            action.setToolTip(self.why_not(key) or tip)
            action.triggered.connect(lambda _checked=False, key=key: self._press(key))
        return menu

    def _open_menu(self, point: QPoint) -> None:
        menu = self.make_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.view.viewport().mapToGlobal(point))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()
