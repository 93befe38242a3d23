"""What the window asks about a file of scores or a circuit, and the reply. `handlers` serves it."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.messages.request import OneShotQuery
from core.edits import EditKind
from core.interchange.made_of import MadeOf
from core.project.document import Document
from core.project.trace_choice import TraceChoice
from core.tracing.selection import USUAL


@dataclass(frozen=True)
class ScoresFileQuery(OneShotQuery):
    """Read a file of scores, or of a circuit, for the model that is open."""

    path: str

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class HeadsFileFound:
    """The file holds cards of heads, which the dock *Heads* shows."""

    number: int
    query: ScoresFileQuery


@dataclass(frozen=True)
class ScoresFileReply:
    """The file fits. choice: stands for it in the document. kind: what the removed edges carry in it. size: of the
    circuit that the file is; None for scores of all edges. words: what it is. made: what the file says that it was made
    of; lost: pictures of that which are not there any more, in words. rule: by which its circuits are chosen."""

    number: int
    query: ScoresFileQuery
    choice: TraceChoice
    kind: EditKind
    size: int | None
    words: str
    made: MadeOf = field(default_factory=MadeOf)
    lost: tuple[str, ...] = ()
    rule: str = USUAL
