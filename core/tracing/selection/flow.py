"""Nodes as a flow goes through them: what must be fed, and must lead on, together. Its paths are those of
`core.circuit.reachable_at`.

A block is a node that writes, at one span of positions, or `logits`, at all; in a coupled model all heads of a layer at
a span are one block, and `input` is one at all spans. A reader feeds one block, or, where several heads share K and V,
those of its group; at spans a K or V feeds the heads at all of them. Of a graph without spans there is one.

Edges are numbered as `Circuit.parts`: edge * spans + span; readers alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.graph import Graph

Numbers = NDArray[np.int64]


class Blocks:
    """writers: the block that writes each edge, [parts]; block 0 is `input`. readers: the reader of each edge, [parts].
    output: the block of `logits`, the last one."""

    def __init__(self, graph: Graph, spans: int = 1) -> None:
        keys = [(node.kind, node.layer, 0 if graph.coupled else node.head, node.tower) for node in graph.writers]
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        of_writer = np.array([numbers[key] for key in keys])
        self._spans, self._nodes = spans, len(numbers)
        self.output = 1 + (len(numbers) - 1) * spans
        self.count = self.output + 1
        span = np.arange(spans)
        self.writers: Numbers = self._at(of_writer[graph.edge_writers][:, None], span).ravel()
        self.readers: Numbers = (graph.edge_readers[:, None] * spans + span).ravel()
        self._fed: list[tuple[Numbers, bool]] = []  # of each reader: nodes, and whether at all spans
        self._blocks: dict[int, Numbers] = {}  # that a reader feeds, once it was asked for
        self._readers: list[list[tuple[int, bool]]] = [[] for _ in range(len(numbers) + 1)]  # of each node
        for number, reader in enumerate(graph.readers):
            nodes = sorted({
                len(numbers) if node.kind == "logits" else int(of_writer[graph.writer_index(node)])
                for node in graph.readers_of(reader)
            })  # fmt: skip
            self._fed.append((np.array(nodes), reader.kind in "kv"))
            for node in nodes:
                self._readers[node].append((number, reader.kind in "kv" or node == len(numbers)))

    def _at(self, nodes: Numbers, spans: Numbers) -> Numbers:
        """The blocks of nodes at spans."""
        numbers = 1 + (nodes - 1) * self._spans + spans
        return np.where(nodes == 0, 0, np.where(nodes == self._nodes, self.output, numbers))

    def fed_by(self, reader: int) -> Numbers:
        """The blocks that a reader feeds."""
        if reader not in self._blocks:
            number, span = divmod(reader, self._spans)
            nodes, everywhere = self._fed[number]
            spans = np.arange(self._spans) if everywhere else np.array([span])
            self._blocks[reader] = np.unique(self._at(nodes[:, None], spans))
        return self._blocks[reader]

    def readers_of(self, block: int) -> list[int]:
        """The readers that feed a block."""
        if block == self.output:
            node, span = self._nodes, 0
        else:
            node, span = divmod(block - 1, self._spans) if block else (-1, 0)
            node += 1
        return [
            number * self._spans + each
            for number, everywhere in self._readers[node]
            for each in (range(self._spans) if everywhere else [span])
        ]
