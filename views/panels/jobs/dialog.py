"""The dialog of a job over many pairs: which pairs, how many processes, and the folder that keeps what is done."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from views.panels.jobs.data import Asked, ManyPairsData
from views.theme import SPACE
from views.widgets.number_boxes import NumberBox
from views.widgets.text import show_text, wrapped

MOST_PAIRS, USUAL_PAIRS, MOST_SEED = 1_000_000, 1_000, 2**31 - 1
NO_TASK = "This model has no built-in task: give it a file of pairs"


class ManyPairsDialog(QDialog):
    """Stays open until the job is in the queue. about: what it does, in words. columns: that a file of pairs may
    have. seed: that it has at first."""

    wanted = Signal(object)  # Asked
    file_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, title: str, about: str, columns: str, seed: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._about = about
        self.of_task, self.of_file = QRadioButton("&Task"), QRadioButton("&File")
        kinds = QButtonGroup(self)
        for button in (self.of_task, self.of_file):
            kinds.addButton(button)
            button.toggled.connect(self._grey)
        self.task = QComboBox()
        self.task.setAccessibleName("Task")
        self.pairs = _number(1, MOST_PAIRS, USUAL_PAIRS, "How many pairs are drawn")
        self.seed = _number(0, MOST_SEED, seed, "The same seed draws the same pairs")
        self.workers = _number(1, 1, 1, "Processes that share the work")
        self.file, self.folder = QLineEdit(), QLineEdit()
        self.file.setAccessibleName("File of pairs")
        self.file.setPlaceholderText(f"CSV, TSV or JSON lines: {columns}")
        self.file.textEdited.connect(lambda _: self.of_file.setChecked(True))
        self.folder.setAccessibleName("Folder")
        self.folder.setToolTip("Keeps what is done, and what comes out")
        self.choose_file = _button("&Choose…", "Choose a file of pairs", self.file_wanted.emit)
        self.choose_folder = _button("C&hoose…", "Choose an empty folder", self.folder_wanted.emit)
        self.method = wrapped("")
        self.problem = wrapped("", "warning")
        self.add = _button("&Add to Queue", "Let it wait for its turn in the dock Jobs", self._ask)
        self.add.setDefault(True)
        self.close_button = _button("C&lose", "Close this window (Esc)", self.reject)
        self._lay_out()
        self.set_data(ManyPairsData())
        self.setMinimumWidth(520)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(SPACE)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.of_task, 0, 0)
        grid.addWidget(self.task, 0, 1, 1, 2)
        grid.addWidget(self.of_file, 1, 0)
        grid.addWidget(self.file, 1, 1)
        grid.addWidget(self.choose_file, 1, 2)
        for row, (words, box) in enumerate(
            (("&Pairs", self.pairs), ("&Seed", self.seed), ("&Workers", self.workers)), 2
        ):
            grid.addWidget(_label(words, box), row, 0)
            line = QHBoxLayout()
            line.addWidget(box)
            line.addStretch(1)
            grid.addLayout(line, row, 1, 1, 2)
        grid.addWidget(_label("F&older", self.folder), 5, 0)
        grid.addWidget(self.folder, 5, 1)
        grid.addWidget(self.choose_folder, 5, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        column.addWidget(wrapped(self._about))
        column.addLayout(grid)
        column.addWidget(self.method)
        column.addWidget(self.problem)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.add)
        buttons.addWidget(self.close_button)
        column.addLayout(buttons)

    # ---- what there is to choose ----

    def set_data(self, data: ManyPairsData) -> None:
        """What was chosen stays where it is still there."""
        before = self.task.currentData()
        self.task.clear()
        for name, title, about in data.tasks:
            self.task.addItem(title, name)
            self.task.setItemData(self.task.count() - 1, about, 3)  # its tooltip
        at = self.task.findData(before)
        self.task.setCurrentIndex(max(at, 0))
        self.of_task.setEnabled(bool(data.tasks))
        self.of_task.setToolTip("" if data.tasks else NO_TASK)
        if not data.tasks:
            self.of_file.setChecked(True)
        elif not self.of_file.isChecked() or not self.file.text():
            self.of_task.setChecked(True)
        self.set_method(data.method)
        self.workers.setMaximum(data.most_workers)
        self.workers.setEnabled(not data.why_one)
        self.workers.setToolTip(data.why_one or "Processes that share the work")
        self.folder.setPlaceholderText(f"A new one in {data.folder}")
        self.set_problem("")
        self._grey()
        self.adjustSize()  # not lower than its fields

    def set_method(self, words: str) -> None:
        """By what it is done."""
        self.method.setText(words)

    def set_file(self, path: str) -> None:
        self.file.setText(path)
        self.of_file.setChecked(True)

    def set_folder(self, path: str) -> None:
        self.folder.setText(path)

    def set_problem(self, words: str) -> None:
        """Why it cannot be queued; empty for nothing."""
        show_text(self.problem, words)

    def set_busy(self, words: str) -> None:
        """What is done before it goes into the queue; empty for nothing."""
        self.add.setEnabled(not words)
        self.add.setText(words or "&Add to Queue")

    def asked(self) -> Asked:
        of_task = self.of_task.isChecked()
        return Asked(
            str(self.task.currentData() or "") if of_task else "",
            "" if of_task else self.file.text().strip(),
            self.pairs.value(),
            self.seed.value(),
            self.workers.value(),
            self.folder.text().strip(),
        )

    def _ask(self) -> None:
        self.set_problem("")
        self.wanted.emit(self.asked())

    def _grey(self) -> None:
        """How many pairs there are, and their seed, are of a task."""
        of_task = self.of_task.isChecked()
        for widget in (self.task, self.pairs):
            widget.setEnabled(of_task)
        self.pairs.setToolTip("How many pairs are drawn" if of_task else "Of a file all rows are taken")


def _button(words: str, tip: str, does: object) -> QPushButton:
    button = QPushButton(words)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked=False: does())  # type: ignore[operator]
    return button


def _number(least: int, most: int, usual: int, tip: str) -> QSpinBox:
    box = NumberBox()
    box.setRange(least, most)
    box.setValue(usual)
    box.setLocale(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))  # 1,000 as everywhere else
    box.setGroupSeparatorShown(True)
    box.setToolTip(tip)
    box.setFixedWidth(130)
    return box


def _label(words: str, buddy: QWidget) -> QLabel:
    label = QLabel(words)
    label.setBuddy(buddy)
    return label
