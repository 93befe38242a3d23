"""The minimal patch: a set of parts whose values from B turn A's answer into B's, and that needs every one of them.

Steps, each a real run (only what is measured first, of very many candidates, is chosen by a gradient):

1. Candidates: all nodes but `input`, all edges, or the input at single positions, groups of them or named regions. Of
   more than POOL those are measured that integrated gradients say would do most. Each of these is patched alone.
2. Growth: with the parts so far in place, the most promising AGAIN are measured anew, and the best of them joins; where
   none helps, all are measured anew, once. It ends when the most probable answer is B's.
3. Where growth ends without that, ever longer parts of the ranking are patched at once, up to LONGEST candidates.
4. Shrinking: what the turned answer does not need is taken back, first in large pieces, then one by one, until a whole
   round takes nothing back. That last round is the certificate: without any one part the answer is not B's.

A set that needs each of its parts (1-minimal, Zeller & Hildebrandt 2002, "Simplifying and Isolating Failure-Inducing
Input") is not the smallest one that there is: another may be smaller. A set of one part is a smallest one, and so is a
set of two where every candidate was measured alone and none turns the answer by itself.

margin = logit of B's answer - the largest logit of any other answer; above 0, B's answer is the most probable one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.edits import Edit
from core.errors import ArgumentError, EditError, InputError
from core.evaluation.patched_set import LEVELS, Grown, MinimalPatch, PatchLevel, Tried, positions_in, region_groups
from core.formatting import answer_words
from core.graph import Edge, Node
from core.lens.output import needs_head
from core.metrics import logit_difference
from core.precision import widened
from core.progress import stage, watched
from core.scan import Scan
from core.session import Session
from core.tracing.options import Level
from core.tracing.trace import trace

MOST = 64  # parts at which growth gives up
POOL = {"nodes": 512, "edges": 512, "positions": 128, "regions": 128}  # measured alone; a position is a whole run
AGAIN = 24  # of which so many are measured again before each further part
LONGEST = 1024  # candidates that are patched at once in step 3
FIRST, GROWN = 0.4, 0.8  # of the time, about: where step 1 ends, and step 2


def minimal_patch(
    session: Session,
    level: PatchLevel = "nodes",
    *,
    groups: Sequence[Sequence[int]] | None = None,
    edits: Sequence[Edit] = (),
    without: Sequence[Node | Edge | int | str] = (),
    most: int = MOST,
    grown: Callable[[Grown], None] | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    memory: dict[Any, Any] | None = None,
) -> MinimalPatch:
    """Search for a minimal set of parts whose patching from B makes the most probable answer B's.

    session: of one pair with a B whose answer is another; its metric does not matter. level: "nodes" (heads and MLPs),
    "edges", "positions": the input at each position, or at each of `groups` of positions; or "regions": at each named
    region of the picture, or at each of `groups` instead. What no region holds stays A's. edits: that stand
    meanwhile; the answer to turn is the one with them, and what they edit is no candidate. without: nodes, edges,
    positions or regions that are no candidates either, nor what overlaps them, as to look for another set. most: parts
    at which growth gives up; what step 3 finds may be more. grown: told of each set on the way. memory: keeps what was
    measured, for when the same is asked again after a cancel.

    Raises ArgumentError for a level or a part that there is not and for a model that gives no answers, EditError
    without a B or for a position that is not there, InputError where A and B have the same answer, Cancelled.
    """
    with watched(progress, cancelled):
        search = _Search(session, level, tuple(edits), {} if memory is None else memory, grown)
        return search.result(_candidates(session, level, groups, edits, without), most)


def _candidates(
    session: Session,
    level: PatchLevel,
    groups: Sequence[Sequence[int]] | None,
    edits: Sequence[Edit],
    without: Sequence[Node | Edge | int | str],
) -> list[Edit]:
    """The patches that a set is made of."""
    graph = session.graph
    if level in ("positions", "regions"):
        if level == "regions" and groups is None:
            groups = region_groups(session.pair)
        edited = {place for each in edits if each.name == "input" for place in _places(session, each)}
        edited |= set(session.pair.extent.places(without)[0]) if without else set()  # type: ignore[arg-type]
        parts = [(place,) for place in range(session.pair.clean.lengths[0])] if groups is None else groups
        if not parts or not all(parts):
            raise ArgumentError("There is a group without positions, or no group.", "Name at least one position each.")
        patches = [Edit(Node("input"), "patch", tuple(group)) for group in parts]
        return [each for each in patches if not edited & set(_places(session, each))]
    if groups is not None:
        raise ArgumentError(f"Groups are of positions, not of {level}.", 'Take level="positions".')
    names = [*(each.target for each in edits), *without]
    taken = {graph.parse(each) if isinstance(each, str) else each for each in names}
    # `input` alone is all of B: every other node then computes what it computes there.
    targets: Sequence[Edge | Node] = graph.edges if level == "edges" else graph.writers
    return [Edit(t, "patch") for t in targets if t not in taken and not (isinstance(t, Node) and t.kind == "input")]


def _places(session: Session, edit: Edit) -> Sequence[int]:
    extent = session.pair.extent
    return range(extent.length) if edit.positions is None else extent.places(edit.positions)[0]


@dataclass
class _Search:
    """One search. memory: of sets, what a run with them gives; of measured candidates, their effects."""

    session: Session
    level: PatchLevel
    standing: tuple[Edit, ...]
    memory: dict[Any, Any]
    grown: Callable[[Grown], None] | None
    effects: dict[Edit, float] = field(default_factory=dict)  # of each candidate, as it was measured last
    nearest: tuple[float, list[Edit]] = (-np.inf, [])

    def __post_init__(self) -> None:
        session = self.session
        if self.level not in LEVELS:
            raise ArgumentError(f"There is no level {self.level!r}.", f"There are: {', '.join(LEVELS)}.")
        needs_head(session.model)
        if session.pair.batch > 1:
            raise ArgumentError("A minimal patch is of one pair.", "Take one row: session.part(range(1)).")
        b = session.counterfactual
        if b is None:
            raise EditError("There is no counterfactual input to patch from.", "Give an input B.")
        self.target = int(b.answer[0].argmax())
        self.b_margin = self._margin(b.answer[0])[0]
        self.before = self.state([])
        if self.before[1] == self.target:
            same = answer_words(session.model.label(self.target))
            raise InputError(f"A and B have the same answer, “{same}”: there is nothing to turn.", "Choose another B.")

    # ---- runs ----

    def state(self, edits: Sequence[Edit]) -> tuple[float, int]:
        """The margin and the answer with some parts patched."""
        key = frozenset(edits)
        if key not in self.memory:
            answer = self.session.run([*self.standing, *edits]).answer[0]
            self.memory[key] = *self._margin(answer), int(answer.argmax())
            self._count(1)
        margin, _, answer_id = self.memory[key]
        if margin > self.nearest[0] and len(edits) <= MOST:
            self.nearest = margin, list(edits)
        return margin, answer_id

    def _count(self, runs: int) -> None:
        self.memory["runs"] = self.memory.get("runs", 0) + runs

    def flips(self, edits: Sequence[Edit]) -> bool:
        return self.state(edits)[1] == self.target

    def _margin(self, logits: Any) -> tuple[float, int]:
        """Of B's answer over the best other one, and which that is."""
        others = widened(logits).clone()
        wanted = float(others[self.target])
        others[self.target] = -np.inf
        return wanted - float(others.max()), int(others.argmax())

    def measure(self, candidates: Sequence[Edit], edits: Sequence[Edit]) -> float:
        """What each does to the margin over the answer that is best now, with some parts in place. Returns the most."""
        self.state(edits)
        rival = self.memory[frozenset(edits)][1]
        key = rival, tuple(candidates), frozenset(edits)
        if key not in self.memory:
            self.memory[key] = Scan(self._against(rival), candidates, edits=[*self.standing, *edits])
        scan = self.memory[key]
        if isinstance(scan, Scan):  # what was measured before a cancel stays in it
            before = scan.done
            try:
                scan.run()
            finally:
                self._count(scan.done - before)
            self.memory[key] = scan = scan.effects
        self.effects.update(zip(candidates, scan.tolist(), strict=True))
        return float(scan.max())

    def _against(self, rival: int) -> Session:
        """The session, with the margin over one answer as its metric: it shares the runs."""
        session = copy(self.session)
        session.with_metric(logit_difference(self.target, rival))
        return session

    # ---- steps ----

    def result(self, candidates: list[Edit], most: int) -> MinimalPatch:
        with stage(0.0, FIRST):
            ranked = self._ranked(candidates)
            pool = ranked[: POOL[self.level]]
            best = self.measure(pool, []) if pool else -np.inf
            margin = self.memory[frozenset()][0]
            rivals_first = sorted(pool, key=lambda edit: -self.effects[edit])
            ranked = [*rivals_first, *ranked[len(pool) :]]
        patch = self._grow(pool, most)
        if not self.flips(patch):
            patch = self._longer(ranked)
        if self.flips(patch):
            with stage(GROWN, 1.0):
                patch = self._minimal(patch)
        else:
            patch = self.nearest[1]
        flips = self.flips(patch)
        label = self.session.model.label
        steps = [(edit, self.state(patch[: number + 1])) for number, edit in enumerate(patch)]
        without = [(edit, self.state([each for each in patch if each != edit])) for edit in patch if flips]
        return MinimalPatch(
            self.level,
            flips,
            tuple(Tried(edit, margin, label(answer)) for edit, (margin, answer) in steps),
            tuple(Tried(edit, margin, label(answer)) for edit, (margin, answer) in without),
            label(self.before[1]),
            label(self.target),
            margin,
            self.b_margin,
            len(candidates),
            len(pool),
            margin + best > 0,
            self.memory["runs"],
        )

    def _ranked(self, candidates: list[Edit]) -> list[Edit]:
        """All of them where they are few; else the most promising first, by a gradient."""
        if len(candidates) <= POOL[self.level]:
            return candidates
        key = "estimates", tuple(candidates)
        if key not in self.memory:
            session, graph = self._against(self.memory[frozenset()][1]), self.session.graph
            at_positions = self.level in ("positions", "regions")
            level: Level = "positions" if self.level == "regions" else self.level
            scores = trace(session, "eap-ig", level=level).values  # of an edge, minus what its patch does
            if at_positions:
                row = scores[graph.writer_index(Node("input"))]
                values = [-float(row[list(positions_in(edit))].sum()) for edit in candidates]
            else:
                index: Callable[[Any], int] = graph.edge_index if self.level == "edges" else graph.writer_index
                values = [-float(scores[index(edit.target)]) for edit in candidates]
            self.memory[key] = np.argsort(-np.asarray(values), kind="stable").tolist()
        return [candidates[place] for place in self.memory[key]]

    def _grow(self, pool: list[Edit], most: int) -> list[Edit]:
        """Step 2."""
        patch: list[Edit] = []
        start = min(self.before[0], -1e-6)
        while True:
            margin, _ = self.state(patch)
            self._tell(patch)
            share = FIRST + (GROWN - FIRST) * min(max(1 - margin / start, 0.0), 1.0)
            left = sorted((edit for edit in pool if edit not in patch), key=lambda edit: -self.effects[edit])
            if self.flips(patch) or len(patch) >= most or not left:
                return patch
            with stage(share, share):
                some = left[:AGAIN]
                if patch and self.measure(some, patch) <= 0 and self.measure(left, patch) <= 0:
                    return patch
                best = max(left if not patch else some, key=lambda edit: self.effects[edit])
                if self.effects[best] <= 0:
                    best = max(left, key=lambda edit: self.effects[edit])
                if self.effects[best] <= 0:
                    return patch
            patch = [*patch, best]

    def _longer(self, ranked: list[Edit]) -> list[Edit]:
        """Step 3: the shortest start of the ranking, of those that were run, that turns the answer; none where none
        does."""
        size = 2
        longest = min(len(ranked), LONGEST)
        while True:
            size = min(2 * size, longest)
            with stage(GROWN, GROWN):
                if self.flips(ranked[:size]):
                    self._tell(ranked[:size])
                    return ranked[:size]
            if size == longest:
                return []

    def _minimal(self, patch: list[Edit]) -> list[Edit]:
        """Step 4."""
        while True:
            patch = self._shrunk(patch)
            shorter = next((size for size in range(1, len(patch)) if self.flips(patch[:size])), None)
            if shorter is None:
                self._tell(patch)
                return patch
            patch = patch[:shorter]  # more parts may undo what fewer do

    def _shrunk(self, patch: list[Edit]) -> list[Edit]:
        """Without what is not needed, the parts that joined last looked at first."""
        piece = max(1, len(patch) // 2 if len(patch) > MOST else 1)
        while True:
            gone = False
            for start in range(piece * ((len(patch) - 1) // piece), -1, -piece):
                rest = [*patch[:start], *patch[start + piece :]]
                if rest and self.flips(rest):
                    patch, gone = rest, True
                    self._tell(patch)
            if piece == 1 and not gone:
                return patch
            piece = max(1, piece // 2)

    def _tell(self, patch: Sequence[Edit]) -> None:
        if self.grown is not None:
            margin, answer = self.state(patch)
            self.grown(Grown(tuple(patch), margin, self.session.model.label(answer)))
