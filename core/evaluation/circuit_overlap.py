"""What two circuits of one graph have in common, beside what two random circuits of their sizes would.

Of graphs with N edges, a random circuit of n edges shares k edges with a given one of m edges by the hypergeometric
distribution, and their Jaccard overlap is then k / (n + m - k). Its mean is the level of chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.graph import Node


@dataclass(frozen=True, eq=False)
class CircuitOverlap:
    """both, only_first, only_second: edges by their numbers, the most important first (those of both by their better
    place). jaccard: shared edges / edges in either; chance: of two random circuits of these sizes, on average. nodes:
    how many take part in both, in the first alone, in the second alone."""

    both: NDArray[np.int64]
    only_first: NDArray[np.int64]
    only_second: NDArray[np.int64]
    jaccard: float
    chance: float
    nodes: tuple[int, int, int]


def circuit_overlap(first: Circuit, second: Circuit) -> CircuitOverlap:
    """Compare two circuits, those at spans as their unions. Raises ArgumentError for circuits of different graphs."""
    second.check_fits(first.graph)
    one, other = (circuit.union().edges for circuit in (first, second))
    shared, places, others = np.intersect1d(one, other, return_indices=True)
    both = shared[np.argsort(np.minimum(places, others), kind="stable")].astype(np.int64)
    only_first, only_second = one[~np.isin(one, shared)], other[~np.isin(other, shared)]
    either = len(both) + len(only_first) + len(only_second)
    here, there = nodes_of(first), nodes_of(second)
    return CircuitOverlap(
        both,
        only_first,
        only_second,
        len(both) / either if either else 1.0,
        expected_jaccard(len(one), len(other), first.graph.n_edges),
        (len(here & there), len(here - there), len(there - here)),
    )


def nodes_of(circuit: Circuit) -> set[Node]:
    """Heads and MLPs that an edge of a circuit starts or ends at; a shared key or value ends at all its heads."""
    nodes = {edge.writer for edge in circuit}
    nodes |= {node for edge in circuit for node in circuit.graph.readers_of(edge.reader)}
    return {node for node in nodes if node.kind in ("head", "mlp")}


def expected_jaccard(first: int, second: int, edges: int) -> float:
    """The mean overlap of two random circuits of so many of a graph's edges."""
    if not first or not second:
        return 1.0 if first == second else 0.0
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, edges + 1)))])  # of factorials

    def choose(of: int, some: NDArray[np.int64]) -> NDArray[np.float64]:
        log_count: NDArray[np.float64] = logs[of] - logs[some] - logs[of - some]
        return log_count

    shared = np.arange(max(0, first + second - edges), min(first, second) + 1)
    weights = choose(first, shared) + choose(edges - first, second - shared)
    chances = np.exp(weights - weights.max())
    return float((chances * shared / (first + second - shared)).sum() / chances.sum())
