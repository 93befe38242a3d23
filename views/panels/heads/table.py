"""The heads as a table, which says the same as the figure: sorted by a click on a title."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QHeaderView, QTableView, QWidget

from views.panels.heads.data import HeadRow, HeadsData
from views.widgets.line_column import LineColumn
from views.widgets.line_table import as_line_table
from views.widgets.lines import LinesModel

COVERS = (
    "Of where the head attends over the corpus (in a text, beside the first token), the share that its label tells: "
    "of several labels, the one that covers most"
)
_FIRST = (
    LineColumn("Head", "Layer and head; a line that is chosen is selected on the canvas"),
    LineColumn("Does", "The tests that it passes"),
    LineColumn("Covers", COVERS, True),
)
DOES = 1  # the place of a column


class HeadsModel(LinesModel[HeadRow]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(_FIRST, parent)
        self.sorted_by = (DOES, False)
        self._places: dict[str, int] = {}  # of the heads, layer by layer

    def set_data(self, data: HeadsData) -> None:
        axes = {title: data.axis(key) for title, key in (("Across", data.across), ("Up", data.up)) if data.rows}
        columns = (
            *_FIRST,
            *(LineColumn(title, f"{axis.words}: {axis.tip}", True, said=axis.words) for title, axis in axes.items()),
        )
        if (columns, data.rows) != (self._columns, self.rows):
            self.beginResetModel()
            self._columns, self.rows = columns, data.rows
            self._places = {row.name: place for place, row in enumerate(data.rows)}
            self.shown = self._chosen()
            self.endResetModel()

    def sort_key(self, row: HeadRow, column: int) -> float | str | None:
        return (self._places[row.name], row.labels or None, row.covers, row.x, row.y)[column]

    def tone(self, row: HeadRow, column: int) -> str:
        return "muted" if column == DOES and not row.labels else ""


class HeadsView(QTableView):
    chosen = Signal(list)  # names of heads
    opened = Signal()  # the one head that is chosen, by a click or Enter

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = HeadsModel(self)
        self.setModel(self.lines)
        as_line_table(self, "Table of the heads", "Columns of the heads")
        header = self.horizontalHeader()
        header.setStretchLastSection(False)
        header.sectionClicked.connect(self.sort_by)
        header.setMinimumSectionSize(44)
        self._chosen: tuple[str, ...] = ()
        self._showing = False
        self.selectionModel().selectionChanged.connect(lambda *_: self._tell())
        self.clicked.connect(lambda _: self._open())
        self.activated.connect(lambda _: self._open())

    def set_data(self, data: HeadsData) -> None:
        before = self.lines.columnCount(), self.lines.rowCount()
        self._showing = True
        self.lines.set_data(data)
        self._showing = False
        if before != (self.lines.columnCount(), self.lines.rowCount()):
            header = self.horizontalHeader()
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._mark(data.chosen)

    def sort_by(self, column: int) -> None:
        """By a column; by the same again the other way round. Figures begin with the greatest."""
        known, backwards = self.lines.sorted_by
        way = not backwards if known == column else self.lines.columns()[column].figures
        self._showing = True
        self.lines.sort(column, Qt.SortOrder.DescendingOrder if way else Qt.SortOrder.AscendingOrder)
        self._showing = False
        self._mark(self._chosen)

    def _mark(self, chosen: tuple[str, ...]) -> None:
        """Select the lines of the heads that are selected."""
        lines = [line for line, row in enumerate(self.lines.shown) if row.name in chosen]
        model, last = self.selectionModel(), self.lines.columnCount() - 1
        self._chosen = chosen
        if lines == sorted({index.row() for index in model.selectedRows()}):
            return
        self._showing = True
        spans = QItemSelection()
        for line in lines:
            spans.select(self.lines.index(line, 0), self.lines.index(line, last))
        model.select(spans, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if lines:
            first = self.lines.index(lines[0], 0)
            model.setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(first)
        self._showing = False

    def _open(self) -> None:
        """Ctrl and Shift choose several, and open none."""
        alone = QApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier
        if alone and len(self.selectionModel().selectedRows()) == 1:
            self.opened.emit()

    def _tell(self) -> None:
        if not self._showing:
            lines = sorted({index.row() for index in self.selectionModel().selectedRows()})
            self.chosen.emit([self.lines.shown[line].name for line in lines])
