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
from core.engine.engine import MEMORY_MEGABYTES, Engine
from core.engine.population import POSITIONS, Population
from core.engine.sizes import state_bytes
from core.engine.state import RunState, stream_before
from core.errors import ArgumentError, InputError
from core.graph import LOGITS, Edge, Node, Reader
from core.inputs.pair import Dataset, stack_rows
from core.models.model import Model
from core.towers_graph import check_one_tower


def difference_of_means(
    model: Model,
    positive: Sequence[Any],
    negative: Sequence[Any],
    at: Node | Reader | str,
    position: int | None = -1,
    *,
    memory_megabytes: float = MEMORY_MEGABYTES,
) -> Tensor:
    """A vector [width] for `Edit(at, "steer", value=...)`.

    positive, negative: inputs, as `model.pair` takes them. at: a node (what it writes) or a reader (the stream that it
    reads), or its name. position: of each input, negative ones from its end; None: the mean over all of them.
    memory_megabytes: for the states of runs; few enough inputs run at a time.

    Raises ArgumentError for a name that is neither, InputError for no inputs or a position that one does not have,
    MemoryBudgetError where one input needs more memory.
    """
    check_one_tower(model.graph, "A difference of means")
    target = model.graph.parse(at) if isinstance(at, str) else at
    if isinstance(target, Edge):
        raise ArgumentError(f"{target.name} is an edge.", "Name a node (m3) or a reader (->m3).")
    if target == LOGITS:
        target = Reader("logits")
    of_positive, of_negative = (_mean(model, side, target, position, memory_megabytes) for side in (positive, negative))
    return of_positive - of_negative


def population_of(model: Model, dataset: Dataset, memory_megabytes: float = MEMORY_MEGABYTES) -> Population:
    """A dataset's clean inputs, row by row. Nothing runs yet. memory_megabytes: for the states of its runs; few enough
    rows run at a time."""
    sides = [pair.clean for pair in dataset.pairs]
    inputs = [row for side in sides for row in side.tensor]
    lengths = [length for side in sides for length in side.lengths]
    if model.is_text:
        inputs = list(stack_rows(inputs))
    padded = model.is_text and len(set(lengths)) > 1

    def run(rows: Sequence[int]) -> RunState:
        row_lengths = [lengths[row] for row in rows] if padded else None
        stacked = stack_rows([inputs[row] for row in rows])
        engine = Engine(model.adapter, stacked, None, row_lengths, memory_megabytes=memory_megabytes)
        return engine.clean(full=True)

    longest = max(lengths)
    fit = int(memory_megabytes * 2**20 / 2) // state_bytes(model.adapter, longest, longest, 0)
    together = max(1, min(fit, POSITIONS // longest))
    roles = common_roles([pair.roles for pair in dataset.pairs])
    return Population(model.adapter, inputs, lengths, run, together, roles)


def _mean(
    model: Model, sources: Sequence[Any], target: Node | Reader, position: int | None, memory_megabytes: float
) -> Tensor:
    if len(sources) == 0:
        raise InputError("There are no inputs to take a mean over.", "Give at least one on each side.")
    population = population_of(model, Dataset([model.pair(source) for source in sources]), memory_megabytes)
    lengths = population.lengths
    short = next((n for n in lengths if position is not None and not -n <= position < n), None)
    if short is not None:
        raise InputError(f"One of the inputs has {short} positions, and none is called {position}.")
    total, count = torch.zeros(model.adapter.shape.width, dtype=torch.float64, device="cpu"), 0
    for rows, state in population.runs():
        if isinstance(target, Node):
            x = state.out(model.adapter, target)
        else:
            x = stream_before(state, target, model.adapter.shape.parallel)
        for row, of_row in zip(rows, x.detach().cpu().double(), strict=True):
            real = of_row[: lengths[row]]
            selected = real if position is None else real[position][None]
            total, count = total + selected.sum(dim=0), count + len(selected)
    return (total / count).to(model.adapter.dtype).to(model.adapter.device)
