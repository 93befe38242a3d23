"""What a norm divides by: the standard deviation (LayerNorm) or the root mean square (RMSNorm) over the width, with its
epsilon. It is what frozen norms keep, what rules of relevance hold constant, and what the norm's slope is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Divisor:
    """centred: whether the norm takes the mean away first."""

    centred: bool
    epsilon: float

    def centre(self, x: Tensor) -> Tensor:
        """What is divided: x [..., width], without its mean where the norm takes that away."""
        return x - x.mean(dim=-1, keepdim=True) if self.centred else x

    def of(self, centre: Tensor) -> Tensor:
        """What that is divided by: [..., 1]."""
        return (centre.square().mean(dim=-1, keepdim=True) + self.epsilon).sqrt()

    def __call__(self, x: Tensor) -> Tensor:
        """The same from what enters the norm."""
        return self.of(self.centre(x))


def epsilon_of(norm: Any) -> float | None:
    """Of a norm module; None of one that has none."""
    epsilon = getattr(norm, "eps", None)
    epsilon = getattr(norm, "variance_epsilon", None) if epsilon is None else epsilon
    return None if epsilon is None else float(epsilon)
