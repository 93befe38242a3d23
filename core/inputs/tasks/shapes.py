"""Shapes: which shape is in the picture? B is the same picture with another shape.

For classifiers that know the shapes by name. A model without a head takes the pictures too: its metric, a cosine, has
no answers.
"""

from __future__ import annotations

from random import Random

from core.inputs.generators import shapes
from core.inputs.model_inputs import ModelInputs
from core.inputs.tasks.task import Row, Sampler, Task

SIDE = 128  # pixels: the model's own transform scales to its size


def knows_shapes(model: ModelInputs) -> bool:
    """Whether the model's classes are, or hold, the shapes."""
    return set(shapes.LABELS) <= {name.strip().lower() for name in model.class_names}


def samplers(model: ModelInputs) -> tuple[Sampler, ...]:
    answers = knows_shapes(model)
    if model.is_text or not (answers or model.adapter.shape.output_kind == "embedding"):
        return ()

    def one(rng: Random) -> Row:
        scene = shapes.sample_scene(rng)
        other = shapes.counterfactual(scene, rng)
        names = (scene.name, other.name) if answers else ("", "")
        title = f"{scene.name} or {other.name} {rng.randrange(10_000):04d}"
        return Row(shapes.draw(scene, SIDE), shapes.draw(other, SIDE), *names, name=title)

    return (one,)


TASK = Task("shapes", "Shape swap", "The same picture with another shape", samplers, kind="image")
