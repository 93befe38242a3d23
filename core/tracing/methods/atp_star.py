"""AtP* (Kramar et al. 2024, "AtP*: An efficient and scalable method for localizing LLM behaviour to components"): EAP
with two repairs for what a gradient misses.

Steps:
1. Run A; take the gradients that EAP takes, and that at what every head mixes, z.
2. Queries and keys (their "QK fix"): an edge u -> r into one is really replaced as far as z, through norm, projection
   and softmax, since a softmax that is full has no slope. Its estimate is (z - z with replacement_u) . gradient_z: the
   change of the attention pattern times the gradient at the pattern. Other edges are those of EAP.
3. GradDrop: where an edge helps by one path and harms by another, both cancel. For each layer l take the gradients
   again with nothing passed back through what layer l adds (one backward pass each), and with them the estimates I_l.
4. The size of a score is the mean of |I_l| over all layers l, its sign that of the estimate without dropping. Dropping
   the layer of the edge's own reader would cut the edge off, so that I_l is the estimate without dropping. (The paper
   leaves it out and divides by L - 1. Of two layers one would then be left, and its dropping cuts every path that goes
   through both: in compiled models of two layers parts of the circuit would score 0.)

A node's I_l is the sum over its edges, without those that dropping l cuts off, and its score is made of them in the
same way. At a position it is the same with what the node writes there alone replaced: of the keys, which
share a softmax, only the one at that position changes, which is exact without another run of the head
(`core.tracing.atp_star_softmax`). So positions do not add up to nodes.

Cost: two forward and (L + 1) / 2 backward passes, as many matrix products as EAP for L of them, and for every writer
and layer a norm, a projection to queries and keys, and their attention. What is kept of gradients is those of one layer
at a time (`core.engine.dropped`). Positions cost about as much as edges. Do not use
it to add scores up: sizes are means of absolute values, and large where there is much to cancel. Nor where MLPs
saturate: only the softmax is repaired.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core import progress
from core.progress import stage
from core.tracing.job import Job, MethodResult, by_level
from core.tracing.method import Method
from core.tracing.methods import eap

if TYPE_CHECKING:
    from core.engine.dropped import DroppedGradients, LayerGradients

FORWARD = 0.05  # of the time, about
Estimates = NDArray[np.float64]  # without dropping, then without layer 0, 1, ...: [1 + layers, ...]


@dataclass
class AtpStarState:
    """layers: those whose readers are still to be done, with `logits` one more than the model's."""

    estimates: Estimates
    layers: int


def atp_star(job: Job) -> Iterator[MethodResult]:
    import torch

    from core.engine.dropped import DroppedGradients
    from core.tracing.attribution import first_row

    session, graph = job.session, job.session.graph
    first = first_row(session, job.replacement)
    with stage(0.0, FORWARD):
        (run,) = eap.gradients(session, first, kind=DroppedGradients)
    assert isinstance(run, DroppedGradients)
    positions = job.level == "positions"
    size = (graph.n_writers, session.engine.length) if positions else (graph.n_edges,)
    nothing = 0.0 if positions else np.nan
    state = job.state(lambda: AtpStarState(np.full((1 + graph.layers, *size), nothing), graph.layers + 1))
    estimates = state.estimates
    for layer in reversed(range(graph.layers + 1)):
        job.check()
        gradients = None if layer == graph.layers else run.back()
        if layer >= state.layers:
            continue  # it is done, of a trace that goes on
        added = np.zeros_like(estimates)
        with torch.no_grad(), stage(_share(graph.layers, layer + 1), _share(graph.layers, layer)):
            _add(job, run, gradients, layer, first, added)
        if positions:
            estimates += added
        else:
            into = graph.edge_readers // (graph.heads + 2 * graph.kv_heads + 1) == layer
            estimates[:, into] = added[:, into]
        state.layers = layer
        if layer > 0:
            values = _scores(job, estimates)
            if positions:
                values[: layer * (graph.heads + 1)] = np.nan  # earlier layers read them too
            yield MethodResult(values, _share(graph.layers, layer))
    yield MethodResult(_scores(job, estimates))


METHOD = Method(
    "atp-star",
    "AtP*",
    "gradients at A, with attention computed exactly; each layer is left out once, so that effects do not cancel",
    atp_star,
    alone=True,
)


def _share(layers: int, layer: int) -> float:
    """What of the work is done when all layers from this one on are."""
    return FORWARD + (1 - FORWARD) * (1 - layer / (layers + 1))


def _scores(job: Job, estimates: Estimates) -> NDArray[np.float64]:
    """Step 4."""
    if job.level == "nodes":
        estimates = np.stack([by_level(job.session.graph, each, "nodes") for each in estimates])
    means: NDArray[np.float64] = np.sign(estimates[0]) * np.abs(estimates[1:]).mean(axis=0)
    return means / job.session.engine.batch


def _add(
    job: Job, run: DroppedGradients, gradients: LayerGradients | None, layer: int, first: int, added: Estimates
) -> None:
    """The estimates of all edges into the readers of a layer (after the last: `logits`), or of what nodes lose by them
    at positions. gradients: of the layer."""
    import torch
    import torch.nn.functional as F

    from core.precision import widened
    from core.tracing.atp_star_softmax import through_softmax
    from core.tracing.attribution import BLOCK_BYTES, add_table
    from core.tracing.losses import Losses

    session, graph = job.session, job.session.graph
    shape, last = session.model.adapter.shape, gradients is None
    positions = job.level == "positions"
    if gradients is None:
        by_reader = run.logits()[None]
    else:
        values = gradients.values.permute(3, 0, 1, 2, 4)  # [kv_heads, drops, batch, ...]
        at_values = run.to_stream(layer, values, shape.heads + shape.kv_heads)
        by_reader = torch.cat([at_values, gradients.mlp[None]])
    by_reader = widened(by_reader)
    at_writer = by_reader[0, 0]
    block = max(1, BLOCK_BYTES // (at_writer.numel() * at_writer.element_size() * (1 if last else 4)))
    by_ports = 1 + layer * (graph.heads + 1)  # writers that queries, keys and values read
    before = graph.n_writers if last else by_ports + (0 if graph.parallel else graph.heads)
    losses = Losses(session, job.replacement, first)
    for start in range(0, before, block):
        job.check()
        progress.at(start / before)
        writers = graph.writers[start : min(start + block, before)]
        lost = torch.stack([losses.of_node(node) for node in writers])
        if positions:
            table = torch.einsum("dbtw,ubtw->dut", by_reader[-1], lost)[None]
        else:
            table = by_reader.flatten(2) @ lost.flatten(1).T  # [readers, drops, writers]
        if gradients is not None and start < by_ports:
            at_z = widened(gradients.mixed)
            through = through_softmax(job, layer, lost, at_z, first, positions)
            if positions:
                of_values = torch.einsum("dbtw,ubtw->dut", by_reader[:-1].sum(dim=0), lost)
                table[0, :, : by_ports - start] += (through.sum(dim=0) + of_values)[:, : by_ports - start]
            else:
                table = torch.cat([through, table])
        elif not last and not positions:
            table = F.pad(table, (0, 0, 0, 0, shape.heads + shape.kv_heads, 0))  # no such edges
        for place in range(1 + graph.layers):
            drop = place - 1
            if drop == layer and job.level != "edges":
                continue  # nothing is passed back through these readers
            of_drop = table[:, drop - layer if layer < drop else 0]
            if positions:
                added[place, start : start + len(writers), first:] += of_drop[0].cpu().double().numpy()
            else:
                add_table(graph, added[place], layer, of_drop, start)
