"""Which nodes a circuit run computes, and at which rows.

Steps:
1. Drop what cannot matter: a node from which no kept path leads to `logits` is never computed, and where all that is
   replaced is of one run, neither is one that no kept path reaches from `input`: it writes just what it writes there.
   In a coupled model the heads of a layer count as one here.
2. From the last layer down: a node matters at every row where a kept edge leads from it to a key or a value, or to a
   node that matters at every row. The others matter only at the positions that the output reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.circuit import Circuit, reachable_at
from core.graph import Graph


@dataclass
class CircuitState:
    """One circuit: writers, those whose difference somebody reads; matrix, what each reader keeps at each span [spans,
    readers, writers]; everywhere, which of the writers matter at every row [writers]; needed, whether a node of the
    graph is one of the writers; span_of, the span of each position [batch, position], None of a circuit without spans.

    differences: [writers that matter everywhere, batch, rows, width], each set before it is read. at_reads: [writers,
    batch, n, width], at the positions that the output reads; those of `differences` are copied when they are asked for,
    `copied` of them are.
    """

    writers: NDArray[np.int64]
    matrix: NDArray[np.bool_]
    everywhere: NDArray[np.bool_]
    needed: NDArray[np.bool_]
    span_of: NDArray[np.int64] | None = None
    differences: Tensor | None = None
    at_reads: Tensor | None = None
    copied: int = 0

    @cached_property
    def reading(self) -> NDArray[np.bool_]:
        """Whether a reader keeps an edge: [readers]."""
        reading: NDArray[np.bool_] = np.logical_or.reduce(self.matrix, axis=(0, 2))
        return reading

    @cached_property
    def row_of(self) -> dict[int, int]:
        """Where a writer is in `at_reads`."""
        return {int(number): row for row, number in enumerate(self.writers)}

    @cached_property
    def row_everywhere(self) -> dict[int, int]:
        """Where a writer is in `differences`."""
        return {int(number): row for row, number in enumerate(self.writers[self.everywhere])}

    @cached_property
    def matrix_everywhere(self) -> NDArray[np.bool_]:
        """What readers at every row keep, none of the other writers among it: [spans, readers, writers]."""
        return self.matrix[:, :, self.everywhere]


def kept_by(circuit: Circuit, one_run: bool, reads: bool, span_of: NDArray[np.int64] | None) -> CircuitState:
    """one_run: whether what is replaced is all of one run. reads: whether the output reads some positions alone."""
    matrix = circuit.matrix()
    fed, used = reachable_at(circuit.graph, matrix)
    matrix &= used[:, :, None]
    if one_run:
        matrix &= fed[:, None]
    needed: NDArray[np.bool_] = np.logical_or.reduce(matrix, axis=(0, 1))
    writers = np.flatnonzero(needed)
    everywhere = np.ones(len(needed), dtype=bool)
    if reads:
        everywhere = _everywhere(circuit.graph, np.logical_or.reduce(matrix, axis=0))
    return CircuitState(writers, matrix[:, :, needed], everywhere[needed], needed, span_of)


def _everywhere(graph: Graph, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Step 2: [writers]. kept: [readers, writers]."""
    heads, kv_heads = graph.heads, graph.kv_heads
    readers = np.zeros(len(kept), dtype=bool)  # that read at every row
    writers = np.zeros(graph.n_writers, dtype=bool)
    for layer in reversed(range(graph.layers)):
        reader, head = layer * (heads + 2 * kv_heads + 1), 1 + layer * (heads + 1)
        mlp, of_mlp = head + heads, reader + heads + 2 * kv_heads
        readers[of_mlp] = writers[mlp] = kept[readers, mlp].any()
        of_heads: NDArray[np.bool_] = np.logical_or.reduce(kept[readers, head:mlp], axis=0)
        if graph.coupled:
            of_heads[:] = of_heads.any()
        writers[head:mlp] = readers[reader : reader + heads] = of_heads
        readers[reader + heads : of_mlp] = True
    writers[0] = kept[readers, 0].any()
    return writers
