"""What a test of heads comes to, as plain values, whether it was measured now or is of a file. Imports no model
library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Best(NamedTuple):
    """One query. weight: its attention to keys of the kind. row: the input. keys, shares: those that it reads most,
    whatever their kind, and how much."""

    weight: float
    row: int
    query: int
    keys: Sequence[int]
    shares: Sequence[float]


@dataclass(frozen=True, eq=False)
class ScoresOfTest:
    """words: what it measures. threshold: that a head has to reach on the inputs made for it. generated, corpus,
    covers: [heads], NaN where it was not asked. rare, rare_corpus: what 99 % of random heads are below; inf where there
    were too few heads to compare with, so that none passes, NaN where it was not asked. passes: [heads]. queries: of
    the corpus, that it was asked of. deciles: of attention there, [heads][11]; empty where it was not asked."""

    name: str
    words: str
    threshold: float
    generated: NDArray[np.float64]
    corpus: NDArray[np.float64]
    covers: NDArray[np.float64]
    rare: float
    rare_corpus: float
    passes: NDArray[np.bool_]
    queries: int = 0
    deciles: tuple[tuple[float, ...], ...] = ()
