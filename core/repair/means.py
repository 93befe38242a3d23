"""Means that a cut puts in place: over the clean examples at the same position, counted from the start.

Other means of this program count from the nearer end of a text (`core.engine.alignment`), so that they differ with its
length. A repaired model has one value for each position, whatever inputs come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.engine.alignment import WHOLE, Alignment, Column
from core.engine.engine import MEMORY_MEGABYTES
from core.engine.population import Population
from core.models.model import Model
from core.positions import Span
from core.repair.examples import Batch
from core.steering import population_of

LEAST_ROWS = 2  # of a mean


class FromStart(Alignment):
    """Positions that are as far from the start stand for one another. One that fewer than two rows have takes the mean
    of the last that has two."""

    def __init__(self, lengths: Sequence[int]) -> None:
        super().__init__(lengths, {})

    def _columns_of(self, name: str) -> Iterator[Column]:
        for offset in range(max(self._lengths)):
            yield Column(name, False, offset, sum(length > offset for length in self._lengths))

    def _place(self, position: int, length: int, roles: Mapping[str, Span]) -> int:
        shared = sum(column.rows >= LEAST_ROWS for column in self._columns)
        return self._number[WHOLE, False, max(0, min(position, shared - 1))]


def population_from_start(model: Model, clean: Batch, memory_megabytes: float = MEMORY_MEGABYTES) -> Population:
    population = population_of(model, clean.dataset, memory_megabytes)
    population.alignment = FromStart(clean.pair.clean.lengths)
    return population
