"""Sets of heads compared by what is lost without them, on several outcomes at once.

    study = compare_head_sets(model, [induction, function_vector], inputs)

Each set of `core.studies.head_sets` is ablated as a whole, and every outcome of `core.studies.outcomes` is measured on
the same rows with it and without. What a set accounts for is the share of the outcome that is lost:

    accounts = (m(whole) - m(without it)) / (m(whole) - m(chance))             each m the mean over rows

Controls of the main share are drawn many times; each row is judged under several of the draws in turn, so that all
draws are judged and each costs little. Intervals: 95 % by bootstrap over rows, each with the draws that it was judged
under.

Batches are pieces of the study (`core.studies.pieces`): what was measured of each is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from core.edits import EditKind
from core.errors import ArgumentError
from core.models.model import Model
from core.progress import stage
from core.studies.estimate import Estimate, Floats, Rows, estimate
from core.studies.head_sets import HeadSet, Ranking, controls_of, head_names, sets_of
from core.studies.kept_results import KeptResults
from core.studies.outcomes import OUTCOMES, Batch, Inputs, batch_of, parts
from core.studies.pieces import PieceWorkers, do_pieces

SHARES = (0.01, 0.05, 0.1, 0.2)
MAIN = 0.1
MAIN_KIND: EditKind = "mean"  # that all sets are ablated by, unless another one is asked for
DRAWS = 20
WHOLE = "whole"  # of what was done: nothing
ABLATIONS: tuple[EditKind, ...] = ("mean", "zero", "resample")

Beside = Callable[[Batch], Mapping[str, Floats]]


@dataclass(frozen=True, eq=False)
class Plan:
    """What is measured. sets: all that are ablated by the main kind. kinds: other ablations, of the main share.
    controls: draws, of the main share."""

    sets: tuple[HeadSet, ...]
    controls: tuple[HeadSet, ...]
    main: float
    kinds: tuple[EditKind, ...]
    draws: int
    main_kind: EditKind = MAIN_KIND

    @property
    def compared(self) -> tuple[str, ...]:
        """The sets that are compared with each other: without each other's top, where there are two rankings."""
        names = tuple(dict.fromkeys(each.name for each in self.sets if each.name != "both"))
        return tuple(name for name in names if " without " in name) or names

    @property
    def families(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.name for each in self.controls))

    def drawn(self, number: int, of: int) -> list[HeadSet]:
        """The controls that one of so many batches is judged under."""
        turns = -(-self.draws // of)
        now = {(number * turns + turn) % self.draws for turn in range(turns)} if self.draws else set()
        return [each for each in self.controls if each.draw in now]


def check_plan(model: Model, shares: Sequence[float], kinds: Sequence[EditKind], draws: int) -> None:
    """Raises ArgumentError for shares, ablations and numbers of draws that there are not, and a model of few heads."""
    for share in shares:
        if not 0 < share <= 0.5:
            raise ArgumentError(f"A share of the heads is above 0 and at most 50 %, not {100 * share:g} %.")
    for kind in kinds:
        if kind not in ABLATIONS:
            raise ArgumentError(f"Heads cannot be ablated by {kind!r} here.", f"There are: {', '.join(ABLATIONS)}.")
    if draws < 1:
        raise ArgumentError(f"{draws} draws of controls are too few.", "Take 1 or more.")
    if model.graph.layers * model.graph.heads < 4:
        raise ArgumentError(f"{model.title} has too few heads to compare sets of them.")


def plan_of(
    model: Model,
    rankings: Sequence[Ranking],
    shares: Sequence[float] = SHARES,
    main: float = MAIN,
    kinds: Sequence[EditKind] = ABLATIONS,
    draws: int = DRAWS,
    seed: int = 0,
    main_kind: EditKind = MAIN_KIND,
) -> Plan:
    """Raises ArgumentError as `check_plan` does."""
    check_plan(model, (*shares, main), (*kinds, main_kind), draws)
    graph = model.graph
    of_main = sets_of(rankings, main)
    others = [each for share in shares if share != main for each in sets_of(rankings, share) if each.name != "both"]
    controls = controls_of(of_main, graph.heads, graph.layers, draws, seed)
    return Plan((*of_main, *others), tuple(controls), main, tuple(kinds), draws, main_kind)


@dataclass(frozen=True, eq=False)
class Outcome:
    """One outcome of all that was done to the model. name: a key of OUTCOMES. whole: [rows] of the unedited model. of:
    [rows] by what was done: "mean|induction|0.1"; of a control the mean over the draws that each row was judged under.
    of_draw: of each draw of a control the mean change over its rows. floor: what nothing but chance gives."""

    name: str
    whole: Floats
    of: Mapping[str, Floats]
    of_draw: Mapping[str, Floats]
    floor: float
    groups: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return OUTCOMES[self.name]

    @property
    def there(self) -> bool:
        """Whether the model shows it at all: more than chance, with its whole interval."""
        mean = self.mean()
        return mean.value > self.floor and not mean.low <= self.floor

    @cached_property
    def _estimates(self) -> dict[tuple[str | None, ...], Estimate]:
        """Of what was asked before: tables, figures and sentences ask for the same ones, and each takes many draws."""
        return {}

    def mean(self, key: str | None = None) -> Estimate:
        if (key,) not in self._estimates:
            values = self.whole if key is None else self.of[key]
            self._estimates[key,] = estimate(lambda rows: float(values[rows].mean()), len(values))
        return self._estimates[key,]

    def accounts(self, key: str, beyond: str | None = None) -> Estimate:
        """The share of the outcome that is lost. beyond: less what is lost under a control."""
        if (key, beyond) not in self._estimates:
            self._estimates[key, beyond] = self._accounts(key, beyond)
        return self._estimates[key, beyond]

    def _accounts(self, key: str, beyond: str | None) -> Estimate:
        without = self.whole if beyond is None else self.of[beyond]
        lost = without - self.of[key]

        def share(rows: Rows) -> float:
            there = float(self.whole[rows].mean()) - self.floor
            return float(lost[rows].mean()) / there if there > 0 else float("nan")

        return estimate(share, len(lost))


def key_of(kind: str, name: str, share: float) -> str:
    return f"{kind}|{name}|{share:g}"


@dataclass(frozen=True, eq=False)
class Comparison:
    """outcomes: by name. rankings: that the sets are of. heads: their names, layer by layer."""

    plan: Plan
    rankings: tuple[Ranking, ...]
    outcomes: Mapping[str, Outcome]
    heads: tuple[str, ...]
    beside: tuple[str, ...] = field(default=())

    def names(self, numbers: Sequence[int]) -> list[str]:
        return [self.heads[number] for number in numbers]


def compare_head_sets(
    model: Model,
    rankings: Sequence[Ranking],
    inputs: Sequence[Inputs],
    plan: Plan,
    floors: Mapping[str, float] | None = None,
    kept: KeptResults | None = None,
    beside: Beside | None = None,
    seed: int = 0,
    workers: PieceWorkers | None = None,
) -> Comparison:
    """rankings: one or two. inputs: of each outcome. floors: what chance gives of an outcome, else 0. kept: what was
    measured before. beside: what else is done to each batch, by name; it travels to workers. Raises InputError,
    MemoryBudgetError, Cancelled, and what workers raise."""
    results = kept or KeptResults("", None)
    names = tuple(head_names(model.graph))
    pieces = [piece for each in inputs for piece in _pieces(each, plan, names, beside, seed)]
    do_pieces(model, pieces, results, workers)
    outcomes = {
        each.outcome: _outcome(each, results, plan, 0.0 if floors is None else floors.get(each.outcome, 0.0))
        for each in inputs
    }
    others = sorted({key for each in outcomes.values() for key in each.of if key.startswith("beside|")})
    return Comparison(plan, tuple(rankings), outcomes, names, tuple(others))


@dataclass(frozen=True, eq=False)
class BatchPiece:
    """All that is asked of a batch: a piece of a study. inputs: its rows alone. start: the number of the first one, of
    `of`. jobs: what is done, by name: which heads are ablated, and how."""

    inputs: Inputs
    start: int
    of_rows: int
    jobs: Mapping[str, tuple[tuple[str, ...], EditKind]]
    beside: Beside | None
    seed: int

    @property
    def key(self) -> str:
        return _piece_key(self.inputs.outcome, self.start)

    def of(self, model: Model, shared: dict[str, Any]) -> dict[str, list[float]]:
        """Values of its rows, by what was done."""
        inputs = self.inputs.to(model.adapter.device)
        batch = batch_of(model, inputs, self.start, self.of_rows, shared)
        values = {WHOLE: batch.run([], "mean").tolist()}
        steps = len(self.jobs) + 2
        for place, (key, (heads, kind)) in enumerate(self.jobs.items()):
            with stage(place / steps, (place + 1) / steps):
                values[key] = batch.run(heads, kind, self.seed).tolist()
        if self.beside is not None:
            values |= {f"beside|{key}": numbers.tolist() for key, numbers in self.beside(batch).items()}
        return values


def _piece_key(outcome: str, start: int) -> str:
    return f"{outcome} {start}"


def _pieces(inputs: Inputs, plan: Plan, names: Sequence[str], beside: Beside | None, seed: int) -> Iterator[BatchPiece]:
    of_rows = parts(inputs)
    named = {each.key: tuple(names[head] for head in each.heads) for each in (*plan.sets, *plan.controls)}
    for number, rows in enumerate(of_rows):
        jobs = {key: (named[each.key], kind) for key, each, kind in _jobs(plan, number, len(of_rows))}
        yield BatchPiece(inputs.some(rows).to("cpu"), rows.start, len(inputs), jobs, beside, seed)


def _jobs(plan: Plan, number: int, of: int) -> list[tuple[str, HeadSet, EditKind]]:
    """What one of so many batches is judged under, by name."""
    main = plan.main_kind
    jobs: list[tuple[str, HeadSet, EditKind]] = [(key_of(main, e.name, e.share), e, main) for e in plan.sets]
    jobs += [
        (key_of(kind, each.name, each.share), each, kind)
        for kind in plan.kinds
        if kind != main
        for each in plan.sets
        if each.share == plan.main and each.name in plan.compared
    ]
    return jobs + [(f"{key_of(main, e.name, e.share)}|{e.draw}", e, main) for e in plan.drawn(number, of)]


def _outcome(inputs: Inputs, results: KeptResults, plan: Plan, floor: float) -> Outcome:
    whole = np.full(len(inputs), np.nan)
    of: dict[str, Floats] = {}
    of_control: dict[str, list[list[float]]] = {}
    changes: dict[str, dict[str, list[float]]] = {}
    for rows in parts(inputs):
        some = slice(rows.start, rows.stop)
        values: dict[str, list[float]] = results[_piece_key(inputs.outcome, rows.start)]
        whole[some] = values[WHOLE]
        of_control.clear()
        for key, numbers in values.items():
            kind, *rest = key.split("|")
            if len(rest) == 3:  # a draw of a control
                of_control.setdefault("|".join([kind, *rest[:2]]), []).append(numbers)
                change = (np.array(numbers) - whole[some]).tolist()
                changes.setdefault("|".join([kind, *rest[:2]]), {}).setdefault(rest[2], []).extend(change)
            elif key != WHOLE:
                of.setdefault(key, np.full(len(inputs), np.nan))[some] = numbers
        for key, drawn in of_control.items():
            of.setdefault(key, np.full(len(inputs), np.nan))[some] = np.mean(drawn, axis=0)
    of_draw = {key: np.array([np.mean(each) for each in draws.values()]) for key, draws in changes.items()}
    return Outcome(inputs.outcome, whole, of, of_draw, floor, inputs.groups)
