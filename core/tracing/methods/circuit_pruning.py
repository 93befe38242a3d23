"""Circuit pruning: attribution in the circuit that is left, again and again, with exact runs where it is least sure
(Wirescope's own).

Other attribution methods judge an edge in the whole model, once. What it is worth in a small circuit can be something
else: there most of what it worked with is gone. So:

Steps:
1. Begin with all edges. In the circuit that is left, open its edges together: at `steps` shares (midpoints) every kept
   edge carries that share of what its writer adds in this very run, every other edge its replacement.
2. The worth of a kept edge is the mean over the shares of (out_u - replacement_u) . gradient_r. The worths of all kept
   edges add up to m(circuit) - m(nothing), as with integrated edges.
3. Of a circuit of up to SMALL edges, where an exact run costs little, measure the edges of which it is least sure
   whether they stay: those nearest the cut of step 4. The circuit is really run without each of them, all in one batch,
   and what it loses is the edge's worth. The budget of such runs is shared out evenly among these rounds.
4. Drop the edges of the least absolute worth, so that KEPT of them remain (of a small circuit KEPT_OF_SMALL), and those
   that are then on no path from `input` to `logits`. Go on with 1 until LEAST edges are left, or none would be.
5. An edge's score says when it was dropped: it is the size of its worth in the last circuit that had it, and at least
   the largest score of all that were dropped before. So the best edges are always a circuit that was left. It has no
   sign: an edge that lowers the metric belongs to what the circuit does, and circuits without such edges were never
   looked at.

Cost: `steps` forwards and two backwards each for every round, and `budget` runs of small circuits; the number of rounds
goes with the logarithm of the number of edges (some 20 for SmolLM2). So it takes about as many times as long as EAP-IG
as there are rounds. It scores no positions: a circuit is made of edges, which hold at all positions. Do not use it for
the effect of a single edit in the whole model, nor where one round of another method is all there is time for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit, connected
from core.graph import Graph
from core.progress import stage, within
from core.tracing.job import Job, MethodResult
from core.tracing.meaning import ORDER
from core.tracing.method import FORWARD_AND_BACKWARD, Method
from core.tracing.options import check_count, option, steps_option

KEPT = 0.6  # of the edges, each round
SMALL = 200  # edges
KEPT_OF_SMALL = 0.7
LEAST = 4  # edges: with fewer there is nothing to choose between
WORTHS = 0.8  # of the time of a round, about; the rest are exact runs
TOGETHER = 16  # circuits that are run in one batch

Edges = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PruningOptions:
    steps: int = steps_option()
    budget: int = option(
        200,
        "circuits that may be run exactly, each over all pairs; of exact-scan: edits that are made, the others stay "
        "estimates (0: every one)",
        title="Exact runs",
    )

    def __post_init__(self) -> None:
        check_count("steps", self.steps)
        check_count("budget", self.budget, least=0)


@dataclass
class PruningState:
    """left: the edges of the circuit. worth: of every edge, in the last circuit that had it. runs: of the budget.
    dropped: a round each, the first to go first. total: worths of the present round, summed over the `steps` that are
    done, of one session after the other."""

    left: Edges
    worth: Floats
    runs: int = 0
    dropped: list[Edges] = field(default_factory=list)
    total: Floats | float = 0.0
    steps: int = 0


def circuit_pruning(job: Job) -> Iterator[MethodResult]:
    graph, budget = job.session.graph, job.options_of(PruningOptions).budget
    state = job.state(lambda: PruningState(np.arange(graph.n_edges, dtype=np.int64), np.zeros(graph.n_edges)))
    worth, dropped = state.worth, state.dropped
    while len(left := state.left) > LEAST:
        begun, all_rounds = _rounds(len(left)), _rounds(graph.n_edges)
        share = 1 - begun / all_rounds
        for worths, part in within(_worths(job, state), share, share + WORTHS / all_rounds):
            worth[left] = worths
            if not dropped and part < 1:  # before anything is dropped, it is what some of the pairs say
                yield MethodResult(_scores(graph, worth, dropped, left), share + WORTHS * part / all_rounds)
        order = left[np.argsort(np.abs(worth[left]), kind="stable")]
        cut = len(order) - int(_share_kept(len(order)) * len(order))
        if len(left) <= SMALL:
            near = _nearest(order, cut, (budget - state.runs) // _rounds(len(left)))
            with stage(share + WORTHS / all_rounds, share + 1 / all_rounds):
                worth[order[near]] = _measured(job, left, order[near])
            state.runs += len(order[near])
            order[near] = order[near][np.argsort(np.abs(worth[order[near]]), kind="stable")]
        kept = np.sort(order[cut:])
        kept = kept[connected(graph, kept)]
        if not len(kept):
            break
        dropped.append(order[~np.isin(order, kept)])
        state.left, state.total, state.steps = kept, 0.0, 0
        if len(kept) > LEAST:
            share = 1 - _rounds(len(kept)) / _rounds(graph.n_edges)
            yield MethodResult(_scores(graph, worth, dropped, kept), share)
    yield MethodResult(_scores(graph, worth, dropped, state.left))


def _forwards(scored: int, options: PruningOptions) -> float:
    rounds = math.ceil(math.log(max(scored, LEAST + 1) / LEAST) / -math.log(KEPT))
    return FORWARD_AND_BACKWARD * options.steps * rounds


METHOD = Method(
    "circuit-pruning",
    "Circuit pruning",
    "attribution in the circuit that is left, again and again, exact runs where that is least sure; Wirescope's own",
    circuit_pruning,
    takes=PruningOptions,
    meaning=ORDER,
    levels=("edges",),
    joint=True,
    slow=True,
    forwards=_forwards,
)


def _share_kept(edges: int) -> float:
    return KEPT_OF_SMALL if edges <= SMALL else KEPT


def _rounds(edges: int) -> int:
    """How many there are still to come, at most."""
    count = 0
    while edges > LEAST:
        edges = int(_share_kept(edges) * edges)
        count += 1
    return count


def _nearest(order: Edges, cut: int, count: int) -> slice:
    """The places of `count` edges about a cut of their order; none where the budget is spent."""
    return slice(max(0, cut - count // 2), min(len(order), cut + (count + 1) // 2))


def _measured(job: Job, circuit: Edges, edges: Edges) -> Floats:
    """What the circuit really loses without each of some edges: [edges]."""
    graph = job.session.graph
    if not len(edges):
        return np.zeros(0)
    whole_circuit = Circuit(graph, circuit)
    without = [Circuit(graph, circuit[circuit != edge]) for edge in edges]
    lost = np.zeros(len(edges))
    for number, session in enumerate(job.sessions):
        with stage(number / len(job.sessions), number / len(job.sessions)):
            (before,) = session.run_circuits([whole_circuit], job.replacement, job.cancelled)
        for start in range(0, len(edges), TOGETHER):
            done = (number + start / len(edges)) / len(job.sessions)
            with stage(done, done + min(TOGETHER / len(edges), 1) / len(job.sessions)):
                runs = session.run_circuits(without[start : start + TOGETHER], job.replacement, job.cancelled)
            lost[start : start + len(runs)] += [float((before.metric - run.metric).sum()) for run in runs]
    return lost / job.pairs


def _worths(job: Job, state: PruningState) -> Iterator[tuple[Floats, float]]:
    """What each edge of the circuit that is left is worth in it: [edges], in their order; after each session the mean
    over its pairs and those before, and what of the work is done. What a round has found stays in the job's state."""
    import torch

    from core.engine.circuit_gradients import CircuitGradients
    from core.tracing.attribution import first_row

    steps, graph, sessions = job.options_of(PruningOptions).steps, job.session.graph, job.sessions
    readers, writers = graph.edge_readers[state.left], graph.edge_writers[state.left]
    pairs = np.cumsum([session.pair.batch for session in sessions])
    while (done := state.steps) < steps * len(sessions):
        number, step = divmod(done, steps)
        session = sessions[number]
        shares = torch.zeros(len(graph.readers), graph.n_writers, dtype=torch.float64, device="cpu")
        shares[readers, writers] = (step + 0.5) / steps
        with stage(done / (steps * len(sessions)), (done + 1) / (steps * len(sessions))):
            first = first_row(session, job.replacement)
            metric = session.reading.slope(session.pair.batch)
            gradients = CircuitGradients(session.engine, shares, job.replacement, metric, first, job.cancelled)
        state.total = state.total + gradients.by_share[readers, writers].cpu().double().numpy()
        state.steps = done + 1
        if step == steps - 1 and state.steps < steps * len(sessions):
            yield state.total / steps / pairs[number], state.steps / (steps * len(sessions))
    yield np.asarray(state.total) / steps / job.pairs, 1.0


def _scores(graph: Graph, worth: Floats, dropped: list[Edges], left: Edges) -> Floats:
    """Step 5."""
    order = np.concatenate([*dropped, left[np.argsort(np.abs(worth[left]), kind="stable")]])
    sizes = np.maximum.accumulate(np.abs(worth[order]))
    scores = np.zeros(graph.n_edges)
    tie = 1e-9 * max(sizes[-1], 1e-30) / len(order)  # keeps the order where sizes are equal
    scores[order] = sizes + tie * np.arange(len(order))
    return scores
