"""The dock *Logit Lens*: what the model would answer after every part of every layer, at every token."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.formatting import answer_words
from views.panels.lens_map.data import LensMapData
from views.panels.lens_map.grid import LensGrid
from views.widgets.lens_panel import LensPanel, LensWords
from views.widgets.text import ElidedLabel, dim, show_text

LIKELIEST = "Colour: the likeliest answer"
WORDS = LensWords(
    name="Logit lens",
    choice=(
        "What the colours are of",
        "The colours: the probability of each cell's own answer, or of one of the metric's",
    ),
    file=(
        "Tuned lens…",
        "A file of a tuned lens for this model (params.pt or .safetensors): it maps what stands between layers "
        "into what the last layer reads (Belrose et al. 2023)",
    ),
    no_file=("No tuned lens", "Read the stream as it is again"),
    export="The map as a figure, or as a table",
    endings=(("PNG…", ".png"), ("SVG…", ".svg"), ("CSV…", ".csv")),
)


class LensMapPanel(LensPanel):
    answer_wanted = Signal(str)  # what the colours are of; "" for the likeliest of each cell
    stage_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(WORDS, parent)
        self._data = LensMapData()
        self.grid = LensGrid()
        self.grid.setToolTip("A double click, or Enter, selects on the canvas what has written last")
        self.grid.stage_chosen.connect(self.stage_chosen)
        self.line = ElidedLabel("", "muted")
        self.grid.described.connect(self.line.setText)
        for label in (self.why, self.problem, self.note):
            self.column.addWidget(label)
        self.column.addWidget(self.grid, 1)
        self.column.addWidget(self.line)
        self.column.addStretch(0)
        self.set_data(LensMapData())

    def take_choice(self) -> None:
        self.answer_wanted.emit(str(self.choice.currentData() or ""))

    def data(self) -> LensMapData:
        return self._data

    def set_data(self, data: LensMapData) -> None:
        before, self._data = self._data, data
        if data.answers != before.answers or not self.choice.count():
            answers = [(f"Colour: “{answer_words(answer)}”", answer) for answer in data.answers]
            self.fill_choice([(LIKELIEST, ""), *answers])
        self.choice.setCurrentIndex(max(self.choice.findData(data.answer), 0))
        there = data.values is not None
        for widget in (self.choice, self.export, self.grid, self.line):
            widget.setVisible(there)
        self.file.setVisible(not data.why_not)
        self.no_file.setVisible(data.asked_lens)
        for label, text in ((self.why, data.why_not), (self.problem, data.problem), (self.note, data.note)):
            show_text(label, text)
        dim(self.note, data.stale)
        self.grid.set_data(data)
