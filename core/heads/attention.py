"""How much each head attends where heads of known kinds do, over some inputs, and how much random heads do.

    score    the mean, over the queries that have such keys, of the attention to them
    covers   of all attention that does not go to the first position, the share that goes to such keys: how much of what
             the head does on these inputs the kind says (the first position is where heads look that do nothing)
    deciles  of the attention to them, over the same queries
    best     the queries with most, one of an input

A random head is the query of one head with the key of another, of another layer where there is one: weights of the same
sizes and positions of which nothing was learned together. A model with one head in its one layer has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.engine.engine import Engine
from core.engine.layer import LayerMath
from core.engine.rows import Rows
from core.engine.state import RunState
from core.heads.attention_sums import AttentionSums, Entries
from core.heads.parts import Parts
from core.heads.places import MASKS, Mask
from core.heads.scores import Best
from core.models.adapter import Shape
from core.models.model import Model
from core.progress import stage

POSITIONS = 400  # of all rows that run together
MEGABYTES = 1024.0

Floats = NDArray[np.float64]
MasksOf = Callable[[int], Mapping[str, Mask]]  # the masks of a row by kind, [query, key]


@dataclass(frozen=True, eq=False)
class AttentionScores:
    """kinds: names. score, covers: [kinds, heads], the heads layer by layer; NaN where no query has such keys. random:
    [kinds, heads], scores of random heads; NaN where there are none. queries: [kinds], how many queries have such keys.
    deciles: [kinds, heads, 11], from the least to the most, to a hundredth. best: of each kind and head."""

    kinds: tuple[str, ...]
    score: Floats
    covers: Floats
    random: Floats
    queries: NDArray[np.int64]
    deciles: Floats
    best: Sequence[Sequence[Sequence[Best]]]

    def of(self, kind: str) -> Floats:
        """[heads]"""
        row: Floats = self.score[self.kinds.index(kind)]
        return row


def attention_scores(
    model: Model,
    rows: Tensor,
    kinds: Sequence[str] = tuple(MASKS),
    seed: int = 0,
    parts: Parts | None = None,
    key: str = "attention",
) -> AttentionScores:
    """Over texts, ids [rows, position]. parts, key: as `scores_at` says. Raises Cancelled."""
    return scores_at(model, rows, text_masks(rows, kinds), 1, seed, parts, key)


def text_masks(rows: Tensor, kinds: Sequence[str]) -> MasksOf:
    """Of texts, ids [rows, position]."""
    texts = rows.tolist()
    return lambda row: {kind: MASKS[kind](texts[row]) for kind in kinds}


def scores_at(
    model: Model,
    rows: Tensor,
    masks_of: MasksOf,
    aside: int,
    seed: int = 0,
    parts: Parts | None = None,
    key: str = "attention",
) -> AttentionScores:
    """Over inputs, ids [rows, position] or pixels. aside: so many first positions are left out of what is covered.
    parts: under `key` it holds what was measured of the first rows, and takes what is measured now, plain lists and
    numbers: what stops between goes on there. Raises Cancelled."""
    return scores_of(sums_at(model, rows, masks_of, aside, seed, parts, key), model.adapter.shape)


def sums_at(
    model: Model,
    rows: Tensor,
    masks_of: MasksOf,
    aside: int,
    seed: int = 0,
    parts: Parts | None = None,
    key: str = "attention",
) -> AttentionSums:
    """What `scores_at` takes the means of."""
    shape = model.adapter.shape
    masks_of = lru_cache(1)(masks_of)  # those of a first row are asked for twice
    if parts is not None and key in parts:
        sums = AttentionSums.of(parts[key])
    else:
        sums = AttentionSums(tuple(masks_of(0)), shape.layers * shape.heads)
    partners = _partners(shape.layers, shape.kv_heads, seed)
    while (start := sums.rows) < len(rows):
        length = len(next(iter(masks_of(start).values())))
        end = min(start + max(1, POSITIONS // length), len(rows))
        with stage(start / len(rows), end / len(rows)), torch.no_grad():
            masks = [masks_of(row) for row in range(start, end)]
            _add(model, rows[start:end], masks, aside, partners, sums)
        if parts is not None:
            parts[key] = sums.plain()
    return sums


def has_random(shape: Shape) -> bool:
    """Whether a head's query and another head's key can be put together."""
    return shape.layers > 1 or shape.kv_heads > 1


def _add(
    model: Model,
    rows: Tensor,
    masks: Sequence[Mapping[str, Mask]],
    aside: int,
    partners: Sequence[tuple[int, int]],
    sums: AttentionSums,
) -> None:
    """Measure some rows more."""
    shape = model.adapter.shape
    entries = [[Entries(mask) for mask in each.values()] for each in masks]
    state = Engine(model.adapter, rows, None, memory_megabytes=MEGABYTES).clean(full=True)
    for layer in range(shape.layers):
        for head in range(shape.heads):
            number = layer * shape.heads + head
            weights = _pattern(model, state, layer, head)
            crossed = _crossed(model, state, layer, head, partners[layer])
            for row, of_row in enumerate(entries):
                sums.add(number, sums.rows + row, of_row, weights[row], crossed[row], aside)
    sums.count(entries)


def scores_of(sums: AttentionSums, shape: Shape) -> AttentionScores:
    """The means. shape: of the model."""
    over = np.where(sums.queries > 0, sums.queries, np.nan)[:, None].astype(float)
    random = sums.of_random / over if has_random(shape) else np.full_like(sums.of_random, np.nan)
    covers = sums.elsewhere / np.maximum(sums.off_first, 1e-12)
    return AttentionScores(sums.kinds, sums.to_keys / over, covers, random, sums.queries, sums.deciles(), sums.best)


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
