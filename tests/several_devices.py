"""A stand-in for several devices, as GPUs are: each tensor lies on one of them, though all are in this memory.

What lies where is kept with a tensor's storage, so that views, parameters and what autograd keeps lie there too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

import wirescope as ws
from core.models.spread import SHARE_OF_FREE

CPU = torch.device("cpu")
GPUS = torch.device("cuda", 0), torch.device("cuda", 1)
ACROSS = {"to", "copy_", "__set__", "_has_compatible_shallow_copy_type"}  # that take tensors of two devices
INDEXED = {"__getitem__", "__setitem__"}
TO_NUMPY = {"numpy", "__array__"}


class SeveralDevices(TorchFunctionMode):
    """`.to` and what is made with device= put a tensor on a device; what is made with no device named, and what was
    there before, is on the CPU. What is computed of tensors of two devices raises as CUDA does, but for numbers of the
    CPU without dimensions and for its indices; and what is not on the CPU becomes no array. moved: how many numbers
    each tensor had that went from one device to another."""

    def __init__(self) -> None:
        super().__init__()
        self.moved: list[int] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(function, "__name__", "")
        tensors = list(_tensors((*args, *kwargs.values())))
        if function == Tensor.device.__get__:
            return lies_on(args[0])
        if function == torch.autograd.grad:
            return _at_inputs(function(*args, **kwargs), args, kwargs)
        if name in TO_NUMPY and lies_on(tensors[0]) != CPU:
            raise TypeError(f"can't convert {lies_on(tensors[0])} device type tensor to numpy. Use Tensor.cpu().")
        before = _of_all(name, args, tensors)
        asked, args, kwargs = _asked(name, args, kwargs)
        place = asked or before or CPU
        out = function(*args, **kwargs)
        if name in ("to", "cpu", "cuda") and lies_on(out) != place:
            self.moved.append(out.numel())
            out = out.clone() if out.untyped_storage().data_ptr() == tensors[0].untyped_storage().data_ptr() else out
        for each in _tensors((out,)) if place.type != "meta" else ():
            if not each.is_mkldnn:  # which is of the CPU alone, and has no storage
                each.untyped_storage().lies_on = place  # type: ignore[attr-defined]
        return out


def lies_on(tensor: Tensor) -> torch.device:
    """The device of a tensor."""
    if tensor.is_meta or tensor.is_mkldnn:
        return tensor.device
    place: torch.device = getattr(tensor.untyped_storage(), "lies_on", CPU)
    return place


def _of_all(name: str, args: tuple[Any, ...], tensors: list[Tensor]) -> torch.device | None:
    """The device of all tensors of a call; None where there are none."""
    index = _tensors(args[1:2]) if name in INDEXED else ()
    may_be_cpu = {id(each) for each in (*index, *(each for each in tensors if not each.ndim))}
    counts = [each for each in tensors if id(each) not in may_be_cpu or lies_on(each) != CPU]
    places = list(dict.fromkeys(map(lies_on, counts or tensors)))
    if len(places) > 1 and name not in ACROSS:
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, {places[0]} and "
            f"{places[1]}! (in {name})"
        )
    return next(iter(places), None)


def _asked(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[torch.device | None, tuple[Any, ...], dict[str, Any]]:
    """The device that a call names, and the call with the CPU in its place."""
    if name == "cuda":
        raise NotImplementedError("say to(device)")
    named = [kwargs.get("device"), CPU if name == "cpu" else None]
    if name == "to":
        named += [each for each in args[1:] if isinstance(each, str | torch.device | Tensor)]
    device = next((each for each in named if each is not None), None)
    if device is None or isinstance(device, Tensor):
        return None if device is None else lies_on(device), args, kwargs
    place = torch.device(device)
    if place.type == "meta":
        return place, args, kwargs
    kwargs |= {"device": CPU} if "device" in kwargs else {}
    args = (*args[:1], *(CPU if name == "to" and isinstance(each, str | torch.device) else each for each in args[1:]))
    return (GPUS[0] if place == torch.device("cuda") else place), args, kwargs


def _at_inputs(gradients: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Gradients, which lie where the inputs are that they are of."""
    inputs = kwargs["inputs"] if "inputs" in kwargs else args[1]
    for gradient, of in zip(gradients, [inputs] if isinstance(inputs, Tensor) else inputs, strict=True):
        if gradient is not None:
            gradient.untyped_storage().lies_on = lies_on(of)
    return gradients


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


@contextmanager
def several_devices(free: Mapping[torch.device, float]) -> Iterator[SeveralDevices]:
    """Meanwhile this machine has two GPUs. free: bytes on each device."""

    def free_on(device: torch.device) -> int:
        return int(free[device])

    with (
        patch.object(torch.cuda, "is_available", lambda: True),
        patch.object(torch.cuda, "device_count", lambda: len(GPUS)),
        patch.object(torch.cuda, "current_device", lambda: 0),
        patch.object(torch.cuda, "is_current_stream_capturing", lambda: False),  # optimizers ask this, or the next
        patch.object(torch.accelerator, "current_accelerator", lambda *_, **__: None),
        patch("core.models.spread.free_on", free_on),
        SeveralDevices() as devices,
    ):
        yield devices


def room_for(model: ws.Model, first: int, second: int) -> dict[torch.device, float]:
    """Free bytes for so many layers of a model on the first GPU, beside what is in none, and on the second; the CPU has
    room for all."""
    block, whole = (_bytes(each) for each in (model.adapter.blocks[0], model.adapter.module))
    rest = whole - block * len(model.adapter.blocks)
    free = {GPUS[0]: rest + (first + 1.5) * block, GPUS[1]: (second + 0.5) * block, CPU: 10 * whole}
    return {device: size / SHARE_OF_FREE for device, size in free.items()}


def _bytes(module: nn.Module) -> int:
    return sum(tensor.nbytes for tensor in (*module.parameters(), *module.buffers()))
