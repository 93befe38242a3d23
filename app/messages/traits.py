"""What every head does on A: asked by the find bar and by the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.messages.request import Query
from core.graph import Node
from core.project.document import Document


@dataclass(frozen=True)
class TraitsQuery(Query):
    """What every head does on A, as the inspector's chips have it."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.inputs, document.means, document.edits


@dataclass(frozen=True, eq=False)
class TraitsReply:
    """Of every head the names of what it does and the scores, the highest first."""

    number: int
    traits: Mapping[Node, tuple[tuple[str, float], ...]]
