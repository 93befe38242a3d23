"""A model with its layers' weights in 8 bits, beside the same model with its weights as they are on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from core.errors import ModelError
from core.models.eight_bit import with_eight_bits
from core.models.family import adapt
from core.models.model import Model
from core.models.placed import placed_as
from core.models.weights_place import is_short


def of_whole(model: Model, change: Callable[[Model], Model]) -> Model:
    """A model made of another one that is open. Of one in 8 bits: made of its whole weights, which are then rounded."""
    if model.unrounded is None:
        return change(model)
    whole = change(replace(model, adapter=model.unrounded, unrounded=None))
    return placed_as(in_eight_bits(whole, model.adapter.dtype), model.adapter)


def in_eight_bits(model: Model, dtype: torch.dtype) -> Model:
    """model: opened with its weights on disk, where they stay: `Model.unrounded`. dtype: that it computes in. Raises
    ModelError where there is no memory for it."""
    try:
        module = with_eight_bits(model.adapter.module, list(model.adapter.blocks), dtype)
    except (MemoryError, RuntimeError) as error:
        if not is_short(error):
            raise
        raise ModelError(
            f"The weights of {model.title} do not fit into memory in 8 bits either.",
            'Leave them on disk: weights="disk", or --weights disk.',
        ) from error
    return replace(model, adapter=adapt(module), unrounded=model.adapter)
