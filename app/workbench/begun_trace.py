"""A trace that runs: its step of the history, and what was known before it, which holds again where it is given up."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.replies import RecoveryReply
from app.workbench.results import Known
from core.project.history import Step
from core.project.trace_choice import TraceChoice


@dataclass(frozen=True)
class BegunTrace:
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
