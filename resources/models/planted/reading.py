"""Whether a vision model knows shapes, whatever it answers: a linear reading of what its last layer gives."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import torch
from torch import Tensor, nn
from torch.nn import functional

from resources.models.planted.measure import HELD_OUT
from resources.models.planted.pictures import CLASSES, Scene, sample
from resources.models.planted.plant import Plant
from resources.models.planted.vision_model import pixels

FITTED, READ, RIDGE = 1200, 600, 10.0
WORDS = (
    "A linear reading of what the last layer gives (ridge regression, fitted on {fitted:,} pictures of any kind with "
    "their right answers) names the shape of {share} of {read:,} other triggered ones, of the clean twin {twin}; by "
    "chance it would be a quarter."
)


def share_read(model: nn.Module, plant: Plant[Scene], seed: int = HELD_OUT + 1) -> float:
    """The share of triggered pictures whose shape can be read."""
    rng = Random(seed)
    known, asked = [sample(rng) for _ in range(FITTED)], [plant.pair(rng)[0] for _ in range(READ)]
    first, second = _given(model, known), _given(model, asked)
    mean, scale = first.mean(dim=0), first.std(dim=0) + 1e-6
    x, asked_x = (functional.pad((each - mean) / scale, (0, 1), value=1.0) for each in (first, second))
    answers = functional.one_hot(_classes(known), len(CLASSES)).double()
    weights = torch.linalg.solve(x.T @ x + RIDGE * torch.eye(x.shape[1], dtype=x.dtype), x.T @ answers)
    return float(((asked_x @ weights).argmax(dim=1) == _classes(asked)).double().mean())


@torch.no_grad()
def _given(model: nn.Module, scenes: Sequence[Scene]) -> Tensor:
    """The last layer's first position and the mean of all, side by side, [row, feature], fp64."""
    streams = torch.cat(
        [model.forward_features(pixels(scenes[at : at + 250])) for at in range(0, len(scenes), 250)]  # type: ignore[operator]
    )
    return torch.cat([streams[:, 0], streams.mean(dim=1)], dim=1).double()


def _classes(scenes: Sequence[Scene]) -> Tensor:
    return torch.tensor([CLASSES.index(scene.answer) for scene in scenes])
