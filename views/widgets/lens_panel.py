"""The base of docks that read the stream in answers: a choice of what is shown, a file that goes with it, *Export*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QMenu, QVBoxLayout, QWidget

from views.theme import as_card
from views.widgets.buttons import LinkButton, open_below
from views.widgets.drop_frame import DropFrame
from views.widgets.drops import Dropped
from views.widgets.flow import FlowLayout
from views.widgets.text import wrapped


@dataclass(frozen=True)
class LensWords:
    """name: of the panel, for a screen reader. choice, file, no_file, export: what these say, or what a screen reader
    says of the choice, and their tips. endings: the words of *Export* and the endings of the files' names."""

    name: str
    choice: tuple[str, str]
    file: tuple[str, str]
    no_file: tuple[str, str]
    export: str
    endings: Sequence[tuple[str, str]]


class LensPanel(DropFrame):
    """The row at the top is here, and `column` below it is for what the lens shows."""

    file_wanted = Signal()
    files_dropped = Signal(list)  # paths
    file_unwanted = Signal()
    export_wanted = Signal(str)  # the ending of a file's name
    seen = Signal(bool)

    def __init__(self, words: LensWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName(words.name)
        self.setMinimumSize(200, 96)
        self.choice = QComboBox()
        self.choice.setAccessibleName(words.choice[0])
        self.choice.setToolTip(words.choice[1])
        self.choice.activated.connect(lambda _: self.take_choice())
        self.file, self.no_file, self.export = (
            _link(*words.file),
            _link(*words.no_file),
            _link("Export ▾", words.export),
        )
        self.file.clicked.connect(lambda: self.file_wanted.emit())
        self.no_file.clicked.connect(lambda: self.file_unwanted.emit())
        self.export.clicked.connect(lambda: open_below(self.export, self.export_menu))
        self.export_menu = QMenu(self)
        for entry, ending in words.endings:
            self.export_menu.addAction(entry, lambda ending=ending: self.export_wanted.emit(ending))
        self.why, self.problem, self.note = wrapped(), wrapped(role="warning"), wrapped()
        top = FlowLayout(gap=6)
        for widget in (self.choice, self.file, self.no_file, self.export):
            top.addWidget(widget)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(10, 6, 8, 6)
        self.column.setSpacing(5)
        self.column.addLayout(top)

    def take_choice(self) -> None:
        """Another row of the choice was taken."""
        raise NotImplementedError

    def fill_choice(self, rows: Sequence[tuple[str, str]]) -> None:
        """The words of the choice's rows, and what each is known by."""
        self.choice.clear()
        for words, key in rows:
            self.choice.addItem(words, key)

    def take_dropped(self, dropped: Dropped) -> bool:
        if dropped.paths:
            self.files_dropped.emit(list(dropped.paths))
        return bool(dropped.paths)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.seen.emit(False)


def _link(words: str, tip: str) -> LinkButton:
    button = LinkButton(words)
    button.setToolTip(tip)
    return button
