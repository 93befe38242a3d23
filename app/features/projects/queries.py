"""What the window asks for its project, and the replies. `handlers` serves them."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import Query
from core.project.document import Document


@dataclass(frozen=True)
class WeightsQuery(Query):
    """The hash of the open model's weights."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class WeightsFirstQuery(WeightsQuery):
    """The same, before the scores: where figures are taken only once it is known whether they are of these weights."""


@dataclass(frozen=True)
class WeightsReply:
    number: int
    model: str
    precision: str
    weights: str
