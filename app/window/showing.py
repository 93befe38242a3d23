"""From the workbench's signals to what the panels show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.messages.replies import InputsReply, ModelReply
from core.project.step_names import model_words

if TYPE_CHECKING:
    from app.window.main_window import Window


class Showing(QObject):
    """Fills a window's panels."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        workbench = window.workbench
        workbench.model_opened.connect(self._show_model)
        workbench.metric_changed.connect(self._show_metric)
        workbench.history_changed.connect(self._name_model)
        for ended in (workbench.given_up, workbench.failed):
            ended.connect(lambda _: self._name_none())
        workbench.failed.connect(window.notifier.problem)

    def _show_model(self, opened: ModelReply) -> None:
        window = self._window
        window.top_bar.set_model(opened.title, opened.details)
        window.top_bar.set_trace_enabled(True)

    def _name_model(self) -> None:
        """The model of the present step, while it is being opened too."""
        window, model = self._window, self._window.workbench.document.model
        opened = window.workbench.opened
        if model and (opened is None or opened.name != model):
            window.top_bar.set_opening(model_words(model))
            window.top_bar.set_trace_enabled(False)
            window.top_bar.set_counterfactual(window.workbench.document.counterfactual is not None)
            window.top_bar.set_replacement(window.workbench.document.cut_kind)

    def _name_none(self) -> None:
        """What was being opened is not there."""
        if self._window.workbench.opened is None:
            self._window.top_bar.set_model("")

    def _show_metric(self, ready: InputsReply) -> None:
        window = self._window
        window.top_bar.set_counterfactual(ready.has_counterfactual)
        window.top_bar.set_replacement(window.workbench.cut_kind)
