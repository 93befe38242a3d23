"""Guided examples: what to do next, ticked off by watching what is really done. They work offline.

A step is done when its condition holds; the conditions look at the workbench, so it does not matter whether the mouse,
the keys, a menu or the palette did it.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.features.welcome.controller.guide_table import GUIDES, Guide
from app.services.panels import Panels
from app.workbench.workbench import Workbench
from core.project.document import Document
from core.project.examples import example
from views.panels.welcome.guide_strip import GuideStrip
from views.panels.welcome.panel import WelcomePanel


class GuideController(QObject):
    """Leads through one guide at a time."""

    def __init__(self, workbench: Workbench, page: WelcomePanel, panels: Panels) -> None:
        super().__init__(page)
        self._workbench = workbench
        self._guide: Guide | None = None
        self._begun = Document("")
        self._at = 0
        self.strip = GuideStrip()
        self.strip.closed.connect(self.stop)
        panels.put_above_canvas(self.strip)
        page.example_chosen.connect(self.start)
        for changed in (workbench.selection_changed, workbench.history_changed, workbench.idle, workbench.model_opened):
            changed.connect(self._look)

    def start(self, key: str) -> None:
        """Open a guide's example and say what to do first."""
        self._guide = next(guide for guide in GUIDES if guide.key == key)
        self._at = 0
        self._begun = example(self._guide.example).document
        self._workbench.models.open(self._begun)
        self._show()

    def stop(self) -> None:
        self._guide = None
        self.strip.hide()

    def _look(self, *_: object) -> None:
        """Tick off what is done. With a model that is none of the guide's it makes no sense any more."""
        guide, workbench = self._guide, self._workbench
        if guide is None:
            return
        if workbench.document.model not in (self._begun.model, guide.also):
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
