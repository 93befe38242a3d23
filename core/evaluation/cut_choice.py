"""Which edges to cut for a task: its circuit, or edges chosen so that other tasks keep what they do.

    circuit    the task's circuit: EAP-IG, as many of the best edges as recover 80 % of its behaviour
    contrast   by score on the task minus the sizes of the scores on the others, each as a share of its task's behaviour
    learned    the strengths of all cuts at once, down a loss, first cuts in part and then whole ones

The scores of `contrast` are estimates of what cutting an edge of the whole model does. Which of the cuts that these two
come by is taken is decided by real runs on the pairs to find on: the one that stays furthest inside LEAST of the task
and MOST of every other, each as a share of the room there is (LEAST below the first limit, 1 - MOST above the second;
so a point that another task loses weighs more than one that is left of the own), of equals the one of fewest edges.

The loss of `learned`, where f(u) is the share of task u's behaviour that is kept, of the mean metric of some pairs:

    max(f(own) - AIM, 0) + WEIGHT x sum over the others of max(1 - f(u), 0)² + PULL x (sum of strengths)

1. All strengths begin at nought. Adam takes them down the loss, within 0 to 1; each update sees other pairs. The
   gradients are those of edge pruning (`core.engine.circuit_gradients`; Bhaskar et al. 2024), without its drawn masks.
2. Then the same with whole cuts: an edge is cut where its strength is above a half, and the gradient there moves the
   strength (straight-through; Bengio et al. 2013).
3. Every few updates of the second kind the cut is put aside, and after the first kind those of the strongest edges; of
   all these one is decided on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from core.graph import Graph
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
SIZES = (1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128)  # edges that are cut
SOFT, HARD, EVERY = 40, 40, 3  # updates with cuts in part, with whole ones, and between two that are put aside
RATE, WEIGHT, PULL, AIM = 0.05, 10.0, 0.003, 0.05
ROWS = 12  # pairs of a task that an update sees
WHOLE, FAINT = 0.5, 0.05  # strengths above which an edge is cut, and is one to be thought of
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


def contrast_cuts(
    task: TaskPairs, others: Sequence[TaskPairs], cut: EditKind, size: int | None, cancelled: Cancel
) -> list[Circuit]:
    """The first edges of that order, of several sizes or of the one asked for (fewer where fewer gain)."""
    order = contrast_order(task, others, cut, cancelled)
    return _of_sizes(task.found.graph, order, len(order), size)


def _of_sizes(graph: Graph, order: NDArray[np.int64], count: int, size: int | None) -> list[Circuit]:
    """The first edges of an order, of several sizes up to `count`, or of the size asked for."""
    if size is not None:
        return [Circuit(graph, order[:size])]
    sizes = {*(number for number in SIZES if number < count), min(count, SIZES[-1])}
    return [Circuit(graph, order[:number]) for number in sorted(sizes)]


def _strongest(strengths: Tensor, above: float) -> tuple[NDArray[np.int64], int]:
    """Edges by the strength of their cut, and how many are above a strength, one at least."""
    found = strengths.detach().numpy()
    return np.argsort(-found, kind="stable").astype(np.int64), max(1, int((found > above).sum()))


def learned_cuts(
    task: TaskPairs,
    others: Sequence[TaskPairs],
    cut: EditKind,
    size: int | None,
    cancelled: Cancel,
    updates: tuple[int, int] = (SOFT, HARD),
) -> list[Circuit]:
    """Cuts of step 3, their strongest edges first. size: edges of each at most. updates: of steps 1 and 2."""
    graph = task.found.graph
    parts = [_parts(each.found, cut, cancelled) for each in (task, *others)]
    strengths = torch.zeros(graph.n_edges, dtype=torch.float64, device="cpu").requires_grad_()
    adam = torch.optim.Adam([strengths], lr=RATE)
    cuts: list[Circuit] = []
    soft, total = updates[0], sum(updates)
    for update in range(total):
        now = strengths.detach()
        now = now if update < soft else (now > WHOLE).double()
        gradient = torch.full_like(now, PULL)
        for number, of_task in enumerate(parts):
            part = of_task[update % len(of_task)]
            done = update + number / len(parts)
            with stage(done / total, (done + 1 / len(parts)) / total):
                metric, slopes = _slopes(part.session, now, cut, cancelled)
            kept = (metric - part.nothing) / part.change
            if number == 0 and kept > AIM:
                gradient += slopes / part.change
            elif number > 0 and kept < 1:
                gradient -= 2 * WEIGHT * (1 - kept) * slopes / part.change
        strengths.grad = gradient
        adam.step()
        with torch.no_grad():
            strengths.clamp_(0.0, 1.0)
        if update + 1 == soft:
            cuts += _of_sizes(graph, *_strongest(strengths, FAINT), size)
        if update >= soft and ((update + 1 - soft) % EVERY == 0 or update + 1 == total):
            order, count = _strongest(strengths, WHOLE)
            cuts.append(Circuit(graph, order[: count if size is None else min(size, count)]))
    return cuts


def decided(
    task: TaskPairs, others: Sequence[TaskPairs], cuts: Sequence[Circuit], cut: EditKind, cancelled: Cancel
) -> Circuit:
    """Of some cuts the one that is furthest inside both limits, each as a share of the room there is, by real runs; of
    equals the one of fewest edges."""
    tasks = [task, *others]
    room = np.full(len(cuts), np.inf)
    for number, each in enumerate(tasks):
        with stage(number / len(tasks), (number + 1) / len(tasks)):
            kept = measure(each.found, [without(one) for one in cuts], cut, cancelled=cancelled).recovered()
        room = np.minimum(room, (LEAST - kept) / LEAST if number == 0 else (kept - MOST) / (1 - MOST))
    best = float(room.max())
    return min((one for one, free in zip(cuts, room, strict=True) if free >= best - 1e-9), key=len)


@dataclass(frozen=True, eq=False)
class _Part:
    """Some pairs of a task. nothing: their mean metric with no edges; change: from there to the whole model."""

    session: Session
    nothing: float
    change: float


def _parts(session: Session, cut: EditKind, cancelled: Cancel) -> list[_Part]:
    """Parts of a task's pairs. Those in which nothing is to be lost are left out, where there are others."""
    total = session.pair.batch
    parts = []
    for start in range(0, total, ROWS):
        part = session if total <= ROWS else session.part(range(start, min(start + ROWS, total)))
        runs = measure(part, [], cut, cancelled=cancelled)
        nothing = float(runs.nothing.mean())
        parts.append(_Part(part, nothing, float(runs.whole.mean()) - nothing))
    usual = float(np.median([abs(each.change) for each in parts]))
    return [each for each in parts if abs(each.change) > usual / 4]


def _change(session: Session, cut: EditKind, cancelled: Cancel) -> float:
    """m(whole) - m(nothing), on average."""
    runs = measure(session, [], cut, cancelled=cancelled)
    return float((runs.whole - runs.nothing).mean())


def _slopes(session: Session, strengths: Tensor, cut: EditKind, cancelled: Cancel) -> tuple[float, Tensor]:
    """The mean metric with cuts of some strengths, and its gradient by each of them."""
    metric, slopes = slopes_of_shares(session, (1.0 - strengths).numpy(), cut, cancelled)
    return metric, -torch.from_numpy(slopes)


def slopes_of_shares(
    session: Session, of_edges: NDArray[np.float64], replacement: EditKind, cancelled: Cancel = None
) -> tuple[float, NDArray[np.float64]]:
    """The mean metric of a run in which each edge carries a share of its own [edges] and for the rest its replacement,
    and its gradient by each share."""
    graph, total = session.graph, session.pair.batch
    readers = torch.as_tensor(graph.edge_readers, dtype=torch.long, device="cpu")
    writers = torch.as_tensor(graph.edge_writers, dtype=torch.long, device="cpu")
    shares = torch.zeros(len(graph.readers), graph.n_writers, dtype=torch.float64, device="cpu")
    shares[readers, writers] = torch.as_tensor(of_edges, dtype=torch.float64, device="cpu")
    metric, slopes = 0.0, np.zeros(graph.n_edges)
    for rows in session.parts or [range(total)]:
        at()
        if cancelled is not None and cancelled():
            raise Cancelled
        part = session.part(rows) if session.parts else session
        run = CircuitGradients(part.engine, shares, replacement, part.reading.slope(len(rows)), cancelled=cancelled)
        metric += float(run.metric.sum()) / total
        slopes += run.by_share.cpu().double()[readers, writers].numpy() / total
    return metric, slopes
