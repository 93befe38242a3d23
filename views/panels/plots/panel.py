"""The *Plots* dock: five figures of what was traced, edited and measured; one of them shows. What draws them is loaded
when the dock is first seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from views.panels.plots.agreement import AgreementPlot
from views.panels.plots.curves import CurvesPlot
from views.panels.plots.data import PlotsData, Rows
from views.panels.plots.history import HistoryPlot
from views.panels.plots.known import KnownPlot
from views.panels.plots.loading import Loading
from views.panels.plots.plot import HOW_TO_READ, Plot
from views.panels.plots.scores import ScoresPlot, size_at
from views.theme import as_card
from views.widgets.buttons import LinkButton, open_below
from views.widgets.flow import FlowLayout
from views.widgets.text import ElidedLabel, dim, wrapped

if TYPE_CHECKING:
    from views.panels.plots.stage import Stage

LOADING = "The figures are being loaded…"
FORMATS = ((".png", "PNG, twice as fine"), (".svg", "SVG"), (".csv", "CSV, all numbers"))
STEP = 0.05  # of the edges, for the keys


class PlotsPanel(QFrame):
    """Shows a `PlotsData`."""

    size_wanted = Signal(int)  # the circuit is to keep so many edges; while the line is dragged, too
    let_go = Signal()  # the drag has ended
    known_wanted = Signal()  # choose the file of a known circuit
    forget_wanted = Signal()  # the curves of earlier states
    export_wanted = Signal(str)  # the figure that shows, into a file of this ending
    shown = Signal()  # it is looked at again, and wants data

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Plots")
        self.setMinimumSize(240, 150)
        self._data = PlotsData()
        self.plots: dict[str, Plot] = {
            plot.key: plot for plot in (CurvesPlot(), HistoryPlot(), ScoresPlot(), AgreementPlot(), KnownPlot())
        }
        self.stage: Stage | None = None  # once it is seen
        self._loading = Loading("pyqtgraph", self)
        self._loading.done.connect(self._make_stage)
        self._problem = ""  # why the figures cannot be drawn
        self.buttons: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        for plot in self.plots.values():
            button = QPushButton(plot.title)
            button.setCheckable(True)
            button.setToolTip(plot.tip)
            button.setAccessibleDescription(plot.tip)
            button.setStyleSheet("padding: 2px 9px; font-weight: 400;")
            group.addButton(button)
            self.buttons[plot.key] = button
        self.buttons["curves"].setChecked(True)
        group.buttonToggled.connect(lambda _, on: self._show() if on else None)
        self.choose = LinkButton("Choose a circuit…")
        self.choose.setToolTip("A file with the known circuit: JSON of Wirescope")
        self.choose.clicked.connect(self.known_wanted)
        self.forget = LinkButton("Forget earlier")
        self.forget.setToolTip("Take the curves of earlier states away; the present one stays")
        self.forget.clicked.connect(self.forget_wanted)
        self.fit = LinkButton("Whole")
        self.fit.setToolTip("See all of the figure again (0, or a double click); the wheel, + and − zoom")
        self.fit.clicked.connect(lambda: self.stage.chart.fit() if self.stage is not None else None)
        self.export = LinkButton("Export ▾")
        self.export.setToolTip("Save this figure, with what it is of")
        self.export_menu = QMenu(self)
        for ending, words in FORMATS:
            self.export_menu.addAction(words, lambda ending=ending: self.export_wanted.emit(ending))
        self.export.clicked.connect(lambda: open_below(self.export, self.export_menu))
        self.caption = ElidedLabel("", "muted")
        self.empty = wrapped()
        self.reading = ElidedLabel("")
        self.body = QStackedWidget()
        self._lay_out()
        self._show()

    def _lay_out(self) -> None:
        header = FlowLayout(gap=5)
        for button in self.buttons.values():
            header.addWidget(button)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.caption, 1)
        for button in (self.choose, self.forget, self.fit, self.export):
            line.addWidget(button)
        waiting = QWidget()
        lines = QVBoxLayout(waiting)
        lines.setContentsMargins(0, 6, 0, 0)
        lines.addWidget(self.empty)
        lines.addStretch(1)
        self.body.addWidget(waiting)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(13, 6, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(header)
        layout.addLayout(line)
        layout.addWidget(self.body, 1)
        layout.addWidget(self.reading)

    def sizeHint(self) -> QSize:
        return QSize(520, 300)

    # ---- showing ---------------------------------------------------------------------------------------------

    @property
    def plot(self) -> Plot:
        """The one that shows."""
        return next(self.plots[key] for key, button in self.buttons.items() if button.isChecked())

    def set_data(self, data: PlotsData) -> None:
        self._data = data
        self._show()

    def _show(self) -> None:
        plot, data = self.plot, self._data
        empty = plot.empty(data)
        self.caption.setText(plot.caption(data))
        dim(self.caption, plot.stale(data))
        self.choose.setVisible(plot.key == "known")
        self.forget.setVisible(plot.key == "curves" and any(not line.present for line in data.curves.lines))
        for button in (self.fit, self.export):
            button.setVisible(not empty and self.stage is not None)
        if self.stage is not None and not empty:
            self.stage.chart.setAccessibleName(f"{plot.title}: {plot.caption(data)}")
            self.stage.chart.setAccessibleDescription(self.words())
            self.stage.show_plot(plot, data)
            self.body.setCurrentWidget(self.stage)
        else:
            self.empty.setText(empty or self._problem or LOADING)
            self.body.setCurrentIndex(0)
        self._read(self.stage.chart.words_read if self.stage is not None and not empty else "")

    def words(self) -> str:
        """What the figure that shows says, for those who do not see it."""
        plot, data = self.plot, self._data
        names = ", ".join(entry.name for entry in plot.legend(data))
        stale = "Of an earlier state. " if plot.stale(data) else ""
        return f"{stale}{plot.caption(data)}. {plot.note(data)}. Drawn: {names}. {HOW_TO_READ}"

    def _read(self, words: str) -> None:
        """What is pointed at; else what the figure comes to."""
        plot, data = self.plot, self._data
        self.reading.setVisible(not plot.empty(data))
        note = ("Of an earlier state. " if plot.stale(data) else "") + plot.note(data)
        self.reading.setText(words or note or HOW_TO_READ)
        dim(self.reading, not words and plot.stale(data))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.stage is None:
            self._loading.start()
        self.shown.emit()

    def _make_stage(self, problem: str) -> None:
        self._problem = f"{problem}. Install Wirescope anew." if problem else ""
        if not problem:
            from views.panels.plots.stage import Stage  # here: it imports pyqtgraph

            self.stage = Stage()
            self.body.addWidget(self.stage)
            self.stage.read.connect(self._read)
            self.stage.chart.threshold_moved.connect(self._take_threshold)
            self.stage.chart.threshold_let_go.connect(self.let_go)
            self.stage.chart.stepped.connect(self._step)
        self._show()

    # ---- the user's hand ---------------------------------------------------------------------------------------

    def _take_threshold(self, value: float) -> None:
        bins = self._data.scores.bins
        if bins is not None:
            self.size_wanted.emit(size_at(bins, value))

    def _step(self, how: str) -> None:
        bins, size = self._data.scores.bins, self._data.scores.size or 0
        if bins is not None:
            few = max(round(STEP * size), 1)
            goals = {"more": size + few, "fewer": size - few, "twice": max(2 * size, 1), "half": size // 2}
            self.size_wanted.emit(min(max(goals[how], 0), len(bins.ranked)))

    # ---- files -------------------------------------------------------------------------------------------------

    def rows(self) -> Rows:
        """The numbers of the figure that shows."""
        return self.plot.rows(self._data)

    def write(self, path: Path) -> None:
        """Write the figure that shows as a picture. Raises WirescopeError."""
        from views.panels.plots.picture import write_plot

        hidden = self.stage.legend.hidden_keys if self.stage is not None else frozenset()
        write_plot(path, self.plot, self._data, hidden)
