"""A circuit unfolded over the positions of the stream: what each of its edges and heads carries, position by position.

Two kinds of links:

1. A *wire* is an edge u -> r at one position. Its score is EAP's at that position,
   -(replacement_u - out_u) . gradient_r, so an edge's scores sum to its score (Syed et al. 2023; with "eap-ig" the
   gradients are averaged from B to A, Hanna et al. 2024).
2. A *move* is what a head carries from key position j to query position i: the vector pattern[i, j] * (value_j W_O),
   the share of the head's output that comes from j (Kobayashi et al. 2020, "Attention is not only a weight", section
   3, who take its norm). Here it is not its norm that counts but what it does: its score is
   -(replacement - move) . gradient of the metric at the head's output, so that it has a sign and the unit of the
   metric, and a head's moves into a position sum to the score of the head there.

   What takes a move's place: `zero` nothing; `patch` the same head's move in B, with B's pattern and B's value; `mean`
   the head's mean output, pattern[i, j] of it. (With an attention sink the pattern sums to less than 1; under `mean`
   the rest of the head's mean belongs to no move.)

Scores are estimated, and positive where the link raises the metric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.edits import EditKind
from core.engine.replacement import ablation
from core.engine.state import RunState
from core.errors import ArgumentError, Cancelled
from core.graph import Graph, Node
from core.precision import widened
from core.session import Session
from core.tracing.losses import Losses
from core.tracing.method import METHODS, method_named
from core.tracing.node_gradients import from_the_last
from core.tracing.told_options import Options

Cancel = Callable[[], bool] | None
Scores = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Unfolded:
    """A circuit over columns: positions, or groups of them. All scores in the unit of the metric, means over the batch.

    edges: [edges], by their number in the graph. wires: [edges, columns]. nodes: all ends of the edges that write,
    every head of a group that shares its keys and values. presence: [nodes, columns], the score of a node there, over
    all its edges. heads: those among the nodes, as places in `nodes`. moves: [heads, query column, key column].
    """

    graph: Graph
    edges: NDArray[np.int64]
    wires: Scores
    nodes: tuple[Node, ...]
    presence: Scores
    heads: NDArray[np.int64]
    moves: Scores

    def merged(self, columns: Sequence[Sequence[int]]) -> Unfolded:
        """The same over columns that hold several positions each: sums. Raises ArgumentError for positions outside."""
        length = self.wires.shape[1]
        into = np.zeros((length, len(columns)), dtype=np.float32)
        for column, positions in enumerate(columns):
            if any(not 0 <= position < length for position in positions):
                raise ArgumentError(
                    f"A column has a position outside the input: {list(positions)}.",
                    f"It has positions 0 to {length - 1}.",
                )
            into[list(positions), column] = 1.0
        moves = np.asarray(into.T @ self.moves @ into, dtype=np.float32)
        return Unfolded(self.graph, self.edges, self.wires @ into, self.nodes, self.presence @ into, self.heads, moves)


def unfold(
    session: Session,
    edges: Sequence[int],
    *,
    replacement: EditKind = "patch",
    method: str = "eap",
    steps: int = 5,
    cancelled: Cancel = None,
) -> Unfolded:
    """Score some edges, and the heads at their ends, at every position.

    edges: numbers in the graph, some dozens. method, steps: as in `trace`, of a method whose scores are of gradients
    (`Method.gradients`); replacement: `patch`, `zero` or `mean`. Cost: the method's gradients, and for each head a
    product of the pattern's size. Raises ArgumentError, EditError for a missing counterfactual, Cancelled.
    """
    graph = session.graph
    by = method_named(method)
    if by.gradients is None:
        able = ", ".join(each.name for each in METHODS.values() if each.gradients is not None)
        raise ArgumentError(f"Positions cannot be scored by {method!r}.", f"There are: {able}.")
    gradients = by.gradients(session, Options(steps=steps).of(by.takes))
    indices = np.asarray(edges, dtype=np.int64)
    nodes, losses = _nodes(graph, indices), Losses(session, replacement, 0)
    with torch.no_grad():
        differences = {node: -losses.of_node(node) for node in nodes}
        by_layer: dict[int, list[int]] = {}
        for place, index in enumerate(indices.tolist()):
            reader = graph.edge(index).reader
            by_layer.setdefault(graph.layers if reader.kind == "logits" else reader.layer, []).append(place)
        length = session.pair.length
        wires = np.zeros((len(indices), length), dtype=np.float32)
        presence = np.zeros((len(nodes), length), dtype=np.float32)
        heads = np.array([place for place, node in enumerate(nodes) if node.kind == "head"], dtype=np.int64)
        moves = np.zeros((len(heads), length, length), dtype=np.float32)

        def check() -> None:
            if cancelled is not None and cancelled():
                raise Cancelled

        for layer in from_the_last(graph, gradients, check):
            first = layer.layer * ((len(graph.readers) - 1) // graph.layers)
            for place in by_layer.get(layer.layer, ()):
                edge = graph.edge(int(indices[place]))
                gradient = layer.readers[graph.reader_index(edge.reader) - first]
                wires[place] = _score(differences[edge.writer], gradient)
            for place, node in enumerate(nodes):
                if node.layer == layer.layer:
                    presence[place] = _score(differences[node], layer.at(node))
            for row, place in enumerate(heads.tolist()):
                if nodes[place].layer == layer.layer:
                    moves[row] = _moves(session, nodes[place], layer.heads, replacement)
    return Unfolded(graph, indices, wires, nodes, presence, heads, moves)


def _nodes(graph: Graph, edges: NDArray[np.int64]) -> tuple[Node, ...]:
    """The ends of edges that write, in the order in which they write; of an edge into a shared key or value all the
    heads of its group."""
    nodes: set[Node] = set()
    for index in edges.tolist():
        edge = graph.edge(index)
        nodes.add(edge.writer)
        nodes.update(node for node in graph.readers_of(edge.reader) if node.kind != "logits")
    return tuple(sorted(nodes, key=graph.writer_index))


def _score(difference: Tensor, gradient: Tensor) -> Scores:
    """-(difference . gradient) at every position: [position], the mean over the batch."""
    products: Scores = -(difference * gradient).sum(dim=-1).mean(dim=0).float().cpu().numpy()
    return products


def _moves(session: Session, node: Node, gradient: Tensor, replacement: EditKind) -> Scores:
    """The scores of a head's moves: [query, key], the mean over the batch. gradient: at the head's output."""
    engine = session.engine
    scores, shares = _carried(session, engine.clean(full=True), node, gradient)
    carried = ablation(replacement)
    if carried.one_run:
        scores = scores - _carried(session, carried.run(engine.references), node, gradient)[0]
    else:
        value = carried.out(engine.references, node)
        scores = scores - shares * (value * gradient).sum(dim=-1)[:, :, None]
    moves: Scores = scores.mean(dim=0).float().cpu().numpy()
    return moves


def _carried(session: Session, state: RunState, node: Node, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """The product of each move of a head in a run with a gradient, and the pattern: both [batch, query, key]."""
    adapter = session.model.adapter
    shape, layer, head = adapter.shape, node.layer, node.head
    weights = adapter.attention[layer]
    shares = state.pattern(adapter, layer, head)
    factor = state.factors[layer]
    at_head = gradient if factor is None else gradient * factor
    width = shape.head_width
    at_z = widened(at_head) @ widened(weights.w_o[:, head * width : (head + 1) * width].to(at_head.device))
    values = widened(state.v[layer][:, :, head * shape.kv_heads // shape.heads])
    return shares * (at_z @ values.transpose(1, 2)), shares
