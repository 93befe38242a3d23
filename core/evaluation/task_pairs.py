"""The tasks of a model beside each other: pairs of each to find its circuit on and others to judge it on, with one set
of means for all of them.

A cut edge carries its mean over the clean inputs of all tasks and all their positions. So a cut is one change of the
model, the same on every input, and nothing has to know which task an input is of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from core.edits import EditKind
from core.errors import ArgumentError, InputError, NothingToRecoverError
from core.evaluation.measured import Measured, measure
from core.inputs.pair import Dataset, Pair, Side, stack_sides
from core.inputs.tasks import make_task, tasks_for
from core.metrics import Metric, log_probability, logit_difference
from core.models.model import Model
from core.progress import at, stage
from core.session import Session

Answers = tuple[tuple[str | int, str | int], ...]
FEWEST = 4  # pairs of a task
ABLE = 0.75  # of the pairs: a model that prefers the right answer in fewer does not do a task


@dataclass(frozen=True, eq=False)
class TaskPairs:
    """A task's pairs as two batches: `search`, on which it is looked for what to cut, and `judged`. Their sessions
    share the means. title: for people. whole, nothing: of the judged pairs, the mean metric of the model and of no
    edges."""

    name: str
    title: str
    search: Session
    judged: Session
    runs: Measured

    @cached_property
    def whole(self) -> float:
        return float(self.runs.whole.mean())

    @cached_property
    def nothing(self) -> float:
        return float(self.runs.nothing.mean())


@dataclass(frozen=True)
class LeftOut:
    """A task that the model does not do, or cannot be asked for, and why."""

    name: str
    why: str


def task_pairs(
    model: Model,
    tasks: Sequence[str] | Mapping[str, Dataset] | None,
    pairs: int,
    cut: EditKind,
    seed: int,
    cancelled: Callable[[], bool] | None = None,
    also: Sequence[Pair] = (),
) -> tuple[tuple[TaskPairs, ...], tuple[LeftOut, ...]]:
    """Tasks that the model does, and those that are left out. tasks: names of built-in ones (None: all that the model
    has), or pairs of one's own by name, the first half of which is for finding. pairs: of each half of a built-in one.
    also: pairs whose inputs take part in the means.

    Raises ArgumentError for an unknown name and for a name twice, InputError for too few pairs."""
    titles = {task.name: task.title for task in tasks_for(model)}
    asked = list(titles) if tasks is None else list(tasks)
    if len({*asked}) < len(asked):
        raise ArgumentError("A task is named twice.", "Name each once.")
    made, left_out = (dict(tasks), []) if isinstance(tasks, Mapping) else built_in(model, asked, 2 * pairs, seed)
    if tasks is not None and left_out:
        raise InputError(left_out[0].why, "Name other tasks.")
    halves = {name: _halved(name, dataset) for name, dataset in made.items()}
    if not halves:
        return (), tuple(left_out)
    population = Dataset([*also, *(pair for search, _ in halves.values() for pair in search.pairs)])
    shared: Session | None = None
    done: list[TaskPairs] = []
    for number, (name, (search, judged)) in enumerate(halves.items()):
        with stage(number / len(halves), (number + 1) / len(halves)):
            sessions = []
            for half in (search, judged):
                shared = _session(model, half, population, shared)
                sessions.append(shared)
            try:
                runs = measure(sessions[1], [], cut, cancelled=cancelled)
                runs.recovered()
            except NothingToRecoverError:
                left_out.append(LeftOut(name, "the model scores as it does without any edge"))
                continue
        able = float((runs.whole > 0).mean()) if _foiled(judged) else runs.whole_accuracy or 0.0
        if able < ABLE:
            left_out.append(LeftOut(name, f"the model prefers the right answer in {100 * able:.0f} % of its pairs"))
            continue
        done.append(TaskPairs(name, titles.get(name, name), sessions[0], sessions[1], runs))
    return tuple(done), tuple(left_out)


def built_in(model: Model, names: Sequence[str], pairs: int, seed: int) -> tuple[dict[str, Dataset], list[LeftOut]]:
    """Pairs of built-in tasks, and the tasks of which none fits the model. Raises ArgumentError for an unknown name."""
    datasets: dict[str, Dataset] = {}
    left_out: list[LeftOut] = []
    for name in names:
        at()
        try:
            made = make_task(name, model, pairs, seed)
        except InputError as error:
            left_out.append(LeftOut(name, error.message))
        else:
            datasets[name] = Dataset([model.pair(a, b) for a, b in made.pairs], made.answers)
    return datasets, left_out


def _halved(name: str, dataset: Dataset) -> tuple[Dataset, Dataset]:
    """Raises InputError for fewer than four pairs, and without answers."""
    if len(dataset) < FEWEST:
        raise InputError(f"{name} has {len(dataset)} pairs, and a circuit is judged on others than it is found on.",
                         "Give four or more.")  # fmt: skip
    if not dataset.answers:
        raise InputError(f"The pairs of {name} have no answers.", "Give each a target: Dataset(pairs, answers).")
    half = len(dataset) // 2
    return (
        Dataset(dataset.pairs[:half], dataset.answers[:half]),
        Dataset(dataset.pairs[half:], dataset.answers[half:]),
    )


def _foiled(dataset: Dataset) -> bool:
    return all(foil != "" for _, foil in dataset.answers)


def _session(model: Model, dataset: Dataset, population: Dataset, shared: Session | None) -> Session:
    """The pairs as one batch. shared: of another session, whose means and whose check are taken over."""
    targets, foils = ([answer[which] for answer in dataset.answers] for which in (0, 1))
    metric: Metric = logit_difference(targets, foils) if _foiled(dataset) else log_probability(targets)
    if shared is None:
        return Session(model, as_batch(model, dataset.pairs), metric, dataset=population, mean_over_positions=True)
    return Session(
        model,
        as_batch(model, dataset.pairs),
        metric,
        population=shared.population,
        parity=shared.parity,
        mean_over_positions=True,
    )


def as_batch(model: Model, pairs: Sequence[Pair]) -> Pair:
    """Pairs of any lengths as one, padded on the right; without B where one of them has none."""
    cleans = [pair.clean for pair in pairs]
    counterfactuals = [pair.counterfactual for pair in pairs if pair.counterfactual is not None]

    def batch(sides: Sequence[Side]) -> object:
        rows, lengths = stack_sides(sides)
        if not model.is_text:
            return rows
        real = torch.arange(rows.shape[1], device=rows.device) < torch.tensor(lengths, device=rows.device)[:, None]
        return {"input_ids": rows, "attention_mask": real.long()}

    return model.pair(batch(cleans), batch(counterfactuals) if len(counterfactuals) == len(pairs) else None)
