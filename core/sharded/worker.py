"""Doing one shard, in whatever process: the model is opened once in each, and what sessions over parts of one dataset
share is kept with it."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.datasets.row_pairs import AskedPairs, row_pairs, task_pairs
from core.errors import InputError, ModelError, WirescopeError
from core.sharded.job import LEFT_OUT, PAIRS, ModelRef, Part, ShardResult, ShardTask, TaskPart

if TYPE_CHECKING:
    from core.datasets.session_over import Shared
    from core.models.model import Model


@dataclass
class Opened:
    """A model in this process. like: what its sessions share, since the first shard."""

    model: Model
    like: Shared | None = None


_opened: dict[ModelRef, Opened] = {}  # one at most


def do(task: ShardTask) -> ShardResult:
    """A shard in a process of a cluster. Raises WirescopeError."""
    return do_with(opened(task.model), task)


def do_with(opened: Opened, task: ShardTask) -> ShardResult:
    """A shard, with a model that is open. Its first columns and sums are those of every work. Raises WirescopeError,
    Cancelled."""
    model, work = opened.model, task.work
    if task.first is not None and opened.like is None:
        opened.like = shared_of(model, pairs_of(model, task.first), work.metric, work.memory)
    try:
        pairs = pairs_of(model, task.part)
    except InputError:
        if task.shard.number == 0:  # most likely none fits: it is said at once
            raise
        return ShardResult({PAIRS: np.asarray(0.0), LEFT_OUT: np.asarray(float(task.shard.size))})
    result, opened.like = work.of(model, pairs, opened.like)
    count = len(pairs.dataset)
    sums = {PAIRS: np.asarray(float(count)), LEFT_OUT: np.asarray(float(task.shard.size - count)), **result.sums}
    place = {"pair": np.arange(task.shard.start, task.shard.start + count), "shard": np.full(count, task.shard.number)}
    return ShardResult(sums, {**place, **result.columns})


def pairs_of(model: Model, part: Part) -> AskedPairs:
    """The pairs of a shard. Raises InputError where none fits the model, ArgumentError for an unknown task."""
    if isinstance(part, TaskPart):
        return task_pairs(model, part.task, part.pairs, part.seed)
    return row_pairs(model, part.rows, part.origin, needs=part.needs)


def shared_of(model: Model, pairs: AskedPairs, metric: str | None, memory: float | None) -> Shared:
    """What replacements are taken from where that is some pairs for all shards."""
    from core.datasets.session_over import Shared, session_over

    session = session_over(model, pairs, metric, memory).session
    return Shared(session.parity, session.population)


def opened(ref: ModelRef) -> Opened:
    """The model of this process, opened when it is first asked for. Raises ModelError, which names the machine, where
    it is not there or cannot be opened, and for other weights than those that the run was begun with."""
    from core.models.fingerprint import weights_hash
    from core.models.loading import load_model

    if ref not in _opened:
        _opened.clear()
        here = platform.node()
        if ref.folder and not Path(ref.folder).is_dir():
            raise ModelError(
                f"The machine {here} has no folder {ref.folder}: a worker reads a model in a folder where it runs.",
                "Put it at the same path on all machines, or name a pack, a bundled model or a Hub id.",
            )
        try:
            model = load_model(ref.name, dtype=ref.precision, weights=ref.place)
        except WirescopeError as error:
            raise ModelError(f"On the machine {here}: {error.message}", error.hint) from None
        if weights_hash(model.adapter.module) != ref.weights:
            raise ModelError(
                f"{model.title} has other weights on the machine {here} than where the run was begun.",
                "Use one version of it on all machines.",
            )
        _opened[ref] = Opened(model)
    return _opened[ref]
