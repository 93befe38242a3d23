"""Two circuits in the canvas's place: their edges on one layout, how much they share, what each recovers on the other's
inputs."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core.glossary import explained
from views.canvas.compared import paint_swatch
from views.panels.compare.canvas import ComparisonCanvas
from views.panels.compare.data import ComparisonData, Recovered
from views.theme import as_card, current
from views.widgets.line_icons import IconButton
from views.widgets.painted import Painted
from views.widgets.text import ElidedLabel, heading, plain_tip, show_text, wrapped

SWATCH = QSize(44, 14)
RECOVERED_TIP = "The share of the behaviour that a circuit recovers when it runs alone"


class Swatch(Painted):
    """How edges and nodes of a kind are drawn."""

    def __init__(self, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self.setFixedSize(SWATCH)

    def draw(self, painter: QPainter) -> None:
        paint_swatch(painter, self._kind, QRectF(self.rect()), current())


class RecoveredTable(QWidget):
    """Both circuits, and as many random edges, on the inputs of each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(2)
        self.cells: list[QLabel] = []

    def show_columns(self, columns: tuple[Recovered, ...]) -> None:
        for cell in self.cells:
            self._grid.removeWidget(cell)
            cell.deleteLater()
        self.cells = []
        self._put(0, 0, "Recovers" if columns else "", "muted", RECOVERED_TIP)
        for row, words in enumerate(("the first", "the second", "random edges") if columns else (), start=1):
            self._put(row, 0, words, "muted", "")
        for place, column in enumerate(columns, start=1):
            self._put(0, place, column.title, "muted", column.tip)
            cells = ("–", "–", "–") if column.problem else (column.first, column.second, column.random)
            for row, words in enumerate(cells, start=1):
                self._put(row, place, words, "muted" if row == 3 else "heading", column.problem or column.tip)

    def _put(self, row: int, column: int, words: str, role: str, tip: str) -> None:
        label = QLabel(words)
        label.setProperty("role", role)
        label.setToolTip(plain_tip(tip))
        side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
        self._grid.addWidget(label, row, column, side)
        self.cells.append(label)

    def texts(self) -> list[str]:
        return [cell.text() for cell in self.cells]


class ComparePanel(QFrame):
    close_wanted = Signal()
    export_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Compare two circuits")
        self._data: ComparisonData | None = None
        self.title = heading("Two circuits")
        self.overlap = ElidedLabel("", "")
        self.overlap.set_tip(explained("Jaccard"))
        self.export = QPushButton("Export…")
        self.export.setToolTip("Both circuits as a figure (SVG, PDF, PNG), or their edges as a table (CSV)")
        self.export.setStyleSheet("padding: 2px 10px;")
        self.export.clicked.connect(self.export_wanted)
        self.close_button = IconButton("cross", "Close the comparison", "Back to the canvas (Esc)")
        self.close_button.clicked.connect(self.close_wanted)
        self.entries = {kind: ElidedLabel("", "muted") for kind in ("first", "second", "both")}
        self.recovered = RecoveredTable()
        self.waiting, self.notes = wrapped(), wrapped()
        self.canvas = ComparisonCanvas()
        self.canvas.in_card = True
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(10)
        top.addWidget(self.title)
        top.addWidget(self.overlap, 1)
        top.addWidget(self.export)
        top.addWidget(self.close_button)
        left = QGridLayout()
        left.setHorizontalSpacing(8)
        left.setVerticalSpacing(2)
        for row, (kind, label) in enumerate(self.entries.items()):
            left.addWidget(Swatch(kind), row, 0)
            left.addWidget(label, row, 1)
        left.setColumnStretch(1, 1)
        middle = QHBoxLayout()
        middle.setSpacing(18)
        middle.addLayout(left, 1)
        middle.addWidget(self.recovered, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addLayout(middle)
        layout.addWidget(self.waiting)
        layout.addWidget(self.notes)
        layout.addSpacing(2)
        layout.addWidget(self.canvas, 1)

    def set_data(self, data: ComparisonData) -> None:
        self._data = data
        self.overlap.setText(data.overlap_words)
        names = {"first": data.names[0], "second": data.names[1], "both": self._nodes_words(data)}
        abouts = {"first": data.abouts[0], "second": data.abouts[1], "both": ""}
        for kind, words in data.legend:
            label = self.entries[kind]
            first = names[kind].partition(" · ")[0]
            shorter = (f"{words} · {first}", f"{words} · {first.partition(',')[0]}", words)
            label.setText(f"{words} · {names[kind]}", *shorter)
            label.set_tip(abouts[kind])
        self.recovered.show_columns(data.columns)
        show_text(self.waiting, data.waiting)
        show_text(self.notes, " ".join(data.notes))
        self.canvas.show_circuits(data)

    @staticmethod
    def _nodes_words(data: ComparisonData) -> str:
        both, first, second = data.nodes
        return f"{both:,} heads and MLPs in both · {first:,} only in the first, {second:,} only in the second"

    def data(self) -> ComparisonData | None:
        return self._data

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_wanted.emit()
        else:
            super().keyPressEvent(event)
