"""What the views show: which of the graph's edges (the edits, the selection's strongest, the strongest of all), the
predictions, the list of edits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from app.document import Document
from app.messages import Ran
from core.edits import Edit, edit_words
from core.graph import Edge, Graph, Node
from views.data import CanvasData, EdgeMark, EditRow, Link, NodeMark, PredictionsData, Target
from views.widgets.text import change_words

STRONGEST = 48  # edges of the whole graph
OF_SELECTION = 24  # edges into a selected node, and as many out of it
LINKS = 6  # rows of "reads most" and of "writes most to"
WAITS = "waits for B"  # what is said of a patch that cannot be made now


def canvas_data(
    graph: Graph,
    scores: NDArray[np.float64] | None,
    document: Document,
    selection: tuple[Target, ...],
    measured: Mapping[Target, float],
    *,
    input_label: str,
    output_label: str,
    stale: bool,
    strongest: int = STRONGEST,
) -> CanvasData:
    """Choose and mark edges. scores: [edges], estimated. document: with a B only if patches can take from it.
    measured: change of the metric by editing a target."""
    edited: dict[Target, Edit] = {edit.target: edit for edit in document.edits}  # type: ignore[misc]
    chosen: set[int] = set()
    if scores is not None:
        chosen.update(_strongest(scores, np.arange(graph.n_edges), strongest))
    for target in selection:
        if isinstance(target, Edge):
            chosen.add(graph.edge_index(target))
        elif scores is not None:
            incoming, outgoing = edges_at(graph, target)
            chosen.update(_strongest(scores, incoming, OF_SELECTION))
            chosen.update(_strongest(scores, outgoing, OF_SELECTION))
    chosen.update(graph.edge_index(target) for target in edited if isinstance(target, Edge))

    marks, ends = [], set()
    for index in sorted(chosen):
        edge = graph.edge(index)
        ends.update((edge.writer, *graph.readers_of(edge.reader)[:1]))
        change = measured.get(edge)
        value = -change if change is not None else None if scores is None else float(scores[index])
        edit = edited.get(edge)
        label = "" if edit is None else _label(edit, document, change)
        marks.append(EdgeMark(index, value, change is not None, None if edit is None else edit.kind, label))
    nodes = {node: NodeMark(named=True) for node in ends}
    for target, edit in edited.items():
        if isinstance(target, Node):
            nodes[target] = NodeMark(edit.kind, _label(edit, document, measured.get(target)), named=True)
    return CanvasData(graph, tuple(marks), nodes, selection, input_label, output_label, stale)


def _label(edit: Edit, document: Document, change: float | None) -> str:
    if document.waits(edit):
        return WAITS
    return "" if change is None else change_words(change)


def predictions(ran: Ran, stale: bool) -> PredictionsData:
    """The predictions before and after. stale: a newer run is awaited."""
    return PredictionsData(
        ran.unit, ran.rows, ran.metric_name, ran.before, ran.after, bool(ran.edits), ran.words, stale
    )


def edit_rows(document: Document, labels: tuple[str, ...] = ()) -> list[EditRow]:
    """The rows of the list of edits, numbered in their order. document: with a B only if patches can take from it.
    labels: of the positions."""
    return [
        EditRow(key, edit.name, WAITS if document.waits(edit) else edit_words(edit) + _where(edit, labels))
        for key, edit in enumerate(document.edits)
    ]


def _where(edit: Edit, labels: tuple[str, ...]) -> str:
    """Where an edit of some positions is: " at “John”", " at 3 positions"; that the input has none of them."""
    places = [place for place in edit.positions or () if isinstance(place, int)]  # type: ignore[union-attr]
    if not places:
        return ""
    if labels and any(place >= len(labels) for place in places):
        return f" at position {max(places)}, which A does not have"
    if len(places) == 1 and places[0] < len(labels):
        return f" at “{labels[places[0]].strip()}”"
    return f" at {len(places)} positions"


def edges_at(graph: Graph, node: Node) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the edges into and out of a node."""
    into = [np.asarray(graph.edges_into(port), dtype=np.int64) for port in graph.ports(node)]
    none = np.empty(0, dtype=np.int64)
    return np.concatenate(into) if into else none, graph.edges_out_of(node) if node.kind != "logits" else none


def links(graph: Graph, scores: NDArray[np.float64], node: Node) -> tuple[tuple[Link, ...], tuple[Link, ...]]:
    """What a node reads most and writes most to."""
    incoming, outgoing = edges_at(graph, node)
    reads = []
    for index in _strongest(scores, incoming, LINKS):
        edge = graph.edge(index)
        port = f" ⟨{edge.reader.kind}⟩" if edge.reader.kind in ("q", "k", "v") else ""
        reads.append(Link(index, edge.writer.name + port, float(scores[index])))
    writes = [
        Link(index, graph.edge(index).reader.name, float(scores[index]))
        for index in _strongest(scores, outgoing, LINKS)
    ]
    return tuple(reads), tuple(writes)


def _strongest(scores: NDArray[np.float64], among: NDArray[np.int64], count: int) -> list[int]:
    order = np.argsort(-np.abs(scores[among]), kind="stable")[:count]
    return [int(index) for index in among[order] if scores[index] != 0.0]
