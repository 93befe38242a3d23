"""Tells a screen reader what has changed where it cannot look: the selection on the canvas, and new numbers."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from app.workbench.workbench import Workbench
from core.component_words import edge_words, node_words
from core.edits import Target
from core.formatting import metric_digits, number, signed
from core.graph import Edge

MOST_NAMED = 3


class ScreenReaderController(QObject):
    """Speaks for a window, that of a panel: each selection, and the metric when a run has changed it."""

    announced = Signal(str)

    def __init__(self, workbench: Workbench, panel: QWidget) -> None:
        super().__init__(panel)
        self._workbench, self._panel = workbench, panel
        self._figures: tuple[str, float, float] | None = None  # that were told last
        workbench.selection_changed.connect(self._tell_selection)
        workbench.idle.connect(self._tell_figures)
        workbench.message.connect(self.say)

    def say(self, words: str) -> None:
        """Have words read out, after what is being read."""
        if words:
            self.announced.emit(words)
            if QAccessible.isActive():
                QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._panel.window(), words))

    def _tell_selection(self, selection: tuple[Target, ...]) -> None:
        if not selection:
            self.say("Nothing is selected")
            return
        names = [
            edge_words(each) if isinstance(each, Edge) else f"{each.name}, {node_words(each)}"
            for each in selection[:MOST_NAMED]
        ]
        more = f", and {len(selection) - MOST_NAMED} more" if len(selection) > MOST_NAMED else ""
        self.say(f"{', '.join(names)}{more}, selected")

    def _tell_figures(self) -> None:
        ran = self._workbench.ran
        figures = None if ran is None else (ran.metric_name, ran.before, ran.after)
        if ran is None or figures == self._figures:
            return
        self._figures = figures
        digits = metric_digits(ran.before, ran.after)
        words = f"{ran.metric_name}: {number(ran.after, digits)}"
        if ran.edits:
            words += f", {signed(ran.after - ran.before, digits)} from {number(ran.before, digits)}"
        self.say(words)
