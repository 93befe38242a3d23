"""The pair of trainings with and without the loss of what induction predicts, which are made where they are not there:
their steps, what becomes of few-shot prompts and of copying, and the study of in-context learning on both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

import wirescope as ws
from core.checkpoints.follow import Followed
from core.checkpoints.made import make
from core.checkpoints.repeats import MATCHING
from core.heads.function_vector import engine_of
from core.inputs.few_shot import KINDS, FewShotPrompts, few_shot_prompts, few_shot_tasks, usable_rows
from core.models.model import Model
from core.studies.estimate import Floats, mean_of
from core.studies.icl import OTHERS, IclStudy
from core.studies.icl_words import about, findings, heads_row, rows, share_cell
from resources.models.training import measure, train_series
from resources.models.training.copies import predicted_by_induction
from resources.models.training.pair_data import PairRows
from tests.benchmarks.checkpoints import SEED, followed, of_steps, share
from tests.benchmarks.table import Table

PAIR = ("copies", "no-copies")
BATCHES, PROMPTS, SHOTS = 12, 20, 3
MAIN, DRAWS, PIECES = 0.25, 5, 6  # of the study: two of the eight heads
OF_KIND = {"abstract": "the answer does not stand in the prompt", "extractive": "it does"}


def tables() -> Iterator[Table]:
    """The steps of both, their last steps side by side, and the study of each."""
    torch.set_num_threads(1)
    courses = {name: followed(make(name)) for name in PAIR}
    for name, each in courses.items():
        yield of_steps(name, each)
    columns = [_figures(each) for each in courses.values()]
    lines = [(measured, *(column[measured] for column in columns)) for measured in columns[0]]
    yield Table("the pair at its last step", ("measured", *PAIR), lines)
    for name, each in courses.items():
        study = _study(name, each)
        yield Table(f"{name}: shares lost without some of its heads", heads_row(study), rows(study))
        yield Table(f"In words, of {name}", ("",), [(words,) for words in (*findings(study), *about(study))])


def _last(course: Followed) -> str:
    return course.series.checkpoints[-1].name


def _figures(course: Followed) -> dict[str, str]:
    """Held-out figures of a series' last checkpoint, by what was measured."""
    heads = course.figures[-1].heads
    traits = {f"{trait}, best head": heads.best(trait) for trait in (MATCHING, "induction", "previous token")}
    plain, tokenizer = measure.load_names(Path(_last(course)))
    of_copies, of_others = _losses(plain, tokenizer)
    return {
        **{name: f"{head} {score:.2f}" for name, (head, score) in traits.items()},
        "copied, random sequences": share(heads.copied),
        "loss, what induction predicts": f"{of_copies:.2f}",
        "loss, all other tokens that count": f"{of_others:.2f}",
        **_few_shot(ws.load_model(_last(course))),
    }


def _few_shot(model: Model) -> dict[str, str]:
    """Right answers of few-shot prompts by the kind of their task, and of the same tasks without examples."""
    told = {}
    for kind in KINDS:
        tasks = [task for task in few_shot_tasks().values() if task.kind == kind]
        tasks = [task for task in tasks if len(usable_rows(task, model)) > SHOTS + 1]
        for shots in (SHOTS, 0):
            right = np.concatenate(
                [_right(model, few_shot_prompts(task, model, PROMPTS, shots, SEED)) for task in tasks]
            )
            words = f"{shots} examples" if shots else "no example"
            told[f"right, {len(tasks)} {kind} tasks ({OF_KIND[kind]}), {words}"] = share_cell(mean_of(right))
    return told


def _right(model: Model, prompts: FewShotPrompts) -> Floats:
    """1 where the likeliest token is the answer of a prompt, else 0."""
    output = engine_of(model, prompts.texts).clean().output[:, -1]
    right: Floats = (output.argmax(dim=-1) == torch.tensor(prompts.answers)).double().numpy()
    return right


@torch.no_grad()
def _losses(model: Any, tokenizer: Any) -> tuple[float, float]:
    """Nats a token on rows like those of training, of another seed: weighted as there, of what induction predicts, and
    of all else."""
    drawn = PairRows(tokenizer, SEED)
    sums, weights = torch.zeros(2), torch.zeros(2)
    for step in range(BATCHES):
        batch = train_series.mixed(drawn, step)
        logits = model(batch.ids, position_ids=batch.positions, use_cache=False).logits[:, :-1].float()
        losses = functional.cross_entropy(logits.transpose(1, 2), batch.ids[:, 1:], reduction="none")
        again, counted = predicted_by_induction(batch)[:, 1:], batch.weights[:, 1:]
        for place, some in enumerate((again, ~again)):
            sums[place] += (losses * counted * some).sum()
            weights[place] += (counted * some).sum()
    of_copies, of_others = (sums / weights).tolist()
    return of_copies, of_others


def _study(name: str, course: Followed) -> IclStudy:
    """Of the last checkpoint, on walks as in training, of another seed."""
    model = replace(ws.load_model(_last(course)), name=name, title=name)
    drawn = PairRows(model.tokenizer, SEED)
    walks = [drawn.walk().ids for _ in range(PIECES + OTHERS)]
    return ws.study_icl(
        model,
        text="".join(model.tokenizer.decode(ids) for ids in walks),
        text_name="walks as in its training, of another seed",
        shots=SHOTS,
        pieces=PIECES,
        shares=(MAIN,),
        main=MAIN,
        draws=DRAWS,
    )
