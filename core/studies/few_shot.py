"""Which few-shot tasks a model does, and the function vector scores of its heads over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.errors import InputError
from core.heads.function_vector import FunctionVectorScores, engine_of, function_vector_scores
from core.inputs.few_shot import FewShotTask, chance, few_shot_prompts
from core.models.model import Model
from core.progress import stage
from core.studies.kept_results import KeptResults

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


def screened(
    model: Model, tasks: Sequence[FewShotTask], shots: int, seed: int, kept: KeptResults
) -> list[tuple[FewShotTask, TaskDone]]:
    """Each task, and whether the model does it. Raises Cancelled."""
    found = []
    for number, task in enumerate(tasks):
        with stage(number / len(tasks), (number + 1) / len(tasks)):
            if (key := f"screened {task.name}") not in kept:
                kept.keep({key: _screen(model, task, shots, seed)})
            right, of_chance, why = kept[key]
            found.append((task, TaskDone(task.name, task.title, task.kind, right, of_chance, why)))
    return found


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


def vectors_of(
    model: Model, tasks: Sequence[FewShotTask], shots: int, prompts: int, seed: int, kept: KeptResults
) -> FunctionVectorScores:
    """Function vector scores over tasks, task by task, so that each is kept. Raises Cancelled."""
    for number, task in enumerate(tasks):
        if (key := f"function vectors {task.name}") not in kept:
            with stage(number / len(tasks), (number + 1) / len(tasks)):
                both = [
                    few_shot_prompts(task, model, prompts, shots, seed + 2, shuffled=shuffled)
                    for shuffled in (False, True)
                ]
                scores = function_vector_scores(model, [(both[0], both[1])], seed)
                kept.keep({key: [scores.effects[0].tolist(), scores.turned[0].tolist()]})
    of_tasks = [kept[f"function vectors {task.name}"] for task in tasks]
    effects, turned = (np.array([each[which] for each in of_tasks]) for which in (0, 1))
    return FunctionVectorScores(tuple(task.name for task in tasks), effects, turned)
