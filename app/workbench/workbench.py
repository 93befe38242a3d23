"""The workbench: the document with its history, the user's intents, and what is asked of the worker. No widgets.

An intent commits a new document as a named step; the worker is asked anew; its replies go through `incoming_replies`
to the `results`, and the `presenter` makes data for the views of them, sent on as signals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.messages.arrow import Arrow
from app.messages.replies import InputsReply, ModelReply, RecoveryReply, RunReply, ScoresReply
from app.messages.request import Query
from app.messages.room import ALL_WORK, RoomReply, Work
from app.presenters.canvas import Extent
from app.workbench.edit_intents import Editing
from app.workbench.group_intents import Grouping
from app.workbench.homes import Homes
from app.workbench.incoming_replies import IncomingReplies
from app.workbench.input_intents import Question
from app.workbench.model_steps import ModelSteps
from app.workbench.outgoing_data import Presenter
from app.workbench.project_records import ProjectRecords
from app.workbench.refused_inputs import RefusedInputs
from app.workbench.results import Known, Results
from app.workbench.runs import Runs
from app.workbench.trace_intents import Traces
from app.workbench.worker_client import WorkerClient
from app.workbench.worker_thread import WorkerThread
from core.edits import EditKind, Target
from core.precision_words import WholePlace
from core.project.change import Change
from core.project.document import Document
from core.project.history import History, Step
from core.project.input_operations import FIELDS
from core.project.step_names import compute_words


class Workbench(QObject):
    """One window's state. Views listen to its signals; the window calls its intents."""

    model_opened = Signal(object)  # ModelReply
    history_changed = Signal()  # another history, or another state of it
    document_changed = Signal(object, object)  # the document before, and the one that is taken up
    cards_changed = Signal(object, object)  # CardData of A and of B
    metric_changed = Signal(object)  # InputsReply
    canvas_changed = Signal(object)  # CanvasData
    strongest_changed = Signal(int)  # how many edges are shown until a circuit is chosen
    predictions_changed = Signal(object, bool)  # RunReply, and whether it is of an earlier document
    nothing_to_show = Signal(str)
    inspection_changed = Signal()  # what is known of the selection
    edits_changed = Signal(object)  # list of EditRow
    selection_changed = Signal(object)  # tuple of Target
    positions_changed = Signal(object)  # tuple of int
    rows_wanted = Signal(str)  # the key of a task: its pairs become the dataset, and the next trace goes over them
    row_wanted = Signal(int)  # a row of the dataset is to be put on the cards
    stale_changed = Signal(bool)  # what the inspector shows is of an earlier state
    working = Signal(str, object)
    idle = Signal()
    given_up = Signal(bool)  # the user has cancelled what runs, a trace among it
    arrow_changed = Signal(object)  # Arrow, or None: weights of attention that are chosen
    memory_changed = Signal(float)  # megabytes
    message = Signal(str)
    folders_wanted = Signal(object)  # tuple of paths: folders of pictures, whose classes are to be learnt
    scores_wanted = Signal(str)  # the path of a file of scores or a circuit, to be opened
    heads_wanted = Signal(str)  # that of a file of cards of heads, to be shown
    failed = Signal(object)  # FailureReply: to show in a dialog

    def __init__(self, engine: WorkerThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history = History(Document(""), self._move, self.history_changed.emit, self.say_locked)
        self.models = ModelSteps(self, self)
        self.model_opened.connect(self.models.give_inputs)
        self.records = ProjectRecords(self)
        self.traces = Traces(self)
        self.editing = Editing(self)
        self.grouping = Grouping(self)
        self._refused = RefusedInputs()
        self.question = Question(self, self._refused)
        self._selection: tuple[Target, ...] = ()
        self.extent = Extent()  # what the canvas shows beside the circuit
        self._positions: tuple[int, ...] = ()
        self._arrow: Arrow | None = None
        self.tells_program: Callable[[RoomReply], bool] | None = None  # tells it, and not the user, what has no room
        self._client = client = WorkerClient(engine, self)
        self.results = Results(client, self.document, self)
        self.presenter = Presenter(self, client, self.results, self)
        self.homes = Homes(client, engine, self)
        self.homes.moved.connect(self.ask)
        client.working.connect(self.working)
        parts = self.models, self.question, self._refused, self.traces, self.records
        self._replies = IncomingReplies(self, client, self.results, self.presenter, *parts)
        self.runs = Runs(client, self.presenter.snapshot, self.history, self)

    # ---- the document and its history ----

    @property
    def document(self) -> Document:
        """As the user has it now."""
        return self.history.current.document

    def commit(self, words: str, document: Document, merge: str = "") -> None:
        """Change the document, as a step of the history. Steps with the same `merge` in a row become one."""
        if document != self.document:
            with self.presenter.canvas_feed.as_one():
                self.history.push(words, document, merge)

    def take_history(self, root: Step, current: Step, locked: str = "") -> None:
        """Another history in the place of this one: of a project that is opened, or begun. locked: why nothing of it
        may be changed; empty where all may."""
        self.models.opening.emit()
        self.traces.end()
        self.select(())
        self.set_positions(())
        self.models.begin_anew()
        self.history.take_over(root, current, locked)

    def reopen(self) -> None:
        """Take the present model up as another one."""
        self._take_up()
        self.ask_anew()

    def say_locked(self) -> None:
        """A change was asked for that may not be; what shows it is put back."""
        self.message.emit(self.history.locked)
        QTimer.singleShot(0, self, lambda: self.ask(changes=False))

    def take(self, change: Change | None) -> None:
        """Make an operation's change a step; None changes nothing."""
        if change is not None:
            self.commit(change.words, change.document, change.merge)

    def _take_up(self) -> None:
        """The document is of another model, or of it in another precision: nothing of the one before can stand beside
        it."""
        self._refused.clear()
        self.select(())
        self.set_positions(())
        self.results.forget_model()

    def _move(self, document: Document) -> None:
        """The history has come to a document."""
        with self.presenter.canvas_feed.as_one():
            self._follow(document)

    def _follow(self, document: Document) -> None:
        """Drop what is known of another document, and ask anew."""
        before = self.results.document
        self.results.follow(document)
        if document.session != before.session:
            self._forget()
        if document.opens != before.opens:
            self._take_up()
        elif self.opened is not None:
            self.models.reach()
        changed = {letter for letter, name in FIELDS.items() if getattr(document, name) != getattr(before, name)}
        for letter in changed:
            self._refused.drop_problem(letter)
        if "A" in changed:
            self.set_positions(())
        self.traces.follow(before, document)
        if (document.traced_nodes, document.replacement) != (before.traced_nodes, before.replacement):
            self.set_extent(replace(self.extent, scores=None))  # of another trace
        if changed or document.opens != before.opens:
            self.presenter.send_cards()
        self.document_changed.emit(before, document)
        self.ask_anew()
        self.inspection_changed.emit()

    # ---- intents ----

    def set_memory(self, megabytes: int) -> None:
        """Memory for kept runs."""
        self._client.memory = megabytes
        if self.opened is not None:
            self.ask(changes=False)

    def go_on(self, work: Work) -> None:
        """Begin work that was not begun since memory is short."""
        self._client.asks = ALL_WORK - {work}
        self.ask()

    def open_with_weights(self, place: WholePlace) -> None:
        """Open the present model with its weights on disk, or in memory however short that is."""
        self._client.weights[self.document.opens] = place
        self.ask()

    def compute_in(self, precision: str) -> None:
        """Have the present model compute in another precision, with whole weights or in 8 bits."""
        if precision != self.document.precision:
            self.commit(compute_words(precision), replace(self.document, precision=precision))

    @property
    def weights_place(self) -> WholePlace:
        """Where the present model's weights go, as the user has said: "memory", "disk"; else "auto"."""
        return self._client.place_of(self.document)

    def leave_undone(self, work: Work) -> None:
        """Work that was not begun, since memory is short, is not to be: back to what was there before."""
        if work == "trace":
            self.traces.running = False
            self.traces.forget()
            self.message.emit("Not traced.")
            self.ask_anew()
            return
        was_open = self.opened is not None  # by the worker before, where the work is done elsewhere now
        self.cancel()  # which leaves a model that was being opened
        if work in ("model", "send"):
            self.message.emit("Not opened.")
            if was_open:
                self.models.leave()

    @property
    def cut_kind(self) -> EditKind:
        """What a cut puts in: B's value only where B can stand beside A."""
        return self.usable().cut_kind

    def usable(self) -> Document:
        """The document without a B that cannot stand beside A."""
        unfit = self.ready is not None and not self.ready.has_counterfactual
        return replace(self.document, counterfactual=None) if unfit else self.document

    def select(self, selection: tuple[Target, ...]) -> None:
        if selection == self._selection:
            return
        self._selection = selection
        self.known.inspected = None
        with self.presenter.canvas_feed.as_one():
            self.selection_changed.emit(selection)
            self.presenter.send_canvas()
        self.inspection_changed.emit()
        self.ask(changes=False)

    @property
    def selection(self) -> tuple[Target, ...]:
        return self._selection

    def set_positions(self, positions: tuple[int, ...]) -> None:
        """Select positions of the stream: edits made from now on are there only. With none they are everywhere."""
        if positions == self._positions:
            return
        self._positions = positions
        self.positions_changed.emit(positions)
        if self._selection:
            self.known.inspected = None
            self.inspection_changed.emit()
            self.ask(changes=False)

    @property
    def positions(self) -> tuple[int, ...]:
        return self._positions

    def set_arrow(self, arrow: Arrow | None) -> None:
        """Choose weights of the selected head's attention at the selected positions, or none."""
        if arrow != self.arrow:
            self._arrow = arrow
            self.arrow_changed.emit(arrow)

    @property
    def arrow(self) -> Arrow | None:
        """The chosen weights, as long as their head and their queries are what is selected."""
        arrow = self._arrow
        here = arrow is not None and (self._selection, self._positions) == ((arrow.entries.head,), arrow.queries)
        return arrow if here else None

    def cancel(self) -> None:
        """Give up what runs; a model that was being opened gives way. What is shown of an earlier state stays dim."""
        opening, traced = self.opened is None, self.traces.running
        self.traces.running = False
        self._client.cancel()
        self.message.emit("Cancelled.")
        self.given_up.emit(traced)
        if traced:
            self.traces.give_up()
        if opening:
            self.models.leave()

    def close(self) -> None:
        """End the worker."""
        self._client.stop()
        self.homes.stop()

    def set_extent(self, extent: Extent) -> None:
        """What the canvas shows beside the circuit."""
        if extent != self.extent:
            before, self.extent = self.extent, extent
            self.presenter.send_canvas()
            if extent.strongest != before.strongest:
                self.strongest_changed.emit(extent.strongest)

    # ---- asking ----

    def claim_key(self, key: str) -> None:
        """Take a key of queries for one-shot queries. Raises ValueError where it is taken."""
        self._client.claim_key(key)

    def set_query(self, key: str, query: Query | None) -> None:
        """Have something more found out with every request from now on; None takes it back."""
        if self._client.set_query(key, query):
            self.ask(changes=False)

    def on(self, kind: type, slot: Callable[[Any], None]) -> None:
        """Hear the worker's replies of a kind, those of the present document alone."""
        self._client.on(kind, slot)

    def off(self, kind: type, slot: Callable[[Any], None]) -> None:
        """Hear them no more."""
        self._client.off(kind, slot)

    def ask(self, changes: bool = True) -> None:
        """Ask for all that is wanted of the present document. changes: what is shown is out of date until then."""
        if self.document.model:
            inspect = self._selection[0] if len(self._selection) == 1 else None
            self._client.ask(
                self.document, inspect, self._positions, self.traces.running, self._refused.replaceable, changes
            )

    def ask_anew(self) -> None:
        """Something of what is asked has changed: show that at once, and the figures when they come."""
        self.presenter.send_edits()
        self.ask()
        self.presenter.send_canvas()

    def _forget(self) -> None:
        """Numbers of another input or metric are worth nothing."""
        self.traces.running = False
        self.set_extent(replace(self.extent, changes=None, scores=None))  # the colours of its nodes

    @property
    def busy(self) -> bool:
        """Whether the engine works on the latest request."""
        return self._client.busy

    @property
    def reckoned(self) -> float | None:
        """Seconds that what runs was to take, before anything was seen of its speed; None where nobody knows."""
        return self._client.reckoned

    @property
    def stale(self) -> bool:
        """Whether the figures shown are of an earlier document."""
        return self._client.stale

    # ---- what the engine has said ----

    @property
    def opened(self) -> ModelReply | None:
        """The model that is open; None while another one is opened."""
        return self.results.opened

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the positions of A; none until it is read."""
        return self.results.labels

    @property
    def ready(self) -> InputsReply | None:
        """What is known of the inputs and the metric that were read last."""
        return None if self.results.inputs is None else self.results.inputs.reply

    @property
    def ready_of_present(self) -> InputsReply | None:
        """What is known of the present inputs and metric; None until they are read."""
        return self.results.inputs_of_present

    @property
    def ran(self) -> RunReply | None:
        """The last run, which may be of an earlier document; None where A cannot be run."""
        return None if self.results.run is None else self.results.run.reply

    @property
    def ran_is_present(self) -> bool:
        """Whether the last run was of the present document."""
        return self.results.run_is_present

    @property
    def ran_of_present_model(self) -> RunReply | None:
        """The last run; None where it was of another model than the present one, or that one is not open."""
        return self.results.run_of_present_model

    @property
    def known(self) -> Known:
        return self.results.known

    @property
    def scored(self) -> ScoresReply | None:
        return self.known.scored

    @property
    def recovered(self) -> RecoveryReply | None:
        return self.known.recovered

    @property
    def direction(self) -> int | None:
        """A's, in the metric: which changes lead towards A. +1 until the engine has said it."""
        return 1 if self.scored is None else self.scored.ranking.of_metric
