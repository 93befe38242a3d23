"""The dock *Heads*: all heads by two scores, as a figure and as a table, and what the selected one does."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from views.panels.heads.data import HeadsData
from views.panels.heads.evidence import EvidenceView
from views.panels.heads.table import HeadsView
from views.panels.plots.measuring_panel import MeasuringPanel
from views.theme import current, text_scale
from views.widgets.buttons import LinkButton
from views.widgets.flow import FlowLayout
from views.widgets.text import ElidedLabel, show_text, wrapped

EMPTY = (
    "What does each head do? Tests of heads of known kinds, such as induction or neighbours, on inputs made for them "
    "and over a bundled corpus, beside random heads. A small model takes seconds, a large one minutes; what was "
    "measured is kept for the next time."
)
TIP = "Test every head of the model; what was measured before is there at once"
TIP_BUNDLED = "Test every head over the bundled corpus; what was measured before is there at once"
RUNNING = "Stop (Esc). An edit goes before; the measuring then goes on where it was"
LOW = 320  # pixels of the panel, below which the figure has no room for three lines of words under it
MEASURE_VECTORS = "measure function vectors"  # the key of what is no score yet
VECTORS = (
    "Also score every head over bundled few-shot tasks: what its mean output gives back of the right answer where the "
    "examples are shuffled (Todd et al. 2024). Tasks that the model does no better than chance are left out, and said. "
    "A small model takes seconds, SmolLM2 (135 million weights) some three minutes of one core: the status bar says "
    "how long is left. It is kept for the next time."
)


class HeadsPanel(MeasuringPanel):
    measure_wanted = Signal()
    vectors_wanted = Signal()  # function vector scores too
    axes_wanted = Signal(str, str)  # the keys of the scores across and up
    heads_chosen = Signal(list)  # their names
    kind_wanted = Signal(str)  # the test whose evidence is to be shown
    sets_wanted = Signal()  # to compare sets of heads

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Heads", "Measure the Heads", "measuring the heads", "views.panels.heads.figure", parent)
        self._data = HeadsData()
        self.measure = self.button
        self.sets = LinkButton("Compare Sets…")
        self.sets.setToolTip("What the model loses without sets of heads, beside controls: the dock Compare Head Sets")
        self.sets.clicked.connect(self.sets_wanted)
        self.across, self.up = QComboBox(), QComboBox()
        self._labels = QLabel("across"), QLabel("up")
        for box, label, name in zip((self.across, self.up), self._labels, ("Score across", "Score up"), strict=True):
            box.setAccessibleName(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(16)
            box.activated.connect(lambda _: self._want_axes())
            label.setBuddy(box)
        self.empty, self.names, self.words, self.line = (
            wrapped(EMPTY),
            wrapped(),
            wrapped(role=""),
            ElidedLabel("", "muted"),
        )
        self.names.setTextFormat(Qt.TextFormat.RichText)
        self.short_words = ElidedLabel("", "")  # of the same, in one line, where the panel is low
        self.problem, self.source = wrapped(role="warning"), ElidedLabel("", "heading")
        self.bundled = LinkButton("Back to the Bundled Corpus")
        self.bundled.setToolTip(TIP_BUNDLED)
        self.bundled.clicked.connect(self.press)
        for label in (self.problem, self.source, self.words, self.short_words, self.line):
            label.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that a screen reader comes by
        self.view = HeadsView()
        self.view.chosen.connect(self.heads_chosen)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.figure_place)
        self.evidence = EvidenceView()
        self.evidence.kind_wanted.connect(self.kind_wanted)
        self.evidence.step_wanted.connect(self._step)
        self.evidence.closed.connect(self._close_evidence)
        self.view.opened.connect(self._open_evidence)
        self._evidence_wanted = False
        self.beside = QStackedWidget()
        for page in (self.view, self.evidence):
            self.beside.addWidget(page)
        self.split.addWidget(self.beside)
        self.split.setSizes([420, 500])
        top = FlowLayout(gap=6)
        for widget in (self.measure, self.bar, self._labels[0], self.across, self._labels[1], self.up):
            top.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        of_file = QHBoxLayout()
        of_file.addWidget(self.source, 1)
        of_file.addWidget(self.bundled, 0, Qt.AlignmentFlag.AlignRight)
        layout.addLayout(of_file)
        for label in (self.empty, self.problem, self.names):
            layout.addWidget(label)
        layout.addWidget(self.split, 1)
        for label in (self.words, self.short_words):
            layout.addWidget(label)
        below = QHBoxLayout()  # beside the axes it would take a line of its own in a narrow window
        below.addWidget(self.line, 1)
        below.addWidget(self.sets, 0, Qt.AlignmentFlag.AlignRight)
        layout.addLayout(below)
        layout.addStretch(0)
        self.set_data(HeadsData())

    def press(self) -> None:
        if self._data.running:
            self.cancel_wanted.emit()
        elif not self._data.why_not:
            self.measure_wanted.emit()

    def data(self) -> HeadsData:
        return self._data

    def set_data(self, data: HeadsData) -> None:
        before, self._data = self._data, data
        there = bool(data.rows)
        offered = data.can_vectors and not data.running
        if (data.choices, offered) != (before.choices, before.can_vectors and not before.running):
            for box in (self.across, self.up):
                box.clear()
                for choice in data.choices:
                    box.addItem(choice.words, choice.key)
                if offered:
                    box.addItem("function vector: measure…", MEASURE_VECTORS)
                    box.setItemData(box.count() - 1, VECTORS, Qt.ItemDataRole.ToolTipRole)
        for box, label, key in zip((self.across, self.up), self._labels, (data.across, data.up), strict=True):
            box.setVisible(there)
            label.setVisible(there)
            if there:
                box.setCurrentIndex(box.findData(key))
                box.setToolTip(data.axis(key).tip)
        self.show_work(data.running, data.share, data.why_not, TIP, RUNNING)
        self.measure.setVisible(data.running or not there)
        self.empty.setVisible(not there and not data.problem)
        self.source.setText(data.source)
        self.source.setVisible(bool(data.source))
        self.bundled.setVisible(bool(data.source) and not data.running)
        self.bundled.setEnabled(not data.why_not)
        for label, text in ((self.problem, data.problem), (self.words, data.words)):
            show_text(label, text)
            label.setAccessibleName(text)
        self.short_words.setText(data.words)
        self.short_words.setAccessibleName(data.words)
        for widget in (self.names, self.split, self.line):
            widget.setVisible(there)
        self._read("" if self.figure is None else self.figure.words_read)
        self.view.set_data(data)
        self.evidence.set_data(data.evidence)
        self._show_evidence()
        self.draw()

    # ---- the evidence, in the table's place ----

    def _open_evidence(self) -> None:
        """A head was clicked."""
        self._evidence_wanted = True
        self._show_evidence()

    def _close_evidence(self) -> None:
        self._evidence_wanted = False
        self._show_evidence()
        self.view.setFocus()

    def _show_evidence(self) -> None:
        there = self._evidence_wanted and self._data.evidence is not None
        self.beside.setCurrentWidget(self.evidence if there else self.view)
        low, told = self.height() < LOW * text_scale(), bool(self._data.words) and not there
        self.words.setVisible(told and not low)
        self.short_words.setVisible(told and low)  # the figure needs the height

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_evidence()

    def _step(self, step: int) -> None:
        """To the head of the next line of the table."""
        names = [row.name for row in self.view.lines.shown]
        evidence = self._data.evidence
        if evidence is not None and evidence.head in names:
            self.heads_chosen.emit([names[(names.index(evidence.head) + step) % len(names)]])

    def _read(self, words: str) -> None:
        """The dot that is pointed at; while none is, what is known of all heads."""
        line = f"{self._data.headline} {self._data.vectors}".strip()
        self.line.setText(words or line, *([] if words else [self._data.headline]))

    def _want_axes(self) -> None:
        across, up = str(self.across.currentData()), str(self.up.currentData())
        if MEASURE_VECTORS in (across, up):
            for box, key in ((self.across, self._data.across), (self.up, self._data.up)):
                box.setCurrentIndex(box.findData(key))
            self.vectors_wanted.emit()
        else:
            self.axes_wanted.emit(across, up)

    # ---- the figure ----

    def has_figure(self) -> bool:
        return bool(self._data.rows)

    def make_figure(self) -> QWidget:
        from views.panels.heads.figure import HeadsChart

        chart = HeadsChart(self)
        chart.head_chosen.connect(self._choose)
        chart.read.connect(self._read)
        return chart

    def draw_figure(self) -> None:
        if self._drawn != self._data.drawn:
            self._drawn = self._data.drawn
            self.figure.draw(self._data)
            self._name_labels()
        self.figure.ring(self._data.chosen)

    def say_problem(self, words: str) -> None:
        show_text(self.problem, words)

    def _name_labels(self) -> None:
        from views.panels.heads.figure import legend

        marked, plain = legend(self._data, current())
        self.names.setText(marked)
        self.names.setAccessibleName(plain)

    def _choose(self, name: str) -> None:
        """A dot of the figure."""
        self.heads_chosen.emit([name])
        self._open_evidence()
