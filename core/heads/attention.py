"""How much each head attends where heads of known kinds do, over some texts, and how much random heads do.

    score    the mean, over the queries that have such keys, of the attention to them
    covers   of all attention that does not go to the first position, the share that goes to such keys: how much of what
             the head does on these texts the kind says (the first position is where heads look that do nothing)

A random head is the query of one head with the key of another, of another layer where there is one: weights of the same
sizes and positions of which nothing was learned together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.engine.engine import Engine
from core.engine.layer import LayerMath
from core.engine.rows import Rows
from core.engine.state import RunState
from core.heads.places import MASKS, Mask
from core.models.model import Model
from core.progress import stage

POSITIONS = 400  # of all rows that run together
MEGABYTES = 1024.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AttentionScores:
    """kinds: names. score, covers: [kinds, heads], the heads layer by layer; NaN where no query has such keys. random:
    [kinds, random heads], their scores. queries: [kinds], how many queries have such keys."""

    kinds: tuple[str, ...]
    score: Floats
    covers: Floats
    random: Floats
    queries: NDArray[np.int64]

    def of(self, kind: str) -> Floats:
        """[heads]"""
        row: Floats = self.score[self.kinds.index(kind)]
        return row


def attention_scores(model: Model, rows: Tensor, kinds: Sequence[str] = tuple(MASKS), seed: int = 0) -> AttentionScores:
    """Over texts, ids [rows, position]. Raises Cancelled."""
    masks = [{kind: MASKS[kind](row) for kind in kinds} for row in rows.tolist()]
    return scores_at(model, rows, masks, 1, seed)


def scores_at(
    model: Model, rows: Tensor, masks: Sequence[Mapping[str, Mask]], aside: int, seed: int = 0
) -> AttentionScores:
    """Over inputs, ids [rows, position] or pixels. masks: of each row by kind, [query, key]. aside: so many first
    positions are left out of what is covered. Raises Cancelled."""
    shape, kinds = model.adapter.shape, tuple(masks[0])
    heads = shape.layers * shape.heads
    to_keys, elsewhere, of_random = (np.zeros((len(kinds), heads)) for _ in range(3))
    queries = np.array([[mask.any(axis=1).sum() for mask in each.values()] for each in masks]).sum(axis=0)
    partners = _partners(shape.layers, shape.kv_heads, seed)
    size = max(1, POSITIONS // len(masks[0][kinds[0]]))
    off_first = np.zeros(heads)
    for start in range(0, len(rows), size):
        with stage(start / len(rows), min(start + size, len(rows)) / len(rows)), torch.no_grad():
            some = rows[start : start + size]
            state = Engine(model.adapter, some, None, memory_megabytes=MEGABYTES).clean(full=True)
            of_rows = [list(each.values()) for each in masks[start : start + size]]
            off = [[mask[:, aside:] for mask in each] for each in of_rows]
            for layer in range(shape.layers):
                for head in range(shape.heads):
                    number = layer * shape.heads + head
                    weights = _pattern(model, state, layer, head)
                    off_first[number] += weights[:, aside:, aside:].sum()
                    to_keys[:, number] += _sums(weights, of_rows)
                    elsewhere[:, number] += _sums(weights[:, :, aside:], off)
                    crossed = _crossed(model, state, layer, head, partners[layer])
                    of_random[:, number] += _sums(crossed, of_rows)
    over = np.where(queries > 0, queries, np.nan)[:, None].astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return AttentionScores(
            kinds, to_keys / over, elsewhere / np.maximum(off_first, 1e-12), of_random / over, queries
        )


def _sums(weights: Floats, masks: Sequence[Sequence[Mask]]) -> Floats:
    """[kinds], the attention of all rows to the keys of each kind. weights: [row, query, key]."""
    sums: Floats = np.array(
        [[float(of_row[mask].sum()) for mask in each] for of_row, each in zip(weights, masks, strict=True)]
    ).sum(axis=0)
    return sums


def _pattern(model: Model, state: RunState, layer: int, head: int) -> Floats:
    """[row, query, key]"""
    weights: Floats = state.pattern(model.adapter, layer, head).cpu().double().numpy()
    return weights


def _partners(layers: int, kv_heads: int, seed: int) -> list[tuple[int, int]]:
    """Of each layer another layer, and by how many its keys are moved on."""
    rng = np.random.default_rng([seed, 17])
    made = []
    for layer in range(layers):
        other = int(rng.integers(0, layers - 1)) if layers > 1 else 0
        made.append((other + (layers > 1 and other >= layer), int(rng.integers(0, kv_heads)) if layers > 1 else 1))
    return made


def _crossed(model: Model, state: RunState, layer: int, head: int, partner: tuple[int, int]) -> Floats:
    """The attention of a random head."""
    other, moved = partner
    keys = state.k[other].roll(moved, dims=2)
    queries = state.places(Rows(state.length))
    weights: Floats = (
        LayerMath(model.adapter, layer).pattern(state.q[layer], keys, head, queries).cpu().double().numpy()
    )
    return weights
