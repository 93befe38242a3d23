"""The dock *Patch Map*: where in the picture the stream says an answer, layer by layer, with a slider."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from views.figures.formats import write_painted
from views.panels.patch_map.data import MapData
from views.panels.patch_map.image import MapFigure, MapImage
from views.widgets.lens_panel import LensPanel, LensWords
from views.widgets.text import dim, show_text, wrapped

LIKELIEST, LIKENESS = "The likeliest answer", "Likeness to a patch"
FINENESS = 3  # of a PNG
TIP = "Click a patch to see which others the model holds alike"
WORDS = LensWords(
    name="Patch map",
    choice=("What the map is of", "An answer: where the stream says it. Or a patch: which others are like it"),
    file=("Mask…", "A picture file, white where the object is: how well does the map overlap with it? (IoU)"),
    no_file=("No mask", "Take the mask away"),
    export="This layer as a figure, or all layers as a table",
    endings=(("PNG…", ".png"), ("SVG…", ".svg"), ("CSV of All Layers…", ".csv")),
)


class PatchMapPanel(LensPanel):
    wanted = Signal(str, int)  # the answer, "" for the likeliest; the patch that others are compared with, or -1

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(WORDS, parent)
        self._data = MapData()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("After which part of which layer the stream is read")
        self.slider.setPageStep(2)
        self.slider.valueChanged.connect(lambda _: self._show_stage())
        self.at = QLabel()
        self.at.setProperty("role", "heading")
        self.image = MapImage()
        self.image.setToolTip(TIP)
        self.image.patch_clicked.connect(lambda patch: self.wanted.emit("", patch))
        self.warning = wrapped()
        self.note.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that a screen reader comes by
        line = QHBoxLayout()
        line.addWidget(self.at)
        line.addWidget(self.slider, 1)
        self.column.addWidget(self.why)
        self.column.addLayout(line)
        self.column.addWidget(self.image)
        for label in (self.note, self.problem, self.warning):
            self.column.addWidget(label)
        self.column.addStretch(1)
        self.set_data(MapData())

    def take_choice(self) -> None:
        key = self.choice.currentData()
        if key == LIKENESS:
            self.wanted.emit("", max(self._data.marked, 0))
        else:
            self.wanted.emit("" if key == LIKELIEST else str(key), -1)

    def data(self) -> MapData:
        return self._data

    def stage(self) -> int:
        """Which of the stages is shown."""
        return self.slider.value()

    def set_data(self, data: MapData) -> None:
        before, self._data = self._data, data
        if data.answers != before.answers or not self.choice.count():
            answers = [(LIKELIEST, LIKELIEST), *((answer, answer) for answer in data.answers)] if data.answers else []
            self.fill_choice([*answers, (LIKENESS, LIKENESS)])
        chosen = LIKENESS if data.marked >= 0 else data.answer or LIKELIEST
        self.choice.setCurrentIndex(max(self.choice.findData(chosen), 0))
        if data.image is not before.image or data.grid != before.grid:
            self.image.set_image(data.image, data.grid)
        if len(data.stages) != len(before.stages):
            self.slider.setRange(0, max(len(data.stages) - 1, 0))
            self.slider.setValue(self.slider.maximum())
        self.image.set_mask(data.mask)
        self.image.set_marked(data.marked)
        there = data.values is not None
        for widget in (self.slider, self.at, self.export):
            widget.setVisible(there)
        for widget in (self.choice, self.file):
            widget.setVisible(not data.why_not)
        self.image.setVisible(data.image is not None and not data.why_not)
        self.no_file.setVisible(data.mask is not None)
        show_text(self.why, data.why_not)
        show_text(self.problem, data.problem)
        show_text(self.warning, data.warning)
        self._show_stage()

    def _show_stage(self) -> None:
        data, stage = self._data, self.stage()
        if data.values is None or stage >= len(data.stages):
            self.image.set_map(None)
            show_text(self.note, "")
            return
        self.image.set_map(data.values[stage])
        self.at.setText(f"after {data.stages[stage]}" if stage else "input")
        show_text(self.note, data.notes[stage])
        self.note.setAccessibleName(data.notes[stage])
        dim(self.note, data.stale)

    def write(self, path: str | Path) -> None:
        """Write the figure of the stage that is shown. Raises WirescopeError."""
        words = f"After {self._data.stages[self.stage()]}: {self._data.notes[self.stage()]}"
        write_painted(path, MapFigure(self.image, words), FINENESS)
