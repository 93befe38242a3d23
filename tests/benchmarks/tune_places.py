"""Where the adapters go: a rank for each linear map of the blocks, the same number of trained parameters in all.

A map is scored by what its part of the circuit carries: those of queries, keys, values and of an MLP's way in by the
edges into it, an attention's or MLP's way out by the edges out of it (sizes of EAP-IG's scores, mean over the pairs).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import wirescope as ws
from core.tracing.per_pair import scores_per_pair
from core.tracing.told_options import Options
from tests.benchmarks.tune_tasks import Item

EVEN = 2  # the rank of all maps, where they have the same
MOST = 8  # the rank of a map that is chosen
STEPS = 5  # of EAP-IG
PARTS = {  # a linear map's name in its block: readers whose edges lead into it, or nodes whose edges lead out
    "attn.c_attn": "qkv",
    "attn.c_proj": "head",
    "mlp.c_fc": "into mlp",
    "mlp.c_proj": "mlp",
    "self_attn.q_proj": "q",
    "self_attn.k_proj": "k",
    "self_attn.v_proj": "v",
    "self_attn.o_proj": "head",
    "mlp.gate_proj": "into mlp",
    "mlp.up_proj": "into mlp",
    "mlp.down_proj": "mlp",
}
_NAME = re.compile(r".*\.(?:h|layers)\.(\d+)\.(.+)")

Ranks = dict[str, int]
Values = Mapping[str, float]


def place_of(name: str) -> tuple[int, str] | None:
    """Layer and part of a linear map; None of any other module."""
    found = _NAME.fullmatch(name)
    part = PARTS.get(found[2]) if found else None
    return None if found is None or part is None else (int(found[1]), part)


def maps_of(module: nn.Module) -> dict[str, int]:
    """Linear maps of the blocks, and the parameters of one rank: width in and width out."""
    return {name: sum(each.weight.shape) for name, each in module.named_modules() if place_of(name)}  # type: ignore[union-attr,arg-type]


def even(costs: Mapping[str, int]) -> Ranks:
    return dict.fromkeys(costs, EVEN)


def in_order(order: Sequence[str], costs: Mapping[str, int], most: int = MOST) -> Ranks:
    """The ranks of maps, those that come first as large as may be, with exactly as many parameters as `even` has."""
    unit = math.gcd(*costs.values())
    steps = [costs[name] // unit for name in order]
    left = EVEN * sum(steps)
    mask = (1 << left + 1) - 1
    reached = [1]  # bit n: the maps from here on can have n units
    for step in reversed(steps):
        after = 0
        for rank in range(most + 1):
            after |= reached[-1] << rank * step
        reached.append(after & mask)
    ranks: Ranks = {}
    for name, step, rest in zip(order, steps, reached[-2::-1], strict=True):
        rank = max(rank for rank in range(most + 1) if rank * step <= left and rest >> (left - rank * step) & 1)
        left -= rank * step
        if rank:
            ranks[name] = rank
    return ranks


def by_value(values: Values, costs: Mapping[str, int]) -> Ranks:
    """The maps of the highest value a parameter."""
    return in_order(sorted(costs, key=lambda name: -values[name] / costs[name]), costs)


def at_random(costs: Mapping[str, int], seed: int) -> Ranks:
    return in_order(Random(f"places/{seed}").sample(list(costs), len(costs)), costs)


def edge_sizes(model: ws.Model, items: Sequence[Item]) -> NDArray[np.float64]:
    """The mean size of each edge's score, [edges]."""
    pairs = [model.pair(item.text, item.other) for item in items]
    answers = [(item.answer, item.foil) for item in items]
    session = ws.Session(model, pairs[0], ws.logit_difference(*answers[0]))
    rows = scores_per_pair(session, "eap-ig", ws.Dataset(pairs, answers), options=Options(steps=STEPS))
    return np.abs(rows.astype(np.float64)).mean(axis=0)


def of_maps(model: ws.Model, sizes: NDArray[np.float64], costs: Mapping[str, int]) -> Values:
    """Sizes of edges, [edges], summed to linear maps."""
    graph = model.graph
    sums: dict[tuple[int, str], float] = {}
    into = np.bincount(graph.edge_readers, sizes, len(graph.readers))
    for reader, value in zip(graph.readers, into, strict=True):
        kinds = {"mlp": ("into mlp",), "logits": ()}.get(reader.kind, (reader.kind, "qkv"))
        for kind in kinds:
            sums[reader.layer, kind] = sums.get((reader.layer, kind), 0.0) + value
    out = np.bincount(graph.edge_writers, sizes, graph.n_writers)
    for node, value in zip(graph.writers, out, strict=True):
        sums[node.layer, node.kind] = sums.get((node.layer, node.kind), 0.0) + value
    return {name: sums[place] for name in costs if (place := place_of(name)) is not None}


def gradient_sizes(module: nn.Module, costs: Mapping[str, int], loss: Callable[[], torch.Tensor]) -> Values:
    """The squared norm of the loss's gradient by each map's weight."""
    weights = [module.get_submodule(name).weight for name in costs]
    for weight in weights:
        weight.requires_grad_(True)
    gradients = torch.autograd.grad(loss(), weights)  # type: ignore[arg-type]
    for weight in weights:
        weight.requires_grad_(False)
    return {name: float(each.pow(2).sum()) for name, each in zip(costs, gradients, strict=True)}


def share_in_attention(ranks: Values, costs: Mapping[str, int]) -> float:
    """Of the trained parameters."""
    inside = sum(rank * costs[name] for name, rank in ranks.items() if "attn." in name)
    return inside / sum(rank * costs[name] for name, rank in ranks.items())


def depth(ranks: Values, costs: Mapping[str, int]) -> float:
    """The mean layer of the trained parameters, 0 the first and 1 the last."""
    layers = {name: place[0] for name in costs if (place := place_of(name)) is not None}
    whole = sum(rank * costs[name] for name, rank in ranks.items())
    return sum(rank * costs[name] * layers[name] for name, rank in ranks.items()) / whole / max(layers.values())
