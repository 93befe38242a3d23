"""The workbench: the document, its undo history, and the conversation with the engine's thread. No widgets.

An intent changes the document and asks anew; answers become data for the views, sent on as signals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoGroup, QUndoStack

from app.document import Document, Source
from app.editing import Editing
from app.engine_thread import EngineThread
from app.inspection import inspection, recovered_words, scored_words
from app.messages import (
    Answer,
    Deltas,
    Done,
    Failed,
    Inspected,
    Opened,
    Ran,
    Ready,
    Recovered,
    Refused,
    Request,
    Scored,
    Working,
)
from app.shown import edit_rows, predictions
from app.snapshot import Snapshot
from app.undo import Edits
from core.edits import EditKind
from views.data import (
    CanvasData,
    EdgeInspection,
    MetricChoice,
    NodeInspection,
    Target,
)

STALE_AFTER = 60  # milliseconds: numbers that take longer to come are dimmed meanwhile


class Workbench(QObject):
    """One window's state. Views listen to its signals; the window calls its intents."""

    model_opened = Signal(object)  # Opened
    cards_changed = Signal(object, object)  # CardData of A and of B
    metric_changed = Signal(object)  # Ready
    canvas_changed = Signal(object)  # CanvasData
    predictions_changed = Signal(object)  # PredictionsData
    nothing_to_show = Signal(str)
    inspection_changed = Signal(object)  # NodeInspection, EdgeInspection or None
    edits_changed = Signal(object)  # list of EditRow
    stale_changed = Signal(bool)  # what the inspector shows is of an earlier state
    working = Signal(str, object)
    idle = Signal()
    memory_changed = Signal(float)  # megabytes
    message = Signal(str)
    failed = Signal(object)  # Failed: to show in a dialog

    def __init__(self, engine: EngineThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = Document("")
        self.histories = QUndoGroup(self)  # of the document, and of one that waits to be taken up again
        self.undo = self._new_history()
        self._former: tuple[Document, QUndoStack] | None = None
        self.editing = Editing(self)
        self._engine = engine
        self._number = 0
        self.opened: Opened | None = None
        self.ready: Ready | None = None
        self.ran: Ran | None = None
        self.scored: Scored | None = None
        self.recovered: Recovered | None = None
        self._inspected: Inspected | None = None
        self._measured: dict[Target, float] = {}
        self._selection: tuple[Target, ...] = ()
        self._recover = False
        self._good: dict[str, Source] = {}  # the inputs that could be read, by the card's letter
        self._before: tuple[object, ...] = ()  # what was known of the document before an input was given
        self._problems: dict[str, str] = {}  # of pictures that were refused, by letter
        self._said_why = False  # no edge is shown
        self._stale = False
        self._busy = False
        self._stale_timer = QTimer(self)
        self._stale_timer.setSingleShot(True)
        self._stale_timer.setInterval(STALE_AFTER)
        self._stale_timer.timeout.connect(self._mark_stale)
        engine.answered.connect(self._take)

    # ---- intents ----

    def open(self, document: Document) -> None:
        """Start afresh with a document: its model, its inputs. The one before is kept until the model is open."""
        if self.opened is not None:
            self._former = (self.document, self.undo)
            self.undo = self._new_history()
        self._begin(document)

    def go_back(self) -> bool:
        """Take up the document before one whose model did not open, with its edits and their history. Tells whether
        there is one."""
        if self._former is None:
            return False
        self.undo.deleteLater()
        document, self.undo = self._former
        self._former = None
        self.histories.setActiveStack(self.undo)
        self._begin(document)
        return True

    def _new_history(self) -> QUndoStack:
        history = QUndoStack(self.histories)
        self.histories.setActiveStack(history)
        return history

    def _begin(self, document: Document) -> None:
        self._selection = ()
        self._good, self._before, self._problems = {}, (), {}
        self._forget()
        if self.opened is not None and self.opened.name != document.model:
            self.opened = None
        self.ready = None
        self._change(document)
        self._inspect()

    def set_source(self, letter: str, source: Source | None) -> None:
        field = "clean" if letter == "A" else "counterfactual"
        refused = self._problems.pop(letter, "")
        if getattr(self.document, field) == source:
            if refused:
                self._ask(changes=False)  # for the card without the message
            return
        self._before = self._before or self._known()
        self._forget()
        document = replace(self.document, **{field: source})  # type: ignore[arg-type]
        self._change(document)

    def _known(self) -> tuple[object, ...]:
        return self.document, self.scored, self._inspected, self.recovered, dict(self._measured)

    def _put_back(self, refused: Refused) -> None:
        """A picture that cannot be read does not take the place of one that can: that one comes back, with all that
        was known of it."""
        field = "clean" if refused.letter == "A" else "counterfactual"
        self._problems[refused.letter] = refused.problem
        document = replace(self.document, **{field: self._good[refused.letter]})  # type: ignore[arg-type]
        if self._before and self._before[0] == document:
            _, self.scored, self._inspected, self.recovered, self._measured = self._before  # type: ignore[assignment]
        self._change(document)

    def swap(self) -> None:
        """Exchange A and B."""
        document = self.document
        if document.counterfactual is None:
            return
        self._problems = {}
        self._forget()
        self._change(replace(document, clean=document.counterfactual, counterfactual=document.clean))

    def set_metric(self, choice: MetricChoice) -> None:
        if choice != self.document.metric:
            self._forget()
            self._change(replace(self.document, metric=choice))

    def set_replacement(self, kind: EditKind) -> None:
        """What a cut edge carries from now on, and what the estimates are of."""
        if kind != self.cut_kind or self.document.replacement is None:
            self.scored = None
            self._measured = {}  # by the other kind
            self._change(replace(self.document, replacement=kind))

    @property
    def cut_kind(self) -> EditKind:
        """What a cut puts in: B's value only where B can stand beside A."""
        return self._usable().cut_kind

    def _usable(self) -> Document:
        """The document without a B that cannot stand beside A."""
        unfit = self.ready is not None and not self.ready.has_counterfactual
        return replace(self.document, counterfactual=None) if unfit else self.document

    def select(self, selection: tuple[Target, ...]) -> None:
        if selection == self._selection:
            return
        self._selection = selection
        self._inspected = None
        self._send_canvas()
        self._inspect()
        self._ask(changes=False)

    @property
    def selection(self) -> tuple[Target, ...]:
        return self._selection

    def trace(self, method: str) -> None:
        """Score all edges by a method, and measure what the strongest of them recover."""
        if method == "eap-ig" and not self.editing.has_counterfactual():
            self.message.emit("This method goes from B to A: give a counterfactual input first.")
            return
        self._recover = True
        self.recovered = None
        self._change(replace(self.document, method=method))

    def cancel(self) -> None:
        """Give up what runs. What the window then shows of an earlier state stays dimmed."""
        self._engine.cancel()
        self._number += 1  # answers that are on their way are not wanted any more
        self._recover = False
        self._finish()
        self.message.emit("Cancelled.")

    def close(self) -> None:
        """End the engine's thread."""
        self._stale_timer.stop()
        self._engine.stop()

    def ask_again(self) -> None:
        self._ask(changes=False)

    # ---- edits ----

    def set_edits(self, edits: Edits) -> None:
        self._measured = {}
        self._inspected = None
        self._change(replace(self.document, edits=edits))
        self._inspect()

    # ---- asking ----

    def _forget(self) -> None:
        """Numbers of another input or metric are worth nothing."""
        self.scored = None
        self._inspected = None
        self.recovered = None
        self._recover = False
        self._measured = {}

    def _change(self, document: Document) -> None:
        self.document = document
        self._send_edits()
        self._ask()
        self._send_canvas()

    def _ask(self, changes: bool = True) -> None:
        if not self.document.model:
            return
        self._number += 1
        inspect = self._selection[0] if len(self._selection) == 1 else None
        self._busy = True
        self._engine.ask(Request(self._number, self.document, inspect, self._recover, frozenset(self._good)))
        if changes:
            self._stale_timer.start()

    def _mark_stale(self) -> None:
        self._stale = True
        self.stale_changed.emit(True)
        self._send_predictions()
        self._send_canvas()

    def _fresh(self) -> None:
        """The run is of the present state. What the inspector shows stays dimmed until its own answer comes."""
        self._stale_timer.stop()
        self._stale = False

    # ---- answers ----

    def _take(self, answer: Answer) -> None:
        if answer.number != self._number:
            return
        if isinstance(answer, Working):
            self.working.emit(answer.words, answer.fraction)
        elif isinstance(answer, Opened):
            self._take_opened(answer)
        elif isinstance(answer, Ready):
            self._take_ready(answer)
        elif isinstance(answer, Refused):
            self._put_back(answer)
        elif isinstance(answer, Ran):
            self.ran = answer
            self._fresh()
            self._send_predictions()
            self._send_canvas()
            self.memory_changed.emit(answer.megabytes)
        elif isinstance(answer, Deltas):
            self._measured.update(answer.values)
            self._send_canvas()
        elif isinstance(answer, Inspected):
            self._inspected = answer
            if answer.measured is not None:
                self._measured[answer.target] = answer.measured
            self._send_canvas()
            self._inspect()
            self.stale_changed.emit(False)
        elif isinstance(answer, Scored):
            self.scored = answer
            why = scored_words(answer)
            if why or self._said_why:
                self.message.emit(why)  # or that it is over
            self._said_why = bool(why)
            self._send_canvas()
            self._inspect()
            self.stale_changed.emit(False)
        elif isinstance(answer, Recovered):
            self._recover = False
            self.recovered = answer
            self.message.emit(recovered_words(answer))
        elif isinstance(answer, Failed):
            self._take_failure(answer)
        elif isinstance(answer, Done):
            self._finish()

    def _take_opened(self, opened: Opened) -> None:
        known = self.opened
        self.opened = opened
        if self._former is not None:
            self._former[1].deleteLater()
            self._former = None
        if known is None or known.name != opened.name:
            self.model_opened.emit(opened)
            self._send_canvas()

    def _take_ready(self, ready: Ready) -> None:
        self.ready = ready
        sources = {"A": self.document.clean, "B": self.document.counterfactual}
        cards = {"A": ready.card_a, "B": ready.card_b}
        self._good = {x: source for x, source in sources.items() if source is not None and not cards[x].problem}
        self._before = ()
        self._send_edits()
        a, b = (replace(cards[x], problem=self._problems.get(x, cards[x].problem)) for x in "AB")
        self.cards_changed.emit(a, b)
        self.metric_changed.emit(ready)

    def _take_failure(self, failure: Failed) -> None:
        self._recover = False
        if failure.cards:
            self.ready = None
            self.cards_changed.emit(failure.cards[0], failure.cards[1])
            self.ran = None
            self._stale_timer.stop()
            self._mark_stale()  # until A can run, nothing new comes
            reason = failure.message or "Type or drop an input into card A."
            self.nothing_to_show.emit(reason)
        else:
            self.failed.emit(failure)

    def _finish(self) -> None:
        self._busy = False
        self._send_predictions()
        self._send_canvas()
        self.idle.emit()

    @property
    def busy(self) -> bool:
        """Whether the engine works on the latest request."""
        return self._busy

    # ---- what the views draw ----

    def snapshot(self) -> Snapshot | None:
        """All that is known of the present state; None before a model is open."""
        if self.opened is None:
            return None
        return Snapshot(
            self.document,
            self.opened,
            self.ran,
            self.scored,
            self.recovered,
            self._measured,
            has_counterfactual=self._usable().counterfactual is not None,
        )

    def canvas(self) -> CanvasData | None:
        """What the canvas shows."""
        snapshot = self.snapshot()
        return None if snapshot is None else snapshot.canvas(self._selection, self._stale)

    def _send_edits(self) -> None:
        self.edits_changed.emit(edit_rows(self._usable()))

    def _send_canvas(self) -> None:
        data = self.canvas()
        if data is not None:
            self.canvas_changed.emit(data)

    def _send_predictions(self) -> None:
        if self.ran is not None:
            self.predictions_changed.emit(predictions(self.ran, self._stale))

    def _inspect(self) -> None:
        self.inspection_changed.emit(self.inspection())

    def inspection(self) -> NodeInspection | EdgeInspection | None:
        """What the inspector shows of a single selection."""
        if len(self._selection) != 1 or self.opened is None:
            return None
        seen = self._inspected
        if seen is not None and seen.target != self._selection[0]:
            seen = None
        return inspection(self._selection[0], self._usable(), self.opened, self.ready, self.scored, seen)

    @property
    def measured(self) -> Mapping[Target, float]:
        return self._measured
