"""Path patching with all other heads frozen (Wang et al. 2022, "Interpretability in the Wild", section 3.1 and appendix
B).

What is asked: how much does a sender act on the output through given receivers, along the direct path and paths through
MLPs, while no other head reacts?

1. Run A with all heads frozen to A, but the sender, which writes what it writes in B; MLPs are computed anew. Keep what
   the receivers read.
2. Run A, and let the receivers read that.

Both steps together are one circuit run with A and B exchanged: in a run over B whose other edges carry A's values, keep

    all edges between what writes before the sender (so that the sender writes what it writes in B),
    sender -> MLPs between it and the receivers, and among these MLPs,
    sender and these MLPs -> the receivers,
    receivers -> everything behind them, and all edges among that.

It is exact: no MLP is on both sides as long as the senders write in one layer, and the receivers read in one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from core.circuit import Circuit
from core.errors import ArgumentError, EditError
from core.graph import Edge, Graph, Node, Reader
from core.inputs.pair import Pair
from core.result import Result
from core.session import Session
from core.towers_graph import check_one_tower


def path_patching(
    session: Session,
    senders: Node | str | Sequence[Node | str],
    receivers: Reader | str | Sequence[Reader | str] = "logits",
    cancelled: Callable[[], bool] | None = None,
) -> Result:
    """The run over A in which the receivers read what B's sender sends them, directly and through MLPs, all other heads
    frozen. Its metric is the session's, so that the effect is `.metric - session.clean.metric`.

    senders: nodes of one layer (heads, an MLP, or `input`). receivers: readers of one layer (`a9.h6<q>`, `->m5`), or
    `logits`; of a head by its name all three ports. Raises ArgumentError for others, EditError without a B, Cancelled.
    """
    graph = session.graph
    check_one_tower(graph, "Path patching")
    sending = [_node(graph, sender) for sender in _listed(senders)]
    reading = [reader for receiver in _listed(receivers) for reader in _readers(graph, receiver)]
    pair, b = session.pair, session.pair.counterfactual
    if b is None:
        raise EditError("There is no counterfactual input to patch from.", "Give an input B.")
    swapped = Session(
        session.model,
        Pair(b, pair.clean, pair.grid, pair.prefix, pair.roles, pair.regions),
        parity=session.parity,
        memory_megabytes=session.memory / 2**20,
    )
    run = swapped.run_circuit(path_circuit(graph, sending, reading), "patch", cancelled)
    return replace(run, metric=session.metric(run.answer))


def path_circuit(graph: Graph, senders: Sequence[Node], receivers: Sequence[Reader]) -> Circuit:
    """The edges that step 1 and 2 keep, of which those outside carry A's values. Raises ArgumentError."""
    if not senders or not receivers:
        raise ArgumentError("Path patching goes from a sender to a receiver.", "Name one of each at least.")
    if len({(node.kind, node.layer) for node in senders}) > 1:
        raise ArgumentError("The senders write in different places.", "Give heads of one layer, one MLP, or `input`.")
    layers = {graph.layers if reader.kind == "logits" else reader.layer for reader in receivers}
    if len(layers) > 1 or len({reader.kind == "mlp" for reader in receivers}) > 1:
        raise ArgumentError(
            "The receivers read in different layers.", "Give ports of heads of one layer, one MLP, or `logits`."
        )
    first = min(graph.writer_index(node) for node in senders)
    last = min(graph.writers_before(reader) for reader in receivers)
    if max(graph.writer_index(node) for node in senders) >= last:
        raise ArgumentError(f"{receivers[0].name} reads before {senders[0].name} writes.", "Give a later receiver.")
    between = [node for node in graph.writers[first:last] if node.kind == "mlp" and node not in senders]
    between = [node for node in between if _can_read(graph, node, senders)]
    sent = {graph.writer_index(node) for node in (*senders, *between)}
    inside = {graph.reader_index(graph.ports(node)[0]) for node in between}
    receiving = {graph.reader_index(reader) for reader in receivers}
    fed = [node for reader in receivers for node in graph.readers_of(reader) if node.kind != "logits"]
    if fed and fed[0].kind == "head":
        fed = _moved(graph, fed)
    changed = [node in fed or _can_read(graph, node, fed) for node in graph.writers]
    before = _before(graph, senders)
    kept = np.zeros(graph.n_edges, dtype=bool)
    for edge, (reader, writer) in enumerate(zip(graph.edge_readers.tolist(), graph.edge_writers.tolist(), strict=True)):
        if reader in receiving or reader in inside:
            kept[edge] = writer in sent
        else:
            kept[edge] = reader in before or changed[writer]
    return Circuit(graph, np.flatnonzero(kept).astype(np.int64))


def _before(graph: Graph, senders: Sequence[Node]) -> set[int]:
    """The numbers of all readers that what the senders write depends on."""
    sending = _moved(graph, senders) if senders[0].kind == "head" else senders
    ports = [port for node in sending for port in graph.ports(node)]
    earlier = max((graph.writers_before(port) for port in ports), default=0)
    ports += [port for node in graph.writers[:earlier] for port in graph.ports(node)]
    return {graph.reader_index(port) for port in ports}


def _moved(graph: Graph, heads: Sequence[Node]) -> list[Node]:
    """Heads of a layer, and those that write otherwise when they do: all, where a norm holds them together."""
    return [Node("head", heads[0].layer, head) for head in range(graph.heads)] if graph.coupled else list(heads)


def _can_read(graph: Graph, node: Node, writers: Sequence[Node]) -> bool:
    """Whether a node comes behind one of some writers."""
    before = max((graph.writers_before(port) for port in graph.ports(node)), default=0)
    return any(graph.writer_index(writer) < before for writer in writers)


def _listed(names: Node | Reader | str | Sequence[Node | Reader | str]) -> list[Node | Reader | str]:
    return [names] if isinstance(names, Node | Reader | str) else list(names)


def _node(graph: Graph, sender: Node | Reader | str) -> Node:
    node = graph.parse(sender) if isinstance(sender, str) else sender
    if not isinstance(node, Node):
        raise ArgumentError(f"{sender} does not write.", "Senders are nodes: a9.h6, m3, input.")
    graph.writer_index(node)
    return node


def _readers(graph: Graph, receiver: Node | Reader | str) -> list[Reader]:
    target = graph.parse(receiver) if isinstance(receiver, str) else receiver
    if isinstance(target, Edge):
        raise ArgumentError(f"{target.name} is an edge.", "Receivers are readers: a9.h6<q>, ->m3, logits.")
    readers = list(graph.ports(target)) if isinstance(target, Node) else [target]
    if not readers:
        raise ArgumentError(f"{target.name} reads nothing.", "Receivers are readers: a9.h6<q>, ->m3, logits.")
    return readers
