"""The dock *Repair*: examples of a fault, the cuts that take it away, and what was proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from views.panels.repair.data import KNOWLEDGE, LEVELS, PHASES, RepairData, Running
from views.panels.repair.result import ResultPage
from views.panels.repair.table import ExamplesView
from views.theme import as_card
from views.widgets.buttons import LinkButton, open_below
from views.widgets.drop_frame import DropFrame
from views.widgets.drops import Dropped
from views.widgets.flow import FlowLayout
from views.widgets.number_boxes import DecimalBox
from views.widgets.text import ElidedLabel, set_role, show_text, wrapped

EMPTY = (
    "A model that goes wrong on some inputs can be repaired. Drop a file of examples here (JSON lines: an input, its "
    "right answer, whether the fault acts there), or a folder that has a folder of pictures for each class; or add "
    "inputs from the cards and the dataset. Then find the cuts that take the fault away and leave the rest as it is."
)
LOW = 16  # lines: a lower panel has no room for a note
_TIPS = {
    "find": "Find which parts carry the fault, cut them, and prove it on examples that the search has not seen",
    "apply": "Make the cuts edits of the canvas: one step, which can be undone",
    "export": "Write the repaired model to a new folder, with a card that says what was cut and what was proved",
    "mark": "Mark as triggered just those examples that the model answers wrongly now",
    "clear": "Take all examples away",
    "save": "Save the examples as a file of JSON lines, which opens here again",
}


class PhaseStrip(QWidget):
    """Where a repair is: its three phases, the present one bright, a bar and a way out."""

    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.labels = {key: QLabel(words) for key, words in PHASES}
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the repair")
        self.words = ElidedLabel("", "muted")
        self.cancel = LinkButton("Cancel")
        self.cancel.setToolTip("Stop: the examples stay (Esc)")
        self.cancel.clicked.connect(self.cancel_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for label in self.labels.values():
            row.addWidget(label)
        row.addWidget(self.bar, 2)
        row.addWidget(self.words, 1)
        row.addWidget(self.cancel)

    def show_running(self, running: Running) -> None:
        for key, label in self.labels.items():
            set_role(label, "heading" if key == running.phase else "muted")
        self.bar.setRange(0, 0 if running.share is None else 100)
        self.bar.setValue(round(100 * (running.share or 0.0)))
        self.words.setText(running.words)
        self.setAccessibleName(running.words)


class RepairPanel(DropFrame):
    open_wanted = Signal()
    folder_wanted = Signal()
    cards_wanted = Signal()
    rows_wanted = Signal()
    paths_dropped = Signal(list)
    find_wanted = Signal()
    cancel_wanted = Signal()
    apply_wanted = Signal()
    export_wanted = Signal()
    mark_wanted = Signal()
    clear_wanted = Signal()
    save_wanted = Signal()
    options_changed = Signal()
    cuts_chosen = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Repair")
        self.setMinimumSize(260, 96)
        self._data = RepairData()
        self.choose = QPushButton("Examples…")
        self.choose.setToolTip("A file of examples: JSON lines with input, answer and triggered")
        self.choose.clicked.connect(self.open_wanted)
        self.add = LinkButton("Add ▾")
        self.add.setToolTip("More examples: pictures by class, the cards, the dataset")
        self.add.clicked.connect(lambda: open_below(self.add, self.add_menu))
        self.add_menu = self._make_menu()
        self.knowledge = self._make_choice("What is known", KNOWLEDGE)
        self.level = self._make_choice("What is cut", LEVELS)
        self.budget = DecimalBox()
        self.budget.setRange(0.0, 99.0)
        self.budget.setDecimals(1)
        self.budget.setSingleStep(0.5)
        self.budget.setValue(0.5)
        self.budget.setPrefix(" cost ")
        self.budget.setSuffix(" %")
        self.budget.setAccessibleName("Budget: how much of the clean accuracy the repair may cost, in percent")
        self.budget.setToolTip("How much of the accuracy on clean inputs the repair may cost, in points")
        self.budget.valueChanged.connect(lambda _: self._options())
        self.find = QPushButton("Find the Cuts")
        self.find.setProperty("primary", True)
        self.find.clicked.connect(lambda: self._press("find"))
        self.apply = QPushButton("Apply to the Canvas")
        self.apply.clicked.connect(lambda: self._press("apply"))
        self.export = QPushButton("Export the Repaired Model…")
        self.export.clicked.connect(lambda: self._press("export"))
        self.of_examples, self.of_result = QPushButton("Examples"), QPushButton("Result")
        for button, page in ((self.of_examples, 0), (self.of_result, 1)):
            button.setCheckable(True)
            button.setStyleSheet("padding: 2px 10px;")
            button.clicked.connect(lambda _checked=False, page=page: self.show_page(page))
        self.mark = LinkButton("Mark what goes wrong")
        self.mark.clicked.connect(lambda: self._press("mark"))
        self.clear = LinkButton("Clear")
        self.clear.clicked.connect(lambda: self._press("clear"))
        self.save = LinkButton("Save…")
        self.save.setAccessibleName("Save the examples")
        self.save.clicked.connect(lambda: self._press("save"))
        self.counts = ElidedLabel("", "muted")
        self.problem, self.note = wrapped(role="warning"), ElidedLabel("", "muted")
        self.problem.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.phases = PhaseStrip()
        self.phases.cancel_wanted.connect(self.cancel_wanted)
        self._escape = QShortcut(Qt.Key.Key_Escape, self, self.cancel_wanted.emit)
        self._escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.empty = wrapped(EMPTY)
        self.view = ExamplesView()
        self.result = ResultPage()
        self.result.cuts_chosen.connect(self.cuts_chosen)
        self._lay_out()
        self._options()
        self.set_data(RepairData())

    def _make_choice(self, name: str, rows: Sequence[tuple[str, str, str]]) -> QComboBox:
        """rows: key, words and tip of each."""
        choice = QComboBox()
        choice.setAccessibleName(name)
        for place, (key, words, tip) in enumerate(rows):
            choice.addItem(words, key)
            choice.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
        choice.currentIndexChanged.connect(lambda _: self._options())
        return choice

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for words, tip, signal in (
            ("Pictures by Class…", "A folder that has a folder of pictures for each class", self.folder_wanted),
            ("The Prompts A and B", "What is on the cards, with the answers of the metric", self.cards_wanted),
            ("The Rows of the Dataset", "A of each row, with the row's answer", self.rows_wanted),
        ):
            menu.addAction(words, signal.emit).setToolTip(tip)
        return menu

    def _lay_out(self) -> None:
        top = FlowLayout(gap=4)
        for button in (self.choose, self.find):
            button.setStyleSheet("padding: 5px 9px;")
        for widget in (self.choose, self.add, self.knowledge, self.level, self.budget, self.find):
            top.addWidget(widget)
        line = QHBoxLayout()
        line.setSpacing(4)
        for widget in (self.of_examples, self.of_result):
            line.addWidget(widget)
        line.addSpacing(6)
        line.addWidget(self.counts, 1)
        for link in (self.mark, self.save, self.clear):
            line.addWidget(link)
        examples, result = QWidget(), QWidget()
        first = QVBoxLayout(examples)
        first.setContentsMargins(0, 0, 0, 0)
        first.addWidget(self.empty)
        first.addWidget(self.view, 1)
        second = QVBoxLayout(result)
        second.setContentsMargins(0, 0, 0, 0)
        second.setSpacing(4)
        second.addWidget(self.result, 1)
        buttons = FlowLayout(gap=6)
        buttons.addWidget(self.apply)
        buttons.addWidget(self.export)
        second.addLayout(buttons)
        self.pages = QStackedWidget()
        self.pages.addWidget(examples)
        self.pages.addWidget(result)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.problem)
        layout.addWidget(self.note)
        layout.addLayout(line)
        layout.addWidget(self.phases)
        layout.addWidget(self.pages, 1)

    # ---- showing ----

    def set_data(self, data: RepairData) -> None:
        first = len(data.rows) != len(self._data.rows)
        self._data = data
        self.view.lines.set_rows(data.rows)
        if first:
            self.view.fit_columns()
        self.view.setVisible(bool(data.rows))
        self.empty.setVisible(not data.rows)
        self.counts.setText(*data.counts)
        show_text(self.problem, data.problem)
        self.problem.setAccessibleName(data.problem)
        self.note.setText(data.note)
        self._make_room()
        self.show_running(data.running)
        self.counts.setVisible(bool(data.rows) or data.result is not None)
        for button in (self.of_examples, self.of_result):
            button.setVisible(data.result is not None)
        if data.result is None:
            self.show_page(0)
        else:
            self.result.show_result(data.result)
            self.show_page(self.pages.currentIndex())
        self._look()

    def show_running(self, running: Running | None) -> None:
        """How far a search is; None: none runs."""
        self._data = replace(self._data, running=running)
        self.phases.setVisible(running is not None)
        self._escape.setEnabled(running is not None)
        if running is not None:
            self.phases.show_running(running)

    def show_page(self, page: int) -> None:
        """0: the examples. 1: the result."""
        self.pages.setCurrentIndex(page)
        self.of_examples.setChecked(page == 0)
        self.of_result.setChecked(page == 1)
        for button in (self.mark, self.save, self.clear):  # of the examples alone
            button.setVisible(page == 0 and bool(self._data.rows))

    def data(self) -> RepairData:
        return self._data

    def why_not(self, key: str) -> str:
        """Why a button cannot be pressed; empty where it can."""
        return self._data.why_not.get(key, "")

    def _look(self) -> None:
        for key, button in (
            ("find", self.find),
            ("apply", self.apply),
            ("export", self.export),
            ("mark", self.mark),
            ("clear", self.clear),
            ("save", self.save),
        ):
            why = self.why_not(key)
            button.setEnabled(not why)
            button.setToolTip(why or _TIPS[key])
            button.setAccessibleDescription(why or _TIPS[key])

    def _press(self, key: str) -> None:
        if self.why_not(key):
            return
        signals = {
            "find": self.find_wanted,
            "apply": self.apply_wanted,
            "export": self.export_wanted,
            "mark": self.mark_wanted,
            "clear": self.clear_wanted,
            "save": self.save_wanted,
        }
        signals[key].emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """In a low panel the note, which stands in the status line too, gives way."""
        self.note.setVisible(bool(self._data.note) and self.height() > LOW * self.fontMetrics().height())

    # ---- options ----

    def options(self) -> tuple[str, float, str]:
        """The level, the budget as a share, and what is known of the fault."""
        return str(self.level.currentData()), self.budget.value() / 100, str(self.knowledge.currentData())

    def set_options(self, level: str, budget: float, knowledge: str) -> None:
        """As `options` gives them."""
        self.level.setCurrentIndex(self.level.findData(level))
        self.budget.setValue(100 * budget)
        self.knowledge.setCurrentIndex(self.knowledge.findData(knowledge))

    def _options(self) -> None:
        self.knowledge.setToolTip(KNOWLEDGE[self.knowledge.currentIndex()][2])
        self.level.setToolTip(LEVELS[self.level.currentIndex()][2])
        self.options_changed.emit()

    def take_dropped(self, dropped: Dropped) -> bool:
        if dropped.paths:
            self.paths_dropped.emit(list(dropped.paths))
        return bool(dropped.paths)
