"""Which few-shot tasks a model does, and the function vector scores of its heads over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.errors import InputError
from core.heads.function_vector import FunctionVectorScores, engine_of, function_vector_scores
from core.inputs.few_shot import FewShotTask, chance, few_shot_prompts
from core.models.model import Model
from core.studies.kept_results import KeptResults
from core.studies.pieces import PieceWorkers, do_pieces

LIKELY = 0.05  # a task is done where chance does as well less often than this
SCREENED = 12  # prompts that tell whether a task is done


@dataclass(frozen=True)
class TaskDone:
    """right: the share of right answers. chance: of the commonest answer. done: whether it is better than that. why:
    what keeps a task out, in words; empty where it is in."""

    name: str
    title: str
    kind: str
    right: float
    chance: float
    why: str = ""


@dataclass(frozen=True)
class Screening:
    """Whether a model does a task: a piece of a study."""

    task: FewShotTask
    shots: int
    seed: int

    @property
    def key(self) -> str:
        return f"screened {self.task.name}"

    def of(self, model: Model, _shared: dict[str, Any]) -> list[Any]:
        return [*_screen(model, self.task, self.shots, self.seed)]


def screened(
    model: Model,
    tasks: Sequence[FewShotTask],
    shots: int,
    seed: int,
    kept: KeptResults,
    workers: PieceWorkers | None = None,
) -> list[tuple[FewShotTask, TaskDone]]:
    """Each task, and whether the model does it. Raises Cancelled, and what workers raise."""
    results = do_pieces(model, [Screening(task, shots, seed) for task in tasks], kept, workers)
    return [
        (task, TaskDone(task.name, task.title, task.kind, right, of_chance, why))
        for task, (right, of_chance, why) in zip(tasks, results, strict=True)
    ]


def _screen(model: Model, task: FewShotTask, shots: int, seed: int) -> tuple[float, float, str]:
    try:
        prompts = few_shot_prompts(task, model, SCREENED, shots, seed + 1)
        engine = engine_of(model, prompts.texts)
    except InputError as error:
        return float("nan"), float("nan"), error.message.partition(": ")[2].removesuffix(".") or error.message
    from scipy.stats import binomtest  # here: it takes half a second to import

    output = engine.clean().output[:, -1]
    answers = torch.tensor(prompts.answers, device=output.device)
    right = int((output.argmax(dim=-1) == answers).sum())
    of_chance = chance(task, model)
    if binomtest(right, SCREENED, of_chance, alternative="greater").pvalue >= LIKELY:
        why = f"{right} of {SCREENED} right, chance {100 * of_chance:.0f} %"
        return right / SCREENED, of_chance, why
    return right / SCREENED, of_chance, ""


@dataclass(frozen=True)
class TaskVectors:
    """Function vector scores over one task: a piece of a study."""

    task: FewShotTask
    shots: int
    prompts: int
    seed: int

    @property
    def key(self) -> str:
        return f"function vectors {self.task.name}"

    def of(self, model: Model, _shared: dict[str, Any]) -> list[list[float]]:
        clean, shuffled = (
            few_shot_prompts(self.task, model, self.prompts, self.shots, self.seed + 2, shuffled=shuffled)
            for shuffled in (False, True)
        )
        scores = function_vector_scores(model, [(clean, shuffled)], self.seed)
        return [scores.effects[0].tolist(), scores.turned[0].tolist()]


def vectors_of(
    model: Model,
    tasks: Sequence[FewShotTask],
    shots: int,
    prompts: int,
    seed: int,
    kept: KeptResults,
    workers: PieceWorkers | None = None,
) -> FunctionVectorScores:
    """Function vector scores over tasks. Raises Cancelled, and what workers raise."""
    of_tasks = do_pieces(model, [TaskVectors(task, shots, prompts, seed) for task in tasks], kept, workers)
    effects, turned = (np.array([each[which] for each in of_tasks]) for which in (0, 1))
    return FunctionVectorScores(tuple(task.name for task in tasks), effects, turned)
