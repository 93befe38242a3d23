"""How strongly to cut each edge, learned for all edges at once; real runs decide what is taken.

    loss = - (log-probability of right answers on triggered) - weight x (the same on clean) + PULL x (sum of strengths)

Each is a mean over its examples. A cut of strength s leaves 1 - s of what an edge carries and puts s of its mean there.

1. All strengths begin at nought. Adam takes them down the loss, within 0 to 1; PULL keeps most of them at nought. While
   clean examples are lost beyond the budget, the weight grows.
2. Every few updates the cuts are really made, on all examples. Of these the best is taken: within the budget first,
   then the fewest triggered examples wrong, then the least loss.
3. Weak cuts are taken back one by one, as long as no example is lost by it.

The gradients are those of edge pruning (`core.engine.circuit_gradients`; Bhaskar et al. 2024), without its drawn masks.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from core.edits import Edit
from core.engine.circuit_gradients import CircuitGradients
from core.progress import stage
from core.repair.find import Search, State
from core.session import Session

UPDATES, EVERY, RATE = 100, 10, 0.05
PULL = 0.02  # nats a whole cut
GROWTH = 1.3  # of the weight, where too many clean examples are lost
LEAST = 0.02  # strength of a cut
TAKEN_BACK = 40  # of the weakest cuts are tried


def learn(search: Search, allowed: int, updates: int = UPDATES) -> tuple[list[Edit], State]:
    """Steps 1 and 2: cuts of edges, of several strengths, and what they do; none where none helps. allowed: clean
    examples that may become wrong. Raises Cancelled."""
    edges = search.model.graph.edges
    start = search.state([])
    least, weight = start.right[1] - allowed, search.weight
    strengths = torch.zeros(len(edges), dtype=torch.float64, device="cpu").requires_grad_()
    adam = torch.optim.Adam([strengths], lr=RATE)
    best: tuple[tuple[bool, int, float], list[Edit], State] | None = None
    for update in range(1, updates + 1):
        now = strengths.detach()
        slopes = []
        for number, session in enumerate(search.sessions):
            with stage((update - 1 + number / 2) / updates, (update - 0.5 + number / 2) / updates):
                slopes.append(_slopes(search, session, now))
        strengths.grad = -slopes[0] - weight * slopes[1] + PULL
        adam.step()
        with torch.no_grad():
            strengths.clamp_(0.0, 1.0)
        if update % EVERY and update != updates:
            continue
        edits = [
            Edit(edge, search.kind, strength=round(strength, 2))
            for edge, strength in zip(edges, strengths.tolist(), strict=True)
            if strength >= LEAST
        ]
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


def _slopes(search: Search, session: Session, strengths: Tensor) -> Tensor:
    """The gradient of the session's mean metric by each strength."""
    graph, metric = session.graph, session.metric
    readers = torch.as_tensor(graph.edge_readers, dtype=torch.long, device="cpu")
    writers = torch.as_tensor(graph.edge_writers, dtype=torch.long, device="cpu")
    shares = torch.zeros(len(graph.readers), graph.n_writers, dtype=torch.float64, device="cpu")
    shares[readers, writers] = 1.0 - strengths
    adapter = session.model.adapter

    def read(stream: Tensor) -> Tensor:
        output = adapter.read(stream)
        return metric(output[:, -1] if output.ndim == 3 else output)

    run = CircuitGradients(session.engine, shares, search.kind, read)
    return -run.by_share.cpu().double()[readers, writers] / session.pair.batch


def without_weak(search: Search, edits: list[Edit], state: State) -> list[Edit]:
    """Step 3. state: what the cuts do."""
    weak = sorted(edits, key=lambda edit: edit.strength)[:TAKEN_BACK]
    for number, edit in enumerate(weak):
        rest = [other for other in edits if other is not edit]
        with stage(number / len(weak), (number + 1) / len(weak)):
            without = search.state(rest)
        kept = all(now >= before for now, before in zip(without.right, state.right, strict=True))
        if kept and without.gain[0] > state.gain[0] - PULL:
            edits, state = rest, replace(without, gain=(max(without.gain[0], state.gain[0]), without.gain[1]))
    return edits
