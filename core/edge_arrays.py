"""What is made of numbers of all edges, reader by reader: the edges into a reader stand beside each other, and come
from writers that do. So nothing else of the size of all edges is made, such as the writer of each.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.graph import Graph

Mask = NDArray[np.bool_]


def readers_at(graph: Graph, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Reader number of some edges."""
    return np.searchsorted(graph.first_edge, edges, side="right") - 1


def writers_at(graph: Graph, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Writer number of some edges."""
    readers = readers_at(graph, edges)
    return edges - graph.first_edge[readers] + graph.first_writers[readers]


def edges_by_reader(graph: Graph) -> Iterator[tuple[slice, slice]]:
    """Of every reader in turn its edges, and the writers that these come from, both in their order."""
    ends = graph.first_edge.tolist()
    for first, start, stop in zip(graph.first_writers.tolist(), ends, ends[1:], strict=False):
        yield slice(start, stop), slice(first, first + stop - start)


def sums_by_writer(graph: Graph, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a number for every edge [edges] the sum over those that leave each writer, in their order: [writers]."""
    sums = np.zeros(graph.n_writers)
    for edges, writers in edges_by_reader(graph):
        sums[writers] += values[edges]
    return sums


def edges_between(graph: Graph, writers: Mask | None, readers: Mask | None) -> Mask:
    """Edges that some writers [writers] and some readers [readers] have in common: [edges]. None: any."""
    mask = np.zeros(graph.n_edges, dtype=bool)
    for reader, (edges, among) in enumerate(edges_by_reader(graph)):
        if readers is None or readers[reader]:
            mask[edges] = True if writers is None else writers[among]
    return mask


def edges_at_either(graph: Graph, writers: Mask, readers: Mask) -> Mask:
    """Edges that leave one of some writers, or go into one of some readers: [edges]."""
    mask = np.zeros(graph.n_edges, dtype=bool)
    for reader, (edges, among) in enumerate(edges_by_reader(graph)):
        mask[edges] = True if readers[reader] else writers[among]
    return mask


def ends_of_part(graph: Graph, part: slice) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Writer and reader number of the edges of a part of all."""
    first, last = readers_at(graph, np.array([part.start, part.stop - 1])).tolist()
    readers = np.arange(first, last + 1)
    bounds = np.clip(graph.first_edge[first : last + 2], part.start, part.stop)
    counts = np.diff(bounds)
    shift = graph.first_edge[readers] - graph.first_writers[readers]
    return np.arange(part.start, part.stop) - np.repeat(shift, counts), np.repeat(readers, counts)
