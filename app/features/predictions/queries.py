"""Asking the engine whether a text is one answer, before it is pinned."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import Query
from core.project.document import Document


@dataclass(frozen=True)
class PinQuery(Query):
    """Is `text` one answer of the model?"""

    text: str

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class PinReply:
    """key: what the answer is pinned by; empty where `text` is not one answer, and `problem` says why."""

    number: int
    text: str
    key: str
    problem: str = ""
