"""The series in which induction forms, which is made where it is not there. The pair of trainings: `pair.py`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import torch

import wirescope as ws
from core.checkpoints.follow import Followed
from core.checkpoints.made import make
from core.checkpoints.repeats import MATCHING, heads_of
from core.formatting import number, percent
from core.inputs.tasks import make_task
from tests.benchmarks.table import Table

PAIRS, SEED = 16, 20_000
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


def tables() -> Iterator[Table]:
    """The steps of the series, and the bundled model beside them."""
    torch.set_num_threads(1)
    yield of_steps("names", followed(make("names")))
    yield Table("the bundled names, after all its steps", ("model", MATCHING, "induction", "copied"), [_of_names()])


def of_steps(name: str, course: Followed) -> Table:
    measured = f"{course.metric} ({course.pairs} pairs), circuits of {course.edges} edges"
    words = f"{name}: induction over the steps; {measured}"
    return Table(words, HEADS, [_row(course, step) for step in range(len(course.figures))])


def followed(folder: Path) -> Followed:
    """A series that is asked for induction, which its last checkpoint's tokenizer writes."""
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
        share(each.heads.copied),
        *("-" if value is None else f"{value:.2f}" for value in numbers),
        f"{followed.overlap(each):.2f}",
        recovered,
    )


def share(value: float | None) -> str:
    return "-" if value is None else percent(value)


def _of_names() -> tuple[str, ...]:
    model = ws.load_model("bundled:names")
    heads = heads_of(model, ws.Session(model, model.pair("Rome lamp seven Mary Rome lamp")))
    best = [heads.best(name) for name in (MATCHING, "induction")]
    return model.name, *(f"{head} {score:.2f}" for head, score in best), share(heads.copied)
