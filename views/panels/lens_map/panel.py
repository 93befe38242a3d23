"""The dock *Logit Lens*: what the model would answer after every part of every layer, at every token."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QMenu, QVBoxLayout, QWidget

from core.formatting import answer_words
from views.panels.lens_map.data import LensMapData
from views.panels.lens_map.grid import LensGrid
from views.theme import as_card
from views.widgets.buttons import LinkButton, open_below
from views.widgets.drop_frame import DropFrame
from views.widgets.drops import Dropped
from views.widgets.flow import FlowLayout
from views.widgets.text import ElidedLabel, dim, show_text, wrapped

LIKELIEST = "Colour: the likeliest answer"


class LensMapPanel(DropFrame):
    lens_wanted = Signal()
    lens_dropped = Signal(str)
    lens_unwanted = Signal()
    answer_wanted = Signal(str)  # what the colours are of; "" for the likeliest of each cell
    stage_chosen = Signal(str)
    export_wanted = Signal(str)  # the ending of a file's name
    seen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Logit lens")
        self.setMinimumSize(200, 96)
        self._data = LensMapData()
        self.choice = QComboBox()
        self.choice.setAccessibleName("What the colours are of")
        self.choice.setToolTip("The colours: the probability of each cell's own answer, or of one of the metric's")
        self.choice.activated.connect(lambda _: self.answer_wanted.emit(str(self.choice.currentData() or "")))
        self.lens = LinkButton("Tuned lens…")
        self.lens.setToolTip(
            "A file of a tuned lens for this model (params.pt or .safetensors): it maps what stands between layers "
            "into what the last layer reads (Belrose et al. 2023)"
        )
        self.lens.clicked.connect(lambda: self.lens_wanted.emit())
        self.no_lens = LinkButton("No tuned lens")
        self.no_lens.setToolTip("Read the stream as it is again")
        self.no_lens.clicked.connect(lambda: self.lens_unwanted.emit())
        self.export = LinkButton("Export ▾")
        self.export.setToolTip("The map as a figure, or as a table")
        self.export.clicked.connect(lambda: open_below(self.export, self.export_menu))
        self.export_menu = QMenu(self)
        for words, ending in (("PNG…", ".png"), ("SVG…", ".svg"), ("CSV…", ".csv")):
            self.export_menu.addAction(words, lambda ending=ending: self.export_wanted.emit(ending))
        self.grid = LensGrid()
        self.grid.setToolTip("A double click, or Enter, selects on the canvas what has written last")
        self.grid.stage_chosen.connect(self.stage_chosen)
        self.line = ElidedLabel("", "muted")
        self.grid.described.connect(self.line.setText)
        self.note, self.problem, self.why = wrapped(), wrapped(role="warning"), wrapped()
        top = FlowLayout(gap=6)
        for widget in (self.choice, self.lens, self.no_lens, self.export):
            top.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 6)
        layout.setSpacing(5)
        layout.addLayout(top)
        for label in (self.why, self.problem, self.note):
            layout.addWidget(label)
        layout.addWidget(self.grid, 1)
        layout.addWidget(self.line)
        layout.addStretch(0)
        self.set_data(LensMapData())

    def take_dropped(self, dropped: Dropped) -> bool:
        if dropped.paths:
            self.lens_dropped.emit(str(dropped.paths[0]))
        return bool(dropped.paths)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.seen.emit(False)

    def data(self) -> LensMapData:
        return self._data

    def set_data(self, data: LensMapData) -> None:
        before, self._data = self._data, data
        if data.answers != before.answers or not self.choice.count():
            self.choice.clear()
            self.choice.addItem(LIKELIEST, "")
            for answer in data.answers:
                self.choice.addItem(f"Colour: “{answer_words(answer)}”", answer)
        self.choice.setCurrentIndex(max(self.choice.findData(data.answer), 0))
        there = data.values is not None
        for widget in (self.choice, self.export, self.grid, self.line):
            widget.setVisible(there)
        self.lens.setVisible(not data.why_not)
        self.no_lens.setVisible(data.asked_lens)
        for label, text in ((self.why, data.why_not), (self.problem, data.problem), (self.note, data.note)):
            show_text(label, text)
        dim(self.note, data.stale)
        self.grid.set_data(data)
