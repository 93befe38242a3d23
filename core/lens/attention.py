"""Attention patterns: of a run, edits included, and the mean over a dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.engine.population import Population
from core.errors import InputError
from core.result import Result, keeps_no
from core.session import Session


def attention_pattern(result: Result, layer: int, head: int, row: int = 0) -> NDArray[np.float32]:
    """The attention of a head in a run: [query position, key position], rows sum to 1, or to less
    where the head has a sink.

    In the last layer a run holds only the queries that its output reads; run with positions="all" for every row.
    """
    adapter, state = result.model.adapter, result.state
    if not state.q:
        raise keeps_no("attention")
    with torch.no_grad():
        pattern = state.pattern(adapter, layer, head)
    return pattern[min(row, len(pattern) - 1)].float().cpu().numpy()


@dataclass(frozen=True)
class MeanAttention:
    """weights: [query position, key position], the mean over `rows` inputs of the dataset; `of` is how many it has.
    Only inputs as long as the session's own are taken, so that positions mean the same in all of them."""

    weights: NDArray[np.float32]
    rows: int
    of: int


def mean_attention(session: Session, layer: int, head: int, population: Population | None = None) -> MeanAttention:
    """The attention of a head over the session's dataset, unedited; over its own inputs where it has none.

    population: other inputs instead, from `core.steering.population_of`.

    Raises InputError where no input of the dataset has as many positions as the session's own, and where one of several
    has: the mean would be its own attention.
    """
    population = population or session.engine.population
    length = session.pair.clean.lengths[0]
    aligned = [row for row, own in enumerate(population.lengths) if own == length]
    if not aligned:
        raise InputError(
            f"No input of the dataset has {length} positions, as A has, so there is no mean over them.",
            "Add inputs of the same length as A.",
        )
    if len(aligned) == 1 < len(population.lengths):
        raise InputError(
            f"Of the dataset's {len(population.lengths)} inputs one alone has {length} positions, as A has, so the "
            "mean would be its own attention.",
            "Add inputs of the same length as A.",
        )
    mean = population.patterns(layer, length)[head]
    return MeanAttention(mean.float().cpu().numpy(), len(aligned), len(population.lengths))
