"""Guided examples: what to do next, ticked off by watching what is really done. They work offline.

A step is done when its condition holds; the conditions look at the workbench, so it does not matter whether the mouse,
the keys, a menu or the palette did it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.features.welcome.controller.guide_table import GUIDES, Guide
from core.project.document import Document
from core.project.examples import example
from views.panels.welcome.guide_strip import GuideStrip

if TYPE_CHECKING:
    from app.window.main_window import Window


class GuideController(QObject):
    """Leads through one guide at a time."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._guide: Guide | None = None
        self._begun = Document("")
        self._at = 0
        self.strip = GuideStrip()
        self.strip.closed.connect(self.stop)
        page = window.canvas_page.layout()
        page.insertWidget(0, self.strip)  # type: ignore[union-attr]  # above the canvas
        workbench = window.workbench
        for changed in (workbench.selection_changed, workbench.history_changed, workbench.idle, workbench.model_opened):
            changed.connect(self._look)

    def start(self, key: str) -> None:
        """Open a guide's example and say what to do first."""
        self._guide = next(guide for guide in GUIDES if guide.key == key)
        self._at = 0
        self._begun = example(self._guide.example).document
        self._window.workbench.models.open(self._begun)
        self._show()

    def stop(self) -> None:
        self._guide = None
        self.strip.hide()

    def _look(self, *_: object) -> None:
        """Tick off what is done. With another model the guide makes no sense any more."""
        guide, workbench = self._guide, self._window.workbench
        if guide is None:
            return
        if workbench.document.model != self._begun.model:
            self.stop()
            return
        if workbench.opened is None:
            return
        before = self._at
        while self._at < len(guide.steps) and guide.steps[self._at].done(workbench, self._begun):
            self._at += 1
        if self._at != before:
            self._show()

    def _show(self) -> None:
        assert self._guide is not None
        steps = [step.words for step in self._guide.steps]
        self.strip.show_guide(self._guide.title, steps, self._at, f"{self._guide.end} Help > Welcome Page has more.")
