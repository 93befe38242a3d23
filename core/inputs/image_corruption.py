"""Make a counterfactual picture B from A: another picture, blur, mean colour, noise, shuffled patches, inpainting, a
printed word.

It works on the pixels as the model takes them, after its own resizing and cropping, with the normalisation undone: what
is not changed is then equal to A's to the last bit. What changes is a region of patches, the light part of a mask, or
the whole picture (`core.inputs.image_region`). The same seed gives the same picture. Kinds:

- `other`: this part of another picture;
- `blur`: a Gaussian of a width of `BLUR` patches, with the picture's edge continued;
- `mean`: the mean colour of what is replaced;
- `noise`: each pixel drawn from a normal distribution with that part's mean and deviation, channel by channel;
- `shuffle`: the patches change places;
- `inpaint`: what is around the part is continued into it (Telea 2004, by OpenCV), as if its object were removed;
- `word`: a word printed in the middle of the part, or at a place of the picture (`core.inputs.printed_words`).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.errors import InputError, WirescopeError
from core.inputs.corruption_kinds import WORD_SIZE, ImageCorruption, ImageKind, Place
from core.inputs.image_region import LIGHT, box_of, mask_of_file, patch_mask, patches_of, picture_size
from core.inputs.images import model_view
from core.inputs.pair import Side
from core.inputs.printed_words import printed
from core.precision import widened

if TYPE_CHECKING:
    from core.inputs.model_inputs import ModelInputs

BLUR = 0.6  # standard deviation in patches: what is in a patch can no longer be told
ROUNDING = 1e-4  # of normalised pixels: a change below it is none
TRIES = 100  # orders of patches that are tried until every one has moved
REACH = 3.0  # pixels around each one from which it is inpainted, as in OpenCV's examples


def corrupted(
    model: ModelInputs,
    picture: Any,
    kind: ImageKind,
    patches: Sequence[int] = (),
    *,
    seed: int = 0,
    other: str | bytes = b"",
    mask: str | bytes | Image.Image | NDArray[Any] = b"",
    text: str = "",
    size: float = WORD_SIZE,
    place: Place = "centre",
    sticker: bool = True,
) -> Tensor:
    """A picture with a part of it changed, as pixels that `model.pair` takes: [1, channel, height, width].

    picture: as `model.pair` takes it. kind: `other`, `blur`, `mean`, `noise`, `shuffle`, `inpaint` or `word`. patches:
    of the patch grid, row by row; none: all. mask: in their place, a picture whose light part is what changes, of the
    picture's own size or of what the model sees; or an array of such, [height, width]. other: the other picture. text,
    size, place, sticker: of `word`, as `ImageCorruption` has them. Raises ArgumentError for an unknown kind or place,
    InputError for patches that are not there, a mask of another size or an empty one, and for what changes nothing.
    """
    held = mask if isinstance(mask, str | bytes) else _file_of(mask)
    corruption = ImageCorruption(kind, tuple(patches), seed, other, held, text, size, place, sticker)
    return corrupted_side(model, model.side(picture), corruption, picture).tensor


def corrupted_side(model: ModelInputs, side: Side, corruption: ImageCorruption, picture: Any = None) -> Side:
    """A side with its (first) picture changed. picture: what the side was made of, which a mask may have the size of.
    Raises InputError for patches that are not there, a mask of another size, another picture that cannot be read or has
    another size for the model, and for what changes nothing."""
    processing, grid = model.processing, model.adapter.image_grid(side.tensor)
    if processing is None or grid is None:
        raise InputError(f"{model.title} takes no pictures.", "Open a vision model.")
    if corruption.earlier is not None:
        side = corrupted_side(model, side, corruption.earlier, picture)
    other_pixels: Tensor | None = None
    if corruption.kind == "other":
        other_side: Any = model.side(corruption.other)
        if other_side.tensor.shape != side.tensor.shape:
            raise InputError("The other picture has another size for this model.", "Crop it to the same shape as A.")
        other_pixels = other_side.tensor[0]
    shape = (-1, 1, 1)
    seen = side.tensor.shape[-2:]
    mask = None
    if corruption.mask:
        whole = None if picture is None else picture_size(picture)
        mask = mask_of_file(corruption.mask, processing, seen, whole)
    clean = widened(side.tensor[0]).cpu()  # where there is fp64
    mean, std = (torch.tensor(v, device="cpu").to(clean).reshape(shape) for v in (processing.mean, processing.std))
    before = (clean * std + mean).double()
    changed = corrupt(before, corruption, grid, mask)
    if other_pixels is not None:
        new, touched = other_pixels, patch_mask(corruption.patches, grid, seen) if mask is None else mask
    else:
        new, touched = ((changed - mean) / std).to(side.tensor), (changed != before).any(dim=0)
    pixels = torch.where(touched.to(side.tensor.device), new, side.tensor[0])[None]
    if corruption.kind != "other" and torch.allclose(pixels, side.tensor[:1], atol=ROUNDING):
        raise InputError("This changes nothing: the chosen part is all of one colour.", "Choose another part or kind.")
    view = np.asarray(model_view(pixels[0].float().cpu(), processing.mean, processing.std))
    return replace(side, tensor=pixels, view=view, lengths=side.lengths[:1])


def corrupt(pixels: Tensor, corruption: ImageCorruption, grid: tuple[int, int], mask: Tensor | None = None) -> Tensor:
    """A picture [channel, height, width], values 0 to 1, changed inside the patches of the corruption alone, or inside
    a mask [height, width]; a word inside the smallest box around them. `other` is not of this function: it takes no
    picture beside this one."""
    held = patch_mask(corruption.patches, grid, pixels.shape[-2:]) if mask is None else mask
    return MAKERS[corruption.kind](_Part(pixels, held.to(pixels.device), corruption, grid))


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


# ---- the kinds: each makes the picture with its part changed ----


@dataclass(frozen=True)
class _Part:
    """A picture [channel, height, width], the part of it that changes [height, width], and how."""

    pixels: Tensor
    mask: Tensor
    corruption: ImageCorruption
    grid: tuple[int, int]

    @property
    def is_whole(self) -> bool:
        return not self.corruption.patches and not self.corruption.mask

    def with_inside(self, new: Tensor) -> Tensor:
        return torch.where(self.mask, new, self.pixels)


def _as_it_is(part: _Part) -> Tensor:
    return part.pixels


def _mean(part: _Part) -> Tensor:
    inside = part.pixels[:, part.mask]
    return part.with_inside(inside.mean(dim=1)[:, None, None].expand_as(part.pixels))


def _noise(part: _Part) -> Tensor:
    inside, shape = part.pixels[:, part.mask], part.pixels.shape
    generator = torch.Generator("cpu").manual_seed(part.corruption.seed)
    normal = torch.randn(shape, generator=generator, dtype=part.pixels.dtype, device="cpu").to(part.pixels.device)
    mean, deviation = inside.mean(dim=1), inside.std(dim=1, correction=0)
    return part.with_inside((normal * deviation[:, None, None] + mean[:, None, None]).clamp(0, 1))


def _blur(part: _Part) -> Tensor:
    height, width = (size // count for size, count in zip(part.pixels.shape[-2:], part.grid, strict=True))
    return part.with_inside(_smooth(part.pixels, BLUR * height, BLUR * width))


def _shuffle(part: _Part) -> Tensor:
    """Whole patches, of a mask those that it holds at least half of."""
    pixels, grid = part.pixels, part.grid
    height, width = pixels.shape[-2] // grid[0], pixels.shape[-1] // grid[1]
    places = patches_of(part.mask, grid)

    def at(patch: int) -> tuple[slice, slice, slice]:
        row, column = divmod(patch, grid[1])
        return slice(None), slice(row * height, (row + 1) * height), slice(column * width, (column + 1) * width)

    new = pixels.clone()
    for place, source in zip(places, patch_order(places, part.corruption.seed), strict=True):
        new[at(place)] = pixels[at(source)]
    return new


def _inpaint(part: _Part) -> Tensor:
    if bool(part.mask.all()):
        raise InputError(
            "Inpainting continues what is around a part, and this is the whole picture.",
            "Brush a region, or give a mask.",
        )
    try:
        import cv2
    except ImportError as error:
        raise WirescopeError("Inpainting needs OpenCV.", "pip install opencv-python-headless") from error
    eight_bit = (part.pixels.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()
    hole = part.mask.to(torch.uint8).cpu().numpy() * 255
    filled = np.asarray(cv2.inpaint(eight_bit, hole, REACH, cv2.INPAINT_TELEA)).reshape(eight_bit.shape)
    return part.with_inside(torch.from_numpy(filled).permute(2, 0, 1).to(part.pixels) / 255)


def _word(part: _Part) -> Tensor:
    how = part.corruption
    region = None if part.is_whole else box_of(part.mask)
    return printed(part.pixels, how.text, how.size, how.place, how.sticker, region)


MAKERS: dict[ImageKind, Callable[[_Part], Tensor]] = {
    "other": _as_it_is,
    "blur": _blur,
    "mean": _mean,
    "noise": _noise,
    "shuffle": _shuffle,
    "inpaint": _inpaint,
    "word": _word,
}


def _smooth(pixels: Tensor, down: float, across: float) -> Tensor:
    """A Gaussian of these deviations in pixels, one direction after the other."""
    for deviation, dim in ((down, 1), (across, 2)):
        reach = max(1, min(int(3 * deviation), pixels.shape[dim] - 1))
        places = torch.arange(-reach, reach + 1, dtype=pixels.dtype, device=pixels.device)
        weights = torch.exp(-(places**2) / (2 * deviation**2))
        kernel = (weights / weights.sum()).reshape((1, 1, -1, 1) if dim == 1 else (1, 1, 1, -1))
        padding = (0, 0, reach, reach) if dim == 1 else (reach, reach, 0, 0)
        pixels = F.conv2d(F.pad(pixels[:, None], padding, mode="replicate"), kernel)[:, 0]
    return pixels


def _file_of(mask: Image.Image | NDArray[Any]) -> bytes:
    """A mask as the bytes of a picture file. Of an array [height, width], or with channels behind, what is light is a
    matter of its largest value, whether that is true, 1 or 255. Raises InputError for one of another form."""
    if isinstance(mask, Image.Image):
        picture = mask
    else:
        values = np.asarray(mask, dtype=np.float64)
        values = values[..., :3].mean(axis=-1) if values.ndim == 3 else values
        if values.ndim != 2 or not values.size:
            raise InputError(
                f"A mask is [height, width] or [height, width, channel], not {list(np.shape(mask))}.",
                "Give one true or false for each pixel.",
            )
        picture = Image.fromarray(values > LIGHT * values.max())
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()
