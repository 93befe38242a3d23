"""Differences side by side: the same questions to models that read text and to models that see.

    study = study_modalities("bundled:names", "bundled:shapes")

Each question has a file of this folder, which defines it: how heads attend (`attention`), where information meets
(`meeting`), how few edges do, and how often estimates are wrong (`sparsity`). Attention is read on the inputs A of all
built-in tasks of a model, the other questions are asked of pairs of one task.

What a difference does not show: these are single models, not modalities. They differ in size, training and task as
well, and a token is another unit than a patch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.errors import ArgumentError, InputError
from core.evaluation.task_pairs import ABLE, as_batch
from core.inputs.pair import Dataset, Pair
from core.inputs.tasks import make_task, tasks_for
from core.metrics import logit_difference
from core.models.loading import load_model
from core.models.model import Model
from core.progress import stage, watched
from core.session import Session
from core.studies.attention import FEWEST, attention_of
from core.studies.measures import ModelStudied
from core.studies.meeting import meeting
from core.studies.modality_picture import picture
from core.studies.sparsity import disagreement, sparsity
from core.tracing.method import method_named

Models = str | Model | Sequence[str | Model]


@dataclass(frozen=True, eq=False)
class ModalityStudy:
    """models: of text first. method: that scored the edges. seed: of what was drawn."""

    models: tuple[ModelStudied, ...]
    method: str
    seed: int

    def _repr_svg_(self) -> str:
        """In a notebook: the picture of it."""
        return picture(self.models).svg


def study_modalities(
    text: Models,
    image: Models,
    *,
    pairs: int = 12,
    inputs: int = 24,
    edges: int = 100,
    method: str = "eap-ig",
    draws: int = 3,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ModalityStudy:
    """Ask models of text and models that see the same questions.

    text, image: one model or several of each, opened or by name. pairs: of a task to score edges on, and as many others
    to judge on: the first built-in task that the model does. inputs: of all its tasks, whose attention is read. edges:
    of the largest estimates, whose exact effect is measured, of each judged pair. method: that scores edges, one with a
    sign. draws: of random edges. progress: told the model and the share of it.

    Raises ArgumentError for a model of the other kind, numbers that are too small and a method without a sign,
    InputError where no task fits a model or it does none, ModelError, Cancelled.
    """
    row = method_named(method)
    if not row.meaning.signed:
        raise ArgumentError(
            f"The scores of {row.title} have no sign, and the study counts wrong signs.", "Take another method: eap-ig."
        )
    for name, number, least in (
        ("pairs", pairs, 2),
        ("inputs", inputs, FEWEST),
        ("edges", edges, 3),
        ("draws", draws, 1),
    ):
        if number < least:
            raise ArgumentError(f"The study takes at least {least} {name}, not {number}.")
    models = [
        (_opened(each), kind == "image") for kind, some in (("text", text), ("image", image)) for each in _listed(some)
    ]
    for model, sees in models:
        if model.is_text == sees:
            kind = "reads text and does not see" if sees else "sees and does not read text"
            raise ArgumentError(f"{model.title} {kind}.", "Name it as a model of the other kind.")
    found = []
    for model, sees in models:

        def told(share: float, name: str = model.name) -> None:
            if progress is not None:
                progress(name, share)

        with watched(told, cancelled):
            found.append(_study(model, sees, pairs, inputs, edges, method, draws, seed))
    return ModalityStudy(tuple(found), method, seed)


def _listed(models: Models) -> Sequence[str | Model]:
    return [models] if isinstance(models, str | Model) else models


def _opened(model: str | Model) -> Model:
    return model if isinstance(model, Model) else load_model(model)


def _study(
    model: Model, sees: bool, pairs: int, inputs: int, edges: int, method: str, draws: int, seed: int
) -> ModelStudied:
    started = time.perf_counter()
    with stage(0.0, 0.05):
        task, search, judged, able = _sessions(model, pairs, seed)
        some = _inputs(model, inputs, seed)
    with stage(0.05, 0.25):
        attention = attention_of(model, some, seed)
    with stage(0.25, 0.4):
        meets = meeting(judged)
    with stage(0.4, 0.7):
        sparse = sparsity(search, judged, method, draws, seed)
    with stage(0.7, 1.0):
        disagrees = disagreement(judged, method, edges)
    lengths = [length for pair in some for length in pair.clean.lengths]
    return ModelStudied(
        model=model.name,
        sees=sees,
        layers=model.graph.layers,
        heads=model.graph.heads,
        edges=model.graph.n_edges,
        positions=(min(lengths), max(lengths)),
        inputs=attention.inputs,
        pairs=(search.pair.batch, judged.pair.batch),
        task=task,
        metric=judged.metric.name if able is None else "logit difference of each pair's answers",
        able=able,
        attention=attention,
        meeting=meets,
        sparsity=sparse,
        disagreement=disagrees,
        seconds=time.perf_counter() - started,
    )


def _inputs(model: Model, count: int, seed: int) -> list[Pair]:
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


def _sessions(model: Model, pairs: int, seed: int) -> tuple[str, Session, Session, float | None]:
    """The first task that the model does: sessions on two sets of its pairs, and how well it does it. Raises InputError
    where there is none."""
    why = []
    for task in tasks_for(model):
        try:
            made = make_task(task.name, model, 2 * pairs, seed)
        except InputError as error:
            why.append(error.message)
            continue
        if len(made.pairs) < 4:
            why.append(f"Only {len(made.pairs)} pairs of {task.title} fit.")
            continue
        answered = bool(made.answers[0][0])
        dataset = Dataset([model.pair(a, b) for a, b in made.pairs], made.answers if answered else ())
        half = len(dataset) // 2
        search, judged = (_session(model, dataset, some) for some in (slice(0, half), slice(half, None)))
        able = float((judged.clean.metric > 0).float().mean()) if answered else None
        if able is None or able >= ABLE:
            return task.name, search, judged, able
        why.append(f"It prefers the right answer in {100 * able:.0f} % of the pairs of {task.title}.")
    raise InputError(f"{model.title} does none of the built-in tasks. {' '.join(why)}".strip(), "Choose another model.")


def _session(model: Model, dataset: Dataset, some: slice) -> Session:
    answers = dataset.answers[some]
    metric = logit_difference(*([each[which] for each in answers] for which in (0, 1))) if answers else None
    return Session(model, as_batch(model, dataset.pairs[some]), metric)
