"""What the window asks about the logit lens over layers and positions, and the reply. Imports no model library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.request import Query
from core.project.document import Document


@dataclass(frozen=True)
class LensMapQuery(Query):
    """What the stream says after every part of every layer, with the edits in. lens: the path of a tuned lens; "" for
    none."""

    lens: str = ""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.question, document.means, document.edits


@dataclass(frozen=True, eq=False)
class LensMapReply:
    """stages: after what the stream is read, the embedding first. positions: their tokens. best: the likeliest answer's
    probability, [stage, position]; labels: what it is called. answers: those that the metric asks for; probabilities:
    theirs, [stage, position, answer]. tuned: the name of the lens, and what it was trained on; empty without one.
    table: all of it as CSV. problem: why the tuned lens could not be taken; the map is then without one."""

    number: int
    query: LensMapQuery
    stages: tuple[str, ...]
    positions: tuple[str, ...]
    best: NDArray[np.float32]
    labels: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]
    probabilities: NDArray[np.float32]
    table: str
    tuned: str = ""
    trained_on: str = ""
    problem: str = ""
