"""What a repair came to: before and after on held-out examples, what that does not show, and the cuts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHeaderView, QScrollArea, QTableView, QVBoxLayout, QWidget

from core.formatting import percent
from views.panels.repair.data import CutRow, Measured, ResultData
from views.widgets.line_column import LineColumn
from views.widgets.line_table import as_line_table
from views.widgets.sorted_lines import ROLE, Index, SortedLines, aligned
from views.widgets.text import ElidedLabel, dim, plain_tip, set_role, show_text, small_mono, wrapped

INTERVAL_TIP = "Of the share after the repair: 95 of 100 such intervals hold the true share (Wilson)"
CUT_COLUMNS = (
    LineColumn("Cut", "What is cut; a click selects it on the canvas"),
    LineColumn("Strength", "How much of what it carries is replaced", figures=True),
)


class CutsModel(SortedLines):
    shown: tuple[CutRow, ...] = ()

    def columns(self) -> Sequence[LineColumn]:
        return CUT_COLUMNS

    def set_rows(self, rows: tuple[CutRow, ...]) -> None:
        if rows != self.shown:
            self._show(rows)

    def data(self, index: Index, role: int = ROLE.DisplayRole) -> Any:
        row, column = self.shown[index.row()], index.column()
        words = (row.name, percent(row.strength))[column]
        if role == ROLE.DisplayRole:
            return words
        if role == ROLE.AccessibleTextRole:
            return f"{CUT_COLUMNS[column].title}: {words}"
        if role == ROLE.FontRole:
            return small_mono()
        if role == ROLE.TextAlignmentRole:
            return aligned(CUT_COLUMNS[column])
        return plain_tip(CUT_COLUMNS[column].tip) if role == ROLE.ToolTipRole else None


class CutsView(QTableView):
    chosen = Signal(list)  # targets

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = CutsModel(self)
        self.setModel(self.lines)
        as_line_table(self, "The cuts", "Columns of the cuts")
        self.horizontalHeader().setStretchLastSection(False)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.selectionModel().selectionChanged.connect(lambda *_: self._tell())

    def _tell(self) -> None:
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        self.chosen.emit([self.lines.shown[row].target for row in rows])


class ProofTable(QWidget):
    """Before and after, a line for each of the two things that are measured. Where there is no room for four columns
    the interval stands below what it is of."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._narrow = False
        self._intervals = [""] * 3  # of each line, the first the heading
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(3, 1)
        self.cells = [[ElidedLabel() for _ in range(4)] for _ in range(3)]
        for row, line in enumerate(self.cells):
            for column, label in enumerate(line):
                side = Qt.AlignmentFlag.AlignRight if column in (1, 2) else Qt.AlignmentFlag.AlignLeft
                label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                grid.addWidget(label, 2 * row, column)
        self._put(0, ("", "before", "after", "95 % interval"), ("muted",) * 4, "")
        self.cells[0][3].set_tip(INTERVAL_TIP)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The intervals beside the rest, or below it."""
        widths = [max(line[column].sizeHint().width() for line in self.cells) for column in range(4)]
        narrow = sum(widths) + 3 * self._grid.horizontalSpacing() > self.width()
        if narrow == self._narrow:
            return
        self._narrow = narrow
        self._grid.setColumnMinimumWidth(0, widths[0] if narrow else 0)  # shares can be said without their counts
        for row, line in enumerate(self.cells):
            interval = line[3]
            self._grid.removeWidget(interval)
            if narrow:
                self._grid.addWidget(interval, 2 * row + 1, 0, 1, 4)
            else:
                self._grid.addWidget(interval, 2 * row, 3)
            self._say_interval(row)

    def _say_interval(self, row: int) -> None:
        """In its column, or with what it is."""
        label, words = self.cells[row][3], self._intervals[row]
        below = self._narrow and bool(words)
        label.setText(f"95 % interval {words}" if below and row else "" if self._narrow else words)
        label.setVisible(not self._narrow or bool(row and words))

    def show_lines(self, lines: tuple[Measured, ...], stale: bool) -> None:
        for row, line in enumerate(lines, start=1):
            role = "heading" if line.better is None else "good" if line.better else "bad"
            words = line.title, line.before, line.after, line.interval
            self._put(row, words, ("", "", "muted" if stale else role, "muted"), line.tip)
        self._arrange()

    def _put(self, row: int, words: tuple[str, ...], roles: tuple[str, ...], tip: str) -> None:
        for label, text, role in zip(self.cells[row], words, roles, strict=True):
            label.setText(text, text.partition(" (")[0])
            set_role(label, role)
            label.set_tip(tip)
        self._intervals[row] = words[3]
        self._say_interval(row)

    def texts(self) -> list[str]:
        return [label.text() for line in self.cells for label in line]


class ResultPage(QWidget):
    """In words on the left, the cuts on the right."""

    cuts_chosen = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headline = wrapped(role="heading")
        self.headline.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that a screen reader comes by
        self.stale = wrapped(role="warning")
        self.proof = ProofTable()
        self.unproved = wrapped()
        self.unproved.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.of = ElidedLabel("", "muted")
        self.carries = wrapped()
        self.cuts = CutsView()
        self.cuts.chosen.connect(self.cuts_chosen)
        words = QWidget()
        left = QVBoxLayout(words)
        left.setContentsMargins(0, 2, 8, 0)
        left.setSpacing(6)
        for widget in (self.stale, self.headline, self.of, self.proof, self.carries, self.unproved):
            left.addWidget(widget)
        left.addStretch(1)
        self.scroll = QScrollArea()
        self.scroll.setWidget(words)
        self.scroll.setWidgetResizable(True)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(12)
        layout.addWidget(self.scroll, 0, 0)
        layout.addWidget(self.cuts, 0, 1)
        layout.setColumnStretch(0, 3)
        layout.setColumnStretch(1, 2)

    def show_result(self, data: ResultData) -> None:
        show_text(self.stale, data.stale)
        self.headline.setText(data.headline)
        self.headline.setAccessibleName(data.headline)
        dim(self.headline, bool(data.stale))
        self.of.setText(data.of)
        self.proof.show_lines(data.measured, bool(data.stale))
        self.unproved.setText("\n".join(f"· {line}" for line in data.unproved))
        self.unproved.setAccessibleName("What this does not show: " + " ".join(data.unproved))
        self.cuts.lines.set_rows(data.cuts)
        self.carries.setText(data.carries)
