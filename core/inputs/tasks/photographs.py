"""Photographs: parts of the sample photographs. B is a part of another photograph of the same size, or the same part
blurred until nothing can be told.

For vision models that know no shapes by name. Without a head the metric is the cosine to A minus the cosine to B; a
classifier's is the log-probability of what it sees in A.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from random import Random

from PIL import Image, ImageFilter

from core.inputs.images import open_image
from core.inputs.model_inputs import ModelInputs
from core.inputs.tasks import shapes
from core.inputs.tasks.task import Row, Sampler, Task

SIDE = 224  # pixels of a part: the model's own transform scales to its size
LEAST = 0.6  # of the photograph's shorter side
BLUR = 0.08  # of the side: the Gaussian's standard deviation


@cache
def _photographs() -> tuple[tuple[str, Image.Image], ...]:
    folder = Path(str(resources.files("resources") / "samples" / "photos"))
    return tuple((path.stem, open_image(path).image) for path in sorted(folder.glob("*.jpg")))


def _part(photograph: Image.Image, rng: Random) -> Image.Image:
    """A square part, every other time mirrored."""
    shorter = min(photograph.size)
    side = rng.randint(round(LEAST * shorter), shorter)
    left, top = (rng.randint(0, size - side) for size in photograph.size)
    part = photograph.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else part


def other_photograph(rng: Random) -> Row:
    (name, one), (other_name, other) = rng.sample(_photographs(), 2)
    title = f"{name} or {other_name} {rng.randrange(10_000):04d}"
    return Row(_part(one, rng), _part(other, rng), name=title)


def blurred_photograph(rng: Random) -> Row:
    name, photograph = rng.choice(_photographs())
    part = _part(photograph, rng)
    blurred = part.filter(ImageFilter.GaussianBlur(BLUR * SIDE))
    return Row(part, blurred, name=f"{name} or its blur {rng.randrange(10_000):04d}")


def _for_models_that_see(sampler: Sampler, model: ModelInputs) -> tuple[Sampler, ...]:
    if model.is_text or model.processing is None or shapes.knows_shapes(model):
        return ()
    return (sampler,)


TASK = Task(
    "photographs",
    "Another photograph",
    "Parts of the sample photographs; B is a part of another one",
    lambda model: _for_models_that_see(other_photograph, model),
    kind="image",
)
BLURRED = Task(
    "blurred",
    "Blurred photograph",
    "Parts of the sample photographs; B is the same part, blurred",
    lambda model: _for_models_that_see(blurred_photograph, model),
    kind="image",
)
