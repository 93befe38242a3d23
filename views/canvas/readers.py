"""Where edges end on the canvas: the place and the port of each reader; what writers are. Plain arrays, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.graph import Graph

PORT_SIDE = {"q": -1.0, "k": 0.0, "v": 1.0, "mlp": 0.0, "logits": 0.0}


@dataclass(frozen=True, eq=False)
class ReaderTable:
    """Of every reader of a graph: the first node where its edges end (by its number in `graph.nodes`), how many more
    behind it they end at, the side of its port, and whether it is a port of a head. [readers]"""

    ends: NDArray[np.int64]
    more: NDArray[np.int64]
    sides: NDArray[np.float64]
    of_head: NDArray[np.bool_]

    def branches(self, readers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of edges into some readers those that end at more than one node: their places, once for each further node,
        and that node: [branches] both."""
        more = self.more[readers]
        branch_of = np.repeat(np.arange(len(readers)), more)
        behind = 1 + np.arange(len(branch_of)) - np.repeat(np.cumsum(more) - more, more)
        return branch_of, self.ends[readers[branch_of]] + behind


@dataclass(frozen=True)
class Block:
    """Layers of heads that stand together: all of a model, or one of its two towers. first: the number of its `input`
    in `graph.nodes`; its nodes follow it, layer by layer."""

    first: int
    layers: int
    heads: int

    @property
    def end(self) -> int:
        """The number behind its last node."""
        return self.first + 1 + self.layers * (self.heads + 1)

    def row(self, layer: int) -> int:
        """The number of a layer's first head."""
        return self.first + 1 + layer * (self.heads + 1)


@lru_cache(maxsize=8)
def blocks_of(graph: Graph) -> tuple[Block, ...]:
    """From left to right."""
    if not graph.towers:
        return (Block(0, graph.layers, graph.heads),)
    return tuple(Block(int(each.writers[0]), each.graph.layers, each.graph.heads) for each in graph.towers)


@lru_cache(maxsize=8)
def kinds_of(graph: Graph) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each writer is an `input`, and whether it is an MLP: [writers] both."""
    kinds = np.array([node.kind for node in graph.writers])
    return kinds == "input", kinds == "mlp"


@lru_cache(maxsize=8)
def reader_table(graph: Graph) -> ReaderTable:
    if graph.towers:
        return _of_towers(graph)
    group = graph.heads // graph.kv_heads
    ends = []
    for layer in range(graph.layers):
        first = 1 + layer * (graph.heads + 1)
        shared = [first + head * group for head in range(graph.kv_heads)]
        ends += [*range(first, first + graph.heads), *shared, *shared, first + graph.heads]
    kinds = [reader.kind for reader in graph.readers]
    return ReaderTable(
        np.array([*ends, graph.n_writers]),
        np.array([group - 1 if kind in ("k", "v") else 0 for kind in kinds]),
        np.array([PORT_SIDE[kind] for kind in kinds]),
        np.array([kind in ("q", "k", "v") for kind in kinds]),
    )


def _of_towers(graph: Graph) -> ReaderTable:
    """Two tables as one; `logits` is the last of both."""
    tables = [reader_table(tower.graph) for tower in graph.towers]
    ends = [tower.writers[table.ends[:-1]] for tower, table in zip(graph.towers, tables, strict=True)]
    last = tables[0]
    return ReaderTable(
        np.concatenate([*ends, [graph.n_writers]]),
        np.concatenate([*(table.more[:-1] for table in tables), last.more[-1:]]),
        np.concatenate([*(table.sides[:-1] for table in tables), last.sides[-1:]]),
        np.concatenate([*(table.of_head[:-1] for table in tables), last.of_head[-1:]]),
    )
