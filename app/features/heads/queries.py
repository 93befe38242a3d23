"""What the window asks about what heads do, and the reply. Imports no model library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.request import OneShotQuery
from core.project.document import Document

MEASURING = "Measuring the heads"


@dataclass(frozen=True)
class HeadsQuery(OneShotQuery):
    """What is each head, as far as tests tell? kept: only what was measured before."""

    kept: bool = False

    def depends_on(self, document: Document) -> tuple[object, ...]:
        """On the weights alone: the tests have inputs of their own, and no edits."""
        return document.model, document.precision


@dataclass(frozen=True, eq=False)
class TestScores:
    """One test. words: what it measures. threshold: that a head has to reach on the inputs made for it. generated,
    corpus, covers: [heads]; NaN where it is not asked. rare, rare_corpus: what 99 % of random heads are below. passes:
    [heads]."""

    name: str
    words: str
    threshold: float
    generated: NDArray[np.float64]
    corpus: NDArray[np.float64]
    covers: NDArray[np.float64]
    rare: float
    rare_corpus: float
    passes: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HeadScores:
    """heads: names, layer by layer. corpus: what it is, in words."""

    heads: tuple[str, ...]
    tests: tuple[TestScores, ...]
    corpus: str


@dataclass(frozen=True)
class HeadsReply:
    """scores: None where nothing was measured before."""

    number: int
    query: HeadsQuery
    scores: HeadScores | None
