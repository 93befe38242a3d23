"""What dialogs of jobs share: the folder and the workers, what is wrong, and the button that adds to the queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from views.theme import SPACE
from views.widgets.number_boxes import NumberBox
from views.widgets.text import fit_height, show_text, wrapped

MOST_SEED = 2**31 - 1
SHARE_TIP = "Processes of this machine that share the work"


class QueueDialog(QDialog):
    """Stays open until the job is in the queue. about: what it does, in words. seed: that it has at first; seed_tip:
    what that is for. `wanted` carries what `asked` gives."""

    wanted = Signal(object)
    folder_wanted = Signal()

    def __init__(self, title: str, about: str, seed: int, seed_tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._about = about
        self.seed = number_box(0, MOST_SEED, seed, seed_tip)
        self.workers = number_box(1, 1, 1, SHARE_TIP)
        self.folder = QLineEdit()
        self.folder.setAccessibleName("Folder")
        self.folder.setToolTip("Keeps what is done, and what comes out")
        self.choose_folder = push_button("C&hoose…", "Choose an empty folder", self.folder_wanted.emit)
        self.method, self.where = wrapped(""), wrapped("", "muted")
        self.where.setVisible(False)  # until it is said
        self.problem = wrapped("", "warning")
        self.add = push_button("&Add to Queue", "Let it wait for its turn in the dock Jobs", self._ask)
        self.add.setDefault(True)
        self.close_button = push_button("C&lose", "Close this window (Esc)", self.reject)
        self.setMinimumWidth(520)

    def lay_out(self, above: Sequence[Sequence[QWidget]], numbers: Sequence[tuple[str, QWidget]]) -> None:
        """above: rows of two or three widgets, the first of which says what it is. numbers: narrow rows below them,
        with the words before each; seed, workers and the folder come last."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(SPACE)
        grid.setColumnStretch(1, 1)
        for row, (name, field, *button) in enumerate(above):
            grid.addWidget(name, row, 0)
            grid.addWidget(field, row, 1, 1, 1 if button else 2)
            if button:
                grid.addWidget(button[0], row, 2)
        narrow = (*numbers, ("&Seed", self.seed), ("&Workers", self.workers))
        for row, (words, box) in enumerate(narrow, len(above)):
            grid.addWidget(label_of(words, box), row, 0)
            line = QHBoxLayout()
            line.addWidget(box)
            line.addStretch(1)
            grid.addLayout(line, row, 1, 1, 2)
        last = len(above) + len(narrow)
        grid.addWidget(label_of("F&older", self.folder), last, 0)
        grid.addWidget(self.folder, last, 1)
        grid.addWidget(self.choose_folder, last, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        column.addWidget(wrapped(self._about))
        column.addLayout(grid)
        for widget in (self.method, self.where, self.problem):
            column.addWidget(widget)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.add)
        buttons.addWidget(self.close_button)
        column.addLayout(buttons)

    # ---- what there is to choose ----

    def set_places(self, root: str, most_workers: int, why_one: str) -> None:
        """root: where new folders lie. most_workers: processes that may share the work; why_one: why that is one
        alone."""
        self.workers.setMaximum(most_workers)
        self.workers.setEnabled(not why_one)
        self.workers.setToolTip(why_one or SHARE_TIP)
        self.folder.setPlaceholderText(f"A new one in {root}")
        self.set_problem("")
        fit_height(self)

    def set_method(self, words: str) -> None:
        """How it is done, of what is set in the window."""
        show_text(self.method, words)

    def set_where(self, words: str) -> None:
        """On which machine it will run."""
        show_text(self.where, words)
        fit_height(self)

    def set_folder(self, path: str) -> None:
        self.folder.setText(path)

    def set_problem(self, words: str) -> None:
        """Why it cannot be queued; empty for nothing."""
        show_text(self.problem, words)

    def set_busy(self, words: str) -> None:
        """What is done before it goes into the queue; empty for nothing."""
        self.add.setEnabled(not words)
        self.add.setText(words or "&Add to Queue")

    def asked(self) -> object:
        """What it was told."""
        raise NotImplementedError

    def _ask(self) -> None:
        self.set_problem("")
        self.wanted.emit(self.asked())


def push_button(words: str, tip: str, does: Callable[[], object]) -> QPushButton:
    button = QPushButton(words)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked=False: does())
    return button


def number_box(least: int, most: int, usual: int, tip: str) -> NumberBox:
    box = NumberBox()
    box.setRange(least, most)
    box.setValue(usual)
    box.setLocale(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))  # 1,000 as everywhere else
    box.setGroupSeparatorShown(True)
    box.setToolTip(tip)
    box.setFixedWidth(130)
    return box


def label_of(words: str, buddy: QWidget) -> QLabel:
    label = QLabel(words)
    label.setBuddy(buddy)
    label.setToolTip(buddy.toolTip())
    return label
