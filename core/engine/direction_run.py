"""A run in which directions are taken out of what some edges carry, through which gradients go to the directions.

    x_r = stream at r - sum over the edges u -> r of strength * (out_u . direction - level) * direction

It computes what edits `project` of these edges do (`core.replacements.project`), by PyTorch's own derivatives and
without caches: for learning alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.engine.engine import Engine
from core.engine.layer import LayerMath
from core.engine.rows import Rows
from core.precision import widened


@dataclass(frozen=True, eq=False)
class Directions:
    """edges: their numbers in the graph. directions: [edges, width], at length 1. levels: [edges], what is left along
    them. strengths: [edges], from 0 to 1."""

    edges: Sequence[int]
    directions: Tensor
    levels: Tensor
    strengths: Tensor


def stream_without(engine: Engine, taken: Directions) -> Tensor:
    """What `logits` reads, at the positions of the output: [batch, n, width]."""
    graph, adapter = engine.graph, engine.adapter
    heads, ports = graph.heads, graph.heads + 2 * graph.kv_heads
    of_reader: dict[int, list[int]] = {}
    for number, edge in enumerate(taken.edges):
        of_reader.setdefault(int(graph.edge_readers[edge]), []).append(number)
    writers = [int(graph.edge_writers[edge]) for edge in taken.edges]
    embedding = engine.clean().embedding
    outs = {0: embedding}

    def read(x: Tensor, reader: int) -> Tensor:
        numbers = of_reader.get(reader)
        if numbers is None:
            return x
        units = taken.directions[numbers][:, None, None]
        written = torch.stack([widened(outs[writers[number]]) for number in numbers])
        along = (written * units).sum(dim=-1) - taken.levels[numbers][:, None, None]
        less = ((taken.strengths[numbers][:, None, None] * along)[..., None] * units).sum(dim=0)
        return (widened(x) - less).to(x.dtype)

    x = embedding
    places = Rows(engine.length).places(x, engine.grid)
    for layer in range(graph.layers):
        math = LayerMath(adapter, layer)
        first_reader, first_writer = layer * (ports + 1), 1 + layer * (heads + 1)
        changed = [port for port in range(ports) if first_reader + port in of_reader]
        projected = math.project(math.norm(x))
        if changed:
            streams = torch.stack([read(x, first_reader + port) for port in changed])
            each = math.project_each(math.norm(streams).flatten(1, 2), changed).unflatten(1, x.shape[:2])  # type: ignore[no-untyped-call]
            projected = projected.index_copy(2, torch.tensor(changed, device=x.device), each.movedim(0, 2))
        z = math.mix(*math.split(projected), places).z
        outs.update(enumerate(math.outs(z, range(heads), math.factor(z)), first_writer))
        after = x + math.write(z)[0]
        mlp = math.mlp(read(x if graph.parallel else after, first_reader + ports))
        outs[first_writer + heads] = mlp
        x = after + mlp
    last = read(x, len(graph.readers) - 1)
    return Rows(engine.length, index=engine.reads).of(last)
