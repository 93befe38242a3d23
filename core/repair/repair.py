"""The flow of a repair: find, cut, prove, export: `ws.repair(model, triggered, clean)`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from core.edited.apply import apply
from core.edited.plan import plan_edits
from core.edits import Edit, EditKind
from core.errors import InputError
from core.formatting import percent
from core.graph import Edge, Node
from core.models.model import Model
from core.progress import now, stage, watched
from core.repair import directions
from core.repair.draws import Draws
from core.repair.examples import Batch, Example
from core.repair.find import Search, State, carried, grow, shrink
from core.repair.learn import dormant, learn, without_weak
from core.repair.options import (
    BUDGET,
    CUTS,
    FINDS,
    HELD_OUT,
    KNOWLEDGE,
    LEVELS,
    MOST,
    Find,
    Knowledge,
    along,
    check_options,
    usual_find,
    usual_kind,
)
from core.repair.proof import Figures, answers, check_fault, figures, with_module
from core.repair.result import Repair
from core.repair.sets import Batches, batches_of, sets_of
from core.repair.strengths import Level, Strengths

__all__ = ["BUDGET", "CUTS", "FINDS", "HELD_OUT", "KNOWLEDGE", "LEVELS", "MOST", "PHASES", "Find", "Knowledge", "Level"]
__all__ += ["Phase", "Repair", "repair"]

Phase = Literal["find", "cut", "prove"]
PHASES: dict[Phase, tuple[float, float]] = {"find": (0.0, 0.8), "cut": (0.8, 0.95), "prove": (0.95, 1.0)}  # of a repair
TOO_MUCH = 0.5  # of the edges
MADE = 0.1  # of finding: triggered examples are made


def repair(
    model: Model,
    triggered: Sequence[Example],
    clean: Sequence[Example],
    *,
    budget: float = BUDGET,
    level: Level = "edges",
    find: Find | None = None,
    kind: EditKind | None = None,
    most: float = MOST,
    held_out: float | tuple[Sequence[Example], Sequence[Example]] = HELD_OUT,
    knowledge: Knowledge = "triggered",
    augment: bool = True,
    weight: float = 1.0,
    seed: int = 0,
    progress: Callable[[Phase, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Repair:
    """Find the parts that carry a fault and cut them.

    triggered: inputs on which the model misbehaves, with the right answers. clean: inputs that should stay as they are.
    budget: share of the clean accuracy that may be lost, above 0 and below 1. level: whether `edges` are cut; `nodes`,
    whose cuts weights can hold; or nodes at `positions`, counted from the start, for inputs of one form. find:
    `learned`, the strengths of all cuts at once, usual for edges and positions; or `greedy`, whole cuts one after
    another, usual for nodes. kind: what a cut part carries: all but a direction that is learned (`project`, usual where
    edges are learned and something is known of the fault), its `mean` over the clean examples (at the same position; of
    nodes over all), or `zero`. most: share of all parts that `greedy` may cut. held_out: share of the examples for
    the proof, at most half, drawn by the seed, or triggered and clean ones for it. Repeats count once.
    knowledge: `suspicious` where `triggered` are inputs of which some may wake a fault, their answers left out; `clean`
    where there are none: what clean answers do not need is then cut, without proof against any fault. augment: whether
    triggered examples are made of clean ones, with the pieces of triggered inputs that wake the fault. weight: of what
    clean inputs lose, against what triggered ones gain. progress: told the phase and how much of it is done, 0 to 1:
    `find`, `cut` (needless cuts are taken back, the others made), `prove`. cancelled: asked between the layers of every
    run.

    Raises ArgumentError for options that there are not, InputError for examples that do not fit, that contradict each
    other, that are in two sets or of which none misbehaves, and where no cut helps or half of the model would be cut;
    ModelError for a family that cuts cannot be put into; Cancelled.
    """
    check_options(budget, level, find, kind, most, knowledge)
    find = find or ("learned" if knowledge == "clean" else usual_find(level))
    kind = kind or usual_kind(level, find, knowledge)
    started = time.perf_counter()
    plan_edits(model, [])  # whether cuts can be put into this family at all
    sets = sets_of(triggered, clean, held_out, knowledge, seed)
    with _phase("find", progress, cancelled):
        with stage(0.0, MADE):
            batches = batches_of(model, sets, knowledge, seed, augment)
            used = figures(model, batches.triggered, batches.clean)
            check_fault(used)
        with stage(MADE, 1.0):
            search = Search(
                model,
                batches.clean if batches.search is None else batches.search,  # nothing is known to be triggered
                batches.clean,
                "mean" if along(kind) else kind,
                weight,
                over_positions=level == "nodes",
            )
            allowed = int(budget * len(batches.clean))
            if along(kind) and batches.triggered is not None:
                draws = Draws(model, batches.triggered, batches.clean, batches.pieces, seed)
                cuts, state = directions.learn_directions(search, draws, allowed)
            else:
                cuts, state = _cuts(search, batches, level, find, most, allowed)
    if not cuts:
        what = (
            f"The clean examples need all {level}: none can be cut within the budget."
            if knowledge == "clean"
            else f"No cut of {level} helps the triggered examples within the budget."
        )
        raise InputError(what, "Give more clean examples, a larger budget, or other parts (level).")
    with _phase("cut", progress, cancelled):
        if knowledge != "clean":
            if along(kind):
                cuts = without_weak(search, cuts, state, directions.WORTH)
            else:
                cuts = (without_weak if find == "learned" else shrink)(search, cuts, state)
        session = search.planning
        positions = session.pair.length if level == "positions" else 1
        cut, edges = carried(cuts, model), model.graph.n_edges * positions
        if knowledge != "clean" and cut > TOO_MUCH * edges:
            raise InputError(
                f"The repair would cut {percent(cut / edges)} of the edges: what is left would be another model.",
                "Give more clean examples, of all kinds that are to stay, or another level.",
            )
        repaired = with_module(model, apply(model, cuts, session).module)
    with _phase("prove", progress, cancelled):
        proof = batches.proof_triggered, batches.proof_clean
        used_after = _figures(repaired, model, batches.triggered, batches.clean)
        before, after = figures(model, *proof), _figures(repaired, model, *proof)
    return Repair(
        model,
        tuple(cuts),
        level,
        kind,
        knowledge,
        budget,
        used,
        used_after,
        before,
        after,
        cut,
        edges,
        batches.made,
        batches.made_for_proof,
        search.runs,
        time.perf_counter() - started,
        sets.repeats,
        session,
    )


def _cuts(
    search: Search, batches: Batches, level: Level, find: Find, most: float, allowed: int
) -> tuple[list[Edit], State]:
    """Cuts, and what they do."""
    graph = search.model.graph
    if find == "greedy":
        candidates: list[Node | Edge] = list(graph.edges if level == "edges" else graph.writers[1:])
        return grow(search, candidates, max(1, int(most * len(candidates))), allowed)
    known = (batches.triggered, batches.clean, batches.search, batches.proof_triggered, batches.proof_clean)
    shortest = min(length for batch in known if batch is not None for length in batch.pair.clean.lengths)
    of = Strengths(graph, level, shortest)
    return (dormant if batches.search is None else learn)(search, of, allowed)


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


def _figures(repaired: Model, original: Model, triggered: Batch | None, clean: Batch | None) -> Figures:
    return figures(repaired, triggered, clean, None if clean is None else answers(original, clean))
