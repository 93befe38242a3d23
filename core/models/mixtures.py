"""The experts of a mixture: MLPs of which a router chooses some for each position, and weighs them.

    written = shared expert, if there is one + sum over the chosen experts of (weight x output)

Of Llama 4 the weight multiplies what the expert reads instead of what it makes. What an expert adds at a position is 0
where the router did not choose it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from core.errors import ModelError
from core.models.units import Neurons, Units, calls


class Experts(Units):
    """Of a mixture of Mixtral, Qwen2-MoE, Qwen3-MoE, gpt-oss or Llama 4."""

    kind = "expert"

    def __init__(self, adapter: Any, layer: int, router: Any, experts: Any) -> None:
        super().__init__(adapter, layer)
        self._router, self._experts = router, experts
        self.count, self.size = int(experts.num_experts), int(adapter.shape.width)
        self._weighs_input = type(experts).__name__ == "Llama4TextExperts"

    def routing(self, normed: Tensor) -> tuple[Tensor, Tensor]:
        """The router's logits, and the weight of each expert, 0 where it is not chosen: both [batch, n, experts]."""
        with calls(self.adapter):
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
    if len(wiring.mlp_weights) == 1 and wiring.mlp_weights[0].endswith(".weight"):
        owner, _, name = wiring.mlp_weights[0].rpartition(".")
        module = adapter.blocks[layer].get_submodule(owner)
        weight = getattr(module, name)
        turned = type(module).__name__ == "Conv1D"  # stored as [in, out]
        return Neurons(adapter, layer, (weight.T if turned else weight).detach(), weight)
    return experts_of(adapter, layer, adapter.blocks[layer].get_submodule(wiring.mlp))
