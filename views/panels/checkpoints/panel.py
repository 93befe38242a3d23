"""The dock *Checkpoints*: a slider over the steps of a training, and curves of what becomes of heads, metric and
circuit. The line in each figure is the step that is open; it can be dragged too."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSlider, QVBoxLayout, QWidget

from views.panels.checkpoints.data import CheckpointsData
from views.panels.plots.loading import Loading
from views.theme import as_card, theme_changes
from views.widgets.flow import FlowLayout
from views.widgets.text import dim, plain_tip, show_text, wrapped

EMPTY = (
    "A folder of checkpoints is one model at several steps of its training: checkpoint-100, checkpoint-200 and so on. "
    "Open one, or drop it on the window, and move the slider: canvas, cards and predictions follow, and edits stay."
)
ROOMY = 260  # pixels of height that hold words and figures
TIP = "Ask every checkpoint: metric, heads and circuit of the inputs on the cards, as curves over the steps"


class CheckpointsPanel(QWidget):
    open_wanted = Signal()
    hub_wanted = Signal()
    example_wanted = Signal()  # the series that comes with Wirescope, or an end of its training
    step_wanted = Signal(int)  # the number of a checkpoint
    play_wanted = Signal()
    follow_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Checkpoints")
        self.setMinimumSize(260, 96)
        self._data = CheckpointsData()
        self._charts: list[Any] = []
        self._loading: Loading | None = None
        self.empty = wrapped(EMPTY)
        self.open = QPushButton()
        self.open.setToolTip("Open a folder of checkpoints")
        self.open.setAccessibleName("Open Checkpoints")
        self.open.clicked.connect(lambda: self.open_wanted.emit())
        self.hub = QPushButton()
        self.hub.setAccessibleName("Open Checkpoints from the Hub")
        self.hub.setToolTip("A model of the Hugging Face Hub, at revisions that have the step in their names")
        self.hub.clicked.connect(lambda: self.hub_wanted.emit())
        self.example = QPushButton()
        self.example.setToolTip("The bundled model names at half its width, at twelve steps: induction forms in them")
        self.example.clicked.connect(lambda: self.example_wanted.emit())
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Checkpoint")
        self.slider.setMinimumWidth(220)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self._move)
        self.step = QLabel()
        self.step.setTextFormat(Qt.TextFormat.PlainText)
        self.play = QPushButton("Play")
        self.play.setToolTip("From step to step by itself, to the last one")
        self.play.clicked.connect(lambda: self.play_wanted.emit())
        self.follow = QPushButton("Follow the Steps")
        self.follow.setProperty("primary", True)
        self.follow.setStyleSheet("padding: 5px 9px;")
        self.follow.clicked.connect(self.press)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(100)
        self.bar.setAccessibleName("Progress of following the checkpoints")
        self._escape = QShortcut(Qt.Key.Key_Escape, self, self.cancel_wanted.emit)
        self._escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.problem, self.words, self.read = wrapped(role="warning"), wrapped(), wrapped()
        for label in (self.problem, self.words):
            label.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that a screen reader comes by
        top = FlowLayout(gap=6)
        for widget in (self.slider, self.step, self.play, self.follow, self.bar, self.open, self.hub, self.example):
            top.addWidget(widget)
        self._figures = QHBoxLayout()
        self._figures.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        for label in (self.empty, self.problem, self.words):
            layout.addWidget(label)
        layout.addLayout(self._figures, 1)
        layout.addWidget(self.read)
        layout.addStretch(0)
        theme_changes().changed.connect(self._restyle)
        self.set_data(CheckpointsData())

    def press(self) -> None:
        """Begin, or stop what runs."""
        if self._data.running:
            self.cancel_wanted.emit()
        elif not self._data.why_not:
            self.follow_wanted.emit()

    def data(self) -> CheckpointsData:
        return self._data

    def charts(self) -> list[Any]:
        """The figures that are drawn."""
        return self._charts

    def set_data(self, data: CheckpointsData) -> None:
        before, self._data = self._data, data
        there = bool(data.steps)
        self.empty.setVisible(not there and not data.problem)
        for widget in (self.slider, self.step, self.play, self.follow):
            widget.setVisible(there)
        self.open.setText("Open…" if there else "Open Checkpoints…")  # one line with the slider
        self.hub.setText("Hub…" if there else "From the Hub…")
        self._set_slider(data)
        name = "" if data.at is None else data.names[data.at]
        last = f" of {data.steps[-1]:,}" if there else ""
        self.step.setText("none of them is open" if data.at is None else f"step {data.steps[data.at]:,}{last}")
        known = f"\n{data.words}" if data.words else ""
        self.step.setToolTip(plain_tip((f"{data.title}: {name}" if name else data.title) + known))
        self.play.setText("Stop" if data.playing else "Play")
        self.follow.setText("Cancel" if data.running else "Follow the Steps")
        self.follow.setEnabled(data.running or not data.why_not)
        tip = "Stop; what was found stays (Esc)" if data.running else data.why_not or TIP
        self.follow.setToolTip(tip)
        self.follow.setAccessibleDescription(tip)
        self._escape.setEnabled(data.running or data.playing)
        self.example.setText(data.example)
        self.example.setVisible(bool(data.example))
        self.bar.setVisible(data.running or data.training)
        self.bar.setRange(0, 0 if data.share is None else 100)
        self.bar.setValue(round(100 * (data.share or 0.0)))
        show_text(self.problem, data.problem)
        self.words.setAccessibleName(data.words)
        self._fit()
        dim(self.words, data.stale)
        if (data.plots, data.at, data.stale) != (before.plots, before.at, before.stale):
            self._draw()

    def _fit(self) -> None:
        """Where there is room for figures alone, the words of the step are its tooltip; the curves show the same."""
        roomy = self.height() >= ROOMY or not self._data.plots
        show_text(self.words, self._data.words if roomy else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _set_slider(self, data: CheckpointsData) -> None:
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(data.steps) - 1))
        if data.at is not None:
            self.slider.setValue(data.at)
            self.slider.setAccessibleDescription(f"Step {data.steps[data.at]:,}")
        self.slider.blockSignals(False)

    def _move(self, number: int) -> None:
        if self._data.steps:
            self.step_wanted.emit(number)

    # ---- figures ----

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    def _draw(self) -> None:
        """Draw what there is, if anybody looks; pyqtgraph is loaded for the first figure."""
        if not self._data.plots:
            for chart in self._charts:
                chart.hide()
            self.read.hide()
            return
        if not self.isVisible():
            return
        if self._loading is None:
            self._loading = Loading("views.panels.checkpoints.figure", self)
            self._loading.done.connect(self._loaded)
            self._loading.start()
        elif self._charts:
            self._paint()

    def _loaded(self, problem: str) -> None:
        if problem:
            show_text(self.problem, problem)
            return
        from views.panels.checkpoints.figure import StepFigure

        for _ in range(3):
            figure = StepFigure(self)
            figure.chart.step_wanted.connect(self.step_wanted)
            figure.chart.read.connect(lambda words: show_text(self.read, words))
            self._charts.append(figure)
            self._figures.addWidget(figure, 1)
        self._paint()

    def _paint(self) -> None:
        for number, chart in enumerate(self._charts):
            shown = number < len(self._data.plots)
            chart.setVisible(shown)
            if shown:
                at = None if self._data.at is None else self._data.steps[self._data.at]
                chart.draw(self._data.plots[number], self._data.steps, at, self._data.stale)

    def _restyle(self) -> None:
        for chart in self._charts:
            chart.chart.restyle()
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._restyle()
