"""A panel that measures something long when a button is pressed, and has a figure of what came of it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QProgressBar, QPushButton, QVBoxLayout, QWidget

from views.panels.plots.loading import Loading
from views.theme import as_card, theme_changes


class MeasuringPanel(QWidget):
    """name: for screen readers. words: of the button; work: what it does, after "Progress of". module: that the figure
    is in, which imports pyqtgraph: it is loaded when somebody first looks at one.

    A subclass says what there is to draw, in `has_figure`, `make_figure` and `draw_figure`, and calls `draw` when that
    is another."""

    cancel_wanted = Signal()
    seen = Signal(bool)  # whether somebody looks

    def __init__(self, name: str, words: str, work: str, module: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName(name)
        self.setMinimumSize(260, 96)
        self._words, self._module = words, module
        self.figure: Any = None
        self._loading: Loading | None = None
        self._drawn: object = None  # what the figure shows
        self.button = QPushButton(words)
        self.button.setProperty("primary", True)
        self.button.setStyleSheet("padding: 5px 9px;")
        self.button.clicked.connect(self.press)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(110)
        self.bar.setAccessibleName(f"Progress of {work}")
        self._escape = QShortcut(Qt.Key.Key_Escape, self, self.cancel_wanted.emit)
        self._escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.figure_place = QWidget()
        self._figure_layout = QVBoxLayout(self.figure_place)
        self._figure_layout.setContentsMargins(0, 0, 0, 0)
        self._figure_layout.setSpacing(0)
        theme_changes().changed.connect(self._restyle)

    def press(self) -> None:
        """Begin, or stop what runs."""
        raise NotImplementedError

    def show_work(self, running: bool, share: float | None, why_not: str, tip: str, tip_running: str) -> None:
        """running: whether it is measured now; share: how far that is. why_not: why it cannot be; empty where it can.
        tip, tip_running: of the button."""
        said = tip_running if running else why_not or tip
        self.button.setText("Cancel" if running else self._words)
        self.button.setEnabled(running or not why_not)
        self.button.setToolTip(said)
        self.button.setAccessibleDescription(said)
        self._escape.setEnabled(running)
        self.bar.setVisible(running)
        self.bar.setRange(0, 0 if share is None else 100)
        self.bar.setValue(round(100 * (share or 0.0)))

    # ---- the figure ----

    def has_figure(self) -> bool:
        """Whether there is something to draw, where it would be seen."""
        raise NotImplementedError

    def make_figure(self) -> QWidget:
        """The module is loaded."""
        raise NotImplementedError

    def draw_figure(self) -> None:
        """The figure is there, and so is what it is to show; `_drawn` is what it showed before."""
        raise NotImplementedError

    def say_problem(self, words: str) -> None:
        """Why no figure can be drawn."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw what there is, if anybody looks."""
        if not self.isVisible() or not self.has_figure():
            return
        if self._loading is None:
            self._loading = Loading(self._module, self)
            self._loading.done.connect(self._loaded)
            self._loading.start()
        elif self.figure is not None:
            self.draw_figure()

    def _loaded(self, problem: str) -> None:
        if problem:
            self.say_problem(problem)
            return
        self.figure = self.make_figure()
        self._figure_layout.addWidget(self.figure)
        self.draw()

    def _restyle(self) -> None:
        if self.figure is not None:
            self.figure.restyle()
            self._drawn = None
        self.draw()

    # ---- for Qt ----

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit(True)
        self.draw()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.seen.emit(False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._restyle()
