"""Which edges carry the fault, and along which directions: learned for some edges at once; real runs decide.

    loss = - (log-probability of right answers on triggered) + weight x (KL on clean)
           + CALM x (sum over edges of what clean inputs lose there) + PULL x (sum of strengths)

1. The first edges are those that integrated gradients say would gain most if they carried what they carry in calm
   twins (made triggered examples are clean ones with a piece; without it they are calm), or the mean over the clean
   examples where no piece is known.
2. Of each edge a direction: that along which its writer differs most between the two. At first it is taken out in part,
   down to the clean examples' mean.
3. Adam moves directions (what is measured, and what is taken out for it), levels and strengths down the loss, on other
   examples in each update. What clean inputs lose at an edge is the mean square of the change that the cut makes there,
   by the mean square of what the edge carries: few examples say well which directions clean inputs do not use.
   Clean examples that cuts of a round made wrong are among those of each update after it.
4. The edges that the loss needs least, each measured without its cut, are left out, and the rest learn on: fewer in
   each of the ROUNDS.
5. After each round the cuts are really made on all examples. Within the budget those of the fewest triggered examples
   wrong are best, then those of the least loss; of all that are about as good (ABOUT, NEAR) those of the fewest edges
   are taken: they are the least fitted to the examples. Where none heal ENOUGH, all is done once more.

What is cut is directional ablation (Arditi et al. 2024) on edges, as an oblique projection (LEACE, Belrose et al. 2023)
that is learned (as the subspaces of distributed alignment search are, Geiger et al. 2024).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.edits import Edit
from core.engine.projected import Directions, projected_answers
from core.engine.sizes import gradient_bytes
from core.graph import Edge
from core.metrics import log_probability
from core.precision import widened
from core.progress import stage
from core.repair.draws import Drawn, Draws
from core.repair.find import Search, State
from core.session import Session
from core.tracing.trace import trace

ATTEMPTS = 2  # on other examples, where the first has no cuts within the budget that heal ENOUGH of the triggered ones
ENOUGH = 0.8  # not all: what is made may have another right answer than is thought
ROUNDS = ((24, 30), (7, 60), (4, 60), (2, 60))  # edges, and updates with them
FIRST, LEFT_OUT = 0.1, 0.1  # of the time: edges are chosen; of a round: some are left out
TWINS = 48  # made examples that edges are chosen by
STEPS = 5  # of integrated gradients
TRIGGERED, CLEAN = 24, 16  # rows of an update
BEGIN = 0.3  # strength
RATE, STRENGTH_RATE = 0.02, 0.05
BETAS = (0.9, 0.98)
CALM = 4.0  # nats, if clean inputs lost all that an edge carries
PULL = 0.01  # nats a whole cut
WORTH = 0.002  # nats that a cut must be worth
ABOUT, NEAR = 0.005, 0.005  # of the triggered examples, nats: as good as the best
WEIGHT = 4.0  # of KL on clean inputs, against what triggered ones lack
MEASURED = 4  # times the rows of an update, on which each cut is left out


def learn_directions(search: Search, draws: Draws, allowed: int) -> tuple[list[Edit], State]:
    """Cuts and what they do; none where none helps. allowed: clean examples that may become wrong. Raises
    Cancelled."""
    learning = _Learning(search, draws)
    with stage(0.0, 0.0):
        start = search.state([])
    least, enough = start.right[1] - allowed, ENOUGH * len(search.triggered)
    tried: list[tuple[list[Edit], State]] = []
    for attempt in range(ATTEMPTS):
        with stage(attempt / ATTEMPTS, (attempt + 1) / ATTEMPTS):
            tried += learning.rounds(start)
        if any(state.right[1] >= least and state.right[0] >= enough for _, state in tried):
            break
    within = [(edits, state) for edits, state in tried if state.right[1] >= least and state.gain[0] > start.gain[0]]
    if not within:
        return [], start
    return _fewest(search, within)


def _fewest(search: Search, tried: list[tuple[list[Edit], State]]) -> tuple[list[Edit], State]:
    """Step 5."""

    def loss(state: State) -> float:
        return -state.gain[0] - search.weight * state.gain[1]

    best = min((state for _, state in tried), key=lambda state: (-state.right[0], loss(state)))
    right = best.right[0] - ABOUT * len(search.triggered)
    about = [each for each in tried if each[1].right[0] >= right and loss(each[1]) <= loss(best) + NEAR]
    return min(about, key=lambda each: len(each[0]))


@dataclass(frozen=True)
class _Learning:
    search: Search
    draws: Draws

    def rounds(self, start: State) -> Iterator[tuple[list[Edit], State]]:
        """Once through all steps: the cuts after each round, and what they do."""
        with stage(0.0, FIRST):
            directions = self.first()
        total, done = sum(updates for _, updates in ROUNDS), 0
        for number, (edges, updates) in enumerate(ROUNDS):
            before, done = done, done + updates
            with stage(*(FIRST + (1 - FIRST) * share / total for share in (before, done))):
                if number:
                    with stage(0.0, LEFT_OUT):
                        directions = directions.some(self.most_needed(directions, edges))
                with stage(LEFT_OUT, 1.0):
                    directions = self.learned(directions, updates)
                edits = directions.edits()
                if edits:
                    with stage(1.0, 1.0):
                        state = self.search.state(edits)
                    hard = {*self.draws.hard, *state.clean_wrong} - {*start.clean_wrong}
                    self.draws.hard = sorted(hard)
                    yield edits, state

    def first(self) -> Directions:
        """Steps 1 and 2."""
        if self.draws.makes:
            triggered, calm = self.draws.made(TWINS)
            pair = replace(triggered.pair, counterfactual=calm.pair.clean)
            metric = log_probability([int(target) for target in triggered.targets])
            session = Session(self.search.model, pair, metric, memory_megabytes=self.search.memory_megabytes)
            scores = -trace(session, "eap-ig", steps=STEPS).values
            usual = Session(self.search.model, calm.pair, memory_megabytes=self.search.memory_megabytes)
        else:
            session, usual = self.search.scanned
            scores = -trace(session, "integrated-edges", replacement="mean").values
        rows = [len(each.parts[0]) if each.parts else each.pair.batch for each in (session, usual)]
        rows = [min(rows)] * 2 if self.draws.makes else rows  # twins stay beside each other
        session, usual = (each.part(range(some)) for each, some in zip((session, usual), rows, strict=True))
        graph, width = session.graph, session.model.adapter.shape.width
        numbers = np.argsort(-scores, kind="stable")[: ROUNDS[0][0]].tolist()
        edges = tuple(graph.edges[number] for number in numbers)
        device = session.model.adapter.device
        along = torch.zeros(len(edges), width, device=device)
        levels, strengths = torch.zeros(len(edges), device=device), torch.full((len(edges),), BEGIN, device=device)
        with stage(1.0, 1.0):
            for number, edge in enumerate(edges):
                along[number], levels[number] = self._parting(session, usual, edge)
        return Directions(graph, edges, along, along, levels, strengths)

    def _parting(self, session: Session, usual: Session, edge: Edge) -> tuple[Tensor, Tensor]:
        """The directions along which a writer differs most between triggered and usual examples, and the levels of
        these: [direction, width], [direction]."""
        triggered, calm = (_written(each, edge) for each in (session, usual))
        mean = calm[_real(usual)].mean(dim=0)
        apart = (triggered - (calm if self.draws.makes else mean))[_real(session)].cpu().double()
        along = torch.linalg.eigh(apart.T @ apart).eigenvectors[:, -1].to(mean)
        return along, along @ mean

    def learned(self, directions: Directions, updates: int) -> Directions:
        """Step 3."""
        names = "along", "out", "levels", "strengths"
        learned = {name: getattr(directions, name).clone().requires_grad_() for name in names}
        *others, strengths = (learned[name] for name in names)
        rates = RATE, STRENGTH_RATE
        adam = torch.optim.Adam([{"params": others}, {"params": [strengths]}], lr=RATE, betas=BETAS)
        for update in range(updates):
            with stage(update / updates, (update + 1) / updates):
                for group, rate in zip(adam.param_groups, rates, strict=True):
                    group["lr"] = rate * min(1.0, 2 * (updates - update) / updates)
                with torch.enable_grad():
                    loss = self._loss(replace(directions, **learned), self._drawn(1)) + PULL * strengths.sum()
                    slopes = torch.autograd.grad(loss, (*others, strengths))  # the model's weights get none
                for each, slope in zip((*others, strengths), slopes, strict=True):
                    each.grad = slope
                adam.step()
                with torch.no_grad():
                    strengths.clamp_(0.0, 1.0)
        return replace(directions, **{name: each.detach() for name, each in learned.items()})

    def most_needed(self, directions: Directions, count: int) -> list[int]:
        """Step 4: the numbers of so many edges."""
        drawn = self._drawn(MEASURED)
        losses = []
        with torch.no_grad():
            for number in range(len(directions.edges)):
                strengths = directions.strengths.clone()
                strengths[number] = 0.0
                with stage(number / len(directions.edges), (number + 1) / len(directions.edges)):
                    losses.append(float(self._loss(replace(directions, strengths=strengths), drawn)))
        return sorted(range(len(losses)), key=lambda number: -losses[number])[:count]

    def _drawn(self, times: int) -> Drawn:
        """As many rows as memory has room for, at most."""
        rows = gradient_bytes(self.search.model.adapter, self.search.clean.pair.length)[0]
        share = min(1.0, self.search.memory_megabytes * 2**20 / max(1, rows * (TRIGGERED + CLEAN)))
        return self.draws.draw(*(max(1, int(times * share * count)) for count in (TRIGGERED, CLEAN)))

    def _loss(self, directions: Directions, drawn: Drawn) -> Tensor:
        triggered, lost = len(drawn.targets), []

        def see(change: Tensor, out: Tensor) -> None:
            lengths = drawn.lengths[triggered:, None]
            real = torch.arange(out.shape[1], device=lengths.device) < lengths
            changed, carried = (each[triggered:][real].square().sum(dim=-1).mean() for each in (change, out))
            lost.append(changed / carried.clamp(min=1e-12))  # a head may write nothing on clean inputs

        given = projected_answers(self.search.model.adapter, drawn.inputs, drawn.lengths, directions, see)
        after = given.log_softmax(dim=-1)
        lack = F.nll_loss(after[:triggered], drawn.targets)
        divergence = (drawn.before.exp() * (drawn.before - after[triggered:])).sum(dim=-1).mean()
        return lack + WEIGHT * self.search.weight * divergence + CALM * torch.stack(lost).sum()


def _written(session: Session, edge: Edge) -> Tensor:
    """What a writer writes at every position, [batch, position, width]."""
    return widened(session.engine.clean(full=True).out(session.model.adapter, edge.writer))


def _real(session: Session) -> Tensor:
    """Which positions are no padding, [batch, position]."""
    engine = session.engine
    lengths = torch.tensor(engine.extent.lengths, device=session.model.adapter.device)
    return torch.arange(engine.length, device=lengths.device) < lengths[:, None]
