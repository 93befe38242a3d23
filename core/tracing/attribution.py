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
from core.engine.gradients import Part, ReaderGradients
from core.engine.replacement import ablation
from core.engine.state import RunState
from core.errors import EditError
from core.graph import Graph, Reader
from core.metric_reading import unchanged
from core.models.adapter import Adapter
from core.precision import wide_dtype
from core.session import Session
from core.spans import span_numbers
from core.tracing.job import Job, by_level
from core.tracing.losses import Losses
from core.tracing.node_gradients import from_the_last, mean_gradient

BLOCK_BYTES = 48 * 2**20  # of writers' differences held at once
# Of the positions: up to here `first` is early. Let e be its share, and a pass forward or back over all rows cost 1. A
# new session takes 2 where A's run is shared, 1 + 2 (1 - e) where it is not: 1 - 2e is won. One that has A's run loses
# 2e. At a quarter the two are equal.
EARLY = 0.25


def first_row(session: Session, replacement: EditKind) -> int:
    """Rows before it carry nothing that a removed edge would lose: A and B are the same there, and later rows do not
    reach back."""
    first = ablation(replacement).first_row(session.engine)
    reads = session.engine.reads
    return min(first, session.engine.length - 1 if reads is None else int(reads.min()))


def gradients_at(
    session: Session,
    embedding: Tensor,
    first: int = 0,
    through: Callable[[Adapter], Adapter] = unchanged,
    kind: type[ReaderGradients] = ReaderGradients,
    whole: bool = False,
    state: RunState | None = None,
) -> ReaderGradients:
    """Gradients of a run from an embedding [batch, position, width] that is A's before row `first`. through: makes an
    adapter that takes the gradients in another way. whole: compute the rows before `first` too. state: see there.
    Raises ArgumentError for a metric without a slope."""
    session.metric.check_slope("An estimate")
    engine = session.engine
    below = engine.clean(full=True) if first > 0 and not whole else None
    return kind(
        through(session.model.adapter),
        embedding,
        engine.reads,
        session.reading.slope(engine.batch, through),
        engine.grid,
        below=below,
        first=first,
        state=state,
        writes=False,
    )


def gradients_at_clean(session: Session, first: int = 0) -> ReaderGradients:
    """Those of A's own run, from row `first` on. Where that is near the beginning, the rows before it are computed too,
    so that what a new session needs of A is one run: A's, with its gradients. Whether it is depends on the pair alone,
    and so do the bits."""
    engine = session.engine
    whole = first <= EARLY * engine.length
    state = engine.unedited.unmade() if whole else None
    run = gradients_at(session, engine.embedding, first, whole=whole, state=state)
    if state is not None:
        engine.unedited.keep(state)
    return run


def scores_of(job: Job, gradients: Sequence[ReaderGradients], first: int) -> NDArray[np.float64]:
    """Scores by the mean of some gradients, at the job's level. The gradients hold the rows from `first` on."""
    return products(job, gradients, Losses(job.session, job.replacement, first))


def products(job: Job, gradients: Sequence[ReaderGradients], losses: Losses) -> NDArray[np.float64]:
    """(what a writer would lose) . (mean gradient at a reader), at the job's level; an edge's at a span is the sum over
    the span's positions. losses: over the rows that the gradients hold. For a job by rows: [batch, edges]."""
    engine = job.session.engine
    with torch.no_grad():
        if job.level == "positions":
            return _at_positions(job, gradients, losses, engine.length) / engine.batch
        if job.level == "edge-spans":
            return _at_edges(job, gradients, losses).T / engine.batch
        table = _at_edges(job, gradients, losses)
    if job.by_row:
        return table
    values = by_level(engine.graph, table[0], job.level)
    values /= engine.batch
    return values


def _at_edges(job: Job, gradients: Sequence[ReaderGradients], losses: Losses) -> NDArray[np.float64]:
    """One matrix product a layer and block of positions: [1, batch or spans, edges]. A norm works position by position,
    so the gradients of every layer are made once."""
    graph = job.session.graph
    batch, rows = gradients[0].size
    parts = len(job.spans) if job.level == "edge-spans" else batch if job.by_row else 1
    scores = np.zeros((parts, graph.n_edges))
    width = job.session.model.adapter.shape.width
    blocks = _blocks(batch, rows, graph.n_writers * width * wide_dtype(gradients[0].adapter.dtype).itemsize)
    for number, part in enumerate(blocks):
        lost = losses.all(part)
        readers = 0
        for layer in range(graph.layers + 1):
            job.check()
            progress.at((number + layer / (graph.layers + 1)) / len(blocks))
            readers += _readers_of(graph, layer)
            before = graph.writers_before(graph.readers[readers - 1])
            gradient = mean_gradient(gradients, layer, part)
            if job.level == "edge-spans":
                flat = gradient.flatten(1, 2), lost[:before].flatten(1, 2)
                for span, places in enumerate(_places_of_spans(job, rows, part)):
                    of_span = [x[:, places].flatten(1) for x in flat]
                    add_table(graph, scores[span], layer, of_span[0] @ of_span[1].T)
            elif job.by_row:
                of_rows = (x.transpose(0, 1).flatten(2) for x in (gradient, lost[:before]))
                at_readers, of_writers = of_rows
                for row, table in enumerate(at_readers @ of_writers.transpose(1, 2), part[0].start):
                    add_table(graph, scores[row], layer, table)
            else:
                add_table(graph, scores[0], layer, gradient.flatten(1) @ lost[:before].flatten(1).T)
    return scores


def _places_of_spans(job: Job, rows: int, part: Part) -> list[Tensor]:
    """Where each span is among the batch's rows in a part of the last `rows` positions: numbers of its positions."""
    engine = job.session.engine
    span_of = span_numbers(job.spans, engine.extent)[:, engine.length - rows :][part].ravel()
    return [
        torch.from_numpy(np.flatnonzero(span_of == span)).to(engine.adapter.device) for span in range(len(job.spans))
    ]


def _blocks(batch: int, rows: int, row_bytes: int) -> list[Part]:
    """Parts of a batch of streams that are done one after the other. row_bytes: of what is held of one row."""
    at_once = max(1, BLOCK_BYTES // row_bytes)
    batch_rows, positions = min(batch, at_once), max(1, at_once // batch)
    return [
        (slice(b, min(b + batch_rows, batch)), slice(r, min(r + positions, rows)))
        for b in range(0, batch, batch_rows)
        for r in range(0, rows, positions)
    ]


def add_table(graph: Graph, scores: NDArray[np.float64], layer: int, table: Tensor, start: int = 0) -> None:
    """Add a table [readers of a layer, writers from number `start` on] to what it says of edges [edges]; where there is
    no such edge, it is left out."""
    number = graph.reader_index(Reader("q", layer) if layer < graph.layers else Reader("logits"))
    for reader, row in enumerate(table.cpu().double().numpy(), number):
        first, before = graph.first_edge[reader], graph.writers_before(graph.readers[reader])
        stop = min(start + len(row), before)
        if stop > start:
            scores[first + start : first + stop] += row[: stop - start]


def _at_positions(job: Job, gradients: Sequence[ReaderGradients], losses: Losses, length: int) -> NDArray[np.float64]:
    """[writers, position]"""
    graph = job.session.graph
    scores = np.zeros((graph.n_writers, length))
    for layer in from_the_last(graph, gradients, job.check):
        if layer.layer == graph.layers:
            continue
        number = 1 + layer.layer * (graph.heads + 1)
        lost = losses.of_layer(layer.layer)
        of_heads, of_mlp = (lost[:-1] * layer.heads).sum(dim=(1, 3)), (lost[-1:] * layer.mlp).sum(dim=(1, 3))
        first = length - of_heads.shape[1]
        scores[number : number + len(lost), first:] = torch.cat([of_heads, of_mlp]).cpu().double().numpy()
        if layer.layer == 0:
            scores[0, first:] = (losses.of_input() * layer.before).sum(dim=(0, 2)).cpu().double().numpy()
    return scores


def _readers_of(graph: Graph, layer: int) -> int:
    return graph.heads + 2 * graph.kv_heads + 1 if layer < graph.layers else 1


def counterfactual_embedding(session: Session) -> Tensor:
    """B's embedding: [batch, position, width]. Raises EditError without a B."""
    b = session.engine.counterfactual()
    if b is None:
        raise EditError("Integrated gradients go from B to A, and there is no B.", "Give a counterfactual input.")
    return b.embedding
