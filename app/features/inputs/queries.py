"""What the window asks about B made from A, and the reply. `handlers` serves it."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import OneShotQuery, Query
from core.inputs.corruption_kinds import WORD_SIZE
from core.project.document import Document, PairSource

OTHER = "other"  # the kind of a B from another picture
TASK = "task"  # the kind of a B that a built-in task has for this A
FRESH = "fresh"  # a new A and B of a task


@dataclass(frozen=True)
class CounterfactualQuery(OneShotQuery):
    """Make B from A. kind: of `core.inputs.corruption_kinds`, TASK or FRESH. positions: of the stream; none means the
    whole. other: the other picture's file, or its bytes. task: of a fresh pair. mask: a picture file of which the light
    part changes, in place of positions. text, size, place, sticker: of a printed word. on_a: whether A gets the word,
    and B is the picture without it."""

    kind: str
    positions: tuple[int, ...] = ()
    seed: int = 0
    other: str | bytes = ""
    task: str = ""
    mask: str = ""
    text: str = ""
    size: float = WORD_SIZE
    place: str = "centre"
    sticker: bool = True
    on_a: bool = False

    def depends_on(self, document: Document) -> tuple[object, ...]:
        earlier = (document.counterfactual,) if self.on_a else ()  # an attack may take the place of an earlier one
        return *document.opens, document.clean, *earlier


@dataclass(frozen=True)
class CounterfactualReply:
    """pair: A and B, and the answers of the metric where the task or a printed word says them. words: what was made."""

    number: int
    query: CounterfactualQuery
    pair: PairSource
    words: str


@dataclass(frozen=True)
class MaskQuery(OneShotQuery):
    """Which patches of A a mask holds. mask: its file."""

    mask: str

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.opens, document.clean


@dataclass(frozen=True)
class MaskReply:
    """positions: of the stream."""

    number: int
    query: MaskQuery
    positions: tuple[int, ...]


@dataclass(frozen=True)
class ArtefactsQuery(Query):
    """Which patches of A have an outlying norm."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.opens, document.clean


@dataclass(frozen=True)
class ArtefactsReply:
    """positions: of the stream, in the unedited run over A."""

    number: int
    positions: tuple[int, ...]
