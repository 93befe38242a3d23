"""The traces that a user asks for. While one runs, its step of the history is kept with what was known before it, which
holds again where it is given up or undone."""

from __future__ import annotations

import time
from dataclasses import dataclass

from app.messages.replies import RecoveryReply
from app.workbench.results import Known
from app.workbench.workbench_like import WorkbenchLike
from core.project.document import Document
from core.project.history import Step
from core.project.trace_choice import TraceChoice
from core.tracing.options import CIRCUITS

TRACE_STEP = "trace"  # one step of the history: the trace, and the circuit that it finds


@dataclass(frozen=True)
class _Begun:
    """recovered: of the trace before; it is no longer in `known` while this one runs."""

    step: Step
    known: Known
    recovered: RecoveryReply | None

    @property
    def before(self) -> TraceChoice | None:
        """The trace before it."""
        parent = self.step.parent
        return None if parent is None else parent.document.traced_last

    def give_back(self, known: Known) -> None:
        """Also where edits have followed; not where the inputs or the metric, and so `known`, have become others."""
        if known is self.known and known.recovered is None:
            known.recovered = self.recovered


class Traces:
    """The intents of a workbench that concern traces. running: one that was asked for runs. seconds: that the last one
    took, from where it was asked for to its end."""

    def __init__(self, workbench: WorkbenchLike) -> None:
        self._workbench = workbench
        self._begun: _Begun | None = None
        self.running = False
        self.seconds, self._started = 0.0, 0.0

    @property
    def step(self) -> Step | None:
        """Of the trace that was asked for last, until it is at its end; None where it made none."""
        return None if self._begun is None else self._begun.step

    def begin(self, words: str, choice: TraceChoice) -> None:
        """Score all edges as chosen, however long it takes, and measure what the strongest of them recover."""
        workbench, history = self._workbench, self._workbench.history
        if history.locked:
            workbench.say_locked()
            return
        history.seal()
        before, recovered = history.current, workbench.known.recovered
        workbench.commit(words, workbench.document.after_trace(choice), TRACE_STEP)
        made = history.current is not before
        self._begun = _Begun(history.current, workbench.known, recovered) if made else None
        self.running, self._started = True, time.monotonic()
        if choice.level in CIRCUITS:
            workbench.known.recovered = None
        workbench.ask_anew()

    def end(self) -> None:
        """The trace that was asked for is at its end, or cannot be made."""
        if self.running:
            self.seconds = time.monotonic() - self._started
        self.running, self._begun = False, None

    def forget(self) -> None:
        """The trace that was begun last came to nothing: it is no step of the history."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.give_back(self._workbench.known)
            self._workbench.history.retract(begun.step)

    def give_up(self) -> None:
        """The user has cancelled it: a long one keeps what is scored by now, a short one came to nothing."""
        choice = self._workbench.document.traced_last
        if choice is not None and not choice.takes_long:
            self.forget()
            self._workbench.message.emit("Cancelled.")

    def follow(self, before: Document, document: Document) -> None:
        """The document has become another one; it may be of another trace."""
        if (document.traced_last, document.traced_rows) == (before.traced_last, before.traced_rows):
            return
        self.running = False
        if self._begun is not None and document.traced_last == self._begun.before:  # undone while it runs
            self._begun.give_back(self._workbench.known)
            self._begun = None
