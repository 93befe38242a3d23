"""Printed words: a shape with the name of another printed on it (a typographic attack: Goh et al. 2021, "Multimodal
Neurons in Artificial Neural Networks"). B is the same picture without the word.

For models whose classes are texts and hold the shapes, as the bundled `captions`.
"""

from __future__ import annotations

from random import Random

from core.inputs.generators import captions
from core.inputs.model_inputs import ModelInputs
from core.inputs.tasks.shapes import knows_shapes
from core.inputs.tasks.task import Row, Sampler, Task


def printed_word(rng: Random) -> Row:
    scene = captions.attacked(captions.sample_scene(rng), rng)
    assert scene.shape is not None
    assert scene.word is not None
    word, shape = scene.word.text, scene.shape.name
    title = f"{word} on a {scene.name} {rng.randrange(10_000):04d}"
    return Row(captions.draw(scene), captions.draw_unwritten(scene), word, shape, name=title)


def samplers(model: ModelInputs) -> tuple[Sampler, ...]:
    reads = not model.is_text and model.tokenizer is not None
    return (printed_word,) if reads and knows_shapes(model) else ()


TASK = Task(
    "printed-words",
    "Printed word",
    "A shape with the name of another printed on it; B is the same picture without the word",
    samplers,
    kind="image",
)
