"""For models without a head: cosines of the output to A's, to B's, to a reference's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.metrics.metric import Asked, BoundMetric, Metric, MetricKind

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.adapter import OutputKind

EMBEDDING: tuple[OutputKind, ...] = ("embedding",)


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
    from core.errors import ArgumentError, InputError
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
    if isinstance(source, torch.Tensor) and source.ndim == 1:
        embedding = source.to(asked.clean.device)[None]
    else:
        with torch.no_grad():
            embedding = widened(model.adapter.own_forward(model.side(source).tensor))
    return BoundMetric(metric, "cosine to the reference", _to(embedding))


TO_BOTH = MetricKind("cosine", "cosine to A minus cosine to B", EMBEDDING, _to_both, without_b="cosine_clean")
TO_CLEAN = MetricKind("cosine_clean", "cosine to A", EMBEDDING, _to_clean, distance=-1)
TO_B = MetricKind("cosine_b", "cosine to B", EMBEDDING, _to_b, without_b="cosine_clean")
TO_REFERENCE = MetricKind(
    "cosine_reference", "cosine to a reference", EMBEDDING, _to_reference, needs_target=True, of_reference=True
)
