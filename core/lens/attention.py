"""Attention patterns: of a run, edits included, plain and weighted by values; and the mean over a dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.engine.population import Population
from core.errors import EditError, InputError
from core.lens.input_row import check_row, of_row
from core.pictures.heat_map import HeatMap
from core.precision import widened
from core.result import Result, keeps_no
from core.session import Session


def attention_pattern(result: Result, layer: int, head: int, row: int = 0) -> HeatMap:
    """The attention of a head in a run: an array [query position, key position], rows sum to 1, or to less where the
    head has a sink. In a notebook it shows itself; with the tokens' names by `ws.heat_map`.

    In the last layer a run holds only the queries that its output reads; run with positions="all" for every
    query. row: of the batch. Raises ArgumentError for one that is not there, and for a circuit's run.
    """
    adapter, state = result.model.adapter, result.state
    check_row(len(result.metric), row)
    if not state.q:
        raise keeps_no("attention")
    with torch.no_grad():
        pattern = state.pattern(adapter, layer, head)
    weights: NDArray[np.float32] = of_row(pattern, row).float().cpu().numpy()
    return weights.view(HeatMap)


def value_weighted_attention(result: Result, layer: int, head: int, row: int = 0) -> HeatMap:
    """Attention times the length of what it moves: an array [query position, key position], in the stream's units.

        |A_ij v_j W_O|

    v_j the value at key j with its bias, W_O the head's part of the output matrix (LayerScale, residual multipliers and
    a norm after attention, at the query's scale, in it). A head may look at a position from which it takes next to
    nothing, most often the first one (Kobayashi et al. 2020, "Attention is Not Only a Weight", section 3). Rows do not
    sum to 1. Rows of the last layer as of `attention_pattern`, and errors too.
    """
    adapter, state = result.model.adapter, result.state
    check_row(len(result.metric), row)
    if not state.q:
        raise keeps_no("attention")
    shape, weights = adapter.shape, adapter.attention[layer]
    with torch.no_grad():
        pattern = widened(state.pattern(adapter, layer, head))
        v = widened(of_row(state.v[layer], row)[:, head // (shape.heads // shape.kv_heads)])
        part = slice(head * shape.head_width, (head + 1) * shape.head_width)
        moved = v @ widened(weights.w_o[:, part].to(v.device)).T  # [key, width]
        factor = state.factors[layer]
        if factor is None:
            norms = moved.norm(dim=-1)[None]
        else:  # [query, width or 1]: the squares of a product are products of squares
            squares = widened(of_row(factor, row)).square().expand(-1, moved.shape[-1])
            norms = (squares @ moved.square().T).sqrt()
        products: NDArray[np.float32] = (of_row(pattern, row) * norms).float().cpu().numpy()
    return products.view(HeatMap)


@dataclass(frozen=True)
class MeanAttention:
    """weights: [query position, key position] of the session's first row. The mean over the rows of the dataset, whose
    positions are aligned with it as for every mean (`core.engine.alignment`): by roles, else from the nearer end. Where
    it attends to what has no counterpart here, that is left out, so that a query's weights may sum to less than 1.
    rows: how many inputs it is over, at the query that fewest have; `of`: how many the dataset has."""

    weights: NDArray[np.float32]
    rows: int
    of: int


def mean_attention(session: Session, layer: int, head: int, population: Population | None = None) -> MeanAttention:
    """The attention of a head over the session's dataset, unedited; over its own inputs where it has none. Of pictures,
    over those of the same size.

    population: other inputs instead, from `core.steering.population_of`.

    Raises InputError where fewer than two inputs of several have a position that corresponds to one of the session's:
    the mean would be nothing, or a row's own attention.
    """
    population = population or session.engine.population
    length, of = session.pair.clean.lengths[0], len(population.lengths)
    inputs = session.pair.clean.tensor[0]
    rows = [row for row in range(of) if inputs.ndim == 1 or population.inputs[row].shape == inputs.shape]
    roles = {name: spans[:1] for name, spans in session.pair.roles.items()}
    try:
        places = population.alignment.places([length], roles, length)[0].tolist()
    except EditError:
        places = []
    patterns = population.patterns(layer, places, rows) if places and rows else None
    least = 0 if patterns is None else int(patterns.rows.min())
    if patterns is None or least < min(2, of):
        raise InputError(
            f"Of the dataset's {of} inputs fewer than two have a counterpart of each of A's {length} positions, so "
            "there is no mean over them.",
            "Add inputs of A's length.",
        )
    return MeanAttention(patterns.mean[head].float().cpu().numpy(), least, of)
