"""EAP-IG on activations (Hanna et al. 2024, "Have Faith in Faithfulness"; MIB, Mueller et al. 2025).

Stage by stage: the input, the heads of a layer together, the MLP of a layer.

Steps:
1. Run A from a stage on at `steps` points between the stage's replacements and what it writes in A: it adds
   replacement + s * (out - replacement), s at midpoints. All earlier nodes carry A's values.
2. Average the gradients at all later readers.
3. The score of an edge u -> r, u of that stage, is (out_u - replacement_u) . average gradient_r.

So the scores of the nodes of a stage add up to the exact change of the metric when the whole stage is replaced: that is
the integral along the line.

It differs from EAP-IG's code, and so from what MIB calls EAP-IG-activations: there the gradients of every stage count
for all edges and are divided by steps x stages, so that an edge is also scored by points at which its own writer stands
still. Here an edge counts in its writer's stage alone; figures of the two do not compare.

Cost: `steps` forwards and backwards for each stage, over the layers behind it: some `steps` * layers of each, where
EAP-IG on inputs takes `steps`. The points of a stage go together. Do not use it where EAP-IG on inputs already finds
the circuit: it is slower by the number of layers. Nodes and positions cost less than edges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.graph import Graph, Node
from core.progress import stage
from core.tracing.job import Job, MethodResult
from core.tracing.method import Method, runs_by_steps
from core.tracing.options import StepsOptions

if TYPE_CHECKING:
    from torch import Tensor

    from core.engine.gradients import ReaderGradients
    from core.engine.state import RunState

POSITIONS = 1024  # of all rows of one batch of points together


@dataclass
class StagesState:
    """scores: NaN where there are none yet. stages: how many are done; layers: that were run for them."""

    scores: NDArray[np.float64]
    stages: int = 0
    layers: int = 0


def eap_ig_activations(job: Job) -> Iterator[MethodResult]:
    import torch

    from core.tracing.attribution import first_row

    session, graph = job.session, job.session.graph
    shapes = {"edges": (graph.n_edges,), "nodes": (graph.n_writers,)}
    size = shapes.get(job.level, (graph.n_writers, session.engine.length))
    state = job.state(lambda: StagesState(np.full(size, np.nan)))
    first = first_row(session, job.replacement)
    stages = _stages(graph)
    layers = sum(graph.layers + 1 - layer for _, layer in stages)  # to run, over all stages
    for nodes, layer in stages[state.stages :]:
        job.check()
        after = state.layers + graph.layers + 1 - layer
        with torch.no_grad(), stage(state.layers / layers, after / layers):
            _score(job, nodes, first, state.scores)
        state.layers = after
        state.stages += 1
        if after < layers:
            yield MethodResult(state.scores.copy(), after / layers)
    yield MethodResult(state.scores.copy())


METHOD = Method(
    "eap-ig-activations",
    "EAP-IG on activations",
    "gradients averaged while the output of a layer goes step by step from its replacement to A's own",
    eap_ig_activations,
    takes=StepsOptions,
    forwards=runs_by_steps,
)


def _stages(graph: Graph) -> list[tuple[list[Node], int]]:
    """The nodes that write together, and the first layer that is run for them; the last ones first, which are
    quick."""
    stages = []
    for layer in reversed(range(graph.layers)):
        heads = [Node("head", layer, head) for head in range(graph.heads)]
        stages += [([Node("mlp", layer)], layer + 1), (heads, layer + 1 if graph.parallel else layer)]
    return [*stages, ([Node("input")], 0)]


def _score(job: Job, nodes: list[Node], first: int, scores: NDArray[np.float64]) -> None:
    """Fill in the scores of a stage's nodes, or of the edges out of them."""
    import torch

    from core.engine.sizes import gradient_bytes
    from core.precision import widened
    from core.tracing.attribution import add_table
    from core.tracing.losses import Losses

    session, graph = job.session, job.session.graph
    engine, steps, batch = session.engine, job.options_of(StepsOptions).steps, session.engine.batch
    losses = Losses(session, job.replacement, 0)
    changes = torch.stack([-losses.of_node(node) for node in nodes])
    lost = -changes[:, :, first:]  # [nodes, batch, rows, width]
    number = graph.writer_index(nodes[0])
    edges = np.zeros(graph.n_edges)
    at_nodes = torch.zeros_like(lost[0])
    fit = engine.memory // sum(gradient_bytes(engine.adapter, batch * (engine.length - first)))
    together = max(1, min(POSITIONS // (batch * (engine.length - first)), fit))
    for start in range(0, steps, together):
        job.check()
        shares = [(step + 0.5) / steps for step in range(start, min(start + together, steps))]
        with stage(start / steps, (start + len(shares)) / steps):
            gradients = _gradients(job, nodes[0], changes.sum(dim=0), shares, first)
        at_nodes += gradients.at_start().unflatten(0, (-1, batch)).sum(dim=0)  # type: ignore[no-untyped-call]
        if job.level == "edges":
            for layer in range(0 if nodes[0].kind == "input" else nodes[0].layer, graph.layers + 1):
                if graph.writers_before(graph.readers[_last_reader(graph, layer)]) <= number:
                    continue
                at_readers = widened(gradients.readers(layer)).unflatten(1, (-1, batch)).sum(dim=1)  # type: ignore[no-untyped-call]
                add_table(graph, edges, layer, at_readers.flatten(1) @ lost.flatten(1).T, number)
    if job.level == "edges":
        for node in nodes:
            out = graph.edges_out_of(node)
            scores[out] = edges[out] / (steps * batch)
        return
    products = (lost * at_nodes).sum(dim=(1, 3)).cpu().double().numpy() / (steps * batch)  # [nodes, rows]
    if job.level == "nodes":
        scores[number : number + len(nodes)] = products.sum(axis=1)
    else:
        scores[number : number + len(nodes), :first] = 0.0
        scores[number : number + len(nodes), first:] = products


def _last_reader(graph: Graph, layer: int) -> int:
    return (layer + 1) * ((len(graph.readers) - 1) // graph.layers) - 1 if layer < graph.layers else -1


def _gradients(job: Job, node: Node, change: Tensor, shares: list[float], first: int) -> ReaderGradients:
    """Of runs that start behind a stage, one a share. change: of what the stage adds, if all of it is replaced."""
    import torch

    from core.engine.gradients import ReaderGradients

    session, engine = job.session, job.session.engine
    clean = engine.clean(full=True)
    stream, start = _behind(clean, node, session.graph)
    streams = torch.cat([stream + (1 - share) * change for share in shares]).to(stream.dtype)

    reads = None if engine.reads is None else engine.reads.repeat(len(shares), 1)
    adapter, metric = session.model.adapter, session.reading.slope(engine.batch)
    return ReaderGradients(adapter, streams, reads, metric, engine.grid, below=clean, first=first, start=start)


def _behind(clean: RunState, node: Node, graph: Graph) -> tuple[Tensor, int]:
    """The stream after a stage, and the stage of the first readers that see what it adds."""
    if node.kind == "input":
        return clean.embedding, 0
    if node.kind == "head" and not graph.parallel:
        return clean.after_attention[node.layer], 2 * node.layer + 1
    if node.layer + 1 < graph.layers:
        return clean.attention_in[node.layer + 1], 2 * node.layer + 2
    assert clean.final is not None
    return clean.final, 2 * graph.layers
