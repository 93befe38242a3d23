"""What the window asks about scores of nodes, and the answer. `node_scores_parts` serves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages import Want
from core.edits import EditKind
from core.tracing.meaning import ESTIMATED, Meaning


@dataclass(frozen=True)
class WantNodeScores(Want):
    """The scores of nodes, or of nodes at positions, where the document was traced for them."""


@dataclass(frozen=True, eq=False)
class NodesScored:
    """values: [writers], or [writers, position]; NaN where there is none yet; None where the document was not traced
    for nodes. title: of the method. meaning: what the scores are. pairs: of the dataset; 0: the pair on the cards.
    share: of the work that is done; goes_on: the rest is on its way. direction: A's."""

    number: int
    values: NDArray[np.float64] | None = None
    title: str = ""
    kind: EditKind = "patch"
    meaning: Meaning = ESTIMATED
    pairs: int = 0
    share: float = 1.0
    goes_on: bool = False
    direction: int | None = 1
