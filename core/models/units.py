"""What an MLP is made of: neurons, each of which adds its activation times its row of the last linear map, or the
experts of a mixture, each of which adds its weight times what it makes.

    written = bias + sum over neurons of (activation x row)              what the MLP's module makes
    written = shared expert + sum over experts of (weight x output)      of a mixture (`core.models.mixtures`)
    added   = written x factor                                           what reaches the stream

The factor is LayerScale, a residual multiplier, or, where a norm follows the MLP, what that norm multiplies by in the
same pass (`core.engine.units`). So what units add, and the rest that belongs to none of them, sums to what the node
adds.
"""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.errors import ModelError
from core.graph import Node
from core.models.eight_bit import stored
from core.models.spread import at_weight
from core.nodes import UnitKind

Adapter = Any  # `core.models.adapter.Adapter`, which has these

NO_UNITS: tuple[UnitKind, int] = ("neuron", 0)


class Units(ABC):
    """Those of one layer. Values are [batch, n, numbers]: of a neuron its activation, one number; of an expert what it
    makes times its weight, `size` numbers. count: how many units there are."""

    kind: UnitKind
    count: int
    size: int

    def __init__(self, adapter: Adapter, layer: int) -> None:
        self._adapter = weakref.ref(adapter)  # which holds these: a model that is left goes at once
        self.layer = layer

    @property
    def adapter(self) -> Adapter:
        return self._adapter()

    @abstractmethod
    def made(self, normed: Tensor) -> tuple[Tensor, Tensor]:
        """What the module makes of its input [batch, n, width], and what `values` needs."""

    @abstractmethod
    def values(self, normed: Tensor, inside: Tensor, numbers: Sequence[int]) -> Tensor:
        """Of some units, [batch, n, numbers * size]. inside: as `made` gives it."""

    @abstractmethod
    def added(self, values: Tensor, numbers: Sequence[int]) -> Tensor:
        """What values of some units add together to what the module makes: [batch, n, width]."""

    @abstractmethod
    def shares(self, values: Tensor, gradient: Tensor) -> Tensor:
        """Of what is added for values of all units, each one's product with a gradient at what the module makes [batch,
        n, width]: [batch, n, units]."""

    def of(self, normed: Tensor, numbers: Sequence[int]) -> Tensor:
        """The values of some units, from the MLP's input."""
        return self.values(normed, self.made(normed)[1], numbers)

    def node(self, number: int) -> Node:
        return Node(self.kind, self.layer, number)


class Neurons(Units):
    """Of an MLP that ends with one linear map, which is `last`."""

    kind = "neuron"
    size = 1

    def __init__(self, adapter: Adapter, layer: int, last: Any) -> None:
        super().__init__(adapter, layer)
        self._last = last
        self._turned = type(last).__name__ == "Conv1D"  # stored as [in, out]
        self._stored: Tensor = last._parameters["weight"]
        self.count = self._stored.shape[0 if self._turned else 1]

    @property
    def weight(self) -> Tensor:
        """Of the last map, [out, in], where it lies."""
        weight: Tensor = self._last.weight.detach()
        return weight.T if self._turned else weight

    def made(self, normed: Tensor) -> tuple[Tensor, Tensor]:
        with calls(self.adapter), Read(self._stored) as read:
            made = self.adapter.mlp_module(self.layer, normed)
        if len(read.inputs) != 1:
            raise ModelError(f"What the last linear map of m{self.layer} reads was not seen: it is not called as one.")
        return made, read.inputs[0].view(*normed.shape[:-1], self.count).to(normed.device)

    def values(self, normed: Tensor, inside: Tensor, numbers: Sequence[int]) -> Tensor:
        return inside[..., list(numbers)]

    def added(self, values: Tensor, numbers: Sequence[int]) -> Tensor:
        return at_weight(torch.matmul, values, self.weight[:, list(numbers)].T.to(values.dtype))

    def shares(self, values: Tensor, gradient: Tensor) -> Tensor:
        return values * at_weight(torch.matmul, gradient, self.weight.to(gradient.dtype))


def calls(adapter: Adapter) -> Any:
    """In which a module of the model is called: without gradients its products are the adapter's."""
    return nullcontext() if torch.is_grad_enabled() else adapter.products


class Read(TorchFunctionMode):
    """While it is on, keeps what linear maps of one weight, as it is stored, read. inputs: these, in order."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self._weight = weight
        self.inputs: list[Tensor] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is torch.nn.functional.linear and stored(args[1]) is self._weight:
            self.inputs.append(args[0])
        elif func is torch.addmm and len(args) == 3 and stored(args[2]) is self._weight:  # GPT-2's Conv1D
            self.inputs.append(args[1])
        return func(*args, **(kwargs or {}))
