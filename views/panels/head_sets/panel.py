"""The dock *Compare Head Sets*: what is compared, and what came of it as figures, as a table and in words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QMenu, QProgressBar, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from views.panels.head_sets.data import HeadSetsData
from views.panels.head_sets.settings import SettingsPage
from views.panels.head_sets.table import SetsView
from views.panels.head_sets.words import WordsPage
from views.panels.plots.loading import Loading
from views.theme import as_card, theme_changes
from views.widgets.buttons import LinkButton, open_below
from views.widgets.flow import FlowLayout
from views.widgets.text import ElidedLabel, show_text, wrapped

SETTINGS, FIGURES, TABLE, WORDS = range(4)
PAGES = ("Settings", "Figures", "Table", "In Words")
FORMATS = (("html", "As a Page (HTML)…"), ("md", "As Markdown…"), ("json", "All Numbers (JSON)…"))
TIP = "Measure what is lost without each set; what an earlier, stopped comparison has measured is taken from there"
COST = "On this machine, reckoned from the size of the model; less where an earlier comparison was stopped"
LEFT = "One less what is lost without both sets, beyond what is lost without as many others of their layers"
RUNNING = "Stop (Esc). What was measured is kept, and the next comparison goes on from there"


class HeadSetsPanel(QWidget):
    compare_wanted = Signal()
    cancel_wanted = Signal()
    choice_changed = Signal(object)  # a SetsChoice
    file_wanted = Signal(str)  # "first", "second", "text", "folder": what is to be chosen
    heads_chosen = Signal(list)  # their names
    save_wanted = Signal(str)  # the ending of the report
    seen = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Compare head sets")
        self.setMinimumSize(260, 96)
        self._data = HeadSetsData()
        self.figures: Any = None
        self._loading: Loading | None = None
        self._drawn: object = None
        self.compare = QPushButton("Compare")
        self.compare.setProperty("primary", True)
        self.compare.setStyleSheet("padding: 4px 9px;")
        self.compare.clicked.connect(self.press)
        self.cost = ElidedLabel("", "muted")
        self.cost.set_tip(COST)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(100)
        self.bar.setAccessibleName("Progress of comparing head sets")
        self.save = LinkButton("Save the Report ▾")
        self.save.setToolTip("The report as the terminal writes it: figures, table, sentences, numbers")
        self.save_menu = QMenu(self)
        for ending, words in FORMATS:
            self.save_menu.addAction(words, lambda ending=ending: self.save_wanted.emit(ending))
        self.save.clicked.connect(lambda: open_below(self.save, self.save_menu))
        self._escape = QShortcut(Qt.Key.Key_Escape, self, self.cancel_wanted.emit)
        self._escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.problem, self.left, self.step = wrapped(role="warning"), wrapped(role=""), wrapped()
        self.left.setToolTip(LEFT)
        for label in (self.problem, self.left, self.step):
            label.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that a screen reader comes by
        self.settings, self.view, self.words = SettingsPage(), SetsView(), WordsPage()
        self.settings.changed.connect(self.choice_changed)
        self.settings.file_wanted.connect(self.file_wanted)
        self.view.heads_chosen.connect(self.heads_chosen)
        self._lay_out()
        theme_changes().changed.connect(self._restyle)
        self.set_data(HeadSetsData())

    def _lay_out(self) -> None:
        self.pages = QStackedWidget()
        self._figures_place = QWidget()
        self._figures_layout = QVBoxLayout(self._figures_place)
        self._figures_layout.setContentsMargins(0, 0, 0, 0)
        for page in (self.settings, self._figures_place, self.view, self.words):
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
        """Begin, or stop what runs."""
        if self._data.running:
            self.cancel_wanted.emit()
        elif not self._data.why_not and not self._data.wrong:
            self.compare_wanted.emit()

    def show_page(self, page: int) -> None:
        """One of PAGES; those of results are there once there are some."""
        self.buttons[page].setChecked(True)
        self.pages.setCurrentIndex(page)
        self._show_lines()
        self._draw()

    def data(self) -> HeadSetsData:
        return self._data

    def set_data(self, data: HeadSetsData) -> None:
        before, self._data = self._data, data
        there = data.shown is not None
        self.compare.setText("Cancel" if data.running else "Compare")
        why_not = data.why_not or data.wrong
        self.compare.setEnabled(data.running or not why_not)
        tip = RUNNING if data.running else why_not or TIP
        self.compare.setToolTip(tip)
        self.compare.setAccessibleDescription(tip)
        self._escape.setEnabled(data.running)
        self.bar.setVisible(data.running)
        self.bar.setRange(0, 0 if data.share is None else 100)
        self.bar.setValue(round(100 * (data.share or 0.0)))
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
        self._draw()

    def _show_lines(self) -> None:
        """What stays unexplained, and the point that is read; while something runs, what, and before it how long."""
        page = self.pages.currentIndex()
        read = self.figures.read_words if self.figures is not None and page == FIGURES else ""
        self.left.setMinimumHeight(self.left.height() if read and self.left.isVisible() else 0)  # nothing jumps
        left = "" if self._data.problem else self._data.left  # one at a time: a low window has little room
        show_text(self.left, (read or left) if page in (FIGURES, TABLE) else "")
        self.left.setAccessibleName(self.left.text())
        show_text(self.step, self._data.step if self._data.running else "")
        self.cost.setText(self._data.estimate)
        self.cost.setVisible(page == SETTINGS and bool(self._data.estimate) and not self._data.running)

    # ---- the figures ----

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit(True)
        self._draw()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.seen.emit(False)

    def _draw(self) -> None:
        """Draw what there is, if anybody looks; pyqtgraph is loaded for the first figure."""
        shown = self._data.shown
        if shown is None or not self.isVisible() or self.pages.currentIndex() != FIGURES:
            return
        if self._loading is None:
            self._loading = Loading("views.panels.head_sets.figures", self)
            self._loading.done.connect(self._loaded)
            self._loading.start()
        elif self.figures is not None:
            if self._drawn is not shown:
                self._drawn = shown
                self.figures.show_study(shown, self._data.chosen)
            self.figures.ring(self._data.chosen)

    def _loaded(self, problem: str) -> None:
        if problem:
            show_text(self.problem, problem)
            return
        from views.panels.head_sets.figures import FiguresPage

        self.figures = FiguresPage(self)
        self.figures.heads_chosen.connect(self.heads_chosen)
        self.figures.read.connect(lambda _: self._show_lines())
        self._figures_layout.addWidget(self.figures)
        self._draw()

    def _restyle(self) -> None:
        if self.figures is not None:
            self.figures.restyle()
            self._drawn = None
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._restyle()
