"""Vectors to steer with: the difference between what a place holds on two sets of inputs.

    vector = mean over the positive inputs of x - mean over the negative inputs of x

x is what a node writes, or the stream that a reader reads, at one position of each input or over all of them (Rimsky
et al. 2024, "Steering Llama 2 via Contrastive Activation Addition", section 3; Marks & Tegmark 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from core.engine.alignment import common_roles
from core.engine.engine import Engine
from core.engine.population import Population
from core.engine.state import RunState, stream_before
from core.errors import ArgumentError, InputError
from core.graph import LOGITS, Edge, Node, Reader
from core.inputs.pair import Dataset, stack_rows
from core.models.model import Model


def difference_of_means(
    model: Model,
    positive: Sequence[Any],
    negative: Sequence[Any],
    at: Node | Reader | str,
    position: int | None = -1,
) -> Tensor:
    """A vector [width] for `Edit(at, "steer", value=...)`.

    positive, negative: inputs, as `model.pair` takes them. at: a node (what it writes) or a reader (the stream that it
    reads), or its name. position: of each input, negative ones from its end; None: the mean over all of them.

    Raises ArgumentError for a name that is neither, InputError for no inputs or a position that one does not have.
    """
    target = model.graph.parse(at) if isinstance(at, str) else at
    if isinstance(target, Edge):
        raise ArgumentError(f"{target.name} is an edge.", "Name a node (m3) or a reader (->m3).")
    if target == LOGITS:
        target = Reader("logits")
    return _mean(model, positive, target, position) - _mean(model, negative, target, position)


def population_of(model: Model, dataset: Dataset) -> Population:
    """A dataset's clean inputs, row by row. Nothing runs yet."""
    sides = [pair.clean for pair in dataset.pairs]
    inputs = [row for side in sides for row in side.tensor]
    lengths = [length for side in sides for length in side.lengths]
    if model.is_text:
        inputs = list(stack_rows(inputs))
    padded = model.is_text and len(set(lengths)) > 1

    def run(rows: Sequence[int]) -> RunState:
        chosen = [lengths[row] for row in rows] if padded else None
        return Engine(model.adapter, stack_rows([inputs[row] for row in rows]), None, chosen).clean(full=True)

    roles = common_roles([pair.roles for pair in dataset.pairs])
    return Population(model.adapter, inputs, lengths, run, roles=roles)


def _mean(model: Model, sources: Sequence[Any], target: Node | Reader, position: int | None) -> Tensor:
    if len(sources) == 0:
        raise InputError("There are no inputs to take a mean over.", "Give at least one on each side.")
    population = population_of(model, Dataset([model.pair(source) for source in sources]))
    state = population.state
    if isinstance(target, Node):
        x = state.out(model.adapter, target)
    else:
        x = stream_before(state, target, model.adapter.shape.parallel)
    if position is None:
        return torch.cat([row[:length] for row, length in zip(x, population.lengths, strict=True)]).mean(dim=0)
    short = next((length for length in population.lengths if not -length <= position < length), None)
    if short is not None:
        raise InputError(f"One of the inputs has {short} positions, and none is called {position}.")
    rows = [row[position % length] for row, length in zip(x, population.lengths, strict=True)]
    return torch.stack(rows).mean(dim=0)
