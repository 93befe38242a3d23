"""A look at the first pairs before a run begins: whether what is asked can be done with them, and what the metric
is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.datasets.session_over import SessionOver, session_over
from core.sharded.job import ModelRef, TaskPart, Work
from core.sharded.shard_task import pairs_of
from core.sharded.shards import Shards
from core.sharded.sources import Source

if TYPE_CHECKING:
    from core.models.model import Model

LOOKED_AT = 4  # pairs: with more than one it is seen whether each has answers of its own


def ref_of(model: Model) -> ModelRef:
    """The model as other processes open it, and run folders know it."""
    from core.models.class_texts import base_name
    from core.models.fingerprint import weights_hash
    from core.precision import precision_name

    name = base_name(model.name)
    folder = next((each for each in (name, name.partition(":")[2]) if each and Path(each).is_absolute()), "")
    weights = weights_hash(model.adapter.module)
    return ModelRef(model.name, precision_name(model.adapter.dtype), weights, folder, model.weights_place)


def previewed(model: Model, source: Source, shards: Shards, work: Work) -> SessionOver:
    """A session over the first of the pairs. Raises InputError where none of the first shard fits, ArgumentError."""
    ((_, part),) = source.parts(shards, [0])
    if isinstance(part, TaskPart):
        part = replace(part, pairs=min(part.pairs, LOOKED_AT))
    pairs = pairs_of(model, part)
    some = type(pairs.dataset)(pairs.dataset.pairs[:LOOKED_AT], pairs.dataset.answers[:LOOKED_AT])
    return session_over(model, replace(pairs, dataset=some), work.metric, work.memory)
