"""What the study of modalities asks of a model, in pieces (`core.studies.pieces`): each makes the pairs that it needs
by the task and the seed, so that it gives the same wherever it is asked.

    task          the first built-in task that the model does: the others need its name
    attention     of all heads, on the inputs A of all tasks
    meeting       where information meets, over the judged pairs
    best          what circuits of the edges with the largest scores recover; these are scored on the other pairs
    random        the same of one draw of random edges
    estimates     of one judged pair: how far estimates and exact effects agree
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from core.errors import InputError
from core.evaluation.measured import Measured
from core.evaluation.task_pairs import ABLE, FEWEST, as_batch
from core.inputs.pair import Dataset, Pair
from core.inputs.tasks import make_task, tasks_for
from core.metrics import logit_difference
from core.models.model import Model
from core.session import Session
from core.studies.attention import Attention, attention_of
from core.studies.meeting import Meeting, meeting
from core.studies.sparsity import best_edges, disagreement, drawn_edges, run_sizes

ANSWER, SECONDS = "answer", "seconds"
TASK, ATTENTION, MEETING, BEST, RANDOM, ESTIMATES = "task", "attention", "meeting", "best", "random", "estimates"
SESSIONS = "sessions"  # a key of what questions share
Shared = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """The arguments of `study_modalities` that the questions depend on. task: that the pairs are of; empty while nobody
    knows."""

    pairs: int
    inputs: int
    edges: int
    method: str
    seed: int
    task: str = ""


@dataclass(frozen=True)
class Question:
    """A piece of the study. what: a key of QUESTIONS. number: which of its kind, a draw or a pair."""

    what: str
    asked: Asked
    number: int = 0

    @property
    def key(self) -> str:
        return f"{self.what} {self.number}"

    def of(self, model: Model, shared: Shared) -> dict[str, Any]:
        """The answer, and the seconds that it took. Raises InputError, NothingToRecoverError, Cancelled."""
        started = time.perf_counter()
        answer = QUESTIONS[self.what](model, self.asked, self.number, shared)
        return {ANSWER: answer, SECONDS: time.perf_counter() - started}


def questions(asked: Asked, judged: int, draws: int) -> list[Question]:
    """All but the first, those that take long before the others. judged: pairs."""
    numbers = {ATTENTION: 1, BEST: 1, MEETING: 1, RANDOM: draws, ESTIMATES: judged}
    return [Question(what, asked, number) for what, count in numbers.items() for number in range(count)]


# ---- the answers, as JSON has them, and read again ----


def _task(model: Model, asked: Asked, _number: int, shared: Shared) -> dict[str, Any]:
    """Raises InputError where the model does none."""
    why = []
    for task in tasks_for(model):
        try:
            dataset = _pairs(model, task.name, asked)
        except InputError as error:
            why.append(error.message)
            continue
        if len(dataset) < FEWEST:
            why.append(f"Only {len(dataset)} pairs of {task.title} fit.")
            continue
        search, judged = _halves(dataset)
        session = _judged(model, replace(asked, task=task.name), shared)
        able = float((session.clean.metric > 0).float().mean()) if judged.answers else None
        if able is None or able >= ABLE:
            metric = session.metric.name if able is None else "logit difference of each pair's answers"
            return {"task": task.name, "able": able, "metric": metric, "pairs": [len(search), len(judged)]}
        why.append(f"It prefers the right answer in {100 * able:.0f} % of the pairs of {task.title}.")
    raise InputError(f"{model.title} does none of the built-in tasks. {' '.join(why)}".strip(), "Choose another model.")


def _attention(model: Model, asked: Asked, _number: int, _shared: Shared) -> dict[str, Any]:
    some = inputs_of(model, asked.inputs, asked.seed)
    lengths = [length for pair in some for length in pair.clean.lengths]
    return {"positions": [min(lengths), max(lengths)], **_plain(attention_of(model, some, asked.seed))}


def _meeting(model: Model, asked: Asked, _number: int, shared: Shared) -> dict[str, Any]:
    return _plain(meeting(_judged(model, asked, shared)))


def _best(model: Model, asked: Asked, _number: int, shared: Shared) -> dict[str, Any]:
    search, _ = _halves(_pairs(model, asked.task, asked))
    return _recovered(_judged(model, asked, shared), best_edges(_session(model, search), asked.method))


def _random(model: Model, asked: Asked, number: int, shared: Shared) -> dict[str, Any]:
    return _recovered(_judged(model, asked, shared), drawn_edges(model.graph.n_edges, number, asked.seed))


def _estimates(model: Model, asked: Asked, number: int, shared: Shared) -> list[float]:
    return [*disagreement(_judged(model, asked, shared), number, asked.method, asked.edges)]


QUESTIONS: Mapping[str, Callable[[Model, Asked, int, Shared], Any]] = {
    TASK: _task,
    ATTENTION: _attention,
    MEETING: _meeting,
    BEST: _best,
    RANDOM: _random,
    ESTIMATES: _estimates,
}


def _plain(answer: Attention | Meeting) -> dict[str, Any]:
    return {each.name: np.asarray(getattr(answer, each.name)).tolist() for each in fields(answer)}


def attention_in(answer: Mapping[str, Any]) -> Attention:
    return Attention(*(np.array(answer[each.name]) for each in fields(Attention)))


def meeting_in(answer: Mapping[str, Any]) -> Meeting:
    of_a, of_b, changed, read = (np.array(answer[name]) for name in ("of_a", "of_b", "changed", "read"))
    return Meeting(of_a, of_b, changed, read, answer["everywhere"])


def _recovered(judged: Session, ranking: Any) -> dict[str, Any]:
    runs = run_sizes(judged, ranking)
    return {"whole": runs.whole.tolist(), "nothing": runs.nothing.tolist(), "circuits": runs.circuits.tolist()}


def measured_in(answer: Mapping[str, Any]) -> Measured:
    whole, nothing, circuits = (np.array(answer[name]) for name in ("whole", "nothing", "circuits"))
    return Measured(whole, nothing, circuits, None, None, "patch")


# ---- inputs ----


def inputs_of(model: Model, count: int, seed: int) -> list[Pair]:
    """Inputs A of all tasks that fit the model, as many of each, in turn."""
    by_task = []
    tasks = tasks_for(model)
    for task in tasks:
        try:
            made = make_task(task.name, model, -(-count // len(tasks)), seed)
        except InputError:
            continue
        by_task.append([model.pair(a) for a, _ in made.pairs])
    longest = max((len(some) for some in by_task), default=0)
    return [some[place] for place in range(longest) for some in by_task if place < len(some)][:count]


def _pairs(model: Model, task: str, asked: Asked) -> Dataset:
    """Of both halves. Raises InputError."""
    made = make_task(task, model, 2 * asked.pairs, asked.seed)
    answered = bool(made.answers and made.answers[0][0])
    return Dataset([model.pair(a, b) for a, b in made.pairs], made.answers if answered else ())


def _halves(dataset: Dataset) -> tuple[Dataset, Dataset]:
    """The pairs that edges are scored on, and those that are judged."""
    pairs, answers, half = dataset.pairs, dataset.answers, len(dataset) // 2
    return Dataset(pairs[:half], answers[:half]), Dataset(pairs[half:], answers[half:])


def _session(model: Model, dataset: Dataset) -> Session:
    answers = dataset.answers
    metric = logit_difference(*([each[which] for each in answers] for which in (0, 1))) if answers else None
    return Session(model, as_batch(model, dataset.pairs), metric)


def _judged(model: Model, asked: Asked, shared: Shared) -> Session:
    """The session over the judged pairs. shared: the last one is kept there."""
    key = asked.task, asked.pairs, asked.seed
    if shared.get(SESSIONS, (None,))[0] != key:
        _, judged = _halves(_pairs(model, asked.task, asked))
        shared[SESSIONS] = key, _session(model, judged)
    session: Session = shared[SESSIONS][1]
    return session
