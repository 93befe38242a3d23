"""Two circuits beside each other, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.graph import Graph


@dataclass(frozen=True)
class Recovered:
    """What both circuits recover on the inputs of one of them, in words. title: whose inputs. problem: why it is not
    known."""

    title: str
    first: str = ""
    second: str = ""
    random: str = ""
    tip: str = ""
    problem: str = ""


@dataclass(frozen=True, eq=False)
class ComparisonData:
    """names: of the first and the second circuit; abouts: all that is known of each. both, only_first, only_second:
    edges by their numbers, the most important first. jaccard, chance: the overlap, and that of random circuits of these
    sizes. nodes: in both, in the first alone, in the second alone. places: of each edge among the
    most important of each circuit, by its number, from 1. columns: what they recover. waiting: what is still
    to come, or why it does not. notes: what may be the reason for a difference."""

    graph: Graph
    names: tuple[str, str]
    abouts: tuple[str, str]
    both: NDArray[np.int64]
    only_first: NDArray[np.int64]
    only_second: NDArray[np.int64]
    jaccard: float
    chance: float
    nodes: tuple[int, int, int]
    places: tuple[Mapping[int, int], Mapping[int, int]] = ({}, {})
    columns: tuple[Recovered, ...] = ()
    waiting: str = ""
    notes: tuple[str, ...] = ()
    input_label: str = "input"
    output_label: str = "logits"

    @property
    def overlap_words(self) -> str:
        """ "Overlap 0.52 (Jaccard; 0.03 by chance)"."""
        return f"Overlap {self.jaccard:.2f} (Jaccard; {self.chance:.2g} by chance)"

    @property
    def legend(self) -> tuple[tuple[str, str], ...]:
        """The key of each kind of edge, and its words."""
        return (
            ("first", f"only in the first: {len(self.only_first):,}"),
            ("second", f"only in the second: {len(self.only_second):,}"),
            ("both", f"in both: {len(self.both):,}"),
        )
