"""Something that the engine has replied, with what it is of, so that nobody who shows it compares documents himself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from app.messages.request import Query
from core.project.document import Document

R = TypeVar("R")


@dataclass(frozen=True)
class Figure(Generic[R]):
    """A reply to a query, of a document."""

    query: Query
    reply: R
    document: Document

    def holds(self, document: Document) -> bool:
        """Whether it is true of another document, as `Query.depends_on` has it."""
        return self.query.holds(self.document, document)
