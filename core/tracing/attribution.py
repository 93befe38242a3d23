"""What the attribution methods share: a gradient at every reader, times what each writer would lose.

The estimated score of an edge u -> r is (out_u - replacement_u) . gradient_r, summed over positions: minus the effect
of its removal, to first order. A node's is the sum over its outgoing edges. All are means over the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core import progress
from core.edits import EditKind
from core.engine.gradients import ReaderGradients
from core.errors import ArgumentError, EditError
from core.graph import Graph, Node, Reader
from core.models.adapter import Adapter
from core.session import Session
from core.tracing.job import Job, by_level
from core.tracing.node_gradients import from_the_last, mean_gradient

BLOCK_BYTES = 48 * 2**20  # of writers' differences held at once

Difference = Callable[[Node], Tensor]


def first_row(session: Session, replacement: EditKind) -> int:
    """Rows before it carry nothing that a removed edge would lose: A and B are the same there, and later rows do not
    reach back."""
    first = session.engine.first_patched_row if replacement == "patch" else 0
    reads = session.engine.reads
    return min(first, session.engine.length - 1 if reads is None else int(reads.min()))


def gradients_at(
    session: Session, embedding: Tensor, first: int = 0, adapter: Adapter | None = None, droppable: bool = False
) -> ReaderGradients:
    """Gradients of a run from an embedding [batch, position, width] that is A's before row `first`. adapter: one that
    takes the gradients in another way. droppable: see there. Raises ArgumentError for a metric without a slope."""
    session.metric.check_slope("An estimate")
    engine = session.engine
    below = engine.clean(full=True) if first > 0 else None
    adapter = adapter or session.model.adapter
    return ReaderGradients(
        adapter, embedding, engine.reads, session.metric, engine.grid, below=below, first=first, droppable=droppable
    )


def scores_of(job: Job, gradients: Sequence[ReaderGradients], first: int) -> NDArray[np.float64]:
    """Scores by the mean of some gradients, at the job's level. The gradients hold the rows from `first` on."""

    def difference(node: Node) -> Tensor:
        return -replaced_difference(job.session, node, job.replacement)[:, first:]

    return products(job, gradients, difference)


def products(job: Job, gradients: Sequence[ReaderGradients], difference: Difference) -> NDArray[np.float64]:
    """(what a writer would lose) . (mean gradient at a reader), at the job's level.

    difference: of a writer, [batch, rows, width], over the rows that the gradients hold.
    """
    engine = job.session.engine
    with torch.no_grad():
        if job.level == "positions":
            found = _at_positions(job, gradients, difference, engine.length)
        else:
            found = by_level(engine.graph, _at_edges(job, gradients, difference), job.level)
    return found / engine.batch


def _at_edges(job: Job, gradients: Sequence[ReaderGradients], difference: Difference) -> NDArray[np.float64]:
    """One matrix product a layer and block of writers: [edges]."""
    graph = job.session.graph
    found = np.zeros(graph.n_edges)
    one = difference(graph.writers[0])
    block = max(1, BLOCK_BYTES // (one.numel() * one.element_size()))
    for start in range(0, graph.n_writers, block):
        writers = graph.writers[start : start + block]
        differences = torch.stack([difference(node) for node in writers]).flatten(1)
        readers = 0
        for layer in range(graph.layers + 1):
            job.check()
            progress.at((start + block * layer / (graph.layers + 1)) / graph.n_writers)
            count = _readers_of(graph, layer)
            if graph.writers_before(graph.readers[readers + count - 1]) > start:
                gradient = mean_gradient(gradients, layer)
                add_table(graph, found, layer, gradient.flatten(1) @ differences.T, start)
            readers += count  # where nothing in the layer reads these writers, there is nothing to do
    return found


def add_table(graph: Graph, found: NDArray[np.float64], layer: int, table: Tensor, start: int) -> None:
    """Add a table [readers of a layer, writers from number `start` on] to what it says of edges [edges]; where there is
    no such edge, it is left out."""
    number = graph.reader_index(Reader("q", layer) if layer < graph.layers else Reader("logits"))
    for reader, row in enumerate(table.cpu().double().numpy(), number):
        first, before = graph.first_edge[reader], graph.writers_before(graph.readers[reader])
        stop = min(start + len(row), before)
        if stop > start:
            found[first + start : first + stop] += row[: stop - start]


def _at_positions(
    job: Job, gradients: Sequence[ReaderGradients], difference: Difference, length: int
) -> NDArray[np.float64]:
    """[writers, position]"""
    graph = job.session.graph
    found = np.zeros((graph.n_writers, length))
    for layer in from_the_last(graph, gradients, job.check):
        if layer.layer == graph.layers:
            continue
        nodes = [Node("mlp", layer.layer), *(Node("head", layer.layer, head) for head in range(graph.heads))]
        for node in [*nodes, *(graph.writers[:1] if layer.layer == 0 else ())]:
            product = (difference(node) * layer.at(node)).sum(dim=(0, 2))
            found[graph.writer_index(node), length - len(product) :] = product.cpu().double().numpy()
    return found


def _readers_of(graph: Graph, layer: int) -> int:
    return graph.heads + 2 * graph.kv_heads + 1 if layer < graph.layers else 1


def replaced_difference(session: Session, node: Node, replacement: EditKind) -> Tensor:
    """replacement_u - out_u at every position: [batch, position, width]."""
    engine = session.engine
    out = engine.clean(full=True).out(session.model.adapter, node)
    if replacement == "patch":
        return engine.references.patch_value(node, None) - out
    if replacement == "mean":
        return engine.references.mean_value(node) - out
    if replacement == "zero":
        return -out
    raise ArgumentError(f"Edges cannot be scored for {replacement!r}.", "There are: patch, zero, mean.")


def counterfactual_embedding(session: Session) -> Tensor:
    """B's embedding: [batch, position, width]. Raises EditError without a B."""
    b = session.engine.counterfactual()
    if b is None:
        raise EditError("Integrated gradients go from B to A, and there is no B.", "Give a counterfactual input.")
    return b.embedding
