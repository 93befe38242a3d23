"""The series that come with Wirescope, which are made where they are not there: where induction forms, and the pair
that is trained with and without the loss of what induction predicts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

import wirescope as ws
from core.checkpoints.follow import Followed
from core.checkpoints.made import MADE, make
from core.checkpoints.repeats import MATCHING, heads_of
from core.formatting import number, percent
from core.inputs.tasks import make_task
from resources.models.training import measure, train_series
from resources.models.training.copies import predicted_by_induction
from resources.models.training.names_data import RowMaker
from tests.benchmarks.table import Table

PAIRS, PROMPTS, BATCHES, SEED = 16, 300, 12, 20_000
PAIR = ("copies", "no-copies")


def tables(series: Sequence[str] = tuple(MADE)) -> Iterator[Table]:
    """A table of the steps of each series, and one of the pair's last steps side by side."""
    torch.set_num_threads(1)
    followed = {name: _followed(make(name)) for name in series}
    for name, each in followed.items():
        words = f"{name}: induction over the steps; {each.metric} ({each.pairs} pairs), circuits of {each.edges} edges"
        yield Table(words, HEADS, [_row(each, step) for step in range(len(each.figures))])
    yield Table("the bundled names, after all its steps", ("model", MATCHING, "induction", "copied"), [_of_names()])
    if all(name in followed for name in PAIR):
        columns = [_of_the_pair(followed[name], make(name)) for name in PAIR]
        rows = [(measured, *(column[measured] for column in columns)) for measured in columns[0]]
        yield Table("the pair at its last step", ("measured", *PAIR), rows)


HEADS = (
    "step",
    "metric",
    MATCHING,
    "induction",
    "previous token",
    "copied",
    "loss, 1st copy",
    "2nd",
    "overlap",
    "recovered",
)


def _followed(folder: Path) -> Followed:
    series = ws.open_series(folder)
    model = ws.load_model(series.checkpoints[-1].name)
    task = make_task("induction", model, PAIRS, SEED)
    return ws.follow(series, ws.Dataset([model.pair(a, b) for a, b in task.pairs], task.answers))


def _row(followed: Followed, place: int) -> tuple[str, ...]:
    each = followed.figures[place]
    best = [each.heads.best(name) for name in (MATCHING, "induction", "previous token")]
    numbers = (each.heads.first_loss, each.heads.second_loss)
    recovered = "-" if math.isnan(each.circuit_recovered) else percent(each.circuit_recovered)
    return (
        f"{each.step:,}",
        number(each.metric),
        *(f"{head} {score:.2f}" for head, score in best),
        _share(each.heads.copied),
        *("-" if value is None else f"{value:.2f}" for value in numbers),
        f"{followed.overlap(each):.2f}",
        recovered,
    )


def _share(value: float | None) -> str:
    return "-" if value is None else percent(value)


def _of_names() -> tuple[str, ...]:
    model = ws.load_model("bundled:names")
    found = heads_of(model, ws.Session(model, model.pair("Rome lamp seven Mary Rome lamp")))
    best = [found.best(name) for name in (MATCHING, "induction")]
    return model.name, *(f"{head} {score:.2f}" for head, score in best), _share(found.copied)


def _of_the_pair(followed: Followed, folder: Path) -> dict[str, str]:
    """Held-out figures of a series' last checkpoint, by what was measured."""
    last = followed.figures[-1]
    model, tokenizer = measure.load_names(Path(followed.series.checkpoints[-1].name))
    head, score = last.heads.best(MATCHING)
    of_copies, of_others = _losses(model, tokenizer)
    accuracy = measure.names_accuracy(model, tokenizer, PROMPTS, SEED)
    return {
        "matching, best head": f"{head} {score:.2f}",
        "copied, random sequences": _share(last.heads.copied),
        "loss, what induction predicts": f"{of_copies:.2f}",
        "loss, all other tokens that count": f"{of_others:.2f}",
        **{f"right, {kind}": percent(row["all"]) for kind, row in accuracy.items()},
    }


@torch.no_grad()
def _losses(model: Any, tokenizer: Any) -> tuple[float, float]:
    """Nats a token on rows like those of training, of another seed: weighted as there, of what induction predicts, and
    of all else."""
    rows = RowMaker(tokenizer, SEED)
    sums, weights = torch.zeros(2), torch.zeros(2)
    for step in range(BATCHES):
        batch = train_series.mixed(rows, step)
        logits = model(batch.ids, position_ids=batch.positions, use_cache=False).logits[:, :-1].float()
        losses = functional.cross_entropy(logits.transpose(1, 2), batch.ids[:, 1:], reduction="none")
        again, counted = predicted_by_induction(batch)[:, 1:], batch.weights[:, 1:]
        for place, some in enumerate((again, ~again)):
            sums[place] += (losses * counted * some).sum()
            weights[place] += (counted * some).sum()
    of_copies, of_others = (sums / weights).tolist()
    return of_copies, of_others
