"""Which edges to cut for a task: its circuit, or edges chosen so that other tasks keep what they do.

    circuit    the task's circuit: EAP-IG, as many of the best edges as recover 80 % of its behaviour
    contrast   by score on the task minus the sizes of the scores on the others, each as a share of its task's behaviour
    learned    the strengths of all cuts at once, down a loss; then whole cuts of the strongest

The scores of `contrast` are estimates of what cutting an edge of the whole model does. Both it and `learned` only give
an order of the edges: how many are cut is decided by real runs on the pairs to find on, the fewest that leave less than
LEAST of the task and more than MOST of every other, else those that come nearest.

The loss of `learned`, where f(u) is the share of task u's behaviour that is kept, of a mean logit difference:

    max(f(own) - AIM, 0) + weight x sum over the others of max(1 - f(u), 0) + PULL x (sum of strengths)

The gradients are those of edge pruning (`core.engine.circuit_gradients`; Bhaskar et al. 2024), without its drawn masks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.circuit import Circuit
from core.edits import EditKind
from core.engine.circuit_gradients import CircuitGradients
from core.errors import Cancelled
from core.evaluation.faithfulness import without
from core.evaluation.measured import measure
from core.evaluation.smallest import part_of_search, smallest_circuit
from core.evaluation.task_pairs import TaskPairs
from core.progress import at, stage
from core.session import Session
from core.tracing.trace import trace

Choose = Literal["circuit", "contrast", "learned"]
CHOICES: dict[Choose, str] = {
    "circuit": "the circuit of the task",
    "contrast": "edges by their score on the task minus those on the others",
    "learned": "edges learned on all tasks to hurt this one alone",
}
LEAST, MOST = 0.25, 0.9  # of a behaviour: below the first it is hurt, above the second it is spared
MARGIN = 0.05  # more of both, on the pairs that edges are chosen on
SIZES = (1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128)  # edges that are cut
UPDATES, RATE, WEIGHT, PULL, AIM = 40, 0.05, 2.0, 0.003, 0.05
FAINT = 0.02  # strength of a cut that is none
Cancel = Callable[[], bool] | None


def circuit_of_task(
    task: TaskPairs, method: str, least: float, size: int | None, cut: EditKind, cancelled: Cancel
) -> Circuit:
    """The circuit of a task: of the best `size` edges, else as many as recover the share `least`. It is found by
    patching from B; without one, by the cut's own replacement."""
    session = task.found
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

    found = smallest_circuit(share, edges, least)
    return scores.select(edges if found is None else found.size)


def contrast_order(task: TaskPairs, others: Sequence[TaskPairs], cut: EditKind, cancelled: Cancel) -> NDArray[np.int64]:
    """Edges in the order in which they are cut, the best first: those whose cut is estimated to gain."""
    tasks = [task, *others]
    by_task = []
    for number, each in enumerate(tasks):
        with stage(number / len(tasks), (number + 1) / len(tasks)):
            values = trace(each.found, "integrated-edges", replacement=cut, cancelled=cancelled).values
        by_task.append(values / _change(each.found, cut, cancelled))
    gain = by_task[0] - np.abs(by_task[1:]).sum(axis=0)
    order = np.argsort(-gain, kind="stable")
    return order[: max(1, int((gain > 0).sum()))].astype(np.int64)


def learned_order(
    task: TaskPairs, others: Sequence[TaskPairs], cut: EditKind, cancelled: Cancel, updates: int = UPDATES
) -> NDArray[np.int64]:
    """Edges by the strengths of their cuts, the strongest first; those that are cut at all."""
    tasks = [task, *others]
    graph = task.found.graph
    changes = [_change(each.found, cut, cancelled) for each in tasks]
    nothing = [float(measure(each.found, [], cut, cancelled=cancelled).nothing.mean()) for each in tasks]
    strengths = torch.zeros(graph.n_edges, dtype=torch.float64, device="cpu").requires_grad_()
    adam = torch.optim.Adam([strengths], lr=RATE)
    for update in range(updates):
        now = strengths.detach()
        gradient = torch.full_like(now, PULL)
        for number, each in enumerate(tasks):
            with stage((update + number / len(tasks)) / updates, (update + (number + 1) / len(tasks)) / updates):
                metric, slopes = _slopes(each.found, now, cut, cancelled)
            kept = (metric - nothing[number]) / changes[number]
            if number == 0 and kept > AIM:
                gradient += slopes / changes[number]
            elif number > 0 and kept < 1:
                gradient -= WEIGHT * slopes / changes[number]
        strengths.grad = gradient
        adam.step()
        with torch.no_grad():
            strengths.clamp_(0.0, 1.0)
    found = strengths.detach().numpy()
    order = np.argsort(-found, kind="stable")
    return order[: max(1, int((found > FAINT).sum()))].astype(np.int64)


def decided(
    task: TaskPairs, others: Sequence[TaskPairs], order: NDArray[np.int64], cut: EditKind, cancelled: Cancel
) -> Circuit:
    """How many edges of an order are cut, by real runs: the fewest that hurt the task and spare the others, else those
    that come nearest to it."""
    graph = task.found.graph
    sizes = [size for size in SIZES if size < len(order)] + ([len(order)] if len(order) <= SIZES[-1] else [])
    cuts = [Circuit(graph, order[:size]) for size in sizes]
    tasks = [task, *others]
    lacking = np.zeros(len(cuts))
    for number, each in enumerate(tasks):
        with stage(number / len(tasks), (number + 1) / len(tasks)):
            kept = measure(each.found, [without(one) for one in cuts], cut, cancelled=cancelled).recovered()
        lack = kept - (LEAST - MARGIN) if number == 0 else MOST + MARGIN - kept
        lacking = np.maximum(lacking, lack)
    return cuts[int(lacking.argmin())]  # the first of equals: the fewest edges


def _change(session: Session, cut: EditKind, cancelled: Cancel) -> float:
    """m(whole) - m(nothing), on average."""
    runs = measure(session, [], cut, cancelled=cancelled)
    return float((runs.whole - runs.nothing).mean())


def _slopes(session: Session, strengths: Tensor, cut: EditKind, cancelled: Cancel) -> tuple[float, Tensor]:
    """The mean metric with cuts of some strengths, and its gradient by each of them."""
    graph, total = session.graph, session.pair.batch
    readers = torch.as_tensor(graph.edge_readers, dtype=torch.long, device="cpu")
    writers = torch.as_tensor(graph.edge_writers, dtype=torch.long, device="cpu")
    shares = torch.zeros(len(graph.readers), graph.n_writers, dtype=torch.float64, device="cpu")
    shares[readers, writers] = 1.0 - strengths
    metric, slopes = 0.0, torch.zeros_like(strengths)
    for rows in session.parts or [range(total)]:
        at()
        if cancelled is not None and cancelled():
            raise Cancelled
        part = session.part(rows) if session.parts else session
        run = CircuitGradients(part.engine, shares, cut, part.reading.slope(len(rows)), cancelled=cancelled)
        metric += float(run.metric.sum()) / total
        slopes -= run.by_share.cpu().double()[readers, writers] / total
    return metric, slopes
