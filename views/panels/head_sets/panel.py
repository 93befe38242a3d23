"""The dock *Compare Head Sets*: what is compared, and what came of it as figures, as a table and in words."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from views.panels.head_sets.data import HeadSetsData
from views.panels.head_sets.settings import SettingsPage
from views.panels.head_sets.table import SetsView
from views.panels.head_sets.words import WordsPage
from views.panels.plots.measuring_panel import MeasuringPanel
from views.widgets.buttons import LinkButton, open_below
from views.widgets.flow import FlowLayout
from views.widgets.text import ElidedLabel, show_text, wrapped

SETTINGS, FIGURES, TABLE, WORDS = range(4)
FIGURES_MODULE = "views.panels.head_sets.figures"
PAGES = ("Settings", "Figures", "Table", "In Words")
FORMATS = (("html", "As a Page (HTML)…"), ("md", "As Markdown…"), ("json", "All Numbers (JSON)…"))
TIP = "Measure what is lost without each set; what an earlier, stopped comparison has measured is taken from there"
COST = "On this machine, reckoned from the size of the model; less where an earlier comparison was stopped"
LEFT = "One less what is lost without both sets, beyond what is lost without as many others of their layers"
RUNNING = "Stop (Esc). What was measured is kept, and the next comparison goes on from there"


class HeadSetsPanel(MeasuringPanel):
    compare_wanted = Signal()
    choice_changed = Signal(object)  # a SetsChoice
    file_wanted = Signal(str)  # "first", "second", "text", "folder": what is to be chosen
    heads_chosen = Signal(list)  # their names
    save_wanted = Signal(str)  # the ending of the report

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Compare head sets", "Compare", "comparing head sets", "views.panels.head_sets.figures", parent
        )
        self._data = HeadSetsData()
        self.compare = self.button
        self.cost = ElidedLabel("", "muted")
        self.cost.set_tip(COST)
        self.save = LinkButton("Save the Report ▾")
        self.save.setToolTip("The report as the terminal writes it: figures, table, sentences, numbers")
        self.save_menu = QMenu(self)
        for ending, words in FORMATS:
            self.save_menu.addAction(words, lambda ending=ending: self.save_wanted.emit(ending))
        self.save.clicked.connect(lambda: open_below(self.save, self.save_menu))
        self.problem, self.left, self.step = wrapped(role="warning"), wrapped(role=""), wrapped()
        self.left.setToolTip(LEFT)
        for label in (self.problem, self.left, self.step):
            label.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that a screen reader comes by
        self.settings, self.view, self.words = SettingsPage(), SetsView(), WordsPage()
        self.settings.changed.connect(self.choice_changed)
        self.settings.file_wanted.connect(self.file_wanted)
        self.view.heads_chosen.connect(self.heads_chosen)
        self._lay_out()
        self.set_data(HeadSetsData())

    def _lay_out(self) -> None:
        self.pages = QStackedWidget()
        for page in (self.settings, self.figure_place, self.view, self.words):
            self.pages.addWidget(page)
        self.buttons = [QPushButton(words) for words in PAGES]
        group = QButtonGroup(self)
        top = FlowLayout(gap=6)
        top.addWidget(self.compare)
        top.addWidget(self.cost)
        top.addWidget(self.bar)
        for page, button in enumerate(self.buttons):
            button.setCheckable(True)
            button.setStyleSheet("padding: 2px 9px; font-weight: 400;")
            button.clicked.connect(lambda _checked=False, page=page: self.show_page(page))
            group.addButton(button)
            top.addWidget(button)
        top.addWidget(self.save)
        self.buttons[SETTINGS].setChecked(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.problem)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.left)
        layout.addWidget(self.step)

    def press(self) -> None:
        if self._data.running:
            self.cancel_wanted.emit()
        elif not self._data.why_not and not self._data.wrong:
            self.compare_wanted.emit()

    def show_page(self, page: int) -> None:
        """One of PAGES; those of results are there once there are some."""
        self.buttons[page].setChecked(True)
        self.pages.setCurrentIndex(page)
        self._show_lines()
        self.draw()

    def data(self) -> HeadSetsData:
        return self._data

    def set_data(self, data: HeadSetsData) -> None:
        before, self._data = self._data, data
        there = data.shown is not None
        self.show_work(data.running, data.share, data.why_not or data.wrong, TIP, RUNNING)
        for button in self.buttons:
            button.setVisible(there)
        self.save.setVisible(there)
        show_text(self.problem, data.problem or ("" if data.running else data.why_not))
        self.problem.setAccessibleName(self.problem.text())
        self.settings.set_data(data)
        if data.shown is not None:
            self.view.show_study(data.shown, data.chosen)
            self.words.show_study(data.shown)
        if there != (before.shown is not None) or (there and data.shown is not before.shown):
            self.show_page(FIGURES if there else SETTINGS)
        self._show_lines()
        self.draw()

    def _show_lines(self) -> None:
        """What stays unexplained, and the point that is read; while something runs, what, and before it how long."""
        page = self.pages.currentIndex()
        read = self.figure.read_words if self.figure is not None and page == FIGURES else ""
        self.left.setMinimumHeight(self.left.height() if read and self.left.isVisible() else 0)  # nothing jumps
        left = "" if self._data.problem else self._data.left  # one at a time: a low window has little room
        show_text(self.left, (read or left) if page in (FIGURES, TABLE) else "")
        self.left.setAccessibleName(self.left.text())
        show_text(self.step, self._data.step if self._data.running else "")
        self.cost.setText(self._data.estimate)
        self.cost.setVisible(page == SETTINGS and bool(self._data.estimate) and not self._data.running)

    # ---- the figures ----

    def has_figure(self) -> bool:
        return self._data.shown is not None and self.pages.currentIndex() == FIGURES

    def make_figure(self) -> QWidget:
        from views.panels.head_sets.figures import FiguresPage

        page = FiguresPage(self)
        page.heads_chosen.connect(self.heads_chosen)
        page.read.connect(lambda _: self._show_lines())
        return page

    def draw_figure(self) -> None:
        shown = self._data.shown
        if self._drawn is not shown:
            self._drawn = shown
            self.figure.show_study(shown, self._data.chosen)
        self.figure.ring(self._data.chosen)

    def say_problem(self, words: str) -> None:
        show_text(self.problem, words)
