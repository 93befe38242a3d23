"""Is a circuit specific to its task? The double dissociation, for every pair of tasks of a model.

The logic is neuropsychology's (Teuber 1955): that a cut hurts one task says little, since it may hurt all; that the cut
of one spares the other, and the other way round, says that the two are done by different parts.

1. Of each task some edges are chosen (`core.evaluation.cut_choice`): its circuit, or edges that should hurt it alone.
2. They are cut in the whole model: a cut edge carries its mean over the inputs of all tasks, or nought. On pairs that
   took no part in the choice, of every task, what is kept of its behaviour is

       (m(cut) - m(nothing)) / (m(whole) - m(nothing))            m: the mean metric; nothing: all edges are cut

3. As many random edges are cut likewise, several times: what any damage of this size does.
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
from core.edits import EditKind
from core.errors import ArgumentError, InputError
from core.evaluation.cut_choice import (
    CHOICES,
    LEAST,
    MOST,
    Choose,
    circuit_of_task,
    contrast_cuts,
    decided,
    learned_cuts,
)
from core.evaluation.faithfulness import without
from core.evaluation.measured import measure
from core.evaluation.task_pairs import LeftOut, TaskPairs, task_pairs
from core.inputs.pair import Dataset
from core.models.model import Model
from core.progress import stage, watched
from core.scan import Scan

Floats = NDArray[np.float64]
PAIRS, SHARE, DRAWS = 24, 0.8, 5
SINGLES = 200  # edges of a cut, at most, that are cut one at a time too
CUTS: dict[EditKind, str] = {"mean": "its mean over the inputs of all tasks", "zero": "nought"}


@dataclass(frozen=True, eq=False)
class Dissociation:
    """tasks: names; circuits: the edges that were cut for each. kept: [cut, task], the share of each task's behaviour
    that is kept where the edges of another (or its own) are cut; low, high: its 95 % interval (bootstrap over the
    pairs). random: [cut, draw, task], the same of as many random edges. together: [task], the change of the own task's
    metric where all of its edges are cut; alone: the sum of those where each is cut alone, NaN of more than SINGLES
    edges. whole, nothing: [task], the metric of the model and with all edges cut. pairs: of
    each task, to find on and to judge on. left_out: tasks that the model does not do."""

    model: str
    tasks: tuple[str, ...]
    titles: tuple[str, ...]
    choose: Choose
    cut: EditKind
    circuits: tuple[Circuit, ...]
    kept: Floats
    low: Floats
    high: Floats
    random: Floats
    together: Floats
    alone: Floats
    whole: Floats
    nothing: Floats
    pairs: tuple[tuple[int, int], ...]
    left_out: tuple[LeftOut, ...]
    seed: int

    def own(self, task: int) -> float:
        """What a task keeps of its behaviour where its own edges are cut."""
        return float(self.kept[task, task])

    def others(self, task: int) -> Floats:
        """What the others keep then: [tasks - 1]."""
        return np.delete(self.kept[task], task)

    def is_specific(self, task: int) -> bool:
        """Whether the cut of a task hurts it and spares every other."""
        return self.own(task) < LEAST and bool((self.others(task) > MOST).all())

    def is_double(self, one: int, other: int) -> bool:
        """Whether the cut of each of two tasks hurts it and spares the other."""
        hurt = self.own(one) < LEAST and self.own(other) < LEAST
        return hurt and bool(self.kept[one, other] > MOST) and bool(self.kept[other, one] > MOST)

    @property
    def specific(self) -> tuple[str, ...]:
        return tuple(name for number, name in enumerate(self.tasks) if self.is_specific(number))

    @property
    def doubles(self) -> tuple[tuple[str, str], ...]:
        """Pairs of tasks that are doubly dissociated."""
        count = len(self.tasks)
        pairs = ((one, other) for one in range(count) for other in range(one + 1, count))
        return tuple((self.tasks[one], self.tasks[other]) for one, other in pairs if self.is_double(one, other))


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
    memory: dict[str, Circuit] | None = None,
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
        circuits = [chosen[each.name] for each in sets]
        words = "What is left where they are cut"
        with stage(0.8, 0.95):
            tables = _tables(sets, circuits, cut, draws, seed, cancelled)
        words = "Edges one at a time"
        with stage(0.95, 1.0):
            together, alone = _backups(sets, circuits, cut, cancelled)
    return Dissociation(
        model.name,
        tuple(each.name for each in sets),
        tuple(each.title for each in sets),
        choose,
        cut,
        tuple(circuits),
        *tables,
        together,
        alone,
        np.array([each.whole for each in sets]),
        np.array([each.nothing for each in sets]),
        tuple((each.found.pair.batch, each.judged.pair.batch) for each in sets),
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
) -> Circuit:
    task, others = sets[number], [each for each in sets if each is not sets[number]]
    if choose == "circuit":
        return circuit_of_task(task, method, least, size, cut, cancelled)
    with stage(0.0, 0.9):
        find = contrast_cuts if choose == "contrast" else learned_cuts
        cuts = find(task, others, cut, size, cancelled)
    with stage(0.9, 1.0):
        return decided(task, others, cuts, cut, cancelled)


def _tables(
    sets: Sequence[TaskPairs],
    circuits: Sequence[Circuit],
    cut: EditKind,
    draws: int,
    seed: int,
    cancelled: Callable[[], bool] | None,
) -> tuple[Floats, Floats, Floats, Floats]:
    """kept, low, high and random of `Dissociation`."""
    rng = np.random.default_rng(seed)
    edges, count = circuits[0].graph.n_edges, len(circuits)
    random = [
        circuit.with_parts(rng.permutation(edges)[: len(circuit)].astype(np.int64))
        for circuit in circuits
        for _ in range(draws)
    ]
    cuts = [without(circuit) for circuit in (*circuits, *random)]
    kept, low, high = (np.full((count, count), np.nan) for _ in range(3))
    of_random = np.full((count, draws, count), np.nan)
    for task, each in enumerate(sets):
        with stage(task / count, (task + 1) / count):
            runs = measure(each.judged, cuts, cut, cancelled=cancelled)
        recovered = runs.recovered()
        kept[:, task] = recovered[:count]
        of_random[:, :, task] = recovered[count:].reshape(count, draws)
        band = replace(runs, circuits=runs.circuits[:count]).band(seed)
        if band is not None:
            low[:, task], high[:, task] = band
    return kept, low, high, of_random


def _backups(
    sets: Sequence[TaskPairs],
    circuits: Sequence[Circuit],
    cut: EditKind,
    cancelled: Callable[[], bool] | None,
) -> tuple[Floats, Floats]:
    """together and alone of `Dissociation`."""
    together, alone = np.full(len(sets), np.nan), np.full(len(sets), np.nan)
    for number, (each, circuit) in enumerate(zip(sets, circuits, strict=True)):
        with stage(number / len(sets), (number + 1) / len(sets)):
            runs = measure(each.judged, [without(circuit)], cut, cancelled=cancelled)
            together[number] = float((runs.circuits[0] - runs.whole).mean())
            if len(circuit) <= SINGLES:
                alone[number] = float(Scan(each.judged, list(circuit), cut).run(cancelled=cancelled).sum())
    return together, alone
