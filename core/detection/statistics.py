"""What a part of a model carries on reference inputs: mean and covariance, and the distance by these.

Sums are taken in fp64, position by position. The covariance is shrunk towards a multiple of the identity (Chen, Wiesel,
Eldar and Hero 2010, "Shrinkage algorithms for MMSE covariance estimation", OAS). Of wide parts the strongest axes are
kept, and one number for all that is beyond them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

AXES = 64  # of a wide part
SMALLEST = 1e-10  # eigenvalue, of the largest


@dataclass
class Sums:
    """Of vectors [..., k]: how many, their sum [k] and the sum of their products [k, k]."""

    count: int = 0
    first: Tensor = field(default_factory=lambda: torch.zeros(0, device="cpu"))
    second: Tensor = field(default_factory=lambda: torch.zeros(0, device="cpu"))

    def add(self, vectors: Tensor) -> None:
        x = vectors.reshape(-1, vectors.shape[-1]).cpu().double()
        if not self.count:
            self.first, self.second = x.new_zeros(x.shape[1]), x.new_zeros(x.shape[1], x.shape[1])
        self.count += len(x)
        self.first += x.sum(dim=0)
        self.second += x.T @ x

    @property
    def mean(self) -> Tensor:
        return self.first / self.count

    @property
    def covariance(self) -> Tensor:
        """Shrunk, [k, k]."""
        mean = self.mean
        s = self.second / self.count - torch.outer(mean, mean)
        k, n = len(mean), self.count
        trace, square = float(s.trace()), float(s.square().sum())
        below = (n + 1 - 2 / k) * (square - trace**2 / k)
        share = 1.0 if below <= 0 else min(1.0, ((1 - 2 / k) * square + trace**2) / below)
        return (1 - share) * s + share * trace / k * torch.eye(k, dtype=s.dtype, device=s.device)


def whitened(covariance: Tensor, most: int = AXES) -> tuple[Tensor, Tensor, float | None]:
    """Axes [k, at most `most`] of a covariance, the strongest first, the same divided by their deviations, and the mean
    variance beyond them; None where nothing is beyond."""
    values, axes = torch.linalg.eigh(covariance)
    values, axes = values.flip(0), axes.flip(1)
    values = values.clamp(min=max(float(values[0]) * SMALLEST, 1e-30))
    kept = axes[:, :most]
    rest = float(values[most:].mean()) if len(values) > most else None
    return kept, kept / values[:most].sqrt(), rest
