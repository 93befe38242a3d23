"""A model that was opened, on the devices and in the precision that it computes on and in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from core.models.adapter import Adapter
from core.models.family import adapt
from core.models.model import Model
from core.models.sharing import sharing_copy
from core.models.spread import block_places, places_of, spread
from core.precision import cast_parameters, cast_zeros

CPU_IN_BF16 = (torch.device("cpu"), torch.bfloat16)
BF16_ON_CPU = (
    "It computes in bf16 on the CPU: often slower than fp32 there, and small effects are lost in its rounding."
)


def placed(model: Model, devices: Sequence[torch.device], dtype: torch.dtype) -> Model:
    """A model that lies on the CPU, on one device or over several (`core.models.spread`), in a precision. Raises
    ModelError where there is not room enough."""
    adapter, home = model.adapter, devices[0]
    if (home, dtype) == CPU_IN_BF16:
        model = replace(model, notes=(*model.notes, BF16_ON_CPU))
    if len(devices) == 1 and (home, dtype) == (adapter.device, adapter.dtype):
        return model
    if len(devices) == 1:
        cast_parameters(adapter.module, home, dtype)
        return replace(model, adapter=adapt(adapter.module))
    cast_zeros(adapter.module, dtype)
    places = block_places(adapter.module, adapter.blocks, devices, dtype.itemsize / adapter.dtype.itemsize)
    counts = {device: places.count(device) for device in devices if device in places}
    note = "Its layers lie on several devices: " + ", ".join(f"{count} on {device}" for device, count in counts.items())
    model = _put(model, places, home, dtype)
    return model if len(counts) == 1 and home in counts else replace(model, notes=(*model.notes, f"{note}."))


def placed_as(model: Model, other: Adapter) -> Model:
    """A model that lies on the CPU, where another one of the same sizes lies."""
    return _put(model, places_of(other), other.device, other.dtype)


def gathered(model: Model) -> Model:
    """A module of the user's, as it is; of one that lies over several devices, as accelerate puts it there, a copy that
    shares the weights of its layers, and has all else on one device."""
    module = model.adapter.module
    if len({weight.device for weight in module.parameters()}) == 1:
        return model
    from accelerate.hooks import remove_hook_from_submodules

    copied = sharing_copy(module)
    remove_hook_from_submodules(copied)
    model = replace(model, adapter=adapt(copied))
    return _put(model, places_of(model.adapter), model.adapter.device, model.adapter.dtype)


def _put(model: Model, places: Sequence[torch.device], home: torch.device, dtype: torch.dtype) -> Model:
    spread(model.adapter.module, model.adapter.blocks, places, home, dtype)
    return replace(model, adapter=adapt(model.adapter.module))
