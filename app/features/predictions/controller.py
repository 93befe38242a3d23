"""The predictions panel and the workbench: pinned answers, how many answers, and B's beside them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from app.features.predictions.presenter import predictions
from app.features.predictions.queries import PinQuery, PinReply
from app.messages.replies import InputsReply, RunReply
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.formatting import answer_words
from core.project.step_names import model_words
from views.panels.predictions.panel import PredictionsPanel

KEY = "pin"
NO_ANSWERS = "There are no answers to pin"


class PredictionsController(QObject):
    """Shows what the edits do to the answers. Pins are part of the document, so they are steps of the history; the
    panel's options are settings."""

    def __init__(self, workbench: Workbench, panel: PredictionsPanel, panels: Panels, settings: Settings) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels, self._settings = workbench, panel, panels, settings
        panel.pin_requested.connect(self._pin_shown)
        panel.pin_typed.connect(lambda text: self._workbench.set_query(KEY, PinQuery(text)))
        panel.unpin_all_requested.connect(self._unpin_all)
        panel.count_chosen.connect(self._set_count)
        panel.compare_chosen.connect(self._set_compare)
        self._workbench.on(PinReply, self._take_checked)
        self._workbench.metric_changed.connect(self._offer)
        self._workbench.nothing_to_show.connect(lambda _reason: self._workbench.set_query(KEY, None))
        self._workbench.predictions_changed.connect(self._show)
        self._workbench.nothing_to_show.connect(panel.show_nothing)
        self._workbench.history_changed.connect(self._name_model)
        for ended in (self._workbench.given_up, self._workbench.failed):
            ended.connect(lambda _: self._name_none())
        self._show_options()

    def _show(self, ran: RunReply, stale: bool) -> None:
        self._panel.show_predictions(predictions(ran, stale, self._workbench.direction))

    def _name_model(self) -> None:
        """The model of the present step has no answers yet while it is being opened."""
        model, opened = self._workbench.document.model, self._workbench.opened
        if model and (opened is None or opened.name != model):
            self._panel.show_nothing(f"{model_words(model)} is being opened: its answers appear here.")

    def _name_none(self) -> None:
        """What was being opened is not there."""
        if self._workbench.opened is None:
            self._panel.show_nothing()

    # ---- pins ----

    def open_pin(self) -> None:
        """Have the user type an answer, in a panel that is in sight."""
        self._panels.bring("predictions")
        if self._panel.can_pin():
            self._panel.open_pin()
        else:  # the first answers of a model are on their way
            self._workbench.message.emit(f"{NO_ANSWERS}.")

    def _take_checked(self, reply: PinReply) -> None:
        self._workbench.set_query(KEY, None)
        if reply.problem:
            self._panel.refuse_pin(reply.problem)
            return
        self._panel.pin_done()
        if reply.key in self._workbench.document.pinned:
            self._workbench.message.emit(f"“{answer_words(reply.key)}” is pinned already.")
        else:
            self._pin_shown(reply.key, True)

    def _pin_shown(self, key: str, pin: bool) -> None:
        document = self._workbench.document
        others = tuple(other for other in document.pinned if other != key)
        words = f"{'Pin' if pin else 'Unpin'} “{answer_words(key)}”"
        self._workbench.commit(words, replace(document, pinned=(*others, key) if pin else others))

    def _unpin_all(self) -> None:
        self._workbench.commit("Unpin all answers", replace(self._workbench.document, pinned=()))

    def _offer(self, ready: InputsReply) -> None:
        self._panel.set_answers(ready.answers)

    # ---- options ----

    def _show_options(self) -> None:
        settings = self._settings
        self._panel.set_options(settings.answers_shown(), settings.compares_b())

    def _set_count(self, count: int) -> None:
        self._settings.set_answers_shown(count)
        self._show_options()

    def _set_compare(self, compare: bool) -> None:
        self._settings.set_compares_b(compare)
        self._show_options()
