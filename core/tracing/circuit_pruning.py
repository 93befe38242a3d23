"""Circuit pruning: attribution in the circuit that is left, again and again (Wirescope's own).

Other attribution methods judge an edge in the whole model, once. What it is worth in a small circuit can be something
else: there most of what it worked with is gone. So:

Steps:
1. Begin with all edges. In the circuit that is left, open its edges together: at `steps` shares (midpoints) every kept
   edge carries that share of what its writer adds in this very run, every other edge its replacement.
2. The worth of a kept edge is the mean over the shares of (out_u - replacement_u) . gradient_r. The worths of all kept
   edges add up to m(circuit) - m(nothing), as with integrated edges.
3. Drop the edges of the least absolute worth, so that KEPT of them remain, and those that are then on no path from
   `input` to `logits`. Go on with 1 until one path is left.
4. An edge's score has the sign of its worth in the last circuit that had it; its size says when it was dropped: it is
   at least the largest size of all that were dropped before. So a ranking by size is the order of dropping backwards.

Cost: `steps` forwards and two backwards each for every round; the number of rounds goes with the logarithm of the
number of edges (16 for SmolLM2). Do not use it for the effect of a single edit in the whole model, nor where one round
of another method is all there is time for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from core.circuit import connected
from core.engine.circuit_gradients import CircuitGradients
from core.graph import Graph
from core.tracing.attribution import first_row
from core.tracing.job import Found, Job, by_level

KEPT = 0.6  # of the edges, each round
LEAST = 4  # edges: with fewer there is nothing to choose between


def circuit_pruning(job: Job) -> Iterator[Found]:
    graph = job.session.graph
    everything = np.arange(graph.n_edges, dtype=np.int64), np.zeros(graph.n_edges)
    left, worth = job.memory.get("left", everything)
    dropped: list[NDArray[np.int64]] = job.memory.setdefault("dropped", [])  # the first to go first
    rounds = int(np.ceil(np.log(graph.n_edges / LEAST) / -np.log(KEPT)))
    while len(left) > LEAST:
        worth[left] = _worths(job, left)
        order = left[np.argsort(np.abs(worth[left]), kind="stable")]
        kept = np.sort(order[len(order) - int(KEPT * len(order)) :])
        kept = kept[connected(graph, kept)]
        if not len(kept):
            break
        gone = order[~np.isin(order, kept)]
        dropped.append(gone)
        left = kept
        job.memory["left"] = left, worth
        if len(left) > LEAST:
            share = min(0.99, len(dropped) / rounds)
            yield Found(by_level(graph, _scores(graph, worth, dropped, left), job.level), share)
    yield Found(by_level(graph, _scores(graph, worth, dropped, left), job.level))


def _worths(job: Job, edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """What each edge of a circuit is worth in it: [edges], in their order."""
    steps, graph = job.options.steps, job.session.graph
    readers, writers = graph.edge_readers[edges], graph.edge_writers[edges]
    total = np.zeros(len(edges))
    for session in job.sessions:
        first = first_row(session, job.replacement)
        for step in range(steps):
            shares = torch.zeros(len(graph.readers), graph.n_writers, dtype=torch.float64)
            shares[readers, writers] = (step + 0.5) / steps
            found = CircuitGradients(session.engine, shares, job.replacement, session.metric, first, job.cancelled)
            total += found.by_share[readers, writers].double().cpu().numpy()
    return total / steps / job.pairs


def _scores(
    graph: Graph, worth: NDArray[np.float64], dropped: list[NDArray[np.int64]], left: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Step 4."""
    order = np.concatenate([*dropped, left[np.argsort(np.abs(worth[left]), kind="stable")]])
    sizes = np.maximum.accumulate(np.abs(worth[order]))
    scores = np.zeros(graph.n_edges)
    tie = 1e-9 * max(sizes[-1], 1e-30) / len(order)  # keeps the order where sizes are equal
    scores[order] = np.where(worth[order] < 0, -1.0, 1.0) * (sizes + tie * np.arange(len(order)))
    return scores
