"""Nodes as a flow goes through them: what must be fed, and must lead on, together. Its paths are those of
`core.circuit.reachable`.

A block is a node that writes, or `logits`; in a coupled model all heads of a layer are one block. A reader feeds one
block, or, where several heads share K and V, those of its group.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.graph import Graph


class Blocks:
    """of_writer: the block of every writer, [writers]; block 0 is `input`. feeds: which blocks a reader feeds,
    [readers, blocks]. output: the block of `logits`, the last one."""

    def __init__(self, graph: Graph) -> None:
        keys = [(node.kind, node.layer, 0 if graph.coupled else node.head) for node in graph.writers]
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        self.of_writer: NDArray[np.int64] = np.array([numbers[key] for key in keys])
        self.output = len(numbers)
        self.count = self.output + 1
        self.feeds: NDArray[np.bool_] = np.zeros((len(graph.readers), self.count), dtype=bool)
        for number, reader in enumerate(graph.readers):
            for node in graph.readers_of(reader):
                block = self.output if node.kind == "logits" else self.of_writer[graph.writer_index(node)]
                self.feeds[number, block] = True

    def readers_of(self) -> list[list[int]]:
        """The readers that feed each block."""
        return [np.flatnonzero(column).tolist() for column in self.feeds.T]
