"""What the window asks of heads' weights and of the inputs, and the replies. Imports no model library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.request import Query
from core.graph import Node
from core.project.document import Document
from views.panels.inspector.lens_data import PushedData, TokensData


@dataclass(frozen=True)
class MovedQuery(Query):
    """A head's attention by the length of what it moves, with the edits in."""

    node: Node

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.run


@dataclass(frozen=True, eq=False)
class MovedReply:
    """weights: [query, key], lengths in the stream's units; None where the head is not seen there."""

    number: int
    node: Node
    weights: NDArray[np.float32] | None


@dataclass(frozen=True)
class PushedQuery(Query):
    """What a head pushes where it reads one input alone, with the edits in. position: that it reads; None: the one that
    it reads most where the metric reads. token: a text instead, as it was typed; "" for the one at the position."""

    node: Node
    position: int | None = None
    token: str = ""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.run


@dataclass(frozen=True)
class PushedReply:
    number: int
    query: PushedQuery
    data: PushedData


@dataclass(frozen=True)
class TokensQuery(Query):
    """What the input at each position does to the metric. measured: by real replacements too."""

    measured: bool = False

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.session, document.cut_kind


@dataclass(frozen=True)
class TokensReply:
    number: int
    query: TokensQuery
    data: TokensData
