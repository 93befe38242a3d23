"""What the panels show: the predictions, the list of edits, what a node reads and writes most. What the canvas shows is
`shown_edges`' subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.document import Document
from app.messages import Ran
from app.ranking import Ranking, strongest_of
from core.edits import ABLATIONS, KINDS, Edit, edit_words
from core.formatting import BELOW, is_below_noise
from core.graph import Graph, Node
from views.data import EditRow, Link, PredictionsData
from views.widgets.text import change_words

LINKS = 6  # rows of "reads most" and of "writes most to"
WAITS = "waits for B"  # what is said of a patch that cannot be made now


def edit_label(
    edit: Edit, document: Document, change: float | None, labels: tuple[str, ...] = (), noise_floor: float = 0.0
) -> str:
    """What stands beside an edit on the canvas. document: with a B only if patches can take from it. change: of the
    metric, as measured, by all edits of the target. labels: of the positions; a cut at some of them says where.
    noise_floor: of the metric; a change below it is called that."""
    if document.waits(edit):
        return WAITS
    edits = document.edits_of(edit.target)  # type: ignore[arg-type]
    together = {place for other in edits for place in other.positions or ()}  # type: ignore[union-attr]
    everywhere = any(other.positions is None for other in edits)
    where = "" if everywhere else _where(replace(edit, positions=tuple(together)), labels)
    if change is None:
        return where.strip()
    return f"{BELOW if is_below_noise(change, noise_floor) else change_words(change)}{where}"


def predictions(ran: Ran, stale: bool, direction: int | None = 1) -> PredictionsData:
    """The predictions before and after. stale: a newer run is awaited. direction: A's."""
    return PredictionsData(
        ran.unit,
        ran.rows,
        ran.metric_name,
        ran.before,
        ran.after,
        bool(ran.edits),
        ran.words,
        stale,
        direction=direction,
        noise_floor=ran.noise_floor,
    )


def edit_rows(document: Document, labels: tuple[str, ...] = ()) -> list[EditRow]:
    """The rows of the list of edits, numbered in their order. document: with a B only if patches can take from it.
    labels: of the positions."""
    return [
        EditRow(key, edit.name, WAITS if document.waits(edit) else said(edit, document, labels))
        for key, edit in enumerate(document.edits)
    ]


def said(edit: Edit, document: Document, labels: tuple[str, ...] = ()) -> str:
    """What an edit does, with what a mean is over, and where: "mean of 24 rows at “John”"."""
    over = (
        f" of {len(document.dataset)} rows"
        if edit.kind in ABLATIONS and KINDS[edit.kind].inputs and document.dataset
        else ""
    )
    return edit_words(edit) + over + _where(edit, labels)


def _where(edit: Edit, labels: tuple[str, ...]) -> str:
    """Where an edit of some positions is: " at “John”", " at 3 positions"; that the input has none of them."""
    places = [place for place in edit.positions or () if isinstance(place, int)]  # type: ignore[union-attr]
    if not places:
        return ""
    if labels and any(place >= len(labels) for place in places):
        return f" at position {max(places)}, which A does not have"
    return f" {position_words(places, labels)}"


def position_words(positions: Sequence[int], labels: Sequence[str]) -> str:
    """Positions by what stands there: "at “John”", "at 3 positions". labels: of all positions."""
    if len(positions) != 1:
        return f"at {len(positions)} positions"
    here = positions[0] if 0 <= positions[0] < len(labels) else None
    return f"at position {positions[0]}" if here is None else f"at “{labels[here].strip()}”"


def edges_at(graph: Graph, node: Node) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the edges into and out of a node."""
    into = [np.asarray(graph.edges_into(port), dtype=np.int64) for port in graph.ports(node)]
    none = np.empty(0, dtype=np.int64)
    return np.concatenate(into) if into else none, graph.edges_out_of(node) if node.kind != "logits" else none


def links(graph: Graph, ranking: Ranking, node: Node) -> tuple[tuple[Link, ...], tuple[Link, ...]]:
    """What a node reads most and writes most to."""
    scores, signed, direction = ranking.values, ranking.meaning.signed, ranking.direction
    incoming, outgoing = edges_at(graph, node)
    reads = []
    for index in strongest_of(scores, incoming, LINKS).tolist():
        edge = graph.edge(index)
        port = f" ⟨{edge.reader.kind}⟩" if edge.reader.kind in ("q", "k", "v") else ""
        reads.append(Link(index, edge.writer.name + port, float(scores[index]), signed, direction))
    writes = [
        Link(index, graph.edge(index).reader.name, float(scores[index]), signed, direction)
        for index in strongest_of(scores, outgoing, LINKS).tolist()
    ]
    return tuple(reads), tuple(writes)
