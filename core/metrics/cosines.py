"""For models without a head: cosines of the output to A's, to B's, to a reference's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ArgumentError, InputError
from core.metrics.metric import Asked, BoundMetric, Metric, MetricKind

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.adapter import OutputKind
    from core.models.model import Model

EMBEDDING: tuple[OutputKind, ...] = ("embedding",)
PART = re.compile(r"(?P<path>.+)@(?:box=(?P<box>\d+,\d+,\d+,\d+)|patches=(?P<patches>[\d,-]+))")
REFERENCES = (
    "Give a picture, cat.jpg, or a part of it, cat.jpg@box=LEFT,TOP,RIGHT,BOTTOM or cat.jpg@patches=27-28,35-36."
)


def cosine(reference: Any = None, box: tuple[int, int, int, int] | None = None) -> Metric:
    """For models without a head: the cosine of the output to the unedited output minus the cosine to B's.

    Without a B, the first alone. With a reference picture or text (or its embedding [width]), the cosine to that; box:
    to this part of the picture alone, (left, top, right, bottom) in its pixels. Raises InputError for a box that is not
    in the picture, ArgumentError for one without a picture.
    """
    if box is not None:
        reference = _part(reference, box)
    return Metric("cosine") if reference is None else Metric("cosine_reference", reference=reference)


def _part(reference: Any, box: tuple[int, int, int, int]) -> Any:
    """The box of a picture, as a picture."""
    from core.inputs.images import open_image

    if reference is None:
        raise ArgumentError("A box is of a reference picture.", "Give it: ws.cosine(picture, box).")
    image = open_image(reference).image
    left, top, right, bottom = box
    if not (0 <= left < right <= image.width and 0 <= top < bottom <= image.height):
        raise InputError(
            f"The box {left}, {top}, {right}, {bottom} does not lie in a picture of {image.width} x {image.height} "
            "pixels.",
            "Give left, top, right, bottom, in its pixels.",
        )
    return image.crop(box)


def picture_in(text: str, model: Model) -> Any:
    """A reference as it is written: the path of a picture, or a part of it. `@box=` is a box in its pixels,
    `@patches=` the smallest box around these patches of what the model sees. Raises InputError."""
    from PIL import Image

    from core.inputs.regions import patch_numbers, region_positions

    match = PART.fullmatch(text)
    if match is None or Path(text).exists():
        return text
    path = str(Path(match["path"]).expanduser())
    if match["box"]:
        left, top, right, bottom = (int(number) for number in match["box"].split(","))
        return _part(path, (left, top, right, bottom))
    side = model.side(path)
    grid = model.adapter.image_grid(side.tensor)
    try:
        patches = patch_numbers(match["patches"])
    except ValueError:
        raise InputError(f"{match['patches']!r} are no patches.", REFERENCES) from None
    region_positions({"reference": patches}, (), grid, 0, 1)
    assert grid is not None
    assert side.view is not None
    high, wide = (size // count for size, count in zip(side.view.shape, grid, strict=False))
    rows, columns = zip(*(divmod(patch, grid[1]) for patch in patches), strict=True)
    box = min(columns) * wide, min(rows) * high, (max(columns) + 1) * wide, (max(rows) + 1) * high
    return Image.fromarray(side.view).crop(box)


def _to(reference: Tensor) -> Callable[[Tensor], Tensor]:
    import torch.nn.functional as F

    return lambda x: F.cosine_similarity(x, reference.to(x.dtype), dim=-1)


def _to_clean(asked: Asked) -> BoundMetric:
    return BoundMetric(Metric("cosine_clean"), "cosine to A", _to(asked.clean))


def _to_both(asked: Asked) -> BoundMetric:
    if asked.counterfactual is None:
        return _to_clean(asked)
    to_clean, to_b = _to(asked.clean), _to(asked.counterfactual)
    return BoundMetric(asked.metric, "cosine to A − cosine to B", lambda x: to_clean(x) - to_b(x))


def _to_b(asked: Asked) -> BoundMetric:
    if asked.counterfactual is None:
        return _to_clean(asked)
    return BoundMetric(asked.metric, "cosine to B", _to(asked.counterfactual))


def _to_reference(asked: Asked) -> BoundMetric:
    import torch

    from core.precision import widened

    metric, model = asked.metric, asked.model
    source = metric.reference if metric.reference is not None else metric.target
    if source is None or (isinstance(source, str) and not source.strip()):
        raise ArgumentError("The cosine to a reference has no reference yet.", REFERENCES)
    if isinstance(source, str) and not model.is_text:
        source = picture_in(source, model)
    if isinstance(source, torch.Tensor) and source.ndim == 1:
        embedding = source.to(asked.clean.device)[None]
    else:
        with torch.no_grad():
            embedding = widened(model.adapter.own_forward(model.side(source).tensor))
    return BoundMetric(metric, "cosine to the reference", _to(embedding))


TO_BOTH = MetricKind("cosine", "cosine to A minus cosine to B", EMBEDDING, _to_both, without_b="cosine_clean")
TO_CLEAN = MetricKind("cosine_clean", "cosine to A", EMBEDDING, _to_clean, distance=-1)
TO_B = MetricKind("cosine_b", "cosine to B", EMBEDDING, _to_b, without_b="cosine_clean")
TO_REFERENCE = MetricKind("cosine_reference", "cosine to a reference", EMBEDDING, _to_reference, of_reference=True)
