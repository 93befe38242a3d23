"""The dock *Runs*: every trace, evaluation and scan as a line, with its figures side by side."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from views.panels.runs.data import COLUMNS, RunRow, RunsData
from views.panels.runs.model import RunsModel
from views.widgets.lines import LinesView
from views.widgets.lines_panel import LineButton, LinesPanel
from views.widgets.text import ElidedLabel

NOTHING = (
    "Trace (T), evaluate (E) or measure (M): each run stands here as a line, with what it was run on and what came out "
    "of it. Two lines can be compared."
)
CHOOSE_ONE, CHOOSE_TWO = "Choose a line first", "Choose two lines: click one, then Ctrl+click another"
_BUTTONS = (
    LineButton("show", "Show", "Take the window to the step of this run; its figures are there again"),
    LineButton("compare", "Compare", "Both circuits on one layout: what only one has, what both have"),
    LineButton("rerun", "Run Again", "Go to the step of this run, and make its figures anew"),
    LineButton("export", "CSV…", "All lines as a table for other programs"),
)


class RunsView(LinesView[RunRow]):
    def __init__(self, parent: QWidget | None = None) -> None:
        self.lines = RunsModel()
        super().__init__(self.lines, "Table of the runs", "Columns of the runs", parent)
        self.horizontalHeader().sectionClicked.connect(self.sort_by)

    def sort_by(self, column: int) -> None:
        """By a column; by the same again the other way round."""
        known, backwards = self.lines.sorted_by
        way = not backwards if known == column else COLUMNS[column].figures or column == 0
        kept = self.numbers()
        self.lines.sort(column, Qt.SortOrder.DescendingOrder if way else Qt.SortOrder.AscendingOrder)
        self.lines.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
        self.choose(kept)

    def numbers(self) -> list[int]:
        """Of the runs that are selected."""
        return [row.number for row in self.chosen()]


class RunsPanel(LinesPanel):
    show_wanted = Signal(int)  # the number of a run
    compare_wanted = Signal(int, int)
    rerun_wanted = Signal(int)
    export_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._data = RunsData()
        self.view = RunsView()
        super().__init__("Runs", self.view, _BUTTONS, NOTHING, parent)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: eap-ig, evaluation, 24 pairs")
        self.filter.setAccessibleName("Filter of the runs")
        self.filter.setToolTip("Show only lines in which all of these words stand")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self.view.lines.set_filter)
        self.count = ElidedLabel("", "muted")
        self.header.addWidget(self.filter, 3)
        self.header.addWidget(self.count, 1)
        self.set_data(RunsData())

    def set_data(self, data: RunsData) -> None:
        self._data = data
        self.show_rows(data.rows)
        self.filter.setEnabled(bool(data.rows))

    def data(self) -> RunsData:
        return self._data

    def why_not(self, key: str) -> str:
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

    def look(self) -> None:
        """And how many lines there are."""
        super().look()
        every, shown = len(self._data.rows), len(self.view.lines.shown)
        runs = f"{every:,} run{'s' * (every != 1)}"
        self.count.setText("" if not every else runs if shown == every else f"{shown:,} of {runs}")

    def does(self, key: str) -> None:
        numbers = self.view.numbers()
        if key == "export":
            self.export_wanted.emit()
        elif key == "compare":
            self.compare_wanted.emit(*sorted(numbers))
        else:
            (self.show_wanted if key == "show" else self.rerun_wanted).emit(numbers[0])
