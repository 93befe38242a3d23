"""The tool bar above all panels: the model's name, what a cut puts in, and the actions that stand there."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.messages.replies import InputsReply, ModelReply
from app.workbench.workbench import Workbench
from core.project.document import Document
from core.project.step_names import model_words
from views.panels.toolbar.panel import TopBar


class ToolbarController(QObject):
    """Joins the tool bar to the workbench."""

    def __init__(self, workbench: Workbench, toolbar: TopBar) -> None:
        super().__init__(toolbar)
        self._workbench, self._toolbar = workbench, toolbar
        toolbar.set_model("")
        toolbar.set_trace_enabled(False)
        toolbar.replacement_changed.connect(workbench.question.set_replacement)
        workbench.model_opened.connect(self._show_model)
        workbench.metric_changed.connect(self._show_metric)
        workbench.document_changed.connect(self._name_model)
        for ended in (workbench.given_up, workbench.failed):
            ended.connect(lambda _: self._name_none())

    def _show_model(self, opened: ModelReply) -> None:
        self._toolbar.set_model(opened.title, opened.details)
        self._toolbar.set_trace_enabled(True)

    def _name_model(self, _before: Document, document: Document) -> None:
        """The model of the present step, while it is being opened too."""
        opened = self._workbench.opened
        if document.model and (opened is None or opened.name != document.model):
            self._toolbar.set_opening(model_words(document.model))
            self._toolbar.set_trace_enabled(False)
            self._toolbar.set_counterfactual(document.counterfactual is not None)
            self._toolbar.set_replacement(document.cut_kind)

    def _name_none(self) -> None:
        """What was being opened is not there."""
        if self._workbench.opened is None:
            self._toolbar.set_model("")

    def _show_metric(self, ready: InputsReply) -> None:
        self._toolbar.set_counterfactual(ready.has_counterfactual)
        self._toolbar.set_replacement(self._workbench.cut_kind)
