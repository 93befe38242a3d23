"""Which edges to cut for a task: its circuit, or edges chosen so that other tasks keep what they do.

    circuit    the task's circuit: EAP-IG, as many of the best edges as recover 80 % of its behaviour
    contrast   by score on the task minus the sizes of the scores on the others, each as a share of its task's behaviour
    learned    a direction of each of some edges, so that this task alone is hurt (`core.evaluation.direction_cuts`)

The scores of `contrast` are estimates of what cutting an edge of the whole model does. Which of the cuts that these two
come by is taken is decided by real runs on the pairs to find on: the one that stays furthest inside LEAST of the task
and MOST of every other, each as a share of the room there is (LEAST below the first limit, 1 - MOST above the second;
so a point that another task loses weighs more than one that is left of the own), of equals the one of fewest edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edits import EditKind
from core.evaluation.cuts import Cancel, Cut, measure_cuts
from core.evaluation.measured import measure
from core.evaluation.smallest import part_of_search, smallest_circuit
from core.evaluation.task_pairs import TaskPairs
from core.progress import stage
from core.session import Session
from core.tracing.trace import trace

Choose = Literal["circuit", "contrast", "learned"]
CHOICES: dict[Choose, str] = {
    "circuit": "the circuit of the task",
    "contrast": "edges by their score on the task minus those on the others",
    "learned": "a direction of each of some edges, learned on all tasks to hurt this one alone",
}
LEAST, MOST = 0.25, 0.9  # of a behaviour: below the first it is hurt, above the second it is spared
SIZES = (1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128)  # edges that are cut


def circuit_of_task(
    task: TaskPairs, method: str, least: float, size: int | None, cut: EditKind, cancelled: Cancel
) -> Circuit:
    """The circuit of a task: of the best `size` edges, else as many as recover the share `least`. It is found by
    patching from B; without one, by the cut's own replacement."""
    session = task.search
    kind: EditKind = cut if session.pair.counterfactual is None else "patch"
    with stage(0.0, 0.3):
        scores = trace(session, method, replacement=kind, cancelled=cancelled)
    if size is not None:
        return scores.select(size)
    edges, runs = session.graph.n_edges, 0

    def share(count: int) -> float:
        nonlocal runs
        runs += 1
        start, stop = part_of_search(runs, edges)
        with stage(0.3 + 0.7 * start, 0.3 + 0.7 * stop):
            return float(measure(session, [scores.select(count)], kind, cancelled=cancelled).recovered()[0])

    smallest = smallest_circuit(share, edges, least)
    return scores.select(edges if smallest is None else smallest.size)


def contrast_order(task: TaskPairs, others: Sequence[TaskPairs], cut: EditKind, cancelled: Cancel) -> NDArray[np.int64]:
    """Edges in the order in which they are cut, the best first: those whose cut is estimated to gain."""
    tasks = [task, *others]
    by_task = []
    for number, each in enumerate(tasks):
        with stage(number / len(tasks), (number + 1) / len(tasks)):
            values = trace(each.search, "integrated-edges", replacement=cut, cancelled=cancelled).values
        by_task.append(values / _change(each.search, cut, cancelled))
    gain = by_task[0] - np.abs(by_task[1:]).sum(axis=0)
    order = np.argsort(-gain, kind="stable")
    return order[: max(1, int((gain > 0).sum()))].astype(np.int64)


def contrast_cuts(
    task: TaskPairs, others: Sequence[TaskPairs], cut: EditKind, size: int | None, cancelled: Cancel
) -> list[Cut]:
    """The first edges of that order, of several sizes or of the one asked for (fewer where fewer gain)."""
    order = contrast_order(task, others, cut, cancelled)
    usual = {*(number for number in SIZES if number < len(order)), min(len(order), SIZES[-1])}
    sizes = usual if size is None else {size}
    return [Cut(Circuit(task.search.graph, order[:number])) for number in sorted(sizes)]


def decided(
    task: TaskPairs, others: Sequence[TaskPairs], cuts: Sequence[Cut], kind: EditKind, cancelled: Cancel
) -> Cut:
    """Of some cuts the one that is furthest inside both limits, each as a share of the room there is, by real runs; of
    equals the one of fewest edges."""
    tasks = [task, *others]
    room = np.full(len(cuts), np.inf)
    for number, each in enumerate(tasks):
        with stage(number / len(tasks), (number + 1) / len(tasks)):
            kept = measure_cuts(each.search, cuts, kind, cancelled).recovered()
        room = np.minimum(room, (LEAST - kept) / LEAST if number == 0 else (kept - MOST) / (1 - MOST))
    best = float(room.max())
    return min((one for one, free in zip(cuts, room, strict=True) if free >= best - 1e-9), key=len)


def _change(session: Session, cut: EditKind, cancelled: Cancel) -> float:
    """m(whole) - m(nothing), on average."""
    runs = measure(session, [], cut, cancelled=cancelled)
    return float((runs.whole - runs.nothing).mean())
