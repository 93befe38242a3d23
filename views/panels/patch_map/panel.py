"""The dock *Patch Map*: where in the picture the stream says an answer, layer by layer, with a slider."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QSlider, QVBoxLayout, QWidget

from views.figures.formats import write_painted
from views.panels.patch_map.data import MapData
from views.panels.patch_map.image import MapFigure, MapImage
from views.theme import as_card
from views.widgets.buttons import LinkButton, open_below
from views.widgets.drop_frame import DropFrame
from views.widgets.drops import Dropped
from views.widgets.flow import FlowLayout
from views.widgets.text import dim, show_text, wrapped

LIKELIEST, LIKENESS = "The likeliest answer", "Likeness to a patch"
FINENESS = 3  # of a PNG
TIP = "Click a patch to see which others the model holds alike"


class PatchMapPanel(DropFrame):
    wanted = Signal(str, int)  # the answer, "" for the likeliest; the patch that others are compared with, or -1
    mask_wanted = Signal()
    masks_dropped = Signal(list)  # paths
    mask_unwanted = Signal()
    export_wanted = Signal(str)  # the ending of a file's name
    seen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Patch map")
        self.setMinimumSize(200, 96)
        self._data = MapData()
        self.choice = QComboBox()
        self.choice.setAccessibleName("What the map is of")
        self.choice.setToolTip("An answer: where the stream says it. Or a patch: which others are like it")
        self.choice.activated.connect(lambda _: self._tell())
        self.mask = LinkButton("Mask…")
        self.mask.setToolTip("A picture file, white where the object is: how well does the map overlap with it? (IoU)")
        self.mask.clicked.connect(lambda: self.mask_wanted.emit())
        self.no_mask = LinkButton("No mask")
        self.no_mask.setToolTip("Take the mask away")
        self.no_mask.clicked.connect(lambda: self.mask_unwanted.emit())
        self.export = LinkButton("Export ▾")
        self.export.setToolTip("This layer as a figure, or all layers as a table")
        self.export.clicked.connect(lambda: open_below(self.export, self.export_menu))
        self.export_menu = QMenu(self)
        for words, ending in (("PNG…", ".png"), ("SVG…", ".svg"), ("CSV of All Layers…", ".csv")):
            self.export_menu.addAction(words, lambda ending=ending: self.export_wanted.emit(ending))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("After which part of which layer the stream is read")
        self.slider.setPageStep(2)
        self.slider.valueChanged.connect(lambda _: self._show_stage())
        self.at = QLabel()
        self.at.setProperty("role", "heading")
        self.image = MapImage()
        self.image.setToolTip(TIP)
        self.image.patch_clicked.connect(lambda patch: self.wanted.emit("", patch))
        self.note, self.problem, self.why, self.warning = wrapped(), wrapped(role="warning"), wrapped(), wrapped()
        self.note.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that a screen reader comes by
        top = FlowLayout(gap=6)
        for widget in (self.choice, self.mask, self.no_mask, self.export):
            top.addWidget(widget)
        line = QHBoxLayout()
        line.addWidget(self.at)
        line.addWidget(self.slider, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 6)
        layout.setSpacing(5)
        layout.addLayout(top)
        layout.addWidget(self.why)
        layout.addLayout(line)
        layout.addWidget(self.image)
        for label in (self.note, self.problem, self.warning):
            layout.addWidget(label)
        layout.addStretch(1)
        self.set_data(MapData())

    # ---- what is asked for ----

    def _tell(self) -> None:
        key = self.choice.currentData()
        if key == LIKENESS:
            self.wanted.emit("", max(self._data.marked, 0))
        else:
            self.wanted.emit("" if key == LIKELIEST else str(key), -1)

    def take_dropped(self, dropped: Dropped) -> bool:
        if dropped.paths:
            self.masks_dropped.emit(list(dropped.paths))
        return bool(dropped.paths)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.seen.emit(False)

    # ---- showing ----

    def data(self) -> MapData:
        return self._data

    def stage(self) -> int:
        """Which of the stages is shown."""
        return self.slider.value()

    def set_data(self, data: MapData) -> None:
        before, self._data = self._data, data
        if data.answers != before.answers or not self.choice.count():
            self._fill(data.answers)
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
        for widget in (self.choice, self.mask):
            widget.setVisible(not data.why_not)
        self.image.setVisible(data.image is not None and not data.why_not)
        self.no_mask.setVisible(data.mask is not None)
        show_text(self.why, data.why_not)
        show_text(self.problem, data.problem)
        show_text(self.warning, data.warning)
        self._show_stage()

    def _fill(self, answers: tuple[str, ...]) -> None:
        self.choice.clear()
        rows = [(LIKELIEST, LIKELIEST), *((answer, answer) for answer in answers)] if answers else []
        for words, key in (*rows, (LIKENESS, LIKENESS)):
            self.choice.addItem(words, key)

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
