"""Which direction to take out of which edges, so that one task is hurt and the others keep what they do; learned.

What two tasks send along one edge need not be the same: where they share the edge, they may still differ in the
direction (Elazar et al. 2021, "Amnesic Probing", remove directions of a layer; here it is one of an edge). A cut edge
carries its mean (or nought) along its direction, and all else of it is left.

1. CANDIDATES edges of the largest estimated effects on the task. The direction of each begins as the one in which what
   its writer writes for the task differs most from its mean over all tasks.
2. Strengths s and directions of all of them go down

       max(f(task) - AIM, 0) + WEIGHT x sum over the others of max(1 - f(u), 0)² + PULL x (sum of s)

   by Adam, where f(u) is the share of task u's behaviour that is kept, of the mean metric of some pairs, others in each
   update.
3. Edges of more than a FAINT strength are cut at full strength, and their directions learned on. Every few updates the
   cut is put aside: real runs decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.circuit import Circuit
from core.edits import EditKind
from core.engine.projected import Directions, projected_answers
from core.engine.replacement import ablation
from core.errors import Cancelled
from core.evaluation.cuts import Cancel, Cut
from core.evaluation.measured import measure
from core.evaluation.task_pairs import TaskPairs
from core.graph import Node
from core.precision import widened
from core.progress import at, stage
from core.session import Session
from core.tracing.trace import trace

CANDIDATES = 64
SOFT, HARD, EVERY = 40, 20, 5  # updates of steps 2 and 3, and between two cuts that are put aside
RATE, TURN, BETAS = 0.05, 0.02, (0.9, 0.98)  # of Adam: of strengths, of directions
WEIGHT, PULL, AIM = 10.0, 0.003, 0.05
START, FAINT = 0.3, 0.1  # strengths
ROWS = 12  # pairs of a task that an update sees


def learned_cuts(
    task: TaskPairs,
    others: Sequence[TaskPairs],
    kind: EditKind,
    size: int | None,
    cancelled: Cancel,
    updates: tuple[int, int] = (SOFT, HARD),
) -> list[Cut]:
    """The cuts of step 3. kind: what a cut edge carries along its direction. size: edges of each at most. updates: of
    steps 2 and 3. Raises Cancelled."""
    with stage(0.0, 0.1):
        values = trace(task.search, "eap", replacement=kind, cancelled=cancelled).values
        order = np.argsort(-np.abs(values), kind="stable")[:CANDIDATES]
        parts = [_parts(each.search, kind, cancelled) for each in (task, *others)]
    learning = _Learning(task.search, [int(edge) for edge in order], kind)
    cuts: list[Cut] = []
    soft, total = updates[0], sum(updates)
    for update in range(total):
        if update == soft:
            learning.harden(size)
        with stage(0.1 + 0.9 * update / total, 0.1 + 0.9 * (update + 1) / total):
            learning.update([some[update % len(some)] for some in parts], cancelled)
        if update >= soft and ((update + 1 - soft) % EVERY == 0 or update + 1 == total):
            cuts.append(learning.cut())
    return cuts


def widest_directions(session: Session, edges: Sequence[int], kind: EditKind) -> Tensor:
    """The direction in which what the writer of each edge writes differs most from its replacement: [edges, width], at
    length 1."""
    numbers = session.graph.edge_writers
    of_writer: dict[int, Tensor] = {}
    for number in dict.fromkeys(int(numbers[edge]) for edge in edges):
        written, instead = _written(session, session.graph.writers[number], kind)
        apart = (written - instead).cpu().double()  # a device may have no fp64
        of_writer[number] = torch.linalg.eigh(apart.T @ apart)[1][:, -1].to(written)
    return torch.stack([of_writer[int(numbers[edge])] for edge in edges])


def along(session: Session, edges: Sequence[int], directions: Tensor, kind: EditKind) -> Cut:
    """The cut of edges along directions, [edges, width]."""
    whole = torch.ones(len(edges), dtype=directions.dtype, device=directions.device)
    taken = _taken(session, edges, directions, _instead(session, edges, kind), whole)
    return Cut(Circuit(session.graph, np.array(edges, dtype=np.int64)), tuple(taken.edits()))


def _taken(
    session: Session, edges: Sequence[int], directions: Tensor, instead: Tensor, strengths: Tensor
) -> Directions:
    """instead: what stands in the place of each edge, [edges, width]: along its direction it is left."""
    levels = (instead * directions).sum(dim=1) / directions.norm(dim=1)
    named = tuple(session.graph.edge(edge) for edge in edges)
    return Directions(session.graph, named, directions, directions, levels, strengths)


def _instead(session: Session, edges: Sequence[int], kind: EditKind) -> Tensor:
    """What stands in the place of each edge: [edges, width]."""
    graph = session.graph
    rows = [
        ablation(kind).out(session.engine.references, graph.writers[int(graph.edge_writers[edge])])[0, 0]
        for edge in edges
    ]
    return widened(torch.stack(rows))


def _written(session: Session, writer: Node, kind: EditKind) -> tuple[Tensor, Tensor]:
    """What a writer writes at all real positions [positions, width], and its replacement [width]."""
    engine = session.engine
    out = widened(engine.clean(full=True).out(session.model.adapter, writer))
    lengths = torch.tensor(engine.extent.lengths, device=out.device)
    real = torch.arange(out.shape[1], device=out.device) < lengths[:, None]
    return out[real], widened(ablation(kind).out(engine.references, writer)[0, 0])


@dataclass(frozen=True, eq=False)
class _Part:
    """Some pairs of a task. nothing: their mean metric with no edges; change: from there to the whole model."""

    session: Session
    nothing: float
    change: float


def _parts(session: Session, kind: EditKind, cancelled: Cancel) -> list[_Part]:
    """Parts of a task's pairs. Those in which nothing is to be lost are left out, where there are others."""
    total = session.pair.batch
    parts = []
    for start in range(0, total, ROWS):
        part = session if total <= ROWS else session.part(range(start, min(start + ROWS, total)))
        runs = measure(part, [], kind, cancelled=cancelled)
        nothing = float(runs.nothing.mean())
        parts.append(_Part(part, nothing, float(runs.whole.mean()) - nothing))
    usual = float(np.median([abs(each.change) for each in parts]))
    return [each for each in parts if abs(each.change) > usual / 4]


class _Learning:
    """Strengths and directions of some edges, as far as they are learned. session: of the task, to find on."""

    def __init__(self, session: Session, edges: list[int], kind: EditKind) -> None:
        self._session, self._edges, self._kind = session, edges, kind
        self._instead = _instead(session, edges, kind)
        self._turn(widest_directions(session, edges, kind))
        self._strengths = torch.full_like(self._instead[:, 0], START).requires_grad_()
        self._of_strengths: torch.optim.Adam | None = torch.optim.Adam([self._strengths], lr=RATE, betas=BETAS)

    def _turn(self, directions: Tensor) -> None:
        self._directions = directions.clone().requires_grad_()
        self._of_directions = torch.optim.Adam([self._directions], lr=TURN, betas=BETAS)

    def _units(self) -> Tensor:
        units: Tensor = self._directions / self._directions.norm(dim=1, keepdim=True)
        return units

    def update(self, parts: Sequence[_Part], cancelled: Cancel) -> None:
        """parts: of the task, then of every other. Raises Cancelled."""
        leaves = [self._directions, *([self._strengths] if self._of_strengths is not None else [])]
        slopes = [torch.zeros_like(leaf) for leaf in leaves]
        for number, part in enumerate(parts):
            at(number / len(parts))
            if cancelled is not None and cancelled():
                raise Cancelled
            session, side = part.session, part.session.pair.clean
            with torch.enable_grad():
                taken = _taken(session, self._edges, self._directions, self._instead, self._strengths)
                lengths = torch.tensor(side.lengths, device=side.tensor.device)
                answers = projected_answers(session.model.adapter, side.tensor, lengths, taken)
                kept = (session.metric(answers).mean() - part.nothing) / part.change
                loss = (kept - AIM).clamp(min=0) if number == 0 else WEIGHT * (1 - kept).clamp(min=0) ** 2
                if loss == 0:
                    continue
                for total, slope in zip(slopes, torch.autograd.grad(loss, leaves), strict=True):
                    total += slope
        self._directions.grad = slopes[0]
        self._of_directions.step()
        if self._of_strengths is not None:
            self._strengths.grad = slopes[1] + PULL
            self._of_strengths.step()
            with torch.no_grad():
                self._strengths.clamp_(0.0, 1.0)

    def harden(self, size: int | None) -> None:
        """Step 3, of the strongest edges, `size` of them at most, one at least."""
        strengths = self._strengths.detach()
        count = max(1, int((strengths > FAINT).sum()))
        kept = strengths.argsort(descending=True, stable=True)[: count if size is None else min(count, size)]
        self._edges = [self._edges[number] for number in kept.tolist()]
        self._instead = self._instead[kept]
        self._turn(self._units().detach()[kept])
        self._strengths, self._of_strengths = torch.ones_like(strengths[kept]), None

    def cut(self) -> Cut:
        return along(self._session, self._edges, self._units().detach(), self._kind)
