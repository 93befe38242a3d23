"""For pictures: blurring all of each, and masking the region that decides most. That region is found in each picture
anew: the window whose pixels add most to the logit of its own answer, by integrated gradients from the mean pixel of
the clean examples (Sundararajan et al. 2017). It is filled with the mean pixel, or blurred, where it adds more than
such windows do on most clean examples. Sizes, and how many clean examples those are, are of least cost."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional
from torchvision.transforms.functional import gaussian_blur

from core.formatting import share_words
from core.models.model import Model
from core.repair.examples import Batch
from core.repair.rivals.rival import Best, Job, Rival, Treated

BLURS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)  # standard deviations, in pixels
WINDOWS = (4, 5, 7)  # sides, of pictures 32 pixels wide; they grow with the picture
SPARED = (0.0, 0.5, 0.8, 0.95)  # shares of clean examples
POINTS = 6  # of the path
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
    examples = [batch.pair.clean.tensor for batch in (job.triggered, job.clean)]
    known = {pixels: contributions(job.model, pixels, mean) for pixels in examples}
    for window in WINDOWS:
        side = max(1, round(window * _unit(job)))
        of_clean = windows(known[examples[1]], side)[2]
        for spared in SPARED:
            least = float(of_clean.quantile(spared)) if spared else 0.0
            for sigma in (None, float(side)):
                change = partial(masked, model=job.model, mean=mean, known=known, side=side, sigma=sigma, least=least)
                words = f"{'filled with the mean' if sigma is None else 'blurred'}, {share_words(spared)} spared"
                best.offer(Treated(job.model, change, setting=f"{side} x {side} pixels {words}"))
    return best.treated


def _unit(job: Job) -> float:
    return job.clean.pair.clean.tensor.shape[-1] / 32


def blurred(batch: Batch, sigma: float) -> Batch:
    return _with_pixels(batch, _blur(batch.pair.clean.tensor, sigma))


def masked(
    batch: Batch,
    model: Model,
    mean: Tensor,
    known: dict[Tensor, Tensor],
    side: int,
    sigma: float | None,
    least: float,
) -> Batch:
    """The window that adds most is filled with a mean [channel], or blurred, where it adds at least so much. known:
    what pixels add, of some inputs."""
    pixels = batch.pair.clean.tensor
    adds = known[pixels] if pixels in known else contributions(model, pixels, mean)
    rows, columns, sums = windows(adds, side)
    y, x = (torch.arange(size, device=pixels.device)[None] for size in pixels.shape[-2:])
    inside = ((y >= rows[:, None]) & (y < rows[:, None] + side))[:, :, None] & (
        (x >= columns[:, None]) & (x < columns[:, None] + side)
    )[:, None, :]
    fill = mean[None, :, None, None].expand_as(pixels) if sigma is None else _blur(pixels, sigma)
    there = inside & (sums >= least)[:, None, None]
    return _with_pixels(batch, torch.where(there[:, None], fill, pixels))


def windows(adds: Tensor, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """The top row and the left column of the window that adds most, and how much, [row] all."""
    sums = functional.avg_pool2d(adds, side, stride=1)[:, 0] * side * side
    most, best = sums.flatten(1).max(dim=1)
    return best // sums.shape[-1], best % sums.shape[-1], most


def contributions(model: Model, pixels: Tensor, mean: Tensor) -> Tensor:
    """What each pixel adds to the logit of the picture's own answer, [row, 1, height, width]."""
    found = []
    for part in torch.split(pixels, ROWS):
        away = part - mean[None, :, None, None]
        with torch.no_grad():
            answer = model.adapter.own_answers(part, None).argmax(dim=-1, keepdim=True)
        slopes = torch.zeros_like(part)
        for point in range(POINTS):
            at = (part - away * (1 - (point + 0.5) / POINTS)).detach().requires_grad_()
            with torch.enable_grad():
                logits = model.adapter.own_answers(at, None).gather(1, answer)
                slopes += torch.autograd.grad(logits.sum(), at)[0] / POINTS
        found.append((slopes * away).sum(dim=1, keepdim=True))
    return torch.cat(found)


def _blur(pixels: Tensor, sigma: float) -> Tensor:
    size = min(2 * int(3 * sigma + 0.5) + 1, 2 * (min(pixels.shape[-2:]) - 1) + 1)
    found: Tensor = gaussian_blur(pixels, [size, size], [sigma, sigma])
    return found


def _with_pixels(batch: Batch, pixels: Tensor) -> Batch:
    return replace(batch, pair=replace(batch.pair, clean=replace(batch.pair.clean, tensor=pixels)))


BLUR = Rival("blurring", "every picture is blurred", blurring, "image", blind=True)
MASK = Rival(
    "masking the found region",
    "in every picture the window on which its answer depends most is filled or blurred",
    masking,
    "image",
)
