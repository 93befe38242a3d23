"""What the window asks about a minimal patch, and the replies. Imports no model library.

The set grows as edits of the document, so that canvas and predictions show it on its way. The query is of the document
without them: with each new part the same search goes on, from what the worker has kept of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import OneShotQuery
from core.edits import Edit
from core.evaluation.patched_set import Grown, MinimalPatch, PatchLevel
from core.groups import Region
from core.project.document import Document

LOOKING = "Looking for a minimal patch"


@dataclass(frozen=True)
class FlipQuery(OneShotQuery):
    """Which parts, patched from B, turn the answer into B's? side: of a picture's positions, how many patches a square
    of them has on a side. regions: the candidates of that level. standing: the edits that were there before."""

    level: PatchLevel = "nodes"
    side: int = 1
    regions: tuple[Region, ...] = ()
    standing: tuple[Edit, ...] = ()

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.inputs, document.means


@dataclass(frozen=True)
class FlipGrown:
    """The set on its way."""

    number: int
    query: FlipQuery
    grown: Grown


@dataclass(frozen=True)
class FlipReply:
    number: int
    query: FlipQuery
    patch: MinimalPatch
