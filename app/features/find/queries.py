"""What goes between the window and the worker's thread to find the heads that read a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.request import Query
from core.project.document import Document


@dataclass(frozen=True)
class HeadsReadingQuery(Query):
    """How much every head attends to some positions. queries: from where; none means where the output reads."""

    keys: tuple[int, ...]
    queries: tuple[int, ...] = ()

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.inputs, document.means, document.edits


@dataclass(frozen=True)
class HeadsReadingReply:
    """Shares of attention [layers, heads]. queries: the positions that they are averaged over."""

    number: int
    query: HeadsReadingQuery
    queries: tuple[int, ...]
    shares: NDArray[np.float32]
