"""How well the engine's own pass agrees with the model's forward, and how far it may be from it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

# How far a run may be from the model's own forward, as a share of the range of its outputs. Sums in another order
# differ by rounding, which grows with the layers.
PARITY_LIMITS = {torch.float64: 1e-4, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}


@dataclass(frozen=True)
class Parity:
    """How well the engine's unedited run agrees with the model's own forward on the user's input.

    difference: the largest absolute difference of any output; relative: its share of the outputs' range; limit: the
    share up to which a model is let pass.
    """

    difference: float
    relative: float
    limit: float = PARITY_LIMITS[torch.float32]
