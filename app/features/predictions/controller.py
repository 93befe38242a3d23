"""The predictions panel and the workbench: pinned answers, how many answers, and B's beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.features.predictions.queries import CheckPin, PinChecked
from app.messages.replies import Ready
from core.formatting import answer_words

if TYPE_CHECKING:
    from app.window.main_window import Window

_WANT = "pin"


class PredictionsController(QObject):
    """Pins are part of the document, so they are steps of the history; the panel's options are settings."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._workbench = window.workbench
        panel = window.predictions
        panel.pin_requested.connect(self._pin_shown)
        panel.pin_typed.connect(lambda text: self._workbench.set_query(_WANT, CheckPin(text)))
        panel.unpin_all_requested.connect(self._unpin_all)
        panel.count_chosen.connect(self._set_count)
        panel.compare_chosen.connect(self._set_compare)
        self._workbench.on(PinChecked, self._take_checked)
        self._workbench.metric_changed.connect(self._offer)
        self._workbench.nothing_to_show.connect(lambda _reason: self._workbench.set_query(_WANT, None))
        self._workbench.predictions_changed.connect(lambda _data: self._enable())
        self._workbench.nothing_to_show.connect(lambda _reason: self._enable())
        self._show_options()
        self._enable()

    # ---- pins ----

    def open_pin(self) -> None:
        """Have the user type an answer, in a panel that is in sight."""
        dock = self._window.docks["predictions"]
        dock.show()
        dock.raise_()
        self._window.predictions.open_pin()

    def _take_checked(self, reply: PinChecked) -> None:
        self._workbench.set_query(_WANT, None)
        if reply.problem:
            self._window.predictions.refuse_pin(reply.problem)
            return
        self._window.predictions.pin_done()
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

    def _offer(self, ready: Ready) -> None:
        self._window.predictions.set_answers(ready.answers)

    def _enable(self) -> None:
        self._window.commands["pin"].setEnabled(self._window.predictions.can_pin())

    # ---- options ----

    def _show_options(self) -> None:
        settings = self._window.settings
        self._window.predictions.set_options(settings.answers_shown(), settings.compares_b())

    def _set_count(self, count: int) -> None:
        self._window.settings.set_answers_shown(count)
        self._show_options()

    def _set_compare(self, compare: bool) -> None:
        self._window.settings.set_compares_b(compare)
        self._show_options()
