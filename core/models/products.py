"""Products of streams with a model's weights, as a run without gradients makes them.

A toggled edge goes through most weights with few rows. PyTorch gives fp32 on a CPU to MKL, which for few rows copies
each weight into another order first. oneDNN, which is in PyTorch for x86 too, copies less, and nothing where a weight
is kept in the order that it reads (packed): at 15 rows that takes .57 of the time. Its results are the same to the last
bit packed or not, so what is packed, and when, changes no number. A single row is MKL's: it takes no longer there.

A weight is packed once, and so is in memory twice. It is as it was when it was packed: one that was changed in place
since is multiplied as it now is.
"""

from __future__ import annotations

import functools
import platform
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

FEWEST = 2**17  # numbers in a weight: with fewer, setting up a product takes longer than it saves
TYPICAL_ROWS = 16  # that weights are packed for; they serve any number


class _Known(threading.local):
    """An input of which one thread knows the products: the input, its version, and what makes a product."""

    of: tuple[Tensor, int, Callable[[Tensor, Tensor | None], Tensor]] | None = None


class Products(TorchFunctionMode):
    """Those of one model. While it is on, linear maps within modules go by `linear` too."""

    def __init__(self) -> None:
        super().__init__()
        self._known = _Known()
        self.forget()

    def forget(self) -> None:
        """Let the packed weights go."""
        self._packed: dict[tuple[int, tuple[int, ...]], tuple[Tensor, int, Tensor]] = {}
        self.bytes = 0  # of packed weights
        self.layers = 0  # of which they are, from the last on

    def pack(self, weights: Iterable[Tensor]) -> None:
        """Pack those of some weights [out, in] for which it helps."""
        for weight in weights:
            key = _key(weight)
            if key not in self._packed and helps(weight) and not weight.is_inference():
                packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), TYPICAL_ROWS)
                self._packed[key] = weight, weight._version, packed  # held: no other comes to lie where it does
                self.bytes += weight.numel() * weight.element_size()

    def linear(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """x weight^T + bias: [..., out] of x [..., in] and weight [out, in], made where the weight lies."""
        if x.device != weight.device:  # of a model over several devices
            bias = None if bias is None else bias.to(weight.device)
            return self.linear(x.to(weight.device), weight, bias).to(x.device)
        few = x.numel() <= weight.shape[-1]  # one row, or none
        if few or torch.is_grad_enabled() or x.dtype != weight.dtype or not helps(weight):
            return F.linear(x, weight, bias)
        packed = self._packed.get(_key(weight))
        if packed is not None and packed[1] == weight._version:
            weight = packed[2]
        elif not (weight.is_contiguous() or weight.T.is_contiguous()):
            weight = weight.T.contiguous().T  # of some rows of one stored as [in, out], oneDNN takes very long
        product: Tensor = _multiply()(x, weight, bias, "none", [], "")
        return product

    @contextmanager
    def known(self, x: Tensor, make: Callable[[Tensor, Tensor | None], Tensor]) -> Iterator[None]:
        """For a time, what linear maps within modules make of x comes from `make`, by weight [out, in] and bias."""
        self._known.of = x, x._version, make
        try:
            yield
        finally:
            self._known.of = None

    def _mapped(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """A linear map within a module."""
        if self._known.of is not None:
            read, version, make = self._known.of
            same = x.data_ptr() == read.data_ptr() and x.numel() == read.numel() and x.shape[-1] == read.shape[-1]
            if same and x.is_contiguous() and read._version == version and x.dtype == weight.dtype:
                return make(weight, bias).view(*x.shape[:-1], -1)
        return self.linear(x, weight, bias)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if not kwargs:
            if func is F.linear:
                return self._mapped(*args)
            if func is torch.addmm and len(args) == 3 and args[0].ndim == 1:  # GPT-2's Conv1D
                return self._mapped(args[1], args[2].T, args[0])
        return func(*args, **(kwargs or {}))


def _key(weight: Tensor) -> tuple[int, tuple[int, ...]]:
    """Parts of a weight begin where it does."""
    return weight.data_ptr(), tuple(weight.shape)


def helps(weight: Tensor) -> bool:
    """Whether products with a weight go by oneDNN: by its size, form and place alone, never by what runs. One without
    numbers (of a model that is planned) is taken to be on the CPU."""
    return (
        weight.numel() >= FEWEST
        and weight.ndim == 2
        and weight.dtype == torch.float32
        and weight.device.type in ("cpu", "meta")
        and _available()
    )


@functools.cache
def _available() -> bool:
    """Whether this PyTorch multiplies so. These are the operators that its own compiler calls; a version in which they
    are others is asked for its usual product."""
    if platform.machine().lower() not in ("x86_64", "amd64") or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    try:
        x, bias = torch.ones(3, 4, device="cpu"), torch.ones(2, device="cpu")
        weight = torch.arange(8.0, device="cpu").view(2, 4)
        packed = torch.ops.mkldnn._reorder_linear_weight(weight, TYPICAL_ROWS)
        products = [_multiply()(x, each, bias, "none", [], "") for each in (weight, packed)]
    except (AttributeError, RuntimeError, TypeError):
        return False
    return all(torch.allclose(product, F.linear(x, weight, bias)) for product in products)


@functools.cache
def _multiply() -> Any:
    return torch.ops.mkldnn._linear_pointwise.default
