"""How strongly to cut each edge, node or node at a position, learned for all at once; real runs decide what is taken.

    loss = - (log-probability of right answers on triggered) + weight x (KL on clean) + PULL x (sum of strengths)

KL is from the original model's answers. Each is a mean over some examples, other ones in each update. A cut of strength
s leaves 1 - s of what is carried and puts s of its mean there.

1. All strengths begin at nought. Adam takes them down the loss, within 0 to 1; PULL keeps most of them at nought. While
   clean examples are lost beyond the budget, the weight grows.
2. Every few updates the cuts, of strengths averaged over the last updates, are really made, on all examples. Of these
   the best is taken: within the budget first, then the fewest triggered examples wrong, then the least loss.
3. Weak cuts are taken back one by one, as long as no example is lost by it.

The gradients are those of edge pruning (`core.engine.circuit_gradients`; Bhaskar et al. 2024), without its drawn masks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

import torch
from torch import Tensor

from core.edits import Edit
from core.engine.circuit_gradients import CircuitGradients
from core.engine.state import at_last
from core.progress import stage
from core.repair.find import Search, State
from core.repair.strengths import Strengths
from core.session import Session
from core.session_parts import parts_of

UPDATES, EVERY, RATE = 80, 8, 0.05
MORE = 40  # updates, where none is within the budget by then
MEMORY = 0.8  # of the mean of strengths over updates, which is what is cut
BETAS = (0.9, 0.98)
ROWS = 16  # triggered ones of an update, and as many clean ones
COPIES = 4  # of what all nodes write, that a gradient holds at once, about
PULL = 0.05  # nats a whole cut
WEIGHT = 4.0  # of KL on clean inputs, against what triggered ones lack
GROWTH = 1.4  # of the weight, where too many clean examples are lost
REWARD = 0.002  # nats that a whole cut of what clean inputs do not need is worth
TAKEN_BACK = 40  # of the weakest cuts are tried


def learn(search: Search, of: Strengths, allowed: int, updates: int = UPDATES) -> tuple[list[Edit], State]:
    """Steps 1 and 2: cuts of several strengths, and what they do; none where none helps. allowed: clean examples that
    may become wrong. Raises Cancelled."""
    start = search.state([])
    least, weight = start.right[1] - allowed, WEIGHT * search.weight
    strengths = torch.zeros(of.count, dtype=torch.float64, device="cpu").requires_grad_()
    adam = torch.optim.Adam([strengths], lr=RATE, betas=BETAS)
    draws = [_Draws(session, search, number) for number, session in enumerate(search.sessions)]
    best: tuple[tuple[bool, int, float], list[Edit], State] | None = None
    mean = strengths.detach().clone()
    for update in range(1, updates + MORE + 1):
        if update > updates and best is not None and not best[0][0]:
            break
        slopes = []
        for number, some in enumerate(draws):
            with stage((update - 1 + number / 2) / updates, (update - 0.5 + number / 2) / updates):
                slopes.append(some.slopes(of, strengths.detach()))
        strengths.grad = -slopes[0] + weight * slopes[1] + PULL
        adam.step()
        with torch.no_grad():
            strengths.copy_(of.within(strengths))
            mean = MEMORY * mean + (1 - MEMORY) * strengths
        if update % EVERY and update != updates:
            continue
        edits = of.edits(mean, search.kind)
        with stage(update / updates, update / updates):
            state = search.state(edits)
        loss = -state.gain[0] - search.weight * state.gain[1] + PULL * sum(edit.strength for edit in edits)
        if state.right[1] < least:
            weight *= GROWTH
        rank = state.right[1] < least, len(search.triggered) - state.right[0], loss
        if edits and (best is None or rank < best[0]):
            best = rank, edits, state
    if best is None or best[0][0] or best[2].gain[0] <= start.gain[0]:
        return [], start
    return best[1], best[2]


def dormant(search: Search, of: Strengths, allowed: int, updates: int = UPDATES) -> tuple[list[Edit], State]:
    """With clean inputs alone: what their answers do not need is cut, as strongly as they allow.

        loss = weight x (KL on clean) - REWARD x (sum of strengths)

    Of the cuts that are really made, those of most strength that stay within the budget are taken."""
    least = search.state([]).right[1] - allowed
    strengths = torch.zeros(of.count, dtype=torch.float64, device="cpu").requires_grad_()
    adam = torch.optim.Adam([strengths], lr=RATE, betas=BETAS)
    draws = _Draws(search.sessions[1], search, 1)
    best: tuple[float, list[Edit], State] | None = None
    for update in range(1, updates + 1):
        with stage((update - 1) / updates, update / updates):
            strengths.grad = WEIGHT * draws.slopes(of, strengths.detach()) - REWARD
        adam.step()
        with torch.no_grad():
            strengths.copy_(of.within(strengths))
        if update % EVERY and update != updates:
            continue
        edits = of.edits(strengths, search.kind)
        with stage(update / updates, update / updates):
            state = search.state(edits)
        total = sum(edit.strength for edit in edits)
        if state.right[1] >= least and (best is None or total > best[0]):
            best = total, edits, state
    return ([], search.state([])) if best is None else best[1:]


@dataclass
class _Draws:
    """Some rows of a session at a time, all of them in turn, and the gradient on them. clean: whether of KL, else of
    the log-probability. Rows go through the model no more at once than memory has room for."""

    session: Session
    search: Search
    clean: int
    turn: int = 0
    order: list[int] = field(init=False)
    kept: dict[int, tuple[Session, Tensor]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pair, adapter = self.session.pair, self.session.model.adapter
        row = self.session.graph.n_writers * pair.length * adapter.shape.width * 4
        rows = max(1, min(ROWS, self.session.memory // (COPIES * row)))
        self.parts = parts_of(pair.batch, rows)
        self.order = list(range(len(self.parts)))
        self.rng = Random(self.clean)

    def slopes(self, of: Strengths, strengths: Tensor) -> Tensor:
        """The gradient of the mean over the next rows."""
        if self.turn % len(self.parts) == 0:
            self.rng.shuffle(self.order)
        number = self.order[self.turn % len(self.parts)]
        self.turn += 1
        session, before = self._part(number)
        adapter, length = session.model.adapter, session.pair.length

        def read(stream: Tensor) -> Tensor:
            output = at_last(adapter.read(stream))
            if not self.clean:
                return session.metric(output)
            after = output.float().log_softmax(dim=-1)
            return (before.exp() * (before - after)).sum(dim=-1)

        run = CircuitGradients(
            session.engine,
            of.shares(strengths),
            self.search.kind,
            read,
            at_positions=of.at_positions(strengths, length),
        )
        return of.slopes(run) / session.pair.batch

    def _part(self, number: int) -> tuple[Session, Tensor]:
        """Some rows, and the original's log-probabilities of all answers there. Kept where all have room."""
        if number in self.kept:
            return self.kept[number]
        session = self.session.part(self.parts[number])
        made = session, session.clean.answer.float().log_softmax(dim=-1)
        if not self.session.parts:
            self.kept[number] = made
        return made


def without_weak(search: Search, edits: list[Edit], state: State, worth: float = PULL) -> list[Edit]:
    """Step 3. state: what the cuts do. worth: nats that a cut must be worth, on triggered and clean ones together."""
    weak = sorted(edits, key=lambda edit: edit.strength)[:TAKEN_BACK]
    for number, edit in enumerate(weak):
        rest = [other for other in edits if other is not edit]
        with stage(number / len(weak), (number + 1) / len(weak)):
            without = search.state(rest)
        kept = all(now >= before for now, before in zip(without.right, state.right, strict=True))
        if kept and sum(without.gain) > sum(state.gain) - worth:
            edits, state = rest, replace(without, gain=(max(without.gain[0], state.gain[0]), without.gain[1]))
    return edits
