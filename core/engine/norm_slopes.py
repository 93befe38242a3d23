"""How gradients go back through the norm before attention, in closed form: many gradients at one norm, as every port of
a layer has one of its own.

    norm(x) = w * h + b,   h = P x / s,   s = sqrt(mean((P x)^2) + epsilon)
    at x    = (P (w g) - h mean(h w g)) / s          (where s is held constant: P (w g) / s)

P takes the mean away (LayerNorm) or is 1 (RMSNorm). In front of a projection W, P (w g) is (W w P)^T times the gradient
behind the projection, and the mean a product of width head_width: what is left for [ports, rows, width] is one product
and one addition, in place of a run of the norm and one back.

Which of these a norm is, is found out by trying it; one that is none of them goes back by autograd.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from core.engine.divisor import Divisor, epsilon_of
from core.engine.layer import LayerMath
from core.engine.pull_back import pull_back
from core.models.adapter import Adapter
from core.models.spread import at_weight

AGREE = {torch.float32: 1e-5, torch.float64: 1e-12}  # relative, of what is tried; other dtypes go by autograd


@dataclass(frozen=True)
class NormSlope:
    """weight: [width] or None for ones. held: whether what the norm divides by is constant for gradients."""

    weight: Tensor | None
    divisor: Divisor
    held: bool = False

    def back(self, x: Tensor, w: Tensor, gradient: Tensor, out: Tensor | None = None) -> Tensor:
        """From gradients behind projections to those at the norm's input. x: [rows, width], or of each port [ports,
        rows, width]. w: [ports, head_width, width]. gradient: [ports, rows, head_width]. Returns [ports, rows, width];
        out: where to write it."""
        if self.weight is not None:
            w = w * self.weight.to(w.device)
        centre = self.divisor.centre(x)
        divisor = self.divisor.of(centre)
        scaled = gradient / divisor
        gradients = torch.bmm(scaled, self.divisor.centre(w), out=out)
        if self.held:
            return gradients
        normed = centre / divisor
        projected = normed @ w.transpose(1, 2)  # [ports, rows, head_width]
        along = (scaled * projected).sum(dim=-1, keepdim=True) / x.shape[-1]
        return gradients.addcmul_(along, normed, value=-1)


def ports_back(math: LayerMath, ports: Sequence[int], x: Tensor, gradient: Tensor, out: Tensor | None = None) -> Tensor:
    """From gradients at what ports of a layer project to [ports, rows, head_width] to those at the streams that they
    read, [ports, rows, width]. x: the stream, [rows, width], or of each port its own [ports, rows, width]. out: where
    to write it."""
    w, _ = math.port_weights(ports)
    slope = norm_slope(math.adapter, math.layer)
    if slope is not None and w.device == x.device:
        return slope.back(x, w, gradient, out)
    if slope is not None:
        gradients = slope.back(x.to(w.device), w, gradient.to(w.device)).to(x.device)
        return gradients if out is None else out.copy_(gradients)
    at_norm = at_weight(torch.matmul, gradient, w)
    with torch.enable_grad():
        x = x.expand_as(at_norm).detach().requires_grad_()
        gradients = pull_back(math.norm(x), x, at_norm)
    return gradients if out is None else out.copy_(gradients)


Reads = Literal["attention", "mlp"]
_SLOPES: WeakKeyDictionary[Adapter, dict[tuple[int, Reads], NormSlope | None]] = WeakKeyDictionary()


def norm_slope(adapter: Adapter, layer: int, what: Reads = "attention") -> NormSlope | None:
    """Of the norm before a layer's attention or its MLP; None where it must go by autograd."""
    slopes = _SLOPES.setdefault(adapter, {})
    if (layer, what) not in slopes:
        slopes[layer, what] = _tried(adapter, layer, what)
    return slopes[layer, what]


def _tried(adapter: Adapter, layer: int, what: Reads) -> NormSlope | None:
    if adapter.dtype not in AGREE:
        return None
    norm = adapter.norm_before(layer, what)
    normed = adapter.attention_norm if what == "attention" else adapter.mlp_norm  # which may hold the divisor
    weight = getattr(norm, "weight", None)
    epsilon = epsilon_of(norm)
    weight = None if weight is None else weight.detach().to(adapter.device)
    weights = [None] if weight is None else [weight, 1 + weight]
    if epsilon is None or any(w is not None and w.shape != (adapter.shape.width,) for w in weights):
        return None
    generator = torch.Generator("cpu").manual_seed(0)
    drawn = torch.randn(2, 3, adapter.shape.width, generator=generator, dtype=torch.float64, device="cpu")
    x, gradient = (part.to(adapter.dtype).to(adapter.device) for part in drawn)
    with torch.enable_grad():
        tried = x[None].clone().requires_grad_()
        right = pull_back(normed(layer, tried), tried, gradient[None])[0]
    identity = torch.eye(adapter.shape.width, dtype=adapter.dtype, device=adapter.device)[None]
    for held in (False, True):
        for centred in (True, False):
            for w in weights:
                slope = NormSlope(w, Divisor(centred, epsilon), held)
                by_slope = slope.back(x, identity, gradient[None])[0]
                if (by_slope - right).abs().max() <= AGREE[adapter.dtype] * right.abs().max():
                    return slope
    return None
