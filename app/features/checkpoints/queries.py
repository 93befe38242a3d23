"""What the window asks about the checkpoints of a series, and the replies. Imports no model library."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import OneShotQuery
from core.project.document import Document

FOLLOWING = "Following the checkpoints"


@dataclass(frozen=True)
class FollowQuery(OneShotQuery):
    """What becomes of the metric, the heads and the circuit over all checkpoints? source: the folder that they lie in,
    or a Hub id with revisions. edges: of the circuits that are compared."""

    source: str
    edges: int
    revisions: tuple[str, ...] = ()

    def depends_on(self, document: Document) -> tuple[object, ...]:
        """Not on the checkpoint that is open, nor on edits."""
        return document.clean, document.counterfactual, document.metric, document.replacement, document.precision


@dataclass(frozen=True)
class StepRow:
    """Figures of one checkpoint. best: by score, the head that has the highest one, and the score. copied, recovered:
    None where there is none. overlap: of its circuit with the last one's."""

    step: int
    metric: float
    empty: float
    best: tuple[tuple[str, str, float], ...]
    copied: float | None
    overlap: float
    recovered: float | None


@dataclass(frozen=True)
class FollowReply:
    """rows: so far, by step. metric: in words. done: all are there."""

    number: int
    query: FollowQuery
    rows: tuple[StepRow, ...]
    metric: str
    done: bool
