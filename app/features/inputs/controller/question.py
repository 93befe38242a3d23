"""The panel of the inputs in step with the workbench: the cards, the metric, the examples."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from app.messages.replies import InputsReply, ModelReply
from app.workbench.workbench import Workbench
from core.project.examples import examples_for
from views.panels.inputs.data import CardData
from views.panels.inputs.panel import InputsPanel


class QuestionController(QObject):
    """Shows what the model is asked, and changes it as the user says."""

    def __init__(self, workbench: Workbench, panel: InputsPanel) -> None:
        super().__init__(panel)
        self._workbench, self._panel = workbench, panel
        question = workbench.question
        panel.swap_requested.connect(self.swap)
        panel.counterfactual_removed.connect(partial(question.set_source, "B", None))
        panel.example_chosen.connect(workbench.models.open_example)
        panel.metric_changed.connect(question.set_metric)
        workbench.model_opened.connect(self._show_model)
        workbench.cards_changed.connect(self._show_cards)
        workbench.metric_changed.connect(self._show_metric)

    def swap(self) -> None:
        """Exchange A and B."""
        self._workbench.question.swap()

    def _show_model(self, opened: ModelReply) -> None:
        panel = self._panel
        panel.set_metric_options(opened.metric_options)
        panel.set_examples([(entry.key, entry.title) for entry in examples_for(opened.name)])
        panel.set_answers(opened.class_names)
        for card in (panel.card_a, panel.card_b):
            card.set_takes_ids(opened.takes_ids)

    def _show_cards(self, a: CardData, b: CardData) -> None:
        self._panel.set_card(a)
        self._panel.set_card(b)

    def _show_metric(self, ready: InputsReply) -> None:
        panel = self._panel
        panel.set_answers(ready.answers, ready.foils)
        panel.set_metric(ready.metric)
        panel.set_metric_problem(f"{ready.metric_problem} {ready.metric_note}".strip(), ready.metric_fix)
