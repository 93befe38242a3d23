"""The page of figures: what is lost of each outcome side by side, under one legend. Imports pyqtgraph, as `figure`."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.studies.set_values import StudyShown
from views.panels.head_sets.figure import SetsChart, legend
from views.theme import current
from views.widgets.text import ElidedLabel, wrapped


class FiguresPage(QWidget):
    heads_chosen = Signal(list)  # their names
    read = Signal(str)  # what is known of the point that is pointed at; empty where it is none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.read_words = ""
        self.names = wrapped()
        self.names.setTextFormat(Qt.TextFormat.RichText)
        self.charts: list[SetsChart] = []
        self._columns: list[tuple[QWidget, ElidedLabel]] = []
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.names)
        layout.addLayout(self._row, 1)

    def show_study(self, shown: StudyShown, chosen: frozenset[str]) -> None:
        there = [each for each in shown.outcomes if each.there]
        marked, plain = legend(there, current())
        self.names.setText(marked)
        self.names.setAccessibleName(plain)
        while len(self.charts) < len(there):
            self._add()
        for place, (column, title) in enumerate(self._columns):
            column.setVisible(place < len(there))
            if place < len(there):
                title.setText(there[place].title[0].upper() + there[place].title[1:])
                self.charts[place].draw(there[place], chosen)

    def ring(self, chosen: frozenset[str]) -> None:
        for chart in self.charts:
            chart.ring(chosen)

    def restyle(self) -> None:
        for chart in self.charts:
            chart.restyle()

    def _read(self, words: str) -> None:
        self.read_words = words
        self.read.emit(words)

    def _add(self) -> None:
        chart, title, column = SetsChart(self), ElidedLabel("", "heading"), QWidget()
        chart.heads_chosen.connect(self.heads_chosen)
        chart.read.connect(self._read)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(title)
        layout.addWidget(chart, 1)
        self._row.addWidget(column, 1)
        self.charts.append(chart)
        self._columns.append((column, title))
