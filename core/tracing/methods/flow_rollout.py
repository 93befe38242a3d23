"""Flow rollout: what the output is made of, followed from the output down as a product of shares. No counterfactual, no
gradient. Wirescope's own: it takes the shares of information flow routes (`flow_routes.py`) and multiplies them along
the way, as attention rollout does with patterns (Abnar and Zuidema 2020).

Steps:
1. At a reader's stream and a position, the share of what a writer added there: step 1 of `flow_routes.py`.
2. In a head, the same of what it carries from key position j to query position i, pattern[i, j] * (value_j W_O), in
   what it writes at i. (In a coupled model, times the layer's joint scale.)
3. All flow, 1, arrives in `logits` at the positions that it reads. From there down, a reader passes what flows through
   it to its writers by their shares; a head to its values by theirs; an MLP to its own reader.
4. The score of an edge is the flow along it, over all positions; of a node, what flows out of it.

The scores are shares of the flow, from 0 to 1, and have no sign. Where a head looks is taken as given: edges into
queries and keys get 0. What would replace an edge plays no part, nor does the metric. Biases that belong to no head are
no writers and take no flow.

Cost: one forward; norms of differences, [writers, streams, position, width], and in each head [query, key, width].
Do not use it to ask what a prediction turns on rather than what it is made of: large parts that A and B share score
high.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from core import progress
from core.graph import Node, Reader
from core.tracing.job import Job, MethodResult
from core.tracing.meaning import SHARE
from core.tracing.method import Method
from core.tracing.methods.flow_routes import shares

if TYPE_CHECKING:
    from torch import Tensor

    from core.engine.state import RunState

BLOCK_BYTES = 16 * 2**20  # of differences whose norms are taken at once


def flow_rollout(job: Job) -> Iterator[MethodResult]:
    import torch

    with torch.no_grad():
        edges, nodes = _flows(job)
    if job.level == "edges":
        yield MethodResult(edges)
    else:
        yield MethodResult(nodes.sum(axis=1) if job.level == "nodes" else nodes)


METHOD = Method(
    "flow-rollout",
    "Flow rollout",
    "what the output is made of, by shares multiplied from the output down; no counterfactual",
    flow_rollout,
    meaning=SHARE,
    replaces=False,
    slopes=False,
)


def _flows(job: Job) -> tuple[np.ndarray, np.ndarray]:
    """What flows along every edge [edges] and out of every node [writers, position], means over the batch."""
    import torch

    from core.engine.state import stream_before

    engine, graph = job.session.engine, job.session.graph
    adapter, state = engine.adapter, engine.clean(full=True)
    outs = torch.stack([state.out(adapter, node) for node in graph.writers])
    wide = torch.promote_types(outs.dtype, torch.float32)
    flows = torch.zeros(outs.shape[:3], dtype=wide, device=outs.device)  # [writers, batch, position]
    edges = np.zeros(graph.n_edges)

    def pass_on(readers: dict[Reader, Tensor]) -> None:
        """Step 3: readers of one stream, and what flows through each [batch, position]."""
        of = next(iter(readers))
        of_writers = shares(outs[: graph.writers_before(of)], stream_before(state, of, graph.parallel))
        for reader, flow in readers.items():
            along = of_writers * flow
            edges[graph.edges_into(reader)] = along.sum(dim=2).mean(dim=1).cpu().numpy()
            flows[: len(along)] += along

    arriving = torch.zeros_like(flows[0])
    if engine.reads is None:
        arriving += 1 / engine.length
    else:
        each = torch.full_like(arriving[:, :1], 1 / engine.reads.shape[1])
        arriving.scatter_add_(1, engine.reads, each.expand(engine.reads.shape))
    pass_on({Reader("logits"): arriving})
    group = graph.heads // graph.kv_heads
    for layer in reversed(range(graph.layers)):
        job.check()
        progress.at(1 - (layer + 1) / graph.layers)
        pass_on({Reader("mlp", layer): flows[graph.writer_index(Node("mlp", layer))]})
        shared = graph.kv_heads != graph.heads
        values = {Reader("v", layer, kv, shared): torch.zeros_like(arriving) for kv in range(graph.kv_heads)}
        for reader, into in values.items():
            for head in range(reader.head * group, (reader.head + 1) * group):
                number = graph.writer_index(Node("head", layer, head))
                into += (flows[number][:, :, None] * _moved(job, state, layer, head, outs[number])).sum(dim=1)
        pass_on(values)
    return edges, flows.mean(dim=1).cpu().numpy()


def _moved(job: Job, state: RunState, layer: int, head: int, out: Tensor) -> Tensor:
    """Step 2: the shares of key positions in what a head writes: [batch, query, key]."""
    import torch

    adapter = job.session.model.adapter
    shape, weights = adapter.shape, adapter.attention[layer]
    attention = state.pattern(adapter, layer, head)
    d = shape.head_width
    values = state.v[layer][:, :, head * shape.kv_heads // shape.heads]
    written = values @ weights.w_o[:, head * d : (head + 1) * d].T.to(values.device)
    factor = state.factors[layer]
    step = max(1, BLOCK_BYTES // (written.numel() * written.element_size()))
    blocks = []
    for start in range(0, out.shape[1], step):
        job.check()
        rows = slice(start, start + step)
        moves = attention[:, rows, :, None] * written[:, None]  # [batch, rows, key, width]
        if factor is not None:
            moves = moves * factor[:, rows, None]
        blocks.append(shares(moves.permute(2, 0, 1, 3), out[:, rows]).permute(1, 2, 0))
    return torch.cat(blocks, dim=1)
