"""Which parts to cut: those whose cut helps triggered inputs more than it hurts clean ones. Every step is a real run.

1. Each candidate alone (of many those that integrated gradients say would gain most): its cut is made on the
   triggered and on the clean examples. Its score is

       (gain of the right answer's log-probability on triggered) - weight x (its loss on clean ones)

2. Growth: with the cuts so far in place, the most promising candidates are measured again and tried in order: those
   that keep the clean accuracy within the budget and help are cut, a few a round. Where none does, all candidates are
   measured anew, once. This goes on until every triggered example is right with room to spare, nothing helps, or enough
   parts are cut.
3. Shrinking: each cut that the result does not need is taken back, the first ones last.

A cut replaces what a part carries by its mean over the clean examples (or by nought), on every input: nothing needs to
know the trigger afterwards. Of edges it is the mean at the same position, of nodes that over all positions, which
weights can hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from core.edits import Edit, EditKind
from core.engine.engine import MEMORY_MEGABYTES
from core.graph import Edge, Node
from core.metrics import log_probability
from core.models.model import Model
from core.progress import stage
from core.repair.examples import Batch
from core.repair.means import LEAST_ROWS, population_from_start
from core.scan import Scan
from core.session import Session
from core.tracing.trace import trace

Target = Node | Edge
FIRST = 0.3  # of the time that growing takes, about: step 1
POOL = 192  # candidates that are kept in step 1
RENEWED = 1  # how often all candidates are measured anew
AGAIN = 16  # of which so many are measured again in each round
AT_ONCE = 4  # cuts of a round
SCANNED = 48  # clean examples that candidates are measured on; what is cut is decided on all
ENOUGH = 0.05  # nats that the triggered examples may still lack on average, all of them right
WORTH = 0.01  # nats that a cut must gain


@dataclass(frozen=True)
class State:
    """What some cuts do. right: triggered and clean examples that are answered rightly. gain: mean log-probability of
    the right answers, of triggered and of clean ones. clean_wrong: which clean examples are answered wrongly."""

    right: tuple[int, int]
    gain: tuple[float, float]
    clean_wrong: tuple[int, ...] = ()


@dataclass
class Search:
    """The two sessions, and what was tried. over_positions: whether a cut carries one mean for all positions, as
    weights can hold it; else that of each position. memory_megabytes: of each session, whose examples go through
    the model in as many parts as that needs. Raises what a session raises."""

    model: Model
    triggered: Batch
    clean: Batch
    kind: EditKind
    weight: float = 1.0
    over_positions: bool = False
    memory_megabytes: float = MEMORY_MEGABYTES
    runs: int = 0
    sessions: tuple[Session, Session] = field(init=False)
    scanned: tuple[Session, Session] = field(init=False)

    def __post_init__(self) -> None:
        population = population_from_start(self.model, self.clean, self.memory_megabytes)
        first, second = (
            Session(
                self.model,
                batch.pair,
                log_probability([int(target) for target in batch.targets]),
                population=population,
                mean_over_positions=self.over_positions or len(self.clean) < LEAST_ROWS,
                memory_megabytes=self.memory_megabytes,
            )
            for batch in (self.triggered, self.clean)
        )
        self.sessions = first, second
        some = range(min(SCANNED, len(self.clean)))
        self.scanned = first, second if len(some) == len(self.clean) else second.part(some)

    @property
    def planning(self) -> Session:
        """A session of the longest clean example, which has a mean for each position that there is."""
        lengths = self.clean.pair.clean.lengths
        longest = lengths.index(max(lengths))
        return self.sessions[1].part(range(longest, longest + 1))

    def state(self, edits: list[Edit]) -> State:
        self.runs += 1
        results = [session.run(edits) for session in self.sessions]
        rights = [
            result.answer.argmax(dim=-1) == batch.targets
            for result, batch in zip(results, (self.triggered, self.clean), strict=True)
        ]
        gains = [float(result.metric.mean()) for result in results]
        wrong = tuple((~rights[1]).nonzero()[:, 0].tolist())
        return State((int(rights[0].sum()), int(rights[1].sum())), (gains[0], gains[1]), wrong)

    def scores(self, targets: list[Target], edits: list[Edit], gains: list[float] | None = None) -> list[float]:
        """Of each target, with some cuts in place. gains: on triggered examples, where they are known."""
        gains = self._effects(0, targets, edits) if gains is None else gains
        losses = self._effects(1, targets, edits)
        return [gain + self.weight * min(loss, 0.0) for gain, loss in zip(gains, losses, strict=True)]

    def first_pool(self, candidates: list[Target]) -> dict[Target, float]:
        """Step 1. Of many candidates those are measured that gradients say would gain most, a node by the sum of the
        edges out of it."""
        if len(candidates) <= POOL:
            return self.pool(candidates, [])
        estimates = -trace(self.scanned[0], "integrated-edges", replacement=self.kind).values
        graph = self.model.graph

        def gain(target: Target) -> float:
            if isinstance(target, Edge):
                return float(estimates[graph.edge_index(target)])
            return float(estimates[graph.edges_out_of(target)].sum())

        return self.pool(sorted(candidates, key=gain, reverse=True)[:POOL], [])

    def pool(self, candidates: list[Target], edits: list[Edit]) -> dict[Target, float]:
        """The scores of those that gain something on triggered examples, with some cuts in place; at most POOL."""
        cut = {edit.target for edit in edits}
        left = [target for target in candidates if target not in cut]
        gains = dict(zip(left, self._effects(0, left, edits), strict=True))
        best = [target for target in sorted(left, key=lambda target: -gains[target])[:POOL] if gains[target] > WORTH]
        return dict(zip(best, self.scores(best, edits, [gains[target] for target in best]), strict=True))

    def _effects(self, of: int, targets: list[Target], edits: list[Edit]) -> list[float]:
        if not targets:
            return []
        self.runs += len(targets)
        scan = Scan(self.scanned[of], targets, self.kind, edits=edits)
        return [float(effect) for effect in scan.run()]


def grow(search: Search, candidates: list[Target], most: int, allowed: int) -> tuple[list[Edit], State]:
    """Steps 1 and 2: cuts, and what they do. most: parts that may be cut. allowed: clean examples that may become
    wrong. Raises Cancelled."""
    with stage(0.0, FIRST):
        state = search.state([])
        least = state.right[1] - allowed
        cuts: list[Edit] = []
        pool = search.first_pool(candidates)
    renewed = 0
    while len(cuts) < most and not _done(state, len(search.triggered)):
        room = min(AT_ONCE, most - len(cuts))
        done = FIRST + (1 - FIRST) * len(cuts) / most
        with stage(done, done):
            after = _round(search, pool, cuts, state, least, room)
            if after is state and renewed == RENEWED:
                break
            if after is state:
                pool, renewed = search.pool(candidates, cuts), renewed + 1
        state = after
    return cuts, state


def _round(search: Search, pool: dict[Target, float], cuts: list[Edit], state: State, least: int, room: int) -> State:
    """Step 2, once: the next cuts are put to the others. What was tried leaves the pool."""
    again = sorted(pool, key=lambda target: -pool[target])[:AGAIN]
    if cuts:
        pool.update(zip(again, search.scores(again, cuts), strict=True))
        again.sort(key=lambda target: -pool[target])
    for target in again:
        if room == 0 or pool[target] < WORTH or _done(state, len(search.triggered)):
            break
        edit = Edit(target, search.kind)
        after = search.state([*cuts, edit])
        del pool[target]
        if after.right[1] >= least and after.gain[0] > state.gain[0] + WORTH:
            cuts.append(edit)
            state, room = after, room - 1
    return state


def _done(state: State, triggered: int) -> bool:
    return state.right[0] == triggered and state.gain[0] > -ENOUGH


def shrink(search: Search, cuts: list[Edit], state: State) -> list[Edit]:
    """Step 3. state: what the cuts do."""
    for number, edit in enumerate(reversed(cuts)):
        rest = [other for other in cuts if other is not edit]
        with stage(number / len(cuts), (number + 1) / len(cuts)):
            without = search.state(rest)
        worse = without.gain[0] < state.gain[0] - ENOUGH / 2
        if without.right[0] >= state.right[0] and without.right[1] >= state.right[1] and not worse:
            cuts, state = rest, without
    return cuts


def carried(edits: list[Edit], model: Model) -> int:
    """How many edges the cuts take away, each position counted where the cuts are at positions."""
    cut: set[tuple[str, object]] = set()
    for edit in edits:
        target = edit.target
        edges = [target] if isinstance(target, Edge) else [edge for edge in model.graph.edges if edge.writer == target]
        cut |= {(edge.name, edit.positions) for edge in edges}
    return len(cut)
