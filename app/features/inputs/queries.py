"""What the window asks about B made from A, and the reply. `handlers` serves it."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import OneShotQuery
from core.project.document import Document, PairSource

OTHER = "other"  # the kind of a B from another picture
TASK = "task"  # the kind of a B that a built-in task has for this A
FRESH = "fresh"  # a new A and B of a task


@dataclass(frozen=True)
class CounterfactualQuery(OneShotQuery):
    """Make B from A. kind: of `core.inputs.corruption_kinds`, TASK or FRESH. positions: of the stream; none means the
    whole. other: the other picture's file. task: of a fresh pair."""

    kind: str
    positions: tuple[int, ...] = ()
    seed: int = 0
    other: str = ""
    task: str = ""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.opens, document.clean


@dataclass(frozen=True)
class CounterfactualReply:
    """pair: A and B, and the answers of the metric where the task says them. words: what was made."""

    number: int
    query: CounterfactualQuery
    pair: PairSource
    words: str
