"""The window's side of the trust panel: asks for the evaluation of the circuit shown, and shows what comes."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer

from app.messages.request import FailureReply, QueryRefusal
from app.messages.trust import EVALUATING, TrustQuery, TrustReply
from app.presenters.subject import Subject
from app.presenters.time_left import Pace
from app.services.panels import Panels
from app.workbench.figure import Figure
from app.workbench.workbench import Workbench
from core.evaluation.limits import LEAST_PAIRS
from core.evaluation.verdict import verdict
from core.formatting import pairs_words
from core.project.document import Document
from core.project.project import EvaluationRecord
from views.panels.trust.data import TrustData
from views.panels.trust.panel import TrustPanel

ALL = "everything"  # is still to come
LACKS = "One pair says nothing of stability, and the three tests need {few} pairs: trace over a dataset for these."
LACKS_MORE = "The three tests need {few} pairs: the dataset has {pairs} that can be used."
NO_SCORES, NO_CIRCUIT = "The edges have no scores", "Choose a circuit first"
NO_MODEL = "The model is not open"
MORE = {  # of why nothing can be evaluated, where there is room
    "": "",
    NO_MODEL: ": nothing can be evaluated anew.",
    NO_SCORES: ": they are not estimated yet, or cannot be.",
    NO_CIRCUIT: ": trace, or drag the handle under the canvas.",
}


class TrustController(QObject):
    """Joins the trust panel to the workbench."""

    def __init__(self, workbench: Workbench, panel: TrustPanel, panels: Panels) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels = workbench, panel, panels
        self._serial = 0
        self._asked: TrustQuery | None = None  # what runs
        self._figure: Figure[TrustReply] | None = None
        self._subject: Subject | None = None  # what it is of
        self._scores_of = ""
        self._circuit = ""  # what was evaluated, in words
        self._problem = ""
        self._pace, self._left = Pace(), ""
        self._missing: tuple[str, str] | None = None  # the model that could not be opened
        self._started = 0.0  # when it was asked for
        panel.evaluate_wanted.connect(self.evaluate)
        panel.cancel_wanted.connect(workbench.cancel)
        panel.task_wanted.connect(workbench.rows_wanted)
        panel.input_wanted.connect(self.look_at)
        workbench.on(TrustReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.document_changed.connect(self._follow)
        workbench.models.opening.connect(self._forget)
        workbench.given_up.connect(lambda _: self._stop())
        workbench.failed.connect(self._take_failure)
        workbench.working.connect(self._take_working)
        for changed in (workbench.model_opened, workbench.metric_changed):
            changed.connect(lambda _: self._show())
        workbench.idle.connect(self._show)  # what can be evaluated may be known only then
        self._show()

    def start(self) -> None:
        """Evaluate the circuit shown, where the user can see it; what is evaluated already goes on."""
        self._panels.bring("trust")
        if self._asked is None:
            self.evaluate()

    def fill(self) -> None:
        """Offer the tasks that the dataset can be filled from."""
        self._panels.bring("trust")
        self._panel.open_tasks()

    def look_at(self, words: str) -> None:
        """Put the pair of the dataset that has this A on the cards."""
        for place, row in enumerate(self._workbench.document.dataset):
            if row.clean.words == words:
                self._workbench.row_wanted.emit(place)
                return

    def evaluate(self) -> None:
        """Evaluate the circuit shown."""
        size, scored = self._workbench.document.size, self._workbench.scored
        if not size or scored is None:
            return
        self._serial += 1
        self._asked, self._figure, self._problem = TrustQuery(self._serial, size), None, ""
        self._name_subject()
        self._pace.restart()
        self._started = time.monotonic()
        self._left = ""
        self._workbench.set_query("trust", self._asked)
        self._show()

    def _name_subject(self) -> None:
        """What the statements are of: the circuit of the scores that the engine has now."""
        scored = self._workbench.scored
        self._subject = self._workbench.presenter.subject()
        self._scores_of = "" if scored is None else scored.of
        self._circuit = "" if self._subject is None else self._subject.circuit

    def _stop(self) -> None:
        """What is known so far stays."""
        if self._asked is not None:
            self._asked = None
            self._workbench.set_query("trust", None)
            self._show()

    def _take_working(self, words: str, share: float | None) -> None:
        if words != EVALUATING:
            self._pace.restart()  # it waits
        elif self._asked is not None:
            left = self._pace.left(words, share)
            if left != self._left:
                self._left = left
                self._show()

    def _take(self, reply: TrustReply) -> None:
        if reply.query != self._asked:
            return
        self._figure = Figure(reply.query, reply, self._workbench.document)
        self._name_subject()  # scores may have come since it was asked for
        if not reply.waiting:
            self._keep(reply)
            self._stop()
        self._show()

    def _keep(self, reply: TrustReply) -> None:
        """It goes into files that tell what is known, and is there again where somebody comes back to this state."""
        workbench = self._workbench
        pairs = 0 if workbench.scored is None else workbench.scored.pairs
        told = workbench.document, workbench.cut_kind, pairs, reply.statements, self._heading(stale=False)
        workbench.known.evaluation = record = EvaluationRecord(*told)
        if workbench.history.takes_figures:  # else it may be of other weights than those the project was saved with
            workbench.records.take_evaluation(record)
            workbench.runs.add("evaluation", time.monotonic() - self._started, stability=reply.stability)

    def _bring(self) -> None:
        """What was found of the present state before."""
        workbench, size = self._workbench, self._workbench.document.size
        record = workbench.records.evaluation(workbench.document, workbench.cut_kind)
        present = self._figure is not None and self._figure.holds(workbench.document)
        same_weights = workbench.records.are_of_weights_here(workbench.document.opens)
        if record is None or size is None or present or not (same_weights or self._is_missing):
            return
        query = TrustQuery(0, size)
        reply = TrustReply(0, query, record.statements, (), record.pairs)
        self._figure = Figure(query, reply, workbench.document)
        self._scores_of, self._subject = "", None
        self._circuit = record.heading.removeprefix("The ").removesuffix(".")
        workbench.known.evaluation = record

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if refusal.query == self._asked:
            self._problem = refusal.words
            self._stop()

    @property
    def _is_missing(self) -> bool:
        """Whether the model could not be opened: the figures that were saved are there, and none of other weights."""
        return self._workbench.opened is None and self._missing == self._workbench.document.opens

    def _take_failure(self, failure: FailureReply) -> None:
        if failure.where == "model":
            self._missing = self._workbench.document.opens
            QTimer.singleShot(0, self, self._show)  # when it is known whether another step is gone back to

    def _forget(self) -> None:
        """Something else is about to be opened, maybe the same state of other weights."""
        self._missing = None
        self._figure, self._subject, self._circuit = None, None, ""
        self._workbench.known.evaluation = None
        QTimer.singleShot(0, self, self._show)  # when it is there

    def _follow(self, before: Document, document: Document) -> None:
        """The document is another one; what was found of another model says nothing here."""
        if before.model != document.model:
            self._stop()
            self._figure, self._subject, self._circuit = None, None, ""
        if not TrustQuery(0, 0).holds(before, document):
            self._stop()
            self._problem = ""
        self._show()

    # ---- what is shown -------------------------------------------------------------------------------------

    def _show(self) -> None:
        if self._asked is None:
            self._bring()
        self._panel.set_data(self._data())

    def _data(self) -> TrustData:
        workbench, reply = self._workbench, None if self._figure is None else self._figure.reply
        opened = workbench.opened
        why_not = NO_MODEL if self._is_missing else why_no_evaluation(workbench)
        stale = reply is not None and self._is_stale()
        waiting: tuple[str, ...] = ()
        if self._asked is not None:
            waiting = (ALL,) if reply is None else reply.waiting
        return TrustData(
            subject=self._heading(stale),
            verdict=() if reply is None else verdict(reply.statements, not reply.waiting),
            statements=() if reply is None else reply.statements,
            waiting=waiting,
            left=self._left if waiting else "",
            stale=stale,
            problem=self._problem or why_not + MORE[why_not],
            lacks=lacks_words(workbench),
            tasks=() if opened is None else tuple((task.name, task.title) for task in opened.tasks),
            able=not why_not,
        )

    def _is_stale(self) -> bool:
        """Whether what was found is of an earlier state, or of other scores."""
        scored = self._workbench.scored
        holds = self._figure is not None and self._figure.holds(self._workbench.document)
        if self._is_missing:  # as it was saved: there are no scores
            return not holds
        return not holds or scored is None or self._scores_of not in ("", scored.of)

    def _heading(self, stale: bool) -> str:
        """What the statements are of; of an earlier state, with its inputs and its metric."""
        if not self._circuit:
            return ""
        earlier = "Of an earlier state" if self._subject is None else f"Of an earlier state, {self._subject.state}"
        return f"{earlier}: the {self._circuit}." if stale else f"The {self._circuit}."


def why_no_evaluation(workbench: Workbench) -> str:
    """Why nothing can be evaluated now."""
    if not workbench.document.size:
        return NO_CIRCUIT
    return "" if workbench.scored is not None else NO_SCORES


def lacks_words(workbench: Workbench) -> str:
    """What a dataset is needed for, and what is missing of it; empty where it is large enough."""
    document, scored = workbench.document, workbench.scored
    if workbench.opened is None:
        return ""
    if document.choice.over_dataset and document.dataset and not document.traced_rows:
        return f"The next trace goes over the dataset's {pairs_words(len(document.dataset))}: press T."
    pairs = len(document.traced_rows)
    if pairs and scored is not None and scored.pairs:
        pairs = scored.pairs  # without the rows that do not fit
    if pairs >= LEAST_PAIRS:
        return ""
    return LACKS.format(few=LEAST_PAIRS) if pairs < 2 else LACKS_MORE.format(few=LEAST_PAIRS, pairs=pairs)
