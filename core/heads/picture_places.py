"""Where heads of known kinds attend in a picture: masks [query, key] over the prefix positions and then the patches,
row by row.

neighbour: the up to eight patches around (Raghu et al. 2021, "Do Vision Transformers See Like Convolutional Neural
Networks?"). same colour: of the patches that are not around, the tenth whose mean colour is nearest. edge of picture:
the outermost patches, of queries that are none. register or artefact: class token, registers, and patches of outlying
norm (Darcet et al. 2024, "Vision Transformers Need Registers"; `core.lens.artefacts` has the measure).

CLS gathering: patches with content, of the class token alone (`core.heads.cls_gathering`).
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.engine.engine import Engine
from core.heads.cls_gathering import NAME, class_mask, detailed, has_class_token
from core.heads.places import Mask
from core.models.model import Model

NEAREST = 0.1  # of the patches are of the same colour
OUTLYING = 2.0  # times the median norm
COLOURS = 4  # of a made picture


def made_pictures(like: Tensor, grid: tuple[int, int], count: int, seed: int = 0) -> Tensor:
    """Pictures whose patches have one of four colours at random, so that like colours are not neighbours: pixels
    [count, channel, height, width]. like: pixels that have the model's size."""
    rng = torch.Generator("cpu").manual_seed(seed)
    colours = torch.randn(count, COLOURS, like.shape[1], generator=rng, device="cpu")
    which = torch.randint(0, COLOURS, (count, grid[0] * grid[1]), generator=rng, device="cpu")
    rows = torch.arange(count, device="cpu")[:, None]
    patches = colours[rows, which].movedim(2, 1).unflatten(2, grid)  # type: ignore[no-untyped-call]
    return F.interpolate(patches, size=like.shape[2:], mode="nearest").to(like)


def picture_masks(model: Model, pixels: Tensor) -> dict[str, Mask]:
    """Of a picture, by kind. pixels: [channel, height, width]. Raises Cancelled."""
    grid = model.adapter.image_grid(pixels[None])
    assert grid is not None
    prefix, patches = model.adapter.prefix, grid[0] * grid[1]
    y, x = np.divmod(np.arange(patches), grid[1])
    apart = np.maximum(np.abs(y[:, None] - y[None, :]), np.abs(x[:, None] - x[None, :]))
    edge = (y == 0) | (x == 0) | (y == grid[0] - 1) | (x == grid[1] - 1)
    colours = F.adaptive_avg_pool2d(pixels[None], grid)[0].flatten(1).T.cpu().double().numpy()
    outlying = outlying_patches(model, pixels)
    of_patches = {
        "neighbour": apart == 1,
        "same colour": _same_colour(colours, apart),
        "edge of picture": edge[None, :] & ~edge[:, None],
        "register or artefact": outlying[None, :] & ~outlying[:, None],
    }
    masks: dict[str, Mask] = {}
    for kind, mask in of_patches.items():
        masks[kind] = np.zeros((prefix + patches, prefix + patches), dtype=bool)
        masks[kind][prefix:, prefix:] = mask
    masks["register or artefact"][prefix:, :prefix] = True
    if has_class_token(model):
        masks[NAME] = class_mask(prefix, detailed(pixels, grid) & ~outlying)
    return masks


def _same_colour(colours: NDArray[np.float64], apart: NDArray[np.int64]) -> Mask:
    distance = np.linalg.norm(colours[:, None] - colours[None, :], axis=-1)
    distance[apart <= 1] = np.inf
    count = max(1, round(NEAREST * len(colours)))
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :count]
    same = np.zeros(distance.shape, dtype=bool)
    np.put_along_axis(same, nearest, True, axis=1)
    near: Mask = same & np.isfinite(distance)
    return near


def outlying_patches(model: Model, pixels: Tensor) -> NDArray[np.bool_]:
    """[patch] of a picture, where the stream before the last layer has an outlying norm."""
    state = Engine(model.adapter, pixels[None], None).clean()
    norms = state.attention_in[-1][0, model.adapter.prefix :].float().norm(dim=-1)
    outlying: NDArray[np.bool_] = (norms > OUTLYING * norms.median()).cpu().numpy()
    return outlying
