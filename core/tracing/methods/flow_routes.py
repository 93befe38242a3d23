"""Information flow routes (Ferrando and Voita 2024, "Information Flow Routes: Automatically Interpreting Language
Models at Scale"): how much of what a reader reads each writer makes up. No counterfactual, no gradient.

Steps:
1. At a reader's stream x and a position, the proximity of what a writer added there is
   max(0, |x| - |out_u - x|) in the L1 norm; its importance is that over the sum of all writers' (their equation 2).
2. The score of an edge is its importance, the mean over the real positions of a row, then over the rows.
3. The paper's routes go top-down: from the output, an edge whose importance is above a threshold is kept, and then
   those into what writes it. So choose edges from the output down; the best alone may hang in the air, and
   `circuit.pruned()` drops those.

This is what EAP-IG's code computes ("information-flow-routes"), and MIB ranks by. It differs from the paper, whose
routes are drawn at single positions, from that of the prediction, and in which a head is one edge for each position it
looks at: here an edge holds at all positions, and queries and keys read the same stream as values and score alike.

The scores are shares of one stream, from 0 to 1, and have no sign. A node's is the sum over its edges. What would
replace an edge plays no part, nor does the metric. Biases that belong to no head are no writers and take no share.

Cost: one forward; norms of differences, [writers, streams, position, width].
Do not use it to ask what a prediction turns on rather than what it is made of: large parts that A and B share score
high.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core import progress
from core.graph import Reader
from core.tracing.job import Job, MethodResult, by_level
from core.tracing.meaning import SHARE
from core.tracing.method import Method

if TYPE_CHECKING:
    from torch import Tensor


def flow_routes(job: Job) -> Iterator[MethodResult]:
    import torch

    with torch.no_grad():
        edges, positions = _importance(job)
    yield MethodResult(positions if job.level == "positions" else by_level(job.session.graph, edges, job.level))


METHOD = Method(
    "flow-routes",
    "Information flow routes",
    "what share of each stream a writer makes up; no counterfactual",
    flow_routes,
    meaning=SHARE,
    replaces=False,
    slopes=False,
)


def _importance(job: Job) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The importance of every edge [edges], and of every node at every position [writers, position], over its edges:
    that is divided by the positions, so that both have one sum."""
    import torch

    from core.engine.state import stream_before

    engine, graph = job.session.engine, job.session.graph
    state, lengths = engine.clean(full=True), torch.tensor(engine.extent.lengths, device="cpu")
    here = torch.arange(engine.length, device="cpu") < lengths[:, None]
    real = here / lengths[:, None] / engine.batch  # [batch, position]
    outs = torch.stack([state.out(engine.adapter, node) for node in graph.writers])
    edges, positions = np.zeros(graph.n_edges), np.zeros((graph.n_writers, engine.length))
    for number, (_, group) in enumerate(groupby(graph.readers, _stream)):
        job.check()
        progress.at(number / (2 * graph.layers + 1))
        readers = list(group)
        stream = stream_before(state, readers[0], graph.parallel)
        of_writers = shares(outs[: graph.writers_before(readers[0])], stream).cpu().double() * real
        by_position = of_writers.sum(dim=1).numpy()
        positions[: len(by_position)] += len(readers) * by_position
        for reader in readers:
            edges[graph.edges_into(reader)] = by_position.sum(axis=1)
    return edges, positions


def _stream(reader: Reader) -> tuple[str, int]:
    """What readers of one stream have in common."""
    return ("attention" if reader.kind in ("q", "k", "v") else reader.kind, reader.layer)


def shares(parts: Tensor, total: Tensor) -> Tensor:
    """Step 1: the shares of parts [parts, batch, position, width] in a sum [batch, position, width], at least fp32."""
    import torch

    wide = torch.promote_types(total.dtype, torch.float32)
    total = total.to(wide)
    size = total.abs().sum(dim=-1)
    near = torch.stack([size - (part.to(wide) - total).abs().sum(dim=-1) for part in parts]).clamp(min=0)
    return near / near.sum(dim=0).clamp(min=torch.finfo(near.dtype).tiny)
