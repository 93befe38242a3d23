"""ACDC's search over nodes, and over nodes at positions: removed for good, one after the other, where the metric hardly
changes.

Steps:
1. Begin with all nodes. Take them from the last layer to `input`: the MLP, then the heads from the last to the first;
   and where positions are asked for, each at its last position first.
2. Remove one from what is present: all its edges carry its replacement. If the metric changes by the threshold or more,
   put it back; else it stays out.
3. The score is minus the change that was measured; what stays is `kept`.
4. A further restart draws the order within each layer's heads (and MLP), and of positions, by the seed.

One run of the engine each, from the node's own layer on (core/engine/engine.py): what stayed out further down is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.edits import Edit
from core.graph import Graph
from core.progress import stage
from core.session import Session
from core.tracing.attribution import first_row
from core.tracing.job import Job, MethodResult, common_length

Item = tuple[int, int | None]  # a writer, and where


@dataclass
class NodesState:
    """total: of the changes that were measured, and count of how many they are, as the scores. kept: by the first
    search, when it is at its end. tested: how many nodes (at positions) are, over all searches; removed: the nodes
    without which the metric is `present`, and where (nowhere: everywhere)."""

    total: NDArray[np.float64]
    count: NDArray[np.float64]
    kept: NDArray[np.bool_] | None = None
    tested: int = 0
    removed: dict[int, list[int]] = field(default_factory=dict)
    present: float = 0.0


def change_that_counts(session: Session, change: float) -> float:
    """How much of a change of the metric is held against the threshold: of a distance from A, what leads away."""
    distance = session.metric.row.distance
    return distance * change if distance else abs(change)


def acdc_nodes(job: Job, threshold: float, restarts: int, seed: int) -> Iterator[MethodResult]:
    """Scores of nodes [writers], or at positions [writers, position]. The options are those of ACDC."""
    graph = job.session.graph
    size: tuple[int, ...] = (graph.n_writers,)
    places: list[int | None] = [None]
    if job.level == "positions":
        length = common_length(session.pair for session in job.sessions)
        first = min(first_row(session, job.replacement) for session in job.sessions)
        size, places = (graph.n_writers, job.session.engine.length), list(range(first, length))
    state = job.state(lambda: NodesState(np.zeros(size), np.zeros(size)))
    total, count = state.total, state.count
    if job.level == "positions":
        count[:, : places[0]] = count[:, length:] = restarts  # nothing is there to remove
    items = restarts * graph.n_writers * len(places)
    while (done := state.tested) < items:
        restart, at = divmod(done, items // restarts)
        order = _order(graph, places, np.random.default_rng([seed, restart]) if restart else None)
        if at == 0:
            state.removed, state.present = {}, _metric(job, {})
        for item in order[at:]:
            job.check()
            with stage(state.tested / items, (state.tested + 1) / items):
                _test(job, threshold, item, state)
            count[_index(item)] += 1
            state.tested += 1
            if state.tested == items // restarts:  # the first search is at its end
                state.kept = _kept(state.removed, size, places)
            if state.tested < items and state.tested % len(places) == 0:
                with np.errstate(invalid="ignore"):
                    yield MethodResult(total / count, state.tested / items)  # NaN where nothing is tested
    yield MethodResult(total / restarts, kept=state.kept)


def _kept(removed: dict[int, list[int]], size: tuple[int, ...], places: list[int | None]) -> NDArray[np.bool_]:
    """What is not removed: [writers], or [writers, position]."""
    kept = np.zeros(size, dtype=bool)
    at = [place for place in places if place is not None]
    kept[(slice(None), at) if at else slice(None)] = True  # at other positions nothing is there to keep
    for writer, where in removed.items():
        kept[(writer, where) if where else writer] = False
    return kept


def _order(graph: Graph, places: list[int | None], rng: np.random.Generator | None) -> list[Item]:
    layers = [
        range(1 + layer * (graph.heads + 1), 1 + (layer + 1) * (graph.heads + 1)) for layer in range(graph.layers)
    ]
    items: list[Item] = []
    for writers in reversed([range(1), *layers]):
        of_layer: list[Item] = [(writer, place) for writer in reversed(writers) for place in reversed(places)]
        items += of_layer if rng is None else [of_layer[number] for number in rng.permutation(len(of_layer))]
    return items


def _test(job: Job, threshold: float, item: Item, state: NodesState) -> None:
    """Step 2."""
    removed, (writer, place) = state.removed, item
    without = {**removed, writer: [*removed.get(writer, []), *([] if place is None else [place])]}
    metric = _metric(job, without)
    state.total[_index(item)] += state.present - metric
    if change_that_counts(job.session, metric - state.present) < threshold:
        state.removed, state.present = without, metric


def _index(item: Item) -> int | tuple[int, int]:
    writer, place = item
    return writer if place is None else (writer, place)


def _metric(job: Job, removed: dict[int, list[int]]) -> float:
    """The mean over all pairs, without some writers (and where; nothing: everywhere)."""
    writers = job.session.graph.writers
    edits = [Edit(writers[number], job.replacement, places or None) for number, places in removed.items()]
    total = 0.0
    for number, session in enumerate(job.sessions):
        with stage(number / len(job.sessions), (number + 1) / len(job.sessions)):
            total += float(session.run(edits).metric.sum())
    return total / job.pairs
