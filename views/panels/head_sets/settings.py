"""The page that says what is compared, and how: rankings, ablation, shares, controls, how much is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.formatting import percent
from views.panels.head_sets.data import (
    ABLATION_TIP,
    ABLATIONS,
    FILE,
    FIRST_TIP,
    NONE,
    RANKINGS,
    SECOND_TIP,
    HeadSetsData,
    SetsChoice,
)
from views.widgets.buttons import open_below
from views.widgets.flow import FlowLayout
from views.widgets.number_boxes import NumberBox
from views.widgets.text import show_text, wrapped

ABOUT = (
    "What does the model lose without the heads that are highest by one score, by another, by both? Few-shot accuracy, "
    "loss on text and copying, beside as many random heads and others of the same layers."
)
BUNDLED = "Bundled text"


class SettingsPage(QScrollArea):
    changed = Signal(object)  # a SetsChoice
    file_wanted = Signal(str)  # "first", "second", "text", "folder": what is to be chosen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Settings of the comparison")
        self._data = HeadSetsData()
        self.first = self._make_choice("First ranking", FIRST_TIP)
        self.second = self._make_choice("Second ranking", SECOND_TIP)
        self.kind = self._make_choice("Ablation", ABLATION_TIP)
        for key, words, tip in ABLATIONS:
            self.kind.addItem(words, key)
            self.kind.setItemData(self.kind.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.shares = QLineEdit()
        self.shares.setAccessibleName("Shares of the heads, in percent")
        self.shares.setToolTip("How many of all heads are ablated, in percent: 1, 5, 10, 20")
        self.shares.editingFinished.connect(self._tell)
        self.main = self._make_choice("Share with controls", "The share that controls and other ablations are of")
        self.main.setMinimumContentsLength(5)
        self.draws = self._make_number("Draws of each control", 1, 200)
        self.prompts = self._make_number("Prompts of each few-shot task", 2, 100)
        self.pieces = self._make_number("Pieces of text, and rows of random tokens", 2, 100)
        self.text = QPushButton()
        self.text.setAccessibleName("Text")
        self.menu = QMenu(self)
        self.menu.addAction(BUNDLED, lambda: self._change(text=""))
        self.menu.addAction("A File…", lambda: self.file_wanted.emit("text"))
        self.menu.addAction("A Folder of Texts…", lambda: self.file_wanted.emit("folder"))
        self.text.clicked.connect(lambda: open_below(self.text, self.menu))
        self.wrong = wrapped(role="warning")
        self._lay_out()
        self.set_data(self._data)

    def _make_choice(self, name: str, tip: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(tip)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.activated.connect(lambda _: self._tell())
        return box

    def _make_number(self, name: str, least: int, most: int) -> QSpinBox:
        box = NumberBox()
        box.setRange(least, most)
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setKeyboardTracking(False)
        box.setFixedWidth(72)
        box.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box.valueChanged.connect(lambda _: self._tell())
        return box

    def _lay_out(self) -> None:
        self.about, body, fields = wrapped(ABOUT), QWidget(), FlowLayout(gap=8)
        for words, field in (
            ("first set by", self.first),
            ("second by", self.second),
            ("ablation", self.kind),
            ("shares, %", self.shares),
            ("controls at", self.main),
            ("draws", self.draws),
            ("prompts a task", self.prompts),
            ("pieces of text", self.pieces),
            ("text", self.text),
        ):
            fields.addWidget(_pair(words, field))
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(6)
        layout.addWidget(self.about)
        layout.addLayout(fields)
        layout.addWidget(self.wrong)
        layout.addStretch(1)
        self.setWidget(body)

    # ---- showing ----

    def set_data(self, data: HeadSetsData) -> None:
        self._data = data
        choice = data.choice
        for field in (
            self.first,
            self.second,
            self.kind,
            self.shares,
            self.main,
            self.draws,
            self.prompts,
            self.pieces,
        ):
            field.blockSignals(True)
            field.setEnabled(not data.running)
        self.text.setEnabled(not data.running)
        _fill(self.first, [*_rankings(choice.first)], choice.first)
        _fill(self.second, [*_rankings(choice.second), ("none", NONE)], choice.second)
        _fill(self.main, [(percent(share), share) for share in data.mains], choice.main)
        self.kind.setCurrentIndex(self.kind.findData(choice.kind))
        self.shares.setText(choice.shares)
        self.shares.setFixedWidth(self.shares.fontMetrics().horizontalAdvance("1, 2, 5, 10, 20") + 26)
        for box, number in ((self.draws, choice.draws), (self.prompts, choice.prompts), (self.pieces, choice.pieces)):
            box.setValue(number)
        for field in (
            self.first,
            self.second,
            self.kind,
            self.shares,
            self.main,
            self.draws,
            self.prompts,
            self.pieces,
        ):
            field.blockSignals(False)
        self.text.setText(f"{Path(choice.text).name if choice.text else BUNDLED} ▾")
        self.text.setToolTip(choice.text or "What the loss difference is measured on")
        show_text(self.wrong, data.wrong)
        self.about.setVisible(data.shown is None and not data.why_not)  # once is enough

    # ---- what the user does ----

    def _tell(self) -> None:
        """What is chosen now; a ranking from a file is asked for."""
        for which, box in (("first", self.first), ("second", self.second)):
            if box.currentData() == FILE:
                self.set_data(self._data)
                self.file_wanted.emit(which)
                return
        self._change(
            first=self.first.currentData(),
            second=self.second.currentData(),
            kind=self.kind.currentData(),
            shares=self.shares.text(),
            main=self.main.currentData(),
            draws=self.draws.value(),
            prompts=self.prompts.value(),
            pieces=self.pieces.value(),
        )

    def _change(self, **changes: Any) -> None:
        choice: SetsChoice = replace(self._data.choice, **changes)
        if choice != self._data.choice:
            self.changed.emit(choice)


def _rankings(chosen: str) -> list[tuple[str, str]]:
    """Words and keys; a file that is chosen is one of them."""
    files = [] if chosen in (*RANKINGS, NONE) else [(Path(chosen).name, chosen)]
    return [*((name, name) for name in RANKINGS), *files, ("heads in a file…", FILE)]


def _fill(box: QComboBox, rows: list[tuple[str, Any]], chosen: object) -> None:
    if [(box.itemText(place), box.itemData(place)) for place in range(box.count())] != rows:
        box.clear()
        for words, key in rows:
            box.addItem(words, key)
    box.setCurrentIndex(next((place for place, (_, key) in enumerate(rows) if key == chosen), -1))


def _pair(words: str, field: QWidget) -> QWidget:
    """A field after its name: they stay together in a line."""
    pair, label = QWidget(), QLabel(words)
    label.setProperty("role", "muted")
    label.setBuddy(field)
    layout = QHBoxLayout(pair)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(5)
    layout.addWidget(label)
    layout.addWidget(field)
    return pair
