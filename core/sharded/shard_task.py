"""Doing one shard, in whatever process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.datasets.row_pairs import AskedPairs, row_pairs, task_pairs
from core.errors import NoPairFitsError, UnreadableFileError
from core.sharded.job import LEFT_OUT, PAIRS, ModelRef, Part, ShardResult, TaskPart, Work
from core.sharded.shards import Shard
from core.sharded.worker import Open, Opened

if TYPE_CHECKING:
    from core.datasets.session_over import Shared
    from core.models.model import Model


THERE_AGAIN = (
    "Have it there again, on every machine at the same path: what is done stays, and the same command goes on."
)


@dataclass(frozen=True)
class ShardTask:
    """One shard as a worker takes it. first: the pairs of the first shard, where `Work.draws`."""

    model: ModelRef
    work: Work
    shard: Shard
    part: Part
    first: Part | None = None

    @property
    def number(self) -> int:
        return self.shard.number

    def do(self, model: Open) -> ShardResult:
        """Its first columns and sums are those of every work. Raises InputError, UnreadableFileError: which pairs count
        would else depend on who does the shard, and when."""
        opened, work, shard = model(self.model), self.work, self.shard
        self._draw(opened)
        try:
            pairs = pairs_of(opened.model, self.part)
        except NoPairFitsError:
            if shard.number == 0:  # most likely none fits: it is said at once
                raise
            return ShardResult({PAIRS: np.asarray(0.0), LEFT_OUT: np.asarray(float(shard.size))})
        result, opened.like = work.of(opened.model, pairs, opened.like)
        count = len(pairs.dataset)
        sums = {PAIRS: np.asarray(float(count)), LEFT_OUT: np.asarray(float(shard.size - count)), **result.sums}
        place = {"pair": shard.start + np.asarray(pairs.places), "shard": np.full(count, shard.number)}
        return ShardResult(sums, {**place, **result.columns})

    def _draw(self, opened: Opened) -> None:
        """See that what the sessions of shards share is of this run's first shard, where they draw from that."""
        drawn_from = None if self.first is None else (self.first, self.work.metric, self.work.memory)
        if opened.drawn_from != drawn_from:
            opened.drawn_from, opened.like = drawn_from, None
        if self.first is not None and opened.like is None:
            pairs = pairs_of(opened.model, self.first)
            opened.like = shared_of(opened.model, pairs, self.work.metric, self.work.memory)


def pairs_of(model: Model, part: Part) -> AskedPairs:
    """The pairs of a shard. Raises NoPairFitsError where none fits the model, UnreadableFileError for the file of a
    picture, InputError for a region that is none, ArgumentError for an unknown task."""
    if isinstance(part, TaskPart):
        return task_pairs(model, part.task, part.pairs, part.seed)
    try:
        return row_pairs(model, part.rows, part.origin, needs=part.needs, before=part.before)
    except UnreadableFileError as error:
        raise UnreadableFileError(error.message, THERE_AGAIN) from None


def shared_of(model: Model, pairs: AskedPairs, metric: str | None, memory: float | None) -> Shared:
    """What replacements are taken from where that is some pairs for all shards."""
    from core.datasets.session_over import Shared, session_over

    session = session_over(model, pairs, metric, memory).session
    return Shared(session.parity, session.population)
