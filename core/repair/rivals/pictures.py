"""For pictures: blurring all of each, and masking the region that decides most. That region is found in each picture
anew, by how strongly the logit of its own answer depends on its pixels: gradient x (pixel - mean pixel), summed over a
window. It is filled with the mean pixel of the clean examples, or blurred. Sizes are those of least cost."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms.functional import gaussian_blur

from core.models.model import Model
from core.repair.examples import Batch
from core.repair.rivals.rival import Best, Job, Rival, Treated

BLURS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)  # standard deviations, in pixels
WINDOWS = (3, 4, 6, 8, 12)  # sides, of pictures 32 pixels wide; they grow with the picture
ROWS = 128


def blurring(job: Job) -> Treated:
    best = Best(job, Treated(job.model, setting="not at all"))
    for sigma in BLURS:
        scaled = sigma * _unit(job)
        best.offer(Treated(job.model, partial(blurred, sigma=scaled), setting=f"blurred by {scaled:g} pixels"))
    return best.treated


def masking(job: Job) -> Treated:
    best = Best(job, Treated(job.model, setting="not at all"))
    mean = job.clean.pair.clean.tensor.mean(dim=(0, 2, 3))
    for window in WINDOWS:
        side = max(1, round(window * _unit(job)))
        for sigma in (None, float(side)):
            change = partial(masked, model=job.model, side=side, mean=mean, sigma=sigma)
            words = "filled with the mean" if sigma is None else "blurred"
            best.offer(Treated(job.model, change, setting=f"{side} x {side} pixels {words}"))
    return best.treated


def _unit(job: Job) -> float:
    return job.clean.pair.clean.tensor.shape[-1] / 32


def blurred(batch: Batch, sigma: float) -> Batch:
    return _with_pixels(batch, _blur(batch.pair.clean.tensor, sigma))


def masked(batch: Batch, model: Model, side: int, mean: Tensor, sigma: float | None) -> Batch:
    """The window on which the answer depends most is filled with a mean [channel], or blurred."""
    pixels = batch.pair.clean.tensor
    rows, columns = regions(model, batch, side, mean)
    y, x = (torch.arange(size, device=pixels.device)[None] for size in pixels.shape[-2:])
    inside = ((y >= rows[:, None]) & (y < rows[:, None] + side))[:, :, None] & (
        (x >= columns[:, None]) & (x < columns[:, None] + side)
    )[:, None, :]
    fill = mean[None, :, None, None].expand_as(pixels) if sigma is None else _blur(pixels, sigma)
    return _with_pixels(batch, torch.where(inside[:, None], fill, pixels))


def regions(model: Model, batch: Batch, side: int, mean: Tensor) -> tuple[Tensor, Tensor]:
    """The top row and the left column of each picture's window, [row]."""
    found = []
    for part in torch.split(batch.pair.clean.tensor, ROWS):
        pixels = part.detach().clone().requires_grad_()
        with torch.enable_grad():
            logits = model.adapter.own_answers(pixels, None)
            (slopes,) = torch.autograd.grad(logits.max(dim=-1).values.sum(), pixels)
        weight = (slopes * (part - mean[None, :, None, None])).sum(dim=1, keepdim=True).abs()
        sums = functional.avg_pool2d(weight, side, stride=1)[:, 0]
        best = sums.flatten(1).argmax(dim=1)
        found.append(torch.stack([best // sums.shape[-1], best % sums.shape[-1]]))
    rows, columns = torch.cat(found, dim=1)
    return rows, columns


def _blur(pixels: Tensor, sigma: float) -> Tensor:
    size = min(2 * int(3 * sigma + 0.5) + 1, 2 * (min(pixels.shape[-2:]) - 1) + 1)
    found: Tensor = gaussian_blur(pixels, [size, size], [sigma, sigma])
    return found


def _with_pixels(batch: Batch, pixels: Tensor) -> Batch:
    return replace(batch, pair=replace(batch.pair, clean=replace(batch.pair.clean, tensor=pixels)))


BLUR = Rival("blurring", "every picture is blurred", blurring, "image")
MASK = Rival(
    "masking the found region",
    "in every picture the window on which its answer depends most is filled or blurred",
    masking,
    "image",
)
