"""Make a counterfactual picture B from A: another picture, blur, mean colour, noise, shuffled patches.

It works on the pixels as the model takes them, after its own resizing and cropping, with the normalisation undone: what
is not changed is then equal to A's to the last bit. `patches` are indices of the patch grid, row by row; none means the
whole picture. The same seed gives the same picture. Kinds:

- `other`: these patches of another picture;
- `blur`: a Gaussian of a width of `BLUR` patches, with the picture's edge continued;
- `mean`: the mean colour of what is replaced;
- `noise`: each pixel drawn from a normal distribution with that part's mean and deviation, channel by channel;
- `shuffle`: the patches change places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import InputError
from core.inputs.corruption_kinds import ImageCorruption, ImageKind
from core.inputs.images import model_view
from core.inputs.pair import Side
from core.precision import widened

if TYPE_CHECKING:
    from core.inputs.model_inputs import ModelInputs

BLUR = 0.6  # standard deviation in patches: what is in a patch can no longer be told
ROUNDING = 1e-4  # of normalised pixels: a change below it is none
TRIES = 100  # orders of patches that are tried until every one has moved


def corrupted(
    model: ModelInputs,
    picture: Any,
    kind: ImageKind,
    patches: Sequence[int] = (),
    *,
    seed: int = 0,
    other: str | bytes = b"",
) -> Tensor:
    """A picture with a part of it changed, as pixels that `model.pair` takes: [1, channel, height, width].

    picture: as `model.pair` takes it. kind: `other`, `blur`, `mean`, `noise` or `shuffle`. patches: of the patch grid,
    row by row; none: all. other: the other picture. Raises ArgumentError for an unknown kind, InputError for patches
    that are not there and for what changes nothing.
    """
    return corrupted_side(model, model.side(picture), ImageCorruption(kind, tuple(patches), seed, other)).tensor


def corrupted_side(model: ModelInputs, side: Side, corruption: ImageCorruption) -> Side:
    """A side with its (first) picture changed. Raises InputError for patches that are not there, another picture that
    cannot be read or has another size for the model, and a shuffle that changes nothing."""
    processing, grid = model.processing, model.adapter.image_grid(side.tensor)
    if processing is None or grid is None:
        raise InputError(f"{model.title} takes no pictures.", "Open a vision model.")
    other_pixels: Tensor | None = None
    if corruption.kind == "other":
        other_side: Any = model.side(corruption.other)
        if other_side.tensor.shape != side.tensor.shape:
            raise InputError("The other picture has another size for this model.", "Crop it to the same shape as A.")
        other_pixels = other_side.tensor[0]
    shape = (-1, 1, 1)
    clean = widened(side.tensor[0]).cpu()  # where there is fp64
    mean, std = (torch.tensor(v, device="cpu").to(clean).reshape(shape) for v in (processing.mean, processing.std))
    changed = corrupt((clean * std + mean).double(), corruption, grid)
    mask = _mask(corruption.patches, grid, side.tensor.shape[-2:]).to(side.tensor.device)
    new = other_pixels if other_pixels is not None else ((changed - mean) / std).to(side.tensor)
    pixels = torch.where(mask, new, side.tensor[0])[None]
    if corruption.kind != "other" and torch.allclose(pixels, side.tensor[:1], atol=ROUNDING):
        raise InputError("This changes nothing: the chosen part is all of one colour.", "Choose another part or kind.")
    view = np.asarray(model_view(pixels[0].float().cpu(), processing.mean, processing.std))
    return replace(side, tensor=pixels, view=view, lengths=side.lengths[:1])


def corrupt(pixels: Tensor, corruption: ImageCorruption, grid: tuple[int, int]) -> Tensor:
    """A picture [channel, height, width], values 0 to 1, changed inside the patches of the corruption alone. `other` is
    not of this function: it takes no picture beside this one."""
    height, width = pixels.shape[-2] // grid[0], pixels.shape[-1] // grid[1]
    mask = _mask(corruption.patches, grid, pixels.shape[-2:]).to(pixels.device)
    inside = pixels[:, mask]
    if corruption.kind == "mean":
        new = inside.mean(dim=1)[:, None, None].expand_as(pixels)
    elif corruption.kind == "noise":
        generator = torch.Generator("cpu").manual_seed(corruption.seed)
        normal = torch.randn(pixels.shape, generator=generator, dtype=pixels.dtype, device="cpu").to(pixels.device)
        mean, deviation = inside.mean(dim=1), inside.std(dim=1, correction=0)
        new = (normal * deviation[:, None, None] + mean[:, None, None]).clamp(0, 1)
    elif corruption.kind == "blur":
        new = _blur(pixels, BLUR * height, BLUR * width)
    elif corruption.kind == "shuffle":
        new = _shuffle(pixels, corruption.patches, grid, corruption.seed)
    else:
        new = pixels
    return torch.where(mask, new, pixels)


def patch_order(patches: Sequence[int], seed: int) -> list[int]:
    """Which patch comes into the place of each: none stays where it is. Raises InputError for a single one."""
    if len(patches) < 2:
        raise InputError("One patch cannot be shuffled.", "Choose two or more.")
    rng, order = Random(f"patches/{seed}"), list(patches)
    for _ in range(TRIES):
        rng.shuffle(order)
        if all(a != b for a, b in zip(order, patches, strict=True)):
            return order
    return [*patches[1:], patches[0]]


def _mask(patches: Sequence[int], grid: tuple[int, int], size: torch.Size) -> Tensor:
    """Which pixels [height, width] belong to the patches; all where there are none. Raises InputError."""
    if not patches:
        return torch.ones(size, dtype=torch.bool, device="cpu")
    count = grid[0] * grid[1]
    outside = [patch for patch in patches if not 0 <= patch < count]
    if outside:
        raise InputError(f"There is no patch {outside[0]}: the picture has {count}.", "Brush the region again.")
    chosen = torch.zeros(count, dtype=torch.bool, device="cpu")
    chosen[list(patches)] = True
    height, width = size[0] // grid[0], size[1] // grid[1]
    mask = torch.zeros(size, dtype=torch.bool, device="cpu")
    mask[: grid[0] * height, : grid[1] * width] = (
        chosen.reshape(grid).repeat_interleave(height, dim=0).repeat_interleave(width, dim=1)
    )
    return mask


def _shuffle(pixels: Tensor, patches: Sequence[int], grid: tuple[int, int], seed: int) -> Tensor:
    height, width = pixels.shape[-2] // grid[0], pixels.shape[-1] // grid[1]
    places = sorted(patches) if patches else list(range(grid[0] * grid[1]))

    def part(patch: int) -> tuple[slice, slice, slice]:
        row, column = divmod(patch, grid[1])
        return slice(None), slice(row * height, (row + 1) * height), slice(column * width, (column + 1) * width)

    new = pixels.clone()
    for place, source in zip(places, patch_order(places, seed), strict=True):
        new[part(place)] = pixels[part(source)]
    return new


def _blur(pixels: Tensor, down: float, across: float) -> Tensor:
    """A Gaussian of these deviations in pixels, one direction after the other."""
    for deviation, dim in ((down, 1), (across, 2)):
        reach = max(1, min(int(3 * deviation), pixels.shape[dim] - 1))
        places = torch.arange(-reach, reach + 1, dtype=pixels.dtype, device=pixels.device)
        weights = torch.exp(-(places**2) / (2 * deviation**2))
        kernel = (weights / weights.sum()).reshape((1, 1, -1, 1) if dim == 1 else (1, 1, 1, -1))
        padding = (0, 0, reach, reach) if dim == 1 else (reach, reach, 0, 0)
        pixels = F.conv2d(F.pad(pixels[:, None], padding, mode="replicate"), kernel)[:, 0]
    return pixels
