"""A stand-in for a device that is not the CPU, as a GPU is one: what of a tensor there goes wrong only there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

CPU = torch.device("cpu", 0)  # what tensors that were brought say they are on: the model's have no index
COPIES = {"copy_", "__setitem__"}  # between devices
TO_NUMPY = {"numpy", "__array__"}


class OtherDevice(TorchFunctionMode):
    """Every tensor counts as one of the other device, but those that `.cpu()` or `.to("cpu")` gave, that were made
    with device="cpu", and that were computed of these alone. One of the other device refuses to become an array, and
    to be computed with one of the CPU, but for single numbers; `.item()` and `.tolist()` bring it by themselves. A
    model's device is taken as `adapter.device`, which is no text, and so is the other one."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        tensors = list(_tensors((*args, *kwargs.values())))
        if name in TO_NUMPY and not _brought(tensors[0]):
            raise TypeError("A tensor of the other device becomes no array: bring it with .cpu() first.")
        if name == "__get__" and tensors and _brought(tensors[0]) and function == torch.Tensor.device.__get__:
            return CPU
        if name not in {"to", *COPIES}:
            _check_together(name, tensors)
        out = function(*args, **kwargs)
        brings = name == "cpu" or _goes_to_cpu(name, args, kwargs, tensors)
        if name in ("cpu", "to") and out is tensors[0] and _brought(out) != brings:
            out = out.clone()  # nothing was to be done on this machine: it is another tensor all the same
        if brings:
            for each in _tensors((out,)):
                each.brought = True  # type: ignore[attr-defined]
        return out


def _goes_to_cpu(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[Tensor]) -> bool:
    """Whether what a call gives is on the CPU."""
    asked = [kwargs["device"]] if kwargs.get("device") is not None else []
    if name == "to":
        asked += [each for each in args[1:] if isinstance(each, str | torch.device)]
        if not asked and len(tensors) > 1:
            return _brought(tensors[1])
    if asked:
        return asked[0] in ("cpu", CPU)
    return bool(tensors) and all(map(_brought, tensors))


def _check_together(name: str, tensors: list[Tensor]) -> None:
    there = any(not _brought(each) for each in tensors)
    here = [each for each in tensors if _brought(each) and each.ndim]
    is_index = name == "__getitem__" and not _brought(tensors[0])
    if there and here and not is_index:
        raise RuntimeError(f"{name}: tensors of the CPU and of the other device are not computed together.")


def _brought(tensor: Tensor) -> bool:
    return getattr(tensor, "brought", False)


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


@contextmanager
def other_device() -> Iterator[None]:
    """All models compute on it meanwhile, in this thread."""
    from_numpy = torch.from_numpy

    def made(array: Any) -> Tensor:
        """The mode does not hear of it."""
        tensor: Tensor = from_numpy(array)
        tensor.brought = True  # type: ignore[attr-defined]
        return tensor

    with patch.object(torch, "from_numpy", made), OtherDevice():
        yield
