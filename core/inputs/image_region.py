"""Which pixels of a picture a region holds: patches of the grid, or the light part of a mask.

A mask is a picture file in which the part that is meant is light (above `LIGHT`) and the rest is dark or transparent.
It has the size of the picture that it belongs to, and goes through the model's own resizing and cropping with it; or it
has the size of what the model sees, and is taken as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.errors import InputError
from core.inputs.images import open_image

if TYPE_CHECKING:
    from core.inputs.images import ImageProcessing

LIGHT = 0.6  # of 0 to 1; what is transparent is read as mid grey, and so as dark
COLOUR = 64  # of 0 to 255, between the channels of a pixel: more than compression makes of grey
COVERED = 0.5  # of a patch, from which on it belongs to a mask


def patch_mask(patches: Sequence[int], grid: tuple[int, int], size: Sequence[int]) -> Tensor:
    """Which pixels [height, width] belong to the patches; all where there are none. Raises InputError for patches that
    are not there."""
    height, width = size[0] // grid[0], size[1] // grid[1]
    if not patches:
        return torch.ones((size[0], size[1]), dtype=torch.bool, device="cpu")
    count = grid[0] * grid[1]
    outside = [patch for patch in patches if not 0 <= patch < count]
    if outside:
        raise InputError(f"There is no patch {outside[0]}: the picture has {count}.", "Brush the region again.")
    chosen = torch.zeros(count, dtype=torch.bool, device="cpu")
    chosen[list(patches)] = True
    mask = torch.zeros((size[0], size[1]), dtype=torch.bool, device="cpu")
    mask[: grid[0] * height, : grid[1] * width] = (
        chosen.reshape(grid).repeat_interleave(height, dim=0).repeat_interleave(width, dim=1)
    )
    return mask


def mask_of_file(
    mask: str | bytes, processing: ImageProcessing, size: Sequence[int], picture: tuple[int, int] | None
) -> Tensor:
    """Which pixels [height, width] of what the model sees a mask holds.

    mask: a path, or the bytes of a picture file. size: height and width of what the model sees. picture: width and
    height of the picture itself, upright; None where it is not known. Raises InputError for a mask of another size, an
    empty one, and one that lies where the model does not look.
    """
    opened = open_image(mask)
    height, width = size
    if opened.image.size == (width, height):
        light = torch.from_numpy(np.asarray(opened.image, dtype=np.float32) / 255).mean(dim=2)
    elif opened.image.size == picture:
        pixels = processing.to_pixels(opened.image).float().cpu()
        mean, std = (torch.tensor(value, device="cpu").reshape(-1, 1, 1) for value in (processing.mean, processing.std))
        light = (pixels * std + mean).mean(dim=0)
    else:
        across, down = opened.image.size
        has = "" if picture is None else f", and the picture has {picture[0]:,} x {picture[1]:,}"
        raise InputError(
            f"The mask {opened.name} has {across:,} x {down:,} pixels{has}.",
            f"Give one of the picture's own size, or of the {width:,} x {height:,} pixels that the model sees.",
        )
    held = light > LIGHT
    if held.any():
        return held
    if (np.asarray(opened.image.convert("L")) > LIGHT * 255).any():
        raise InputError(
            f"What the mask {opened.name} holds is outside of what the model sees.",
            "The model crops the picture. Choose a part that is left, which the card shows.",
        )
    colours = np.asarray(opened.image, dtype=np.int16)
    if (colours.max(axis=2) - colours.min(axis=2) > COLOUR).any():
        raise InputError(
            f"The mask {opened.name} is in colour, and no part of it is light.",
            "A mask is white where something is meant: paint that part white, and the rest black.",
        )
    raise InputError(
        f"The mask {opened.name} is empty: no part of it is light.", "Paint white what is meant, and the rest black."
    )


def picture_size(picture: Any) -> tuple[int, int] | None:
    """Width and height of a picture as `model.side` takes it, upright; None for pixels."""
    return None if isinstance(picture, Tensor) else open_image(picture).image.size


def patches_of(mask: Tensor, grid: tuple[int, int]) -> tuple[int, ...]:
    """The patches of which a mask [height, width] holds at least half; where there is none, those that it touches."""
    height, width = mask.shape[0] // grid[0], mask.shape[1] // grid[1]
    held = mask[: grid[0] * height, : grid[1] * width].reshape(grid[0], height, grid[1], width)
    share = held.float().mean(dim=(1, 3)).flatten()
    chosen = share >= COVERED
    return tuple((chosen if chosen.any() else share > 0).nonzero().flatten().tolist())


def box_of(mask: Tensor) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what a mask [height, width] holds, the last two outside, as Pillow has them."""
    rows, columns = mask.any(dim=1).nonzero().flatten(), mask.any(dim=0).nonzero().flatten()
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
