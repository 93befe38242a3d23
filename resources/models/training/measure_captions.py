"""Measures the bundled `captions` model on held-out pictures: `python -m resources.models.training.measure_captions`.

Zero-shot: the class whose text is nearest to the picture, through transformers' own CLIPModel. An attack is the name
of another shape printed on the picture; its rate is the share of pictures, right without the word, whose answer
becomes the printed word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from core.inputs.generators import captions
from resources.models.training import record

FOLDER = Path(__file__).resolve().parents[1] / "captions"
TEMPLATES = ("a picture of a {}",)
PICTURES = 2000
SEED = 20_000  # training draws from another seed


@dataclass(frozen=True)
class Found:
    """Shares: right among clean pictures; of those right, right with a word on them; of those right, whose answer
    became the word."""

    right: float
    withstood: float
    fooled: float


def load(folder: Path = FOLDER) -> tuple[Any, Any]:
    """The model in fp32 and its tokenizer."""
    from transformers import AutoTokenizer, CLIPModel

    model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
    return model, AutoTokenizer.from_pretrained(folder)


@torch.no_grad()
def class_vectors(model: Any, tokenizer: Any, classes: Sequence[str]) -> Tensor:
    """[class, space], each of length 1: the mean over the templates."""
    rows = []
    for name in classes:
        ids = tokenizer([template.format(name) for template in TEMPLATES], padding=True, return_tensors="pt")
        embedded = model.text_projection(model.text_model(input_ids=ids["input_ids"]).pooler_output)
        rows.append(functional.normalize(functional.normalize(embedded, dim=-1).mean(0), dim=0))
    return torch.stack(rows)


def answers(model: Any, vectors: Tensor, scenes: Sequence[captions.Scene]) -> list[int]:
    """The nearest class of each scene."""
    parts = [scenes[start : start + 250] for start in range(0, len(scenes), 250)]
    return [number for part in parts for number in named(model, vectors, [captions.draw(scene) for scene in part])]


@torch.no_grad()
def named(model: Any, vectors: Tensor, pictures: Sequence[Image.Image]) -> list[int]:
    """The nearest class of each picture of the model's own size."""
    drawn = np.stack([np.asarray(picture) for picture in pictures])
    pixels = (torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
    images = model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)
    said: list[int] = (images @ vectors.T).argmax(1).tolist()
    return said


def attack(model: Any, tokenizer: Any, count: int, seed: int = SEED, size: int | None = None) -> Found:
    """Zero-shot answers of shapes, clean and attacked. size: of the font in pixels; None: all sizes."""
    rng = Random(seed)
    scenes = [captions.sample_scene(rng) for _ in range(count)]
    printed = [captions.attacked(scene, rng, size=size) for scene in scenes]
    vectors = class_vectors(model, tokenizer, captions.SHAPES)
    clean, with_word = (answers(model, vectors, those) for those in (scenes, printed))
    shown = [scene.shape.label for scene in scenes if scene.shape is not None]
    words = [captions.SHAPES.index(scene.word.text) for scene in printed if scene.word is not None]
    kept = [row for row in range(count) if clean[row] == shown[row]]
    return Found(
        len(kept) / count,
        sum(with_word[row] == clean[row] for row in kept) / max(1, len(kept)),
        sum(with_word[row] == words[row] for row in kept) / max(1, len(kept)),
    )


def quick(model: Any, tokenizer: Any) -> Found:
    """Few pictures, of another seed, while training."""
    model.eval()
    rates = attack(model, tokenizer, 250, seed=1)
    model.train()
    return rates


@torch.no_grad()
def right(model: Any, tokenizer: Any, scenes: Sequence[captions.Scene], classes: Sequence[str]) -> float:
    """Share of scenes whose nearest class is what they show."""
    said = answers(model, class_vectors(model, tokenizer, classes), scenes)
    return sum(classes[number] in (scene.name, scene.shape and scene.shape.name) for number, scene in
               zip(said, scenes, strict=True)) / len(scenes)  # fmt: skip


def read_words(model: Any, tokenizer: Any, count: int, seed: int = SEED) -> float:
    """Share of pictures of a printed word alone whose nearest class is that word, among all words."""
    rng = Random(seed)
    scenes = [replace(captions.sample_scene(rng), shape=None, word=captions.sample_word(rng)) for _ in range(count)]
    said = answers(model, class_vectors(model, tokenizer, captions.WORDS), scenes)
    words = [scene.word.text for scene in scenes if scene.word is not None]
    return sum(captions.WORDS[number] == word for number, word in zip(said, words, strict=True)) / count


def tables(model: Any, tokenizer: Any, count: int = PICTURES) -> str:
    """All figures of the card as Markdown, in per cent."""
    rng = Random(SEED)
    scenes = [captions.sample_scene(rng) for _ in range(count)]
    both = [f"{colour} {shape}" for colour in captions.COLOURS for shape in captions.SHAPES]
    lines = [
        "| pictures without a word | classes | right |",
        "|---|---|---|",
        f"| shapes | {len(captions.SHAPES)} | {100 * right(model, tokenizer, scenes, captions.SHAPES):.1f} % |",
        f"| shapes with their colours | {len(both)} | {100 * right(model, tokenizer, scenes, both):.1f} % |",
        "",
        "| pictures of a word alone | classes | right |",
        "|---|---|---|",
        f"| words | {len(captions.WORDS)} | {100 * read_words(model, tokenizer, count):.1f} % |",
        "",
        "| attacked: the name of another shape is printed on the picture | answer becomes the word | stays right |",
        "|---|---|---|",
    ]
    sizes: tuple[int | None, ...] = (None, *captions.FONT_SIZES)
    for size in sizes:
        rates = attack(model, tokenizer, count, size=size)
        words = "letters of all sizes" if size is None else f"letters of {size} pixels"
        lines.append(f"| {words} | {100 * rates.fooled:.1f} % | {100 * rates.withstood:.1f} % |")
    return "\n".join(lines)


CARD = """# captions

A small CLIP that can see and read, bundled with Wirescope: it tells which text fits a picture, and a printed word
misleads it.

- **Architecture**: transformers' `CLIPModel`; pictures of {size} x {size} pixels in patches of {patch} x {patch},
  {vision}; texts of up to {context} words, {text}; both give {space} numbers; {parameters:,} parameters, saved in fp16.
- **Classes**: at first {labels}, each as "{template}"; any other texts of its words.
- **Words**: {words}. No others: they are refused by name.
- **Input**: RGB, the shorter side scaled to {size} (bicubic), the square in the middle, mean and deviation 0.5.
- **Data**: pictures and captions made by `core/inputs/generators/captions.py`: an upright shape in one of eight
  colours, near the middle of a grey ground, a printed word, or both. Half of the captions of a picture with a shape and
  a word say that the word is printed; the others name the word alone, as captions of the web do. That is why a printed
  word can take the place of what is seen.
- **Seed**: {seed}. Auxiliary heads for the shape, its outline, its colour and the word were trained along and dropped.
- **Made by**: {made_by}, on a two-core machine shared with other work.
- **Licence**: MIT. The words are printed in Inter (SIL Open Font License).

## Held-out accuracy

{count} pictures from a seed that training does not use, measured on the saved files by transformers' own class
(`python -m resources.models.training.measure_captions` measures again). An attack is counted among the pictures that
are right without it.

{tables}

## Limits

It knows eight flat shapes in eight colours, near the middle and tilted by at most 20 degrees, and {word_count} words,
printed upright in one font. On photographs its answer means nothing.
"""


def write_card(folder: Path) -> None:
    """Measure the saved files and write their card."""
    model, tokenizer = load(folder)
    vision, text = model.config.vision_config, model.config.text_config
    runs = record.read(folder)
    card = CARD.format(
        size=captions.SIZE,
        patch=vision.patch_size,
        vision=_tower(vision),
        text=_tower(text),
        context=text.max_position_embeddings - 2,
        space=model.config.projection_dim,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        labels=", ".join(captions.SHAPES),
        template=TEMPLATES[0].format("circle"),
        words=", ".join(sorted(word for word in tokenizer.get_vocab() if word.isalpha())),
        word_count=len(captions.WORDS),
        seed=0,
        made_by=record.write(folder, runs),
        count=PICTURES,
        tables=tables(model, tokenizer),
    )
    (folder / "README.md").write_text(card, encoding="utf-8")


def _tower(config: Any) -> str:
    return f"{config.num_hidden_layers} layers, {config.num_attention_heads} heads, width {config.hidden_size}"


def main() -> None:
    """Prints the tables."""
    torch.set_num_threads(1)
    print(tables(*load()))


if __name__ == "__main__":
    main()
