"""A run over a few pairs of different lengths on a small model in fp64, for the tests of shards."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import wirescope as ws
from core.inputs.dataset_columns import FileRow
from core.models.model import Model
from core.progress import Cancel, unwatched
from core.sharded.executors import Workers
from core.sharded.in_process import Within
from core.sharded.job import Sums
from core.sharded.many_pairs import ManyPairs
from core.sharded.trace_many import trace_pairs
from core.sharded.tracing import TraceWork
from core.sharded.worker import Opened, Task
from tests.small_models import small_text_model

R = TypeVar("R")
NAMES = (" Mary", " John", " Tom")
ROWS = tuple(
    FileRow(f"When{first} gave{middle}", f"When{second} gave{middle}", first, second)
    for middle in (" a", " a drink", " a drink to")
    for first in NAMES
    for second in NAMES
    if first != second
)


def small_model() -> Model:
    return ws.load_model(small_text_model())


class Backwards:
    """Does all tasks, which travel to it, and gives what they give in the opposite order, as workers of uneven speed
    may; the first `stop` of them alone. models: that they are of. done: the numbers of the tasks."""

    workers = 2

    def __init__(self, *models: Model, stop: int | None = None) -> None:
        self.opened = {model.name: Opened(model) for model in models}
        self.stop = stop
        self.done: list[int] = []

    def results(self, tasks: Iterable[Task[R]], within: Within, cancelled: Cancel) -> Iterator[tuple[int, R]]:
        travelled = (pickle.loads(pickle.dumps(task)) for task in tasks)
        with unwatched():  # as in another process
            results = [(task.number, task.do(lambda ref: self.opened[ref.name])) for task in travelled]
        for number, result in results[::-1][: self.stop]:
            self.done.append(number)
            yield number, result
        if self.stop is not None:
            raise KeyboardInterrupt

    def close(self) -> None:
        pass


def run(model: Model, folder: Path, work: TraceWork | None = None, shard: int = 4, **options) -> Sums:
    pairs = ManyPairs(rows=iter(ROWS), name="rows.csv", shard=shard)
    return trace_pairs(model, folder, pairs, work or TraceWork("eap"), **{"workers": Workers(), **options})[1]
