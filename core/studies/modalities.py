"""Differences side by side: the same questions to models that read text and to models that see.

    study = study_modalities("bundled:names", "bundled:shapes")

Each question has a file of this folder, which defines it: how heads attend (`attention`), where information meets
(`meeting`), how few edges do, and how often estimates are wrong (`sparsity`). Attention is read on the inputs A of all
built-in tasks of a model, the other questions are asked of pairs of one task. They are pieces of the study
(`modality_questions`): each answer is kept.

What a difference does not show: these are single models, not modalities. They differ in size, training and task as
well, and a token is another unit than a patch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ArgumentError
from core.inputs.tasks import tasks_for
from core.models.fingerprint import tokenizer_hash, weights_hash
from core.models.loading import load_model
from core.models.model import Model
from core.progress import stage, watched
from core.studies.attention import FEWEST
from core.studies.kept_results import KeptResults, digest_of, folder_of
from core.studies.measures import ModelStudied
from core.studies.modality_picture import picture
from core.studies.modality_questions import (
    ANSWER,
    ATTENTION,
    BEST,
    ESTIMATES,
    MEETING,
    RANDOM,
    SECONDS,
    TASK,
    Asked,
    Question,
    attention_in,
    measured_in,
    meeting_in,
    questions,
)
from core.studies.pieces import PieceWorkers, do_pieces
from core.studies.sparsity import Disagreement, Sparsity, sizes_of
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
    fresh: bool = False,
    keep: bool | str | Path = True,
    workers: PieceWorkers | None = None,
    progress: Callable[[str, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ModalityStudy:
    """Ask models of text and models that see the same questions.

    text, image: one model or several of each, opened or by name. pairs: of a task to score edges on, and as many others
    to judge on: the first built-in task that the model does. inputs: of all its tasks, whose attention is read. edges:
    of the largest estimates, whose exact effect is measured, of each judged pair. method: that scores edges, one with a
    sign. draws: of random edges. keep: answers are kept in the user's cache, or in a folder, so that a study that was
    stopped goes on. fresh: what was kept is left aside. workers: who finds them (`core.sharded.study_workers`); None:
    this process. progress: told the model that is asked, and the share of all that is done.

    Raises ArgumentError for a model of the other kind, numbers that are too small and a method without a sign,
    InputError where no task fits a model or it does none, ModelError, Cancelled, and what workers raise.
    """
    _check(method, pairs=pairs, inputs=inputs, edges=edges, draws=draws)
    models = [
        (_opened(each), kind == "image") for kind, some in (("text", text), ("image", image)) for each in _listed(some)
    ]
    for model, sees in models:
        if model.is_text == sees:
            kind = "reads text and does not see" if sees else "sees and does not read text"
            raise ArgumentError(f"{model.title} {kind}.", "Name it as a model of the other kind.")
    asked = Asked(pairs, inputs, edges, method, seed)
    studied = []
    for number, (model, sees) in enumerate(models):

        def told(share: float, name: str = model.name) -> None:
            if progress is not None:
                progress(name, share)

        with watched(told, cancelled), stage(number / len(models), (number + 1) / len(models)):
            kept = KeptResults(_digest(model, asked), folder_of(keep), fresh)
            studied.append(_study(model, sees, asked, draws, kept, workers))
    return ModalityStudy(tuple(studied), method, seed)


def _check(method: str, **numbers: int) -> None:
    """Raise ArgumentError for numbers that are too small and a method without a sign."""
    row = method_named(method)
    if not row.meaning.signed:
        raise ArgumentError(
            f"The scores of {row.title} have no sign, and the study counts wrong signs.", "Take another method: eap-ig."
        )
    for name, least in (("pairs", 2), ("inputs", FEWEST), ("edges", 3), ("draws", 1)):
        if numbers[name] < least:
            raise ArgumentError(f"The study takes at least {least} {name}, not {numbers[name]}.")


def _listed(models: Models) -> Sequence[str | Model]:
    return [models] if isinstance(models, str | Model) else models


def _opened(model: str | Model) -> Model:
    return model if isinstance(model, Model) else load_model(model)


def _digest(model: Model, asked: Asked) -> str:
    """Of what answers depend on, but for the draws, each of which is one of its own."""
    return digest_of(
        "modalities",
        model.name,
        weights_hash(model.adapter.module),
        tokenizer_hash(model.tokenizer),
        [task.name for task in tasks_for(model)],
        [asked.pairs, asked.inputs, asked.edges, asked.method, asked.seed],
    )


def _study(
    model: Model, sees: bool, asked: Asked, draws: int, kept: KeptResults, workers: PieceWorkers | None
) -> ModelStudied:
    with stage(0.0, 0.05):
        (first,) = do_pieces(model, [Question(TASK, asked)], kept, workers)
    task = first[ANSWER]
    others = questions(replace(asked, task=task["task"]), task["pairs"][1], draws)
    with stage(0.05, 1.0):
        answered = do_pieces(model, others, kept, workers)

    def answers(what: str) -> Iterator[Any]:
        return (each[ANSWER] for question, each in zip(others, answered, strict=True) if question.what == what)

    attention: Mapping[str, Any] = next(answers(ATTENTION))
    read, edges = attention_in(attention), model.graph.n_edges
    correlation, wrong = np.array([*answers(ESTIMATES)]).T
    return ModelStudied(
        model=model.name,
        sees=sees,
        layers=model.graph.layers,
        heads=model.graph.heads,
        edges=edges,
        positions=tuple(attention["positions"]),
        inputs=read.inputs,
        pairs=tuple(task["pairs"]),
        task=task["task"],
        metric=task["metric"],
        able=task["able"],
        attention=read,
        meeting=meeting_in(next(answers(MEETING))),
        sparsity=Sparsity(
            sizes_of(edges), measured_in(next(answers(BEST))), tuple(measured_in(each) for each in answers(RANDOM))
        ),
        disagreement=Disagreement(min(asked.edges, edges), correlation, wrong),
        seconds=sum(each[SECONDS] for each in (first, *answered)),
    )
