"""What the window asks about maps over a picture's patches, and the replies. Imports no model library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.request import Query
from core.project.document import Document


@dataclass(frozen=True)
class MapQuery(Query):
    """Where the stream says an answer, at every layer, with the edits in. answer: "" for the likeliest one. reference:
    the patch that the others are compared with instead; -1 for none. mask: the path of a picture of where the object
    is; "" for none."""

    answer: str = ""
    reference: int = -1
    mask: str = ""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.inputs, document.means, document.edits


@dataclass(frozen=True, eq=False)
class MapReply:
    """values: [stage, row, column]. iou, best: [stage], against the mask; None without one. mask: [height, width] of
    what the model sees. all_of_it: the mask's share of that. problem: why the mask could not be taken."""

    number: int
    query: MapQuery
    stages: tuple[str, ...]
    values: NDArray[np.float32]
    unit: str
    of: str
    warning: str
    table: str  # of all stages, as CSV
    mask: NDArray[np.bool_] | None = None
    iou: NDArray[np.float64] | None = None
    best: NDArray[np.float64] | None = None
    all_of_it: float = 0.0
    problem: str = ""
