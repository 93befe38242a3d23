"""What comes of the worker's replies: the results take them up, the history its outcomes; the views hear of both."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer

from app.messages.replies import CurveReply, InputsReply, ModelReply, RunReply, ScoresReply
from app.messages.request import FailureReply, PictureRefusal
from app.workbench.input_intents import Question
from app.workbench.model_steps import ModelSteps
from app.workbench.outgoing_data import Presenter
from app.workbench.project_records import ProjectRecords
from app.workbench.refused_inputs import RefusedInputs
from app.workbench.results import Results
from app.workbench.trace_intents import Traces
from app.workbench.workbench_like import WorkbenchLike
from app.workbench.worker_client import WorkerClient
from core.project.outcome import Outcome


class IncomingReplies(QObject):
    """Of one workbench, with those of its parts that a reply reaches."""

    def __init__(
        self,
        workbench: WorkbenchLike,
        client: WorkerClient,
        results: Results,
        presenter: Presenter,
        models: ModelSteps,
        question: Question,
        refused: RefusedInputs,
        traces: Traces,
        records: ProjectRecords,
    ) -> None:
        super().__init__(presenter)
        self._workbench, self._client, self._results, self._presenter = workbench, client, results, presenter
        self._models, self._question, self._refused = models, question, refused
        self._traces, self._records = traces, records
        client.on(ModelReply, self._take_opened)
        client.on(InputsReply, self._take_inputs)
        client.on(PictureRefusal, self._put_back)
        client.on(FailureReply, self._take_failure)
        client.on(RunReply, self._take_run)
        client.on(ScoresReply, self._keep_scores)
        client.on(CurveReply, self._keep_curve)
        client.became_stale.connect(self._show_stale)
        client.finished.connect(self._finish)
        results.canvas_changed.connect(presenter.send_canvas)
        results.selection_known.connect(self._take_inspection)
        results.recovered.connect(traces.end)
        results.message.connect(workbench.message)

    def _take_opened(self, opened: ModelReply) -> None:
        before = self._results.opened
        self._results.take_opened(opened)
        self._models.reach((opened.name, opened.precision))
        if before is None or (before.name, before.precision) != (opened.name, opened.precision):
            self._workbench.model_opened.emit(opened)
            self._presenter.send_canvas()

    def _take_inputs(self, read: InputsReply) -> None:
        self._results.take_inputs(read)
        cards = self._refused.take_ready(read, self._workbench.document)
        self._presenter.send_edits()
        self._workbench.cards_changed.emit(*cards)
        self._workbench.metric_changed.emit(read)
        QTimer.singleShot(0, self, partial(self._question.follow, read))

    def _take_run(self, ran: RunReply) -> None:
        self._results.take_run(ran)
        self._client.fresh()  # what the inspector shows stays dimmed until its own reply comes
        self._workbench.history.take_outcome(
            Outcome(ran.metric_name, ran.before, ran.after, ran.unit, ran.rows, bool(ran.edits), ran.noise_floor)
        )
        self._presenter.send_predictions()
        self._presenter.send_canvas()
        self._workbench.memory_changed.emit(ran.megabytes)

    def _take_inspection(self) -> None:
        self._workbench.inspection_changed.emit()
        self._workbench.stale_changed.emit(False)

    def _keep_scores(self, reply: ScoresReply) -> None:
        if self._workbench.history.takes_figures:  # else they may be of other weights than the project was saved with
            self._records.take_scores(self._workbench.document, reply)

    def _keep_curve(self, reply: CurveReply) -> None:
        if self._workbench.history.takes_figures:
            self._records.take_curve(self._workbench.document, reply)

    def _put_back(self, refused: PictureRefusal) -> None:
        workbench, before = self._workbench, self._results.document
        document, known = self._refused.put_back(refused, workbench.document)
        self._results.put_back(document, known)
        workbench.history.withdraw(document)
        self._models.reach()
        workbench.document_changed.emit(before, document)
        workbench.ask_anew()

    def _take_failure(self, failure: FailureReply) -> None:
        self._traces.running = False
        if failure.cards:
            self._results.forget_runs()
            self._workbench.cards_changed.emit(failure.cards[0], failure.cards[1])
            self._client.mark_stale()  # until A can run, nothing new comes
            self._workbench.nothing_to_show.emit(failure.message or "Type or drop an input into card A.")
        else:
            self._workbench.failed.emit(failure)
            if failure.where == "model":
                self._client.forget_weights()
                self._models.leave()

    def _show_stale(self) -> None:
        self._workbench.stale_changed.emit(True)
        self._presenter.send_predictions()
        self._presenter.canvas_feed.dim()

    def _finish(self) -> None:
        """All that was asked for is there."""
        history = self._workbench.history
        outcome = history.current.outcome
        if outcome is not None and self._results.run_is_present:  # A's direction is known after the run
            history.take_outcome(replace(outcome, direction=self._workbench.direction))
        self._presenter.send_predictions()
        self._presenter.canvas_feed.flush()
        self._workbench.idle.emit()
