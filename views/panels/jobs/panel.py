"""The dock *Jobs*: long runs that wait, run, are paused or done, with what can be done with each."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from views.panels.jobs.data import JobsData
from views.panels.jobs.table import JobsView
from views.theme import as_card
from views.widgets.text import ElidedLabel, show_text, wrapped

NOTHING = (
    "Long runs wait here for their turn: Edit > Trace Many Pairs and Edit > Evaluate Over Many Pairs put one in. They "
    "run beside the window, one at a time, can be paused, and go on where they were after the window was closed."
)
CHOOSE = "Choose a line first"
BUTTONS = (
    ("turn", "Pause", ""),
    ("cancel", "Cancel…", "It is not wanted any more; asks what becomes of its folder"),
    ("up", "↑", "Up: let it run before the job above it"),
    ("down", "↓", "Down: let it run after the job below it"),
    ("show", "Result", "Open its scores in place of a trace; what an evaluation found stands in Runs"),
    ("folder", "Folder", "Open the folder that keeps what is done"),
    ("remove", "Remove", "Take the line away; its folder stays"),
)
TURNS = {  # what the first button is for, by its words
    "Pause": "End its process; what is done stays in its folder",
    "Resume": "Go on where it was",
    "Try Again": "Go on where it was, once what was wrong is mended",
}


class JobsPanel(QFrame):
    wanted = Signal(str, str)  # the key of a button, and that of a job
    shown = Signal()  # it is looked at again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Jobs")
        self.setMinimumSize(260, 96)
        self._data = JobsData()
        self.view = JobsView()
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.show_wanted.connect(lambda: self._press("show"))
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._look())
        self.view.lines.modelReset.connect(self._look)
        self.buttons: dict[str, QPushButton] = {}
        header = QHBoxLayout()
        header.setSpacing(8)
        for key, words, tip in BUTTONS:
            button = QPushButton(words)
            button.setAccessibleName({"up": "Up", "down": "Down"}.get(key, words))
            button.setAccessibleDescription(tip)
            button.setStyleSheet("padding: 2px 8px;")
            button.clicked.connect(lambda _checked=False, key=key: self._press(key))
            self.buttons[key] = button
            header.addWidget(button)
        self.about = ElidedLabel("", "muted")
        header.addWidget(self.about, 1)
        self.hint = wrapped(NOTHING)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 6, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(header)
        layout.addWidget(self.hint)
        layout.addWidget(self.view, 1)
        self.set_data(JobsData())

    def set_data(self, data: JobsData) -> None:
        self._data = data
        self.view.set_rows(data.rows)
        show_text(self.hint, "" if data.rows else NOTHING)
        self.view.setVisible(bool(data.rows))
        self._look()

    def data(self) -> JobsData:
        return self._data

    def why_not(self, key: str) -> str:
        """Why a button cannot be pressed; empty where it can."""
        chosen = self.view.chosen()
        return CHOOSE if chosen is None else chosen.why_not.get(key, "")

    def _look(self) -> None:
        """What can be pressed now, and why the chosen job failed."""
        chosen = self.view.chosen()
        turn = "Pause" if chosen is None else chosen.turn
        self.buttons["turn"].setText(turn)
        for key, _, tip in BUTTONS:
            why, button = self.why_not(key), self.buttons[key]
            button.setEnabled(not why)
            button.setToolTip(why or tip or TURNS[turn])
        self.about.setText((chosen.reason if chosen is not None else "") or self._data.about)

    def _press(self, key: str) -> None:
        chosen = self.view.chosen()
        if chosen is not None and not self.why_not(key):
            self.wanted.emit(key, chosen.key)

    def make_menu(self) -> QMenu:
        """What can be done with the selected job."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for key, button in self.buttons.items():
            action = menu.addAction({"up": "Up", "down": "Down"}.get(key, button.text()))
            action.setEnabled(button.isEnabled())
            action.setToolTip(button.toolTip())
            action.triggered.connect(lambda _checked=False, key=key: self._press(key))
        return menu

    def _open_menu(self, point: QPoint) -> None:
        menu = self.make_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.view.viewport().mapToGlobal(point))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()
