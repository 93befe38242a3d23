"""Is a circuit specific to its task? The double dissociation, for every pair of tasks of a model.

The logic is neuropsychology's (Teuber 1955): that a cut hurts one task says little, since it may hurt all; that the cut
of one spares the other, and the other way round, says that the two are done by different parts.

1. Of each task some edges are chosen (`core.evaluation.cut_choice`): its circuit, or edges, or a direction of each of
   some, that should hurt it alone.
2. They are cut in the whole model: a cut edge carries its mean over the inputs of all tasks, or nought; where it is
   cut along a direction, it does so along this, and all else of it stays. On pairs that took no part in the choice, of
   every task, what is kept of its behaviour is

       (m(cut) - m(nothing)) / (m(whole) - m(nothing))            m: the mean metric; nothing: all edges are cut

3. As many random edges are cut likewise, several times: what any damage of this size does. A random edge is cut along
   the direction in which what is written for the task differs most from its mean. Where directions are cut, the same
   edges are also cut entirely: whether the edges are specific, or what they carry of the task alone is.
4. Backups: what all edges cut together change of their own task, beside the sum of what each changes when it is cut
   alone. Where together is much more, single cuts are made up for by what is left; where it is less, edges stand in one
   line, so that each single cut does what all do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edits import Edit, EditKind
from core.errors import ArgumentError, InputError
from core.evaluation.cut_choice import CHOICES, LEAST, MOST, Choose, circuit_of_task, contrast_cuts, decided
from core.evaluation.cuts import Cut, measure_cuts, sum_of_singles
from core.evaluation.direction_cuts import along, learned_cuts, widest_directions
from core.evaluation.task_pairs import LeftOut, TaskPairs, task_pairs
from core.inputs.pair import Dataset
from core.models.model import Model
from core.progress import stage, watched

Floats = NDArray[np.float64]
PAIRS, SHARE, DRAWS = 24, 0.8, 5
CUTS: dict[EditKind, str] = {"mean": "its mean over the inputs of all tasks", "zero": "nought"}


@dataclass(frozen=True, eq=False)
class Dissociation:
    """tasks: names; cuts: what was cut for each. kept: [cut, task], the share of each task's behaviour
    that is kept where the edges of another (or its own) are cut; low, high: its 95 % interval (bootstrap over the
    pairs). random: [cut, draw, task], the same of as many random edges. entire: [cut, task], that of the same edges cut
    entirely, NaN where they are. together: [task], the change of the own task's
    metric where all of its edges are cut; alone: the sum of those where each is cut alone, NaN of more than SINGLES
    edges. whole, nothing: [task], the metric of the model and with all edges cut. pairs: of
    each task, to find on and to judge on. left_out: tasks that the model does not do."""

    model: str
    tasks: tuple[str, ...]
    titles: tuple[str, ...]
    choose: Choose
    cut: EditKind
    cuts: tuple[Cut, ...]
    kept: Floats
    low: Floats
    high: Floats
    random: Floats
    entire: Floats
    together: Floats
    alone: Floats
    whole: Floats
    nothing: Floats
    pairs: tuple[tuple[int, int], ...]
    left_out: tuple[LeftOut, ...]
    seed: int

    @property
    def circuits(self) -> tuple[Circuit, ...]:
        """The edges that were cut for each task."""
        return tuple(cut.circuit for cut in self.cuts)

    def edits(self, task: int) -> tuple[Edit, ...]:
        """What makes the cut of a task in a session (the means of `mean` are then of that session's inputs)."""
        return self.cuts[task].edits(self.cut)

    def is_specific(self, task: int) -> bool:
        """Whether the cut of a task hurts it and spares every other."""
        return is_specific(self.kept, task)

    def is_double(self, one: int, other: int) -> bool:
        """Whether the cut of each of two tasks hurts it and spares the other."""
        hurt = self.kept[one, one] < LEAST and self.kept[other, other] < LEAST
        return bool(hurt and self.kept[one, other] > MOST and self.kept[other, one] > MOST)

    @property
    def specific(self) -> tuple[str, ...]:
        return tuple(name for number, name in enumerate(self.tasks) if self.is_specific(number))

    @property
    def doubles(self) -> tuple[tuple[str, str], ...]:
        """Pairs of tasks that are doubly dissociated."""
        count = len(self.tasks)
        pairs = ((one, other) for one in range(count) for other in range(one + 1, count))
        return tuple((self.tasks[one], self.tasks[other]) for one, other in pairs if self.is_double(one, other))


def is_specific(kept: Floats, task: int) -> bool:
    """Whether the cut of a task hurts it and spares every other. kept: [cut, task]."""
    return bool(kept[task, task] < LEAST) and bool((np.delete(kept[task], task) > MOST).all())


def dissociate(
    model: Model,
    tasks: Sequence[str] | Mapping[str, Dataset] | None = None,
    *,
    choose: Choose = "circuit",
    cut: EditKind = "mean",
    size: int | None = None,
    least: float = SHARE,
    method: str = "eap-ig",
    pairs: int = PAIRS,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Callable[[str, float], None] = lambda words, share: None,
    cancelled: Callable[[], bool] | None = None,
    memory: dict[str, Cut] | None = None,
) -> Dissociation:
    """Cut the circuit of each task of a model, and see what every task keeps of its behaviour.

    tasks: names of built-in tasks, by default all that the model does; or pairs of one's own with answers, by name, the
    first half of which is used to find and the second to judge. choose: which edges are cut, a name of CHOICES. cut:
    what they carry, `mean` or `zero`. size: edges that are cut, fewer where another choice than `circuit` finds fewer
    worth it; by default as many as recover the share `least` of the behaviour, or as many as real runs decide. method:
    that scores the edges of circuits. pairs: of a built-in task to find on, and as many to judge on. draws: of random
    edges. progress: told what is done, and the share of all that is done. memory: which edges are cut is kept here, by
    task, and found again when the same is asked for after Cancelled.

    Raises ArgumentError for what there is not, InputError where fewer than two tasks are done by the model, Cancelled.
    """
    _check(choose, cut, size, least, pairs, draws, model)
    words = "The pairs of each task"

    def listen(share: float) -> None:
        progress(words, share)

    with watched(listen, cancelled):
        with stage(0.0, 0.1):
            sets, left_out = task_pairs(model, tasks, pairs, cut, seed, cancelled)
        if len(sets) < 2:
            why = "; ".join(f"{each.name}: {each.why}" for each in left_out)
            raise InputError(
                f"{model.title} does {'one task' if sets else 'no task'} of these, and two are compared. {why}".strip(),
                "Name tasks that it does, or give pairs of two tasks.",
            )
        words = "Which edges to cut"
        chosen = {} if memory is None else memory
        for number, each in enumerate(sets):
            with stage(0.1 + 0.7 * number / len(sets), 0.1 + 0.7 * (number + 1) / len(sets)):
                if each.name not in chosen:
                    chosen[each.name] = _chosen(sets, number, choose, cut, size, least, method, cancelled)
        cuts = [chosen[each.name] for each in sets]
        words = "What is left where they are cut"
        with stage(0.8, 0.95):
            tables = _tables(sets, cuts, cut, draws, seed, cancelled)
        words = "Edges one at a time"
        with stage(0.95, 1.0):
            together, alone = _backups(sets, cuts, cut, cancelled)
    return Dissociation(
        model.name,
        tuple(each.name for each in sets),
        tuple(each.title for each in sets),
        choose,
        cut,
        tuple(cuts),
        *tables,
        together,
        alone,
        np.array([each.whole for each in sets]),
        np.array([each.nothing for each in sets]),
        tuple((each.search.pair.batch, each.judged.pair.batch) for each in sets),
        left_out,
        seed,
    )


def _check(choose: str, cut: str, size: int | None, least: float, pairs: int, draws: int, model: Model) -> None:
    if choose not in CHOICES:
        raise ArgumentError(f"Edges cannot be chosen by {choose!r}.", f"There are: {', '.join(CHOICES)}.")
    if cut not in CUTS:
        raise ArgumentError(f"A cut cannot carry {cut!r}.", f"It carries: {' or '.join(CUTS)}.")
    if size is not None and not 1 <= size <= model.graph.n_edges:
        raise ArgumentError(f"A circuit of this model has 1 to {model.graph.n_edges:,} edges, not {size:,}.")
    if not 0 < least <= 1:
        raise ArgumentError(f"A share to recover is above 0 and at most 1, not {least:g}.")
    if pairs < 2:
        raise ArgumentError(f"{pairs} pairs are too few.", "Take two or more.")
    if draws < 0:
        raise ArgumentError(f"There are no {draws} draws of random edges.", "Take 0 or more.")


def _chosen(
    sets: Sequence[TaskPairs],
    number: int,
    choose: Choose,
    cut: EditKind,
    size: int | None,
    least: float,
    method: str,
    cancelled: Callable[[], bool] | None,
) -> Cut:
    task, others = sets[number], [each for each in sets if each is not sets[number]]
    if choose == "circuit":
        return Cut(circuit_of_task(task, method, least, size, cut, cancelled))
    with stage(0.0, 0.9):
        find = contrast_cuts if choose == "contrast" else learned_cuts
        cuts = find(task, others, cut, size, cancelled)
    with stage(0.9, 1.0):
        return decided(task, others, cuts, cut, cancelled)


def _tables(
    sets: Sequence[TaskPairs],
    cuts: Sequence[Cut],
    kind: EditKind,
    draws: int,
    seed: int,
    cancelled: Callable[[], bool] | None,
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """kept, low, high, random and entire of `Dissociation`."""
    rng, count = np.random.default_rng(seed), len(cuts)
    random = [_random(each, cut, kind, rng) for each, cut in zip(sets, cuts, strict=True) for _ in range(draws)]
    along_directions = [number for number, cut in enumerate(cuts) if cut.directions]
    entirely = [Cut(cuts[number].circuit) for number in along_directions]
    kept, low, high, entire = (np.full((count, count), np.nan) for _ in range(4))
    of_random = np.full((count, draws, count), np.nan)
    for task, each in enumerate(sets):
        with stage(task / count, (task + 1) / count):
            runs = measure_cuts(each.judged, [*cuts, *random, *entirely], kind, cancelled)
        recovered = runs.recovered()
        kept[:, task] = recovered[:count]
        of_random[:, :, task] = recovered[count : count + len(random)].reshape(count, draws)
        entire[along_directions, task] = recovered[count + len(random) :]
        band = replace(runs, circuits=runs.circuits[:count]).band(seed)
        if band is not None:
            low[:, task], high[:, task] = band
    return kept, low, high, of_random, entire


def _random(task: TaskPairs, cut: Cut, kind: EditKind, rng: np.random.Generator) -> Cut:
    """As many random edges, cut likewise."""
    edges = rng.permutation(cut.circuit.graph.n_edges)[: len(cut)].astype(np.int64)
    if not cut.directions:
        return Cut(cut.circuit.with_parts(edges))
    numbers = edges.tolist()
    return along(task.search, numbers, widest_directions(task.search, numbers, kind), kind)


def _backups(
    sets: Sequence[TaskPairs],
    cuts: Sequence[Cut],
    kind: EditKind,
    cancelled: Callable[[], bool] | None,
) -> tuple[Floats, Floats]:
    """together and alone of `Dissociation`."""
    together, alone = np.full(len(sets), np.nan), np.full(len(sets), np.nan)
    for number, (each, cut) in enumerate(zip(sets, cuts, strict=True)):
        with stage(number / len(sets), (number + 1) / len(sets)):
            runs = measure_cuts(each.judged, [cut], kind, cancelled)
            together[number] = float((runs.circuits[0] - runs.whole).mean())
            alone[number] = sum_of_singles(each.judged, cut, kind, cancelled)
    return together, alone
