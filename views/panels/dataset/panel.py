"""The dataset: rows of A and B with the metric of each, what can be done with them, and what they are used for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from core.formatting import number
from views.panels.dataset.data import DatasetRow, known_rows
from views.panels.dataset.table import DatasetTable
from views.theme import as_card
from views.widgets.buttons import LinkButton, open_below
from views.widgets.drop_frame import DropFrame
from views.widgets.drops import Dropped
from views.widgets.text import ElidedLabel, show_text, wrapped

EMPTY = {
    "text": "No rows. Add the pair on the cards, paste or drop rows, or fill from a task.",
    "image": "No rows. Add the pair on the cards, drop pictures, a folder of them or a film, or fill from a task.",
}
ABOVE_MEANS = 3  # lines of text that rows, or how to get some, have before the line on means has its own
MEANS = ("Means and resampled values are over these rows.", "Means are taken over these rows.", "Means are over these.")
SOME = ("Means are over {} of these rows, evenly spaced.", "Means are over {} of these.")
ALONE = (
    "Without rows, means are taken over A’s own positions.",
    "Until then means are over A alone.",
    "Means: A alone.",
)


class DatasetPanel(DropFrame):
    add_requested = Signal()
    load_requested = Signal(int)  # a row
    delete_requested = Signal(list)  # rows
    copy_requested = Signal(list)
    paste_requested = Signal()
    text_edited = Signal(int, int, str)  # row, column, text
    paths_dropped = Signal(list)
    text_dropped = Signal(str)
    looked_at = Signal(bool)  # whether it is shown
    seen = Signal(int, int)  # the first row in view, and how many there are

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Dataset panel")
        self.setMinimumSize(200, 92)
        self.for_title = ElidedLabel("", "muted")  # beside the dock's name
        self.for_title.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.table = DatasetTable()
        self.table.load_requested.connect(self.load_requested)
        self.table.delete_requested.connect(self.delete_requested)
        self.table.copy_requested.connect(self.copy_requested)
        self.table.paste_requested.connect(self.paste_requested)
        self.table.seen.connect(self.seen)
        self.table.lines.edited.connect(self.text_edited)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._open_menu)
        self.problem = wrapped(role="warning")
        self.note = wrapped()
        self.empty = wrapped(EMPTY["text"])
        self.means = ElidedLabel(ALONE[0], "muted")
        self.fill_menu = QMenu(self)
        self.fill_menu.setToolTipsVisible(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 8)
        layout.setSpacing(4)
        layout.addLayout(self._make_buttons())
        layout.addWidget(self.problem)
        layout.addWidget(self.note)
        layout.addWidget(self.empty)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.means)
        layout.addStretch(0)
        show_text(self.problem, "")
        show_text(self.note, "")
        self.set_rows((), "")

    def _make_buttons(self) -> QHBoxLayout:
        self.add = LinkButton("Add")
        self.add.setToolTip("Add the pair on the cards as a row")
        self.add.setAccessibleName("Add the pair on the cards")
        self.add.clicked.connect(self.add_requested)
        self.fill = LinkButton("Fill ▾")
        self.fill.setToolTip("Rows of a built-in task")
        self.fill.setAccessibleName("Fill from a task")
        self.fill.clicked.connect(lambda: open_below(self.fill, self.fill_menu))
        self.file = LinkButton("File ▾")
        self.file.setToolTip("Open, append, save or clear rows")
        self.file.setAccessibleName("Open, append, save or clear the dataset")
        self.file_menu = QMenu(self)
        self.file_menu.setToolTipsVisible(True)
        self.file.clicked.connect(lambda: open_below(self.file, self.file_menu))
        row = QHBoxLayout()
        row.setSpacing(2)
        for button in (self.add, self.fill, self.file):
            row.addWidget(button)
        row.addStretch(1)
        return row

    # ---- showing -------------------------------------------------------------------------------------------

    def set_rows(self, rows: Sequence[DatasetRow], metric: str, in_means: int | None = None) -> None:
        """metric: its name, for the head of the column. in_means: how many rows means are over; None: all."""
        self.table.lines.set_rows(rows)
        self.table.viewport().update()
        self.for_title.setText(*summary(rows))
        self.for_title.set_tip(metric)
        self.table.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        some = SOME if in_means is not None and in_means < len(rows) else MEANS
        self.means.setText(*(words.format(in_means) for words in (some if rows else ALONE)))
        self._share_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_height()

    def _share_height(self) -> None:
        """In a low panel the rows, or how to get some, have all the room."""
        shown = self.table if self.table.lines.rows else self.empty
        least = max(shown.minimumSizeHint().height(), shown.heightForWidth(shown.width()))
        below = ABOVE_MEANS * self.fontMetrics().height()
        self.means.setVisible(self.height() >= shown.y() + least + below)

    def set_kind(self, kind: str) -> None:
        """Whether the model reads texts or pictures."""
        self.empty.setText(EMPTY[kind])

    def set_menus(self, files: Sequence[QAction], actions: Sequence[QAction]) -> None:
        """What can be done with all rows, and the tasks that they can be filled from."""
        self.file_menu.clear()
        self.file_menu.addActions(list(files))
        self.fill_menu.clear()
        self.fill_menu.addActions(list(actions))
        self.fill.setEnabled(bool(actions))

    def say(self, note: str = "", problem: str = "") -> None:
        """What came of the last thing that was done."""
        show_text(self.note, note)
        show_text(self.problem, problem)

    def rows(self) -> Sequence[DatasetRow]:
        return self.table.lines.rows

    def row_texts(self) -> list[tuple[str, str, str]]:
        """What the cells say."""
        lines = self.table.lines
        return [tuple(str(lines.index(row, column).data()) for column in range(3)) for row in range(len(lines.rows))]  # type: ignore[misc]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.looked_at.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.looked_at.emit(False)

    def make_menu(self) -> QMenu:
        """What can be done with the selected rows."""
        menu, rows = QMenu(self), self.table.selected_rows()
        entries = (
            ("Put on the Cards", "Return", lambda: self.load_requested.emit(rows[0])),
            ("Edit the Text", "F2", lambda: self.table.edit(self.table.currentIndex())),
            ("Copy", "Ctrl+C", lambda: self.copy_requested.emit(rows)),
            ("Delete", "Del", lambda: self.delete_requested.emit(rows)),
        )
        for words, keys, slot in entries:
            action = menu.addAction(words, slot)
            action.setShortcut(QKeySequence(keys))
            action.setEnabled(bool(rows))
        edit = menu.actions()[1]
        edit.setEnabled(bool(rows) and self.rows()[rows[0]].kind == "text")
        menu.addSeparator()
        menu.addAction("Paste Rows", self.paste_requested.emit).setShortcut(QKeySequence.StandardKey.Paste)
        return menu

    def _open_menu(self, point: QPoint) -> None:
        menu = self.make_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.table.viewport().mapToGlobal(point))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste_requested.emit()
        else:
            super().keyPressEvent(event)

    def take_dropped(self, dropped: Dropped) -> bool:
        if dropped.paths:
            self.paths_dropped.emit(list(dropped.paths))
        elif dropped.text:
            self.text_dropped.emit(dropped.text)
        return bool(dropped.paths or dropped.text)


def summary(rows: Sequence[DatasetRow]) -> tuple[str, ...]:
    """How many rows, and the mean of their metric; shorter ways to say it after it."""
    if not rows:
        return ("",)
    count = f"{len(rows):,} row{'s' * (len(rows) != 1)}"
    looked_at = known_rows(rows)
    known = [(row.before, row.after) for row in looked_at if row.before is not None and row.after is not None]
    if not known:
        return (count,)
    before, after = (sum(values) / len(known) for values in zip(*known, strict=True))
    mean = number(before, 2) if before == after else f"{number(before, 2)} → {number(after, 2)}"
    bad = sum(bool(row.problem) for row in looked_at)
    unfit = f" · {bad} do{'es' * (bad == 1)} not fit" if bad else ""
    if len(looked_at) < len(rows):
        return f"{count} · mean of {len(known):,}: {mean}{unfit}", f"{count}{unfit or f' · mean {mean}'}", count
    return f"{count} · mean {mean}{unfit}", f"{count} · mean {mean}", f"mean {mean}", mean
