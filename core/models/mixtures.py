"""The experts of a mixture: MLPs of which a router chooses some for each position, and weighs them.

    written = shared expert, if there is one + sum over the chosen experts of (weight x output)

Of Llama 4 the weight multiplies what the expert reads instead of what it makes. What an expert adds at a position is 0
where the router did not choose it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.errors import EditError, ModelError
from core.models.units import Neurons, Units, calls


class Experts(Units):
    """Of a mixture of Mixtral, Qwen2-MoE, Qwen3-MoE, gpt-oss or Llama 4."""

    kind = "expert"

    def __init__(self, adapter: Any, layer: int, router: Any, experts: Any) -> None:
        super().__init__(adapter, layer)
        self._router, self._experts = router, experts
        self.count, self.size = int(experts.num_experts), int(adapter.shape.width)
        self._weighs_input = type(experts).__name__ == "Llama4TextExperts"

    def routing(self, normed: Tensor, forced: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The router's logits, and the weight of each expert, 0 where it is not chosen: both [batch, n, experts].
        forced: experts that it has to choose, of the same shape. Raises EditError where these are too many."""
        name = f"m{self.layer}"
        with calls(self.adapter), Choice(name, None if forced is None else forced.flatten(0, 1)):
            routed = self._router(normed.flatten(0, 1))
        if self._weighs_input:
            weights, logits = routed
        else:
            logits, chosen, index = routed
            weights = torch.zeros_like(logits, dtype=chosen.dtype).scatter(1, index, chosen)
        shape = (*normed.shape[:2], self.count)
        return logits.view(shape), weights.view(shape)

    def made(self, normed: Tensor) -> tuple[Tensor, Tensor]:
        with calls(self.adapter):
            made = self.adapter.mlp_module(self.layer, normed)
        return made, self.routing(normed)[1]

    def values(self, normed: Tensor, inside: Tensor, numbers: Sequence[int]) -> Tensor:
        x, weights = normed.flatten(0, 1), inside.flatten(0, 1)
        with calls(self.adapter):
            if self._weighs_input:
                read = x * weights.T[:, :, None]  # [experts, rows, width]
                parts = self._experts(read.flatten(0, 1)).view(read.shape)[list(numbers)]
            else:
                parts = torch.stack([self._part(x, weights[:, number], number) for number in numbers])
        values: Tensor = parts.transpose(0, 1).reshape(*normed.shape[:2], -1)
        return values

    def _part(self, x: Tensor, weight: Tensor, number: int) -> Tensor:
        """What one expert adds: [rows, width]. weight: of it, [rows]."""
        part, rows = torch.zeros_like(x), weight.nonzero()[:, 0]
        if len(rows):
            index = torch.full((len(rows), 1), number, device=x.device)
            part[rows] = self._experts(x[rows], index, weight[rows, None])
        return part

    def added(self, values: Tensor, numbers: Sequence[int]) -> Tensor:
        return values.unflatten(2, (len(numbers), self.size)).sum(dim=2)  # type: ignore[no-any-return,no-untyped-call]

    def shares(self, values: Tensor, gradient: Tensor) -> Tensor:
        by_expert = values.unflatten(2, (self.count, self.size))  # type: ignore[no-untyped-call]
        return (by_expert * gradient[:, :, None]).sum(dim=3)  # type: ignore[no-any-return]


class Choice(TorchFunctionMode):
    """While it is on, a router chooses the forced experts [rows, experts] and, of the others, those with the highest
    logits; what it makes of its choice is its own."""

    def __init__(self, name: str, forced: Tensor | None) -> None:
        super().__init__()
        self._name, self._forced = name, forced

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        if self._forced is None or func not in (torch.topk, Tensor.topk):
            return made
        logits, count, forced = args[0], made[1].shape[-1], self._forced.to(args[0].device)
        most = int(self._forced.sum(dim=-1).max())
        if most > count:
            raise EditError(
                f"{most} experts of {self._name} are forced at one position, and its router chooses {count}.",
                f"Force at most {count} at each.",
            )
        index = logits.masked_fill(forced, torch.inf).topk(count, dim=-1)[1]
        return logits.gather(-1, index), index


def experts_of(adapter: Any, layer: int, mixture: Any) -> Experts | None:
    """Of a module; None where it is no mixture of a known kind."""
    experts = getattr(mixture, "experts", None)
    router = getattr(mixture, "gate", None) or getattr(mixture, "router", None)
    if experts is None or router is None or not hasattr(experts, "num_experts"):
        return None
    return Experts(adapter, layer, router, experts)


def units_of(adapter: Any, layer: int) -> Units | None:
    """Those of a layer; None where its MLP is of no kind that opens."""
    try:
        wiring = adapter.wiring(layer)
    except ModelError:  # a family that does not say where its parts are
        return None
    if wiring.mlp_last is not None:
        return Neurons(adapter, layer, adapter.blocks[layer].get_submodule(wiring.mlp_last))
    return experts_of(adapter, layer, adapter.blocks[layer].get_submodule(wiring.mlp))
