"""The flow of a repair: find, cut, prove, export: `ws.repair(model, triggered, clean)`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core.edited.apply import apply
from core.edited.export import Exported, export_model
from core.edits import Edit, EditKind
from core.errors import ArgumentError, InputError
from core.graph import Edge, Node
from core.models.model import Model
from core.progress import now, stage, watched
from core.repair.examples import Batch, Example, batch_of, check_apart, distinct, split
from core.repair.find import Search, carried, grow, shrink
from core.repair.learn import learn, without_weak
from core.repair.proof import Figures, answers, check_fault, figures, with_module
from core.saving import save_text
from core.session import Session
from core.text_files import read_text

Sets = tuple[list[Example], list[Example]]  # triggered and clean ones
Level = Literal["edges", "nodes"]
Find = Literal["learned", "greedy"]
Phase = Literal["find", "cut", "prove"]
PHASES: dict[Phase, tuple[float, float]] = {"find": (0.0, 0.8), "cut": (0.8, 0.95), "prove": (0.95, 1.0)}  # of a repair
LEVELS: tuple[Level, ...] = ("edges", "nodes")
FINDS: tuple[Find, ...] = ("learned", "greedy")
CUTS: dict[EditKind, str] = {"mean": "its mean over the clean examples", "zero": "nought"}  # what each carries
BUDGET = 0.005  # of the clean accuracy
HELD_OUT = 0.25  # of the examples
MOST = 0.05  # of the parts; beyond it the model would be another one


@dataclass(frozen=True)
class Repair:
    """A repaired model. edits: the cuts. used, used_after: on the examples that it was made with; before, after: on the
    held-out ones. cut: edges that the cuts take away, of `edges`. runs: edits that were really made. repeats: examples
    that were left out, since the same input and answer were there already."""

    model: Model
    edits: tuple[Edit, ...]
    level: Level
    kind: EditKind
    budget: float
    used: Figures
    used_after: Figures
    before: Figures
    after: Figures
    cut: int
    edges: int
    runs: int
    seconds: float
    repeats: int
    session: Session = field(repr=False)

    @property
    def repaired(self) -> Model:
        """The model with the cuts inside. It shares its weights with the original, which stays as it is."""
        return with_module(self.model, apply(self.model, self.edits, self.session).module)

    @property
    def words(self) -> str:
        """What was done and what it does, in lines."""
        proof = self.before.misbehaviour.of and self.before.accuracy.of
        of = "held-out examples" if proof else "the examples it was made with (too few to hold any out: no proof)"
        before, after = (self.before, self.after) if proof else (self.used, self.used_after)
        lines = [
            f"cut: {', '.join(map(_cut_words, self.edits))}",
            f"{len(self.edits)} {self.level}, {self.cut} of {self.edges:,} edges; what is cut carries "
            f"{CUTS[self.kind]}",
            f"on {of}:",
            f"  misbehaviour    {before.misbehaviour} -> {after.misbehaviour}",
            f"  clean accuracy  {before.accuracy} -> {after.accuracy}",
        ]
        if after.divergence is not None:
            lines.append(f"  KL from the original on clean inputs: {after.divergence:.3g} nats")
        if self.repeats:
            lines.append(f"left out: {self.repeats:,} repeats of the same input and answer")
        lines.append(f"{self.runs:,} edits measured in {self.seconds:.1f} s")
        return "\n".join(lines)

    def export(self, folder: str | Path) -> Exported:
        """Write the repaired model to a new folder, with a card: in the weights where these hold the cuts (nodes), else
        with hooks beside them (edges). Raises WirescopeError."""
        exported = export_model(self.model, self.edits, folder, self.session)
        card = exported.folder / "README.md"
        words = f"\n## The repair\n\n```\n{self.words}\n```\n\nIntervals are of 95 % (Wilson).\n"
        save_text(card, read_text(card) + words)
        return exported


def repair(
    model: Model,
    triggered: Sequence[Example],
    clean: Sequence[Example],
    *,
    budget: float = BUDGET,
    level: Level = "edges",
    find: Find | None = None,
    kind: EditKind = "mean",
    most: float = MOST,
    held_out: float | tuple[Sequence[Example], Sequence[Example]] = HELD_OUT,
    weight: float = 1.0,
    seed: int = 0,
    progress: Callable[[Phase, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Repair:
    """Find the parts that carry a fault and cut them.

    triggered: inputs on which the model misbehaves, with the right answers. clean: inputs that should stay as they are.
    budget: share of the clean accuracy that may be lost, above 0 and below 1. level: whether edges are cut, or nodes,
    whose cuts weights can hold. find: `learned`, the strengths of all cuts of edges at once, usual for edges; or
    `greedy`, whole cuts one after another. kind: what a cut part carries: its `mean` over the clean examples and their
    positions, or `zero`. most: share of all parts that `greedy` may cut. held_out: share of the examples for the proof,
    at most half, drawn by the seed, or triggered and clean ones for it. Repeats count once. weight: of what clean
    inputs lose, against what triggered ones gain. progress: told the phase and how much of it is done, 0 to 1: `find`,
    `cut` (needless cuts are taken back, the others made), `prove`. cancelled: asked between the layers of every run.

    Raises ArgumentError for options that there are not, InputError for examples that do not fit, that contradict each
    other, that are in two sets or of which none misbehaves, and where no cut helps; Cancelled.
    """
    find = find or ("learned" if level == "edges" else "greedy")
    _check(budget, level, find, kind, most)
    if not triggered:
        raise InputError("There is no triggered example.", "Give inputs on which the model misbehaves.")
    if not clean:
        raise InputError("There is no clean example.", "Give inputs that should stay as they are, with right answers.")
    started = time.perf_counter()
    use, proof, repeats = _sets(triggered, clean, held_out, seed)
    batch_of(model, [*use[0], *use[1], *proof[0], *proof[1]])  # whether they fit and agree
    _check_sets(use, proof)
    bad, good = batch_of(model, use[0]), batch_of(model, use[1])
    used = figures(model, bad, good)
    check_fault(used)
    allowed = int(budget * len(good))
    with _phase("find", progress, cancelled):
        search = Search(model, bad, good, kind, weight)
        if find == "learned":
            cuts, state = learn(search, allowed)
        else:
            candidates: list[Node | Edge] = list(model.graph.edges if level == "edges" else model.graph.writers[1:])
            cuts, state = grow(search, candidates, max(1, int(most * len(candidates))), allowed)
    if not cuts:
        raise InputError(
            f"No cut of {level} helps the triggered examples within the budget.",
            "Give more clean examples, a larger budget, or other parts (level).",
        )
    session = search.sessions[1]
    with _phase("cut", progress, cancelled):
        cuts = (without_weak if find == "learned" else shrink)(search, cuts, state)
        repaired = with_module(model, apply(model, cuts, session).module)
    with _phase("prove", progress, cancelled):
        proof_bad, proof_good = (batch_of(model, some) if some else None for some in proof)
        used_after = _figures(repaired, model, bad, good)
        before, after = figures(model, proof_bad, proof_good), _figures(repaired, model, proof_bad, proof_good)
    return Repair(
        model,
        tuple(cuts),
        level,
        kind,
        budget,
        used,
        used_after,
        before,
        after,
        carried(cuts, model),
        model.graph.n_edges,
        search.runs,
        time.perf_counter() - started,
        repeats,
        session,
    )


@contextmanager
def _phase(
    phase: Phase, told: Callable[[Phase, float], None] | None, cancelled: Callable[[], bool] | None
) -> Iterator[None]:
    """What is done inside is watched; a listener from before is told how much of the whole is done."""
    start, stop = PHASES[phase]
    with watched(None, cancelled), stage(start, stop):
        of_whole = now()

        def tell(share: float) -> None:
            if told is not None:
                told(phase, share)
            of_whole(share)

        with watched(tell):
            tell(0.0)
            yield
            tell(1.0)


def _sets(
    triggered: Sequence[Example],
    clean: Sequence[Example],
    held_out: float | tuple[Sequence[Example], Sequence[Example]],
    seed: int,
) -> tuple[Sets, Sets, int]:
    """Examples to repair with, those for the proof, and how many repeats were left out of all."""
    bad, good = distinct(triggered), distinct(clean)
    repeats = len(triggered) + len(clean) - len(bad) - len(good)
    if isinstance(held_out, tuple):
        proof = distinct(held_out[0]), distinct(held_out[1])
        return (bad, good), proof, repeats + sum(map(len, held_out)) - sum(map(len, proof))
    if not 0 <= held_out <= 0.5:
        raise ArgumentError(
            f"{held_out:g} of the examples cannot be held out: at least half must be left to repair with.",
            "Give a share from 0 to 0.5.",
        )
    of_bad, of_good = split(bad, held_out, seed), split(good, held_out, seed)
    return (of_bad[0], of_good[0]), (of_bad[1], of_good[1]), repeats


def _check_sets(use: Sets, proof: Sets) -> None:
    """Raise InputError for an input that is in two sets."""
    check_apart(
        [*use[0], *proof[0]],
        [*use[1], *proof[1]],
        "is both a triggered and a clean example",
        "Say once whether the fault is expected there.",
    )
    check_apart(
        [*proof[0], *proof[1]],
        [*use[0], *use[1]],
        "is held out for the proof, and the repair is made with it too",
        "Hold out examples that take no part in the repair.",
    )


def _cut_words(edit: Edit) -> str:
    return edit.name if edit.strength == 1 else f"{edit.name} by {100 * edit.strength:.0f} %"


def _figures(repaired: Model, original: Model, triggered: Batch | None, clean: Batch | None) -> Figures:
    return figures(repaired, triggered, clean, None if clean is None else answers(original, clean))


def _check(budget: float, level: str, find: str, kind: str, most: float) -> None:
    if not 0 < budget < 1:
        raise ArgumentError(
            f"A budget of {budget:g} is none: it is the share of the clean accuracy that a repair may cost.",
            "Give a number above 0 and below 1, for example 0.005.",
        )
    if level not in LEVELS:
        raise ArgumentError(f"There is no level {level!r}.", f"There are: {', '.join(LEVELS)}.")
    if find not in FINDS:
        raise ArgumentError(f"Cuts cannot be found by {find!r}.", f"There are: {', '.join(FINDS)}.")
    if find == "learned" and level != "edges":
        raise ArgumentError("Strengths are learned for edges.", 'Take level="edges", or find="greedy" for nodes.')
    if kind not in CUTS:
        raise ArgumentError(f"A cut cannot carry {kind!r}.", f"It carries: {' or '.join(CUTS)}.")
    if not 0 < most <= 0.5:
        raise ArgumentError(
            f"{most:g} of the parts would leave no model to speak of.", "Give a share above 0, at most 0.5."
        )
