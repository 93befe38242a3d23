"""AtP* (Kramar et al. 2024, "AtP*: An efficient and scalable method for localizing LLM behaviour to components"): EAP
with two repairs for what a gradient misses.

Steps:
1. Run A; take the gradients that EAP takes, and that at what every head mixes, z.
2. Queries and keys: an edge u -> r into one is really replaced as far as z, through norm, projection and softmax, since
   a softmax that is full has no slope. Its estimate is (z - z with replacement_u) . gradient_z: the change of the
   attention pattern times the gradient at the pattern. Other edges are those of EAP.
3. GradDrop: where an edge helps by one path and harms by another, both cancel. For each layer l take the gradients
   again with nothing passed back through what layer l adds (one backward pass each), and with them the estimates I_l.
4. The size of a score is the mean of |I_l| over the layers, but for that of the edge's own reader, whose dropping cuts
   the edge off (the paper divides by L - 1). Its sign is that of the estimate without dropping. A node's I_l is the sum
   over its edges, and its score the mean of |I_l| over all layers, with the sign of the sum without dropping.

Cost: one forward and L backward passes, as many matrix products as EAP for each of them, and for every writer and
layer a norm, a projection to queries and keys, and their attention. Do not use it to add scores up: sizes are means of
absolute values, and large where there is much to cancel. Positions are not scored: keys of several positions share one
softmax.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.engine.attention import attend, project, score_mask
from core.engine.gradients import ReaderGradients
from core.graph import Graph
from core.tracing import eap
from core.tracing.attribution import BLOCK_BYTES, add_table, first_row, replaced_difference
from core.tracing.job import Found, Job

Estimates = NDArray[np.float64]  # [drops, edges]: without dropping, then without layer 1, 2, ...


def atp_star(job: Job) -> Iterator[Found]:
    session, graph = job.session, job.session.graph
    first = first_row(session, job.replacement)
    (run,) = eap.gradients(session, first, droppable=True)
    gradients = [_Gradients(run, None)]
    for layer in range(1, graph.layers):  # dropping the first one changes no gradient but its own
        job.check()
        gradients.append(_Gradients(run, layer))
    estimates = np.full((len(gradients), graph.n_edges), np.nan)
    for layer in reversed(range(graph.layers + 1)):
        job.check()
        readers = graph.edge_readers == len(graph.readers) - 1 if layer == graph.layers else _of_layer(graph) == layer
        estimates[:, readers] = 0.0
        with torch.no_grad():
            _fill(job, run, gradients, layer, first, estimates)
        if layer > 0:
            yield Found(_scores(job, estimates), 1 - layer / (graph.layers + 1))
    yield Found(_scores(job, estimates))


class _Gradients:
    """The gradients that estimates need, without those through one layer (None: all of them). Only layers before it
    have others than without dropping.

    z, v: [layers] of [batch, rows, heads, head_width]; mlp: [layers] of [batch, rows, width]."""

    def __init__(self, run: ReaderGradients, dropped: int | None) -> None:
        run.drop(dropped)
        layers = range(run.adapter.shape.layers if dropped is None else dropped)
        self.z, self.v, self.mlp = ([run.at(what, layer) for layer in layers] for what in ("z", "v", "mlp"))
        self.logits = run.logits()[0]
        self.dropped = dropped


def _of_layer(graph: Graph) -> NDArray[np.int64]:
    """The layer of every edge's reader; of `logits`, the number of layers."""
    per_layer = graph.heads + 2 * graph.kv_heads + 1
    return graph.edge_readers.astype(np.int64) // per_layer


def _scores(job: Job, estimates: Estimates) -> NDArray[np.float64]:
    """Step 4."""
    graph = job.session.graph
    of_layer, plain, layers = _of_layer(graph), estimates[0], graph.layers
    by_drop = []  # the estimates without each layer
    for dropped in range(layers):
        behind = estimates[dropped] if dropped > 0 else plain
        by_drop.append(np.where(of_layer > dropped, plain, np.where(of_layer < dropped, behind, 0.0)))
    if job.level == "edges":
        counted = np.where(of_layer == layers, layers, max(layers - 1, 1))
        size = np.sum(np.abs(by_drop), axis=0) if layers > 1 else np.abs(plain)
        found: NDArray[np.float64] = np.sign(plain) * size / np.where(layers > 1, counted, 1)
        return found / job.session.engine.batch

    def at_nodes(values: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.zeros(graph.n_writers)
        np.add.at(total, graph.edge_writers, values)
        return total

    found = np.sign(at_nodes(plain)) * np.mean([np.abs(at_nodes(values)) for values in by_drop], axis=0)
    return found / job.session.engine.batch


def _fill(
    job: Job, run: ReaderGradients, gradients: list[_Gradients], layer: int, first: int, estimates: Estimates
) -> None:
    """The estimates of all edges into the readers of a layer (after the last: `logits`)."""
    session, graph = job.session, job.session.graph
    shape, last = session.model.adapter.shape, layer == graph.layers
    numbers = [n for n, each in enumerate(gradients) if n == 0 or (not last and n > layer)]  # those that differ
    which = [gradients[number] for number in numbers]
    if last:
        by_reader = torch.stack([each.logits for each in which])[None]
    else:
        values = torch.stack([each.v[layer] for each in which]).permute(3, 0, 1, 2, 4)  # [kv_heads, drops, batch, ...]
        at_values = run.to_stream(layer, values, shape.heads + shape.kv_heads)
        by_reader = torch.cat([at_values, torch.stack([each.mlp[layer] for each in which])[None]])
    one = by_reader[0, 0]
    block = max(1, BLOCK_BYTES // (one.numel() * one.element_size() * (1 if last else 4)))
    before = graph.n_writers if last else 1 + layer * (graph.heads + 1) + (0 if graph.parallel else graph.heads)
    for start in range(0, before, block):
        job.check()
        writers = graph.writers[start : min(start + block, before)]
        lost = -torch.stack([replaced_difference(session, node, job.replacement)[:, first:] for node in writers])
        table = by_reader.flatten(2) @ lost.flatten(1).T  # [readers, drops, writers]
        if not last:
            at_z = torch.stack([each.z[layer] for each in which])
            table = torch.cat([_through_softmax(job, layer, lost, at_z, first), table])
        for place, number in enumerate(numbers):
            add_table(graph, estimates[number], layer, table[:, place], start)


def _through_softmax(job: Job, layer: int, lost: Tensor, at_z: Tensor, first: int) -> Tensor:
    """Step 2: [q and k ports of a layer, drops, writers]. lost: [writers, batch, rows, width], what a port would read
    less. at_z: [drops, batch, rows, heads, head_width]."""
    engine, adapter = job.session.engine, job.session.model.adapter
    shape, weights, clean = adapter.shape, adapter.attention[layer], engine.clean(full=True)
    count, group, d = len(lost), shape.heads // shape.kv_heads, shape.head_width
    x = clean.attention_in[layer][:, first:]
    rows = slice(0, (shape.heads + shape.kv_heads) * d)

    def ports(stream: Tensor) -> tuple[Tensor, Tensor]:
        projected = project(weights, adapter.attention_norm(layer, stream), rows)
        by_head = projected.reshape(*projected.shape[:2], -1, d)
        return by_head[:, :, : shape.heads], by_head[:, :, shape.heads :]

    places = clean.places(first)
    mask = score_mask(adapter, layer, places)

    def repeated(part: Tensor) -> Tensor:
        return part.repeat(count, 1, 1, 1)

    def dropped(z: Tensor) -> Tensor:
        """(z - z with replacements) . gradient, by head: [heads, drops, writers]."""
        change = clean.z[layer][:, first:] - z.unflatten(0, (count, -1))  # type: ignore[no-untyped-call]
        by_head = change.permute(3, 0, 1, 2, 4).flatten(2)
        found: Tensor = at_z.permute(3, 0, 1, 2, 4).flatten(2) @ by_head.transpose(1, 2)
        return found

    def with_queries(q: Tensor) -> Tensor:
        turned = adapter.query(layer, q, places)
        return dropped(attend(weights, turned, repeated(clean.k[layer]), repeated(clean.v[layer]), mask))

    def with_keys(k: Tensor) -> Tensor:
        turned = torch.cat([repeated(clean.k[layer][:, :first]), adapter.key(layer, k, places)], dim=1)
        return dropped(attend(weights, repeated(clean.q[layer][:, first:]), turned, repeated(clean.v[layer]), mask))

    q, k = ports((x - lost).flatten(0, 1))
    if not shape.coupled:
        return torch.cat([with_queries(q), with_keys(k).unflatten(0, (-1, group)).sum(dim=1)])  # type: ignore[no-untyped-call]
    own_q, own_k = (repeated(part) for part in ports(x))  # a norm may span all heads, so that each moves the others
    found = []
    for whole, new, run in ((own_q, q, with_queries), (own_k, k, with_keys)):
        for head in range(new.shape[2]):
            one = whole.clone()
            one[:, :, head] = new[:, :, head]
            found.append(run(one).sum(dim=0))
    return torch.stack(found)
