"""Folders of pictures, the probe that learns their classes, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from views.panels.probe.data import ProbeData
from views.theme import SPACE
from views.widgets.drops import accept_copy, read
from views.widgets.line_table import as_line_table
from views.widgets.text import heading, show_text, wrapped

ABOUT = (
    "This model names no classes. Give it one folder with a folder of pictures for each class, or several folders, one "
    "a class: a probe learns to tell them apart from what the model gives for a picture. The model stays as it is."
)
KINDS = (
    ("linear", "Linear probe", "Weighs what the model gives (logistic regression)"),
    ("means", "Nearest class mean", "Answers with the class whose mean is nearest: good for very few pictures"),
)
READS = (
    ("output", "The model's own output", "For DINOv2 its class token"),
    ("class+mean", "Class token and mean of the patches", "Twice as many numbers; what DINOv2's own classifiers read"),
)
MOST_LINES = 8  # of the table without scrolling
COLUMNS = ("class", "pictures", "right", "mistaken for")


class ProbeDialog(QDialog):
    """Stays open, so that the predictions are seen beside. Folders may be dropped on it."""

    folder_wanted, fit_wanted, cancel_wanted = Signal(), Signal(), Signal()
    open_wanted, save_wanted, remove_wanted = Signal(), Signal(), Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Classes from folders")
        self.setAcceptDrops(True)
        self._fitting = self._has_probe = False
        self.list = QListWidget()
        self.list.setAccessibleName("Folders of pictures")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setMaximumHeight(96)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.kind, self.reads = _choice(KINDS, "Kind of probe"), _choice(READS, "What it reads")
        self.add = _button("&Add Folder…", "Choose a folder of pictures", self.folder_wanted.emit)
        self.drop = _button("&Remove", "Take the chosen folders from this list", self._remove_folders)
        self.fit = _button("&Fit", "Learn to tell these folders apart", self.fit_wanted.emit)
        self.fit.setDefault(True)
        self.cancel = _button("&Cancel", "Stop learning; the model stays as it is", self.cancel_wanted.emit)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Pictures read")
        self.bar.setTextVisible(False)
        self.problem = wrapped()
        self.accuracy, self.baseline, self.about = wrapped("", "heading"), wrapped(""), wrapped("")
        self.left_out, self.unknown = wrapped(""), wrapped("")
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setHorizontalHeaderLabels(COLUMNS)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        as_line_table(self.table, "The classes", "Columns of the classes")
        self.open = _button("&Open Probe…", "Take the classes of a probe that was saved", self.open_wanted.emit)
        self.save = _button("&Save Probe…", "Write the probe to a file of its own", self.save_wanted.emit)
        self.without = _button("&Without Probe", "Take the classes away again", self.remove_wanted.emit)
        self.close_button = _button("C&lose", "Close this window (Esc)", self.reject)
        self._lay_out()
        self.list.itemSelectionChanged.connect(self._grey)
        self.show_probe(None)
        self.set_problem("")
        self.set_fitting(False, None)
        self.resize(560, 600)

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, SPACE)
        column.setSpacing(SPACE)
        self.intro = wrapped(ABOUT)
        column.addWidget(self.intro)
        column.addWidget(self.list)
        column.addLayout(_row(self.add, self.drop, None))
        for words, box in (("&Kind", self.kind), ("&It reads", self.reads)):
            label = QLabel(words)
            label.setBuddy(box)
            label.setMinimumWidth(60)
            column.addLayout(_row(label, box, None))
        column.addLayout(_row(self.fit, self.cancel, self.bar, None))
        column.addWidget(self.problem)
        self.result = QWidget()
        below = QVBoxLayout(self.result)
        below.setContentsMargins(0, SPACE, 0, 0)
        below.setSpacing(SPACE)
        for widget in (self.accuracy, self.baseline, self.about, self.table, self.left_out):
            below.addWidget(widget)
        below.addWidget(heading("What this does not say"))
        below.addWidget(self.unknown)
        column.addWidget(self.result)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 2 * SPACE)
        outside.addWidget(scroll, 1)
        buttons = _row(self.open, self.save, self.without, None, self.close_button)
        buttons.setContentsMargins(2 * SPACE, 0, 2 * SPACE, 0)
        outside.addLayout(buttons)

    # ---- what is asked ----

    def folders(self) -> list[str]:
        return [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]

    def set_folders(self, folders: Sequence[str]) -> None:
        """Each once, in this order."""
        self.list.clear()
        for folder in dict.fromkeys(folders):
            self.list.addItem(folder)
            item = self.list.item(self.list.count() - 1)
            item.setData(Qt.ItemDataRole.UserRole, folder)
            item.setToolTip(folder)
        self.set_problem("")
        self._grey()

    def choice(self) -> tuple[str, str]:
        """Kind of probe, and what it reads."""
        return self.kind.currentData(), self.reads.currentData()

    def _remove_folders(self) -> None:
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self._grey()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _folders_in(event):
            accept_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        folders = _folders_in(event)
        if folders:
            accept_copy(event)
            self.set_folders([*self.folders(), *folders])

    # ---- what is shown ----

    def show_model(self, title: str, reads_both: bool) -> None:
        """reads_both: whether a probe may read the mean of the patches too."""
        self.setWindowTitle(f"Classes from folders · {title}")
        if not reads_both:
            self.reads.setCurrentIndex(0)
        self.reads.setEnabled(reads_both)
        self._grey()

    def show_probe(self, data: ProbeData | None) -> None:
        """What is known of the probe that the model has; None: it has none."""
        self._has_probe = data is not None
        self.result.setVisible(data is not None)
        self.intro.setVisible(data is None)
        if data is not None:
            show_text(self.accuracy, data.accuracy)
            show_text(self.baseline, data.baseline)
            show_text(self.about, data.about)
            show_text(self.left_out, "\n".join(data.left_out))
            show_text(self.unknown, "\n".join(f"· {line}" for line in data.unknown))
            self.table.setRowCount(len(data.rows))
            for row, each in enumerate(data.rows):
                for column, words in enumerate((each.name, each.pictures, each.right, each.wrong)):
                    item = QTableWidgetItem(words)
                    item.setToolTip(words)
                    if column in (1, 2):
                        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                    self.table.setItem(row, column, item)
            self.table.resizeColumnsToContents()
            lines = min(len(data.rows), MOST_LINES) * self.table.verticalHeader().defaultSectionSize()
            self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + lines + 2 * SPACE)
        self._grey()

    def set_problem(self, words: str) -> None:
        """Why it cannot be fitted; empty for nothing."""
        show_text(self.problem, words)

    def set_fitting(self, fitting: bool, share: float | None) -> None:
        """share: of the pictures that are read; None: not known."""
        self._fitting = fitting
        self.bar.setVisible(fitting)
        self.bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self.bar.setValue(round(1000 * share))
        self._grey()

    def _grey(self) -> None:
        self.fit.setEnabled(not self._fitting and self.list.count() > 0)
        self.fit.setToolTip("Learn to tell these folders apart" if self.list.count() else "Add a folder first")
        self.cancel.setVisible(self._fitting)
        self.drop.setEnabled(bool(self.list.selectedItems()))
        self.save.setEnabled(self._has_probe)
        self.without.setEnabled(self._has_probe)


def _folders_in(event: QDropEvent) -> list[str]:
    dropped = read(event.mimeData())
    return [path for path in (dropped.paths if dropped else ()) if Path(path).is_dir()]


def _choice(rows: Sequence[tuple[str, str, str]], name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for place, (key, words, tip) in enumerate(rows):
        box.addItem(words, key)
        box.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
    return box


def _button(words: str, tip: str, does: object) -> QPushButton:
    button = QPushButton(words)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    button.clicked.connect(does)
    return button


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    """None: room."""
    row = QHBoxLayout()
    row.setSpacing(SPACE)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget, 1 if isinstance(widget, QProgressBar) else 0)
    return row
