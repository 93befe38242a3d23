"""The dock *Jobs*: long runs that wait, run, are paused or done, with what can be done with each."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from views.panels.jobs.data import JobRow, JobsData
from views.panels.jobs.table import JobsView
from views.widgets.lines_panel import LineButton, LinesPanel
from views.widgets.text import ElidedLabel

NOTHING = (
    "Long runs wait here for their turn: Trace Many Pairs, Evaluate Over Many Pairs, Measure Heads Over Many Pairs, "
    "Study In-Context Learning and Study Modalities, of the menu Edit, put one in. They run in the background, one at "
    "a time, can be paused and go on where they were after the window was closed."
)
CHOOSE = "Choose a line first"
BUTTONS = (
    LineButton("turn", "Pause", ""),
    LineButton("cancel", "Cancel…", "It is not wanted any more; asks what becomes of its folder"),
    LineButton("up", "↑", "Up: let it run before the job above it", "Up"),
    LineButton("down", "↓", "Down: let it run after the job below it", "Down"),
    LineButton(
        "show",
        "Result",
        "Open its scores in place of a trace or in Heads, or its page; what an evaluation found is in Runs",
    ),
    LineButton("folder", "Folder", "Open the folder that keeps what is done"),
    LineButton("remove", "Remove", "Take the line away; its folder stays"),
)
TURNS = {  # what the first button is for, by its words
    "Pause": "End its process; what is done stays in its folder",
    "Resume": "Go on where it was",
    "Try Again": "Go on where it was, once what was wrong is mended",
}


class JobsPanel(LinesPanel):
    wanted = Signal(str, str)  # the key of a button, and that of a job

    def __init__(self, parent: QWidget | None = None) -> None:
        self._data = JobsData()
        self.view = JobsView()
        super().__init__("Jobs", self.view, BUTTONS, NOTHING, parent)
        self.about = ElidedLabel("", "muted")
        self.header.addWidget(self.about, 1)
        self.set_data(JobsData())

    def set_data(self, data: JobsData) -> None:
        self._data = data
        self.show_rows(data.rows)

    def data(self) -> JobsData:
        return self._data

    @property
    def chosen(self) -> JobRow | None:
        """The job that is selected."""
        return next(iter(self.view.chosen()), None)

    def why_not(self, key: str) -> str:
        chosen = self.chosen
        return CHOOSE if chosen is None else chosen.why_not.get(key, "")

    def tip_of(self, button: LineButton) -> str:
        return button.tip or TURNS[self.buttons["turn"].text()]

    def look(self) -> None:
        """And why the chosen job failed."""
        chosen = self.chosen
        self.buttons["turn"].setText("Pause" if chosen is None else chosen.turn)
        super().look()
        self.about.setText((chosen.reason if chosen is not None else "") or self._data.about)

    def does(self, key: str) -> None:
        if self.chosen is not None:
            self.wanted.emit(key, self.chosen.key)
