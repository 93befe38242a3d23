"""Which of the graph's edges the canvas shows, and as what: the circuit (or the strongest edges until one is chosen),
those around the selection, and the edited ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.presenters.edits import edit_label, weights_label
from app.presenters.links import edges_at
from core.edge_arrays import readers_at, writers_at
from core.edits import Edit, EditTarget, Target
from core.formatting import is_below_noise
from core.graph import Edge, Entries, Graph, Node
from core.project.document import Document
from core.tracing.ranking import STRONGEST, Ranking, strongest_of
from views.canvas.data import CanvasData, EdgeMark, GroupMark, NodeChanges, NodeMark, NodeScores
from views.canvas.readers import reader_table

Around = Literal["6", "12", "24", "threshold", "all"]
AROUND: dict[Around, str] = {
    "6": "Top 6 In and Out",
    "12": "Top 12 In and Out",
    "24": "Top 24 In and Out",
    "threshold": "As Strong as the Circuit's Weakest",
    "all": "All",
}
MOST_DRAWN = 5000  # edges of a circuit, and of a node: more could not be read, nor drawn in time


@dataclass(frozen=True)
class Extent:
    """How much is shown beside the circuit. around: of a selected node's edges. changes: the fill of the nodes.
    scores: of nodes, where these were traced. strongest: how many edges are shown until a circuit is chosen. opened:
    MLPs that are open, with their strongest neurons and the estimated score of each."""

    around: Around = "24"
    changes: NodeChanges | None = None
    scores: NodeScores | None = None
    strongest: int = STRONGEST
    opened: Mapping[Node, tuple[tuple[Node, float], ...]] = field(default_factory=dict)


def canvas_data(
    graph: Graph,
    ranking: Ranking | None,
    document: Document,
    selection: tuple[Target, ...],
    measured: Mapping[EditTarget, float],
    *,
    input_label: str,
    output_label: str,
    stale: bool,
    extent: Extent,
    labels: tuple[str, ...] = (),
    deltas: Mapping[EditTarget, float] | None = None,
    noise_floor: float = 0.0,
) -> CanvasData:
    """Choose and mark edges. document: with a B only if patches can take from it. measured: change of the metric by
    editing a target, over the pairs that the ranking is over; deltas: by the edits, on the pair on the cards (None: the
    same). labels: of the positions. noise_floor: of the metric; measured effects below it are not drawn solid."""
    changes = measured if deltas is None else deltas
    edited: dict[EditTarget, Edit] = {edit.target: edit for edit in document.edits}  # type: ignore[misc]
    chosen = [_circuit(ranking, document, extent)]
    of_nodes: list[NDArray[np.int64]] = []
    for target in selection:
        if isinstance(target, Edge):
            chosen.append(np.array([graph.edge_index(target)]))
        else:
            sides = edges_at(graph, target)
            of_nodes += sides
            if ranking is not None:
                chosen += [_around(ranking, side, document, extent) for side in sides]
    chosen.append(np.array([graph.edge_index(t) for t in edited if isinstance(t, Edge)], dtype=np.int64))
    indices = np.unique(np.concatenate(chosen).astype(np.int64))

    nodes = {node: NodeMark(named=True) for node in _ends(graph, indices)}
    opened = {
        mlp: tuple(dict.fromkeys([*(unit for unit, _ in units), *_units_in(mlp, edited), *_units_in(mlp, selection)]))
        for mlp, units in extent.opened.items()
    }
    for units in extent.opened.values():
        nodes |= {unit: NodeMark(score=score) for unit, score in units}
    for what, edit in edited.items():
        if isinstance(what, Node):
            label = edit_label(edit, document, changes.get(what), labels, noise_floor)
            if what.is_unit and what.whole not in opened:  # its MLP stands for it
                if what.whole not in edited:
                    nodes[what.whole] = NodeMark(edit.kind, f"{what.name} {label}", named=True)
                continue
            score = nodes[what].score if what in nodes else None
            nodes[what] = NodeMark(edit.kind, label, named=not what.is_unit, score=score)
        elif isinstance(what, Entries) and what.head not in edited:
            of_head = [each for each in edited.values() if _is_of_weights(each, what.head)]
            label = weights_label(of_head, document, changes, labels, noise_floor)
            nodes[what.head] = NodeMark(edit.kind, label, named=True)
    weaker, whose = _hidden(indices, of_nodes, document.size if ranking is not None else None, selection)
    return CanvasData(
        graph,
        _marks(graph, indices, ranking, document, edited, measured, changes, labels, noise_floor),
        nodes,
        selection,
        input_label,
        output_label,
        stale,
        weaker,
        whose,
        extent.changes,
        tuple(GroupMark(group.name, group.color, group.nodes) for group in document.groups),
        extent.scores,
        "estimated" if ranking is None else ranking.meaning.how,
        ranking is None or ranking.meaning.signed,
        len(indices) - len(chosen[0]),
        1 if ranking is None else ranking.direction,
        opened=opened,
    )


def _is_of_weights(edit: Edit, head: Node) -> bool:
    """Whether an edit is of weights of a head's attention."""
    return isinstance(edit.target, Entries) and edit.target.head == head


def _units_in(mlp: Node, targets: Iterable[EditTarget]) -> list[Node]:
    """Those of some targets that are neurons or experts of an MLP."""
    return [each for each in targets if isinstance(each, Node) and each.is_unit and each.whole == mlp]


def _circuit(ranking: Ranking | None, document: Document, extent: Extent) -> NDArray[np.int64]:
    if ranking is None:
        return np.zeros(0, dtype=np.int64)
    kept = ranking.kept(document.size, extent.strongest)
    return kept if document.size is None else kept[:MOST_DRAWN]


def _around(ranking: Ranking, side: NDArray[np.int64], document: Document, extent: Extent) -> NDArray[np.int64]:
    """Of the edges on one side of a node, those to show: the strongest."""
    size = np.abs(ranking.values[side])
    if extent.around == "all":
        return side[np.argsort(-size, kind="stable")][:MOST_DRAWN]  # those without an effect too
    count = int(extent.around) if extent.around != "threshold" else MOST_DRAWN
    if extent.around == "threshold":
        count = min(count, int((size >= ranking.threshold(document.size, extent.strongest)).sum()))
    return strongest_of(ranking.values, side, count)


def _ends(graph: Graph, indices: NDArray[np.int64]) -> list[Node]:
    """The nodes that edges join; of a K/V head all the heads that share it."""
    readers, table = readers_at(graph, indices), reader_table(graph)
    _, further = table.branches(readers)
    numbers = np.unique(np.concatenate([writers_at(graph, indices), table.ends[readers], further]))
    return [graph.nodes[number] for number in numbers.tolist()]


def _hidden(
    shown: NDArray[np.int64], of_nodes: Sequence[NDArray[np.int64]], size: int | None, selection: tuple[Target, ...]
) -> tuple[int, str]:
    """How many edges of the selected nodes, or of the circuit, are not shown; and whose they are."""
    if of_nodes:
        every = np.unique(np.concatenate(of_nodes))
        nodes = [target for target in selection if isinstance(target, Node)]
        weaker = len(every) - int(np.isin(every, shown, assume_unique=True).sum())
        return weaker, nodes[0].name if len(nodes) == 1 else f"{len(nodes)} nodes"
    return max((size or 0) - MOST_DRAWN, 0), "the circuit"


def _marks(
    graph: Graph,
    indices: NDArray[np.int64],
    ranking: Ranking | None,
    document: Document,
    edited: Mapping[EditTarget, Edit],
    measured: Mapping[EditTarget, float],
    deltas: Mapping[EditTarget, float],
    labels: tuple[str, ...],
    noise_floor: float,
) -> tuple[EdgeMark, ...]:
    """By their scores, but for the edges that are edited or measured."""
    values = [None] * len(indices) if ranking is None else ranking.known(indices)
    solid = [False] * len(indices) if ranking is None else ranking.measured[indices].tolist()
    signed = ranking is None or ranking.meaning.signed
    direction = 1 if ranking is None else ranking.direction
    marks = [
        EdgeMark(index, value, exact, signed=signed, direction=direction)
        for index, value, exact in zip(indices.tolist(), values, solid, strict=True)
    ]
    place_of = {index: place for place, index in enumerate(indices.tolist())}
    for target in {**measured, **edited}:
        place = place_of.get(graph.edge_index(target)) if isinstance(target, Edge) else None
        if place is not None:
            change, edit = measured.get(target), edited.get(target)
            value = marks[place].value if change is None else -change
            label = "" if edit is None else edit_label(edit, document, deltas.get(target), labels, noise_floor)
            kind = None if edit is None else edit.kind
            solid = marks[place].measured or change is not None
            of_metric = direction if change is None or ranking is None else ranking.of_metric
            has_sign = signed or change is not None
            marks[place] = EdgeMark(marks[place].index, value, solid, kind, label, has_sign, of_metric)
    if noise_floor == 0:
        return tuple(marks)
    lost = (mark.measured and mark.value is not None and is_below_noise(mark.value, noise_floor) for mark in marks)
    return tuple(
        replace(mark, measured=False, below_noise=True) if below else mark
        for mark, below in zip(marks, list(lost), strict=True)
    )
