"""Trains the bundled `captions` model: `python -m resources.models.training.train_captions`, from the repository's
root.

Steps: draw shapes on their grounds; each time one is used mirror it or not, print a word on about half of them (on few
at first; some pictures have a word alone) and say a caption of what can be seen; minimise CLIP's loss, the
cross-entropy of which caption belongs to which picture and of which picture to which caption (Radford et al. 2021,
"Learning Transferable Visual Models From Natural Language Supervision", section 2.3; captions that say the same share:
Khosla et al. 2020, "Supervised Contrastive Learning"), and that of auxiliary heads
which tell the shape, its colour and the word from the vision tower's output, and lower down from each patch which of
its pixels belong to the shape and which shape and word it is a part of (without them training takes far longer to
begin); drop those heads, save in fp16 as Hugging Face's CLIPModel, measure the saved files on held-out pictures and
write the card. Seeded and deterministic.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

from core.inputs.generators import captions
from core.inputs.generators import shapes as figures
from resources.models.training import captions_tokenizer, measure_captions, record

SEED = 0
STEPS = 1500
PICTURES = 6000
BATCH = 64
WITHOUT_WORD, WORD_ALONE = 0.4, 0.1  # shares of the pictures; the others have a shape and a word
WITHOUT_WORD_FIRST, FIRST = 0.8, 0.2  # in the first of the steps: shapes are learned sooner where few words cover them
PEAK_RATE, WARM_UP = 1.5e-3, 150
MORE = 0.6  # of the learning rate, when a saved model goes on
OUTLINE_LAYER, THING_LAYER = 2, 3  # hidden states that the auxiliary heads of the patches read
FIRST_POSITIONS, FIRST_ADDED = 0.2, 0.5  # of the first weights: deviation of positions; scale of what layers add
TEMPERATURE = 10.0  # the first scale of the similarities
LARGEST_SCALE = 50.0
PATCH = 8
FILLERS = frozenset(captions_tokenizer.PLAIN_WORDS) - {"word"}  # of captions, which say nothing of the picture
SHARE = 0.25  # of a patch that a shape covers, for it to be a part of the shape
SPACE = 64  # width of the space that both towers share
VISION = {
    "image_size": captions.SIZE,
    "patch_size": PATCH,
    "hidden_size": 96,
    "intermediate_size": 384,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "projection_dim": SPACE,
}
TEXT = {
    "hidden_size": 64,
    "intermediate_size": 256,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "max_position_embeddings": captions_tokenizer.CONTEXT,
    "projection_dim": SPACE,
}
MEAN = STD = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Drawn:
    """Scenes without words, their pictures [scene, side, side, 3] uint8 and the shapes' masks [scene, side, side]."""

    scenes: list[captions.Scene]
    pixels: np.ndarray
    masks: np.ndarray

    @classmethod
    def sample(cls, count: int, rng: Random) -> Drawn:
        scenes = [captions.sample_scene(rng) for _ in range(count)]
        scenes = [replace(scene, shape=None) if rng.random() < WORD_ALONE else scene for scene in scenes]
        pixels = np.stack([np.asarray(captions.draw_unwritten(scene)) for scene in scenes])
        empty = np.zeros(pixels.shape[1:3], np.uint8)
        masks = [
            empty if scene.shape is None else np.asarray(figures.mask(scene.shape, captions.SIZE)) for scene in scenes
        ]
        return cls(scenes, pixels, np.stack(masks))


@dataclass(frozen=True)
class Batch:
    """Pixels [row, 3, side, side] as the model takes them, masks [row, side, side] 0 to 1, captions, and what is there:
    numbers of shape, colour and word [row], -100 for no shape, the last number for no word. word_patches [row, patch]:
    where the word is, 0 or 1."""

    pixels: Tensor
    masks: Tensor
    texts: list[str]
    shape: Tensor
    colour: Tensor
    word: Tensor
    word_patches: Tensor


def _word_patches(word: captions.Word | None) -> np.ndarray:
    """[patch]: 1 where some of a word is."""
    side = captions.SIZE // PATCH
    places = np.zeros((side, side), dtype=np.int64)
    if word is not None:
        width, height = captions.ink(word.text, word.size).size
        rows, columns = ((start // PATCH, (start + length - 1) // PATCH + 1) for start, length in
                         ((word.top, height), (word.left, width)))  # fmt: skip
        places[slice(*rows), slice(*columns)] = 1
    return places.reshape(-1)


def batch_of(drawn: Drawn, chosen: list[int], rng: Random, without_word: float = WITHOUT_WORD) -> Batch:
    """These scenes, half of them mirrored, with a word or without, and captioned anew."""
    rows, masks, scenes = [], [], []
    for number in chosen:
        pixels, mask = drawn.pixels[number], drawn.masks[number]
        if rng.random() < 0.5:
            pixels, mask = pixels[:, ::-1], mask[:, ::-1]
        scene = drawn.scenes[number]
        if scene.shape is None or rng.random() >= without_word / (1 - WORD_ALONE):
            scene = replace(scene, word=captions.sample_word(rng))
            assert scene.word is not None
            pixels = np.asarray(captions.print_word(Image.fromarray(np.ascontiguousarray(pixels)), scene.word))
        rows.append(np.ascontiguousarray(pixels))
        masks.append(np.ascontiguousarray(mask))
        scenes.append(scene)
    colours = tuple(captions.COLOURS)
    return Batch(
        (torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).float() / 255 - MEAN[0]) / STD[0],
        torch.from_numpy(np.stack(masks)).float() / 255,
        [captions.caption(scene, rng) for scene in scenes],
        torch.tensor([-100 if s.shape is None else s.shape.label for s in scenes]),
        torch.tensor([-100 if s.shape is None else colours.index(s.colour) for s in scenes]),
        torch.tensor([len(captions.WORDS) if s.word is None else captions.WORDS.index(s.word.text) for s in scenes]),
        torch.from_numpy(np.stack([_word_patches(scene.word) for scene in scenes])),
    )


class Auxiliary(nn.Module):
    """The heads that are dropped after training."""

    def __init__(self) -> None:
        super().__init__()
        width = int(VISION["hidden_size"])
        self.inside = nn.Linear(width, PATCH**2)
        self.shape = nn.Linear(width, len(captions.SHAPES))
        self.colour = nn.Linear(width, len(captions.COLOURS))
        self.word = nn.Linear(width, len(captions.WORDS) + 1)
        self.shape_there = nn.Linear(width, len(captions.SHAPES) + 1)
        self.word_there = nn.Linear(width, len(captions.WORDS) + 1)

    def loss(self, states: Sequence[Tensor], pooled: Tensor, batch: Batch) -> Tensor:
        """states: of the stream, [row, position, width] each."""
        low, high = (states[layer][:, 1:].float() for layer in (OUTLINE_LAYER, THING_LAYER))
        cut = batch.masks.unfold(1, PATCH, PATCH).unfold(2, PATCH, PATCH).flatten(3).flatten(1, 2)
        total = functional.binary_cross_entropy_with_logits(self.inside(low), cut)
        shape = torch.where(cut.mean(-1) > SHARE, batch.shape[:, None], len(captions.SHAPES))
        word = torch.where(batch.word_patches == 1, batch.word[:, None], len(captions.WORDS))
        for head, answers in ((self.shape_there, shape), (self.word_there, word)):
            total = total + functional.cross_entropy(head(high).flatten(0, 1), answers.flatten())
        for head, answers in ((self.shape, batch.shape), (self.colour, batch.colour), (self.word, batch.word)):
            total = total + functional.cross_entropy(head(pooled), answers)
        return total


def said(text: str) -> frozenset[str]:
    """What a caption says, however it puts it: "a picture of a circle" says no more than "circle"."""
    return frozenset(text.split()) - FILLERS


def clip_loss(images: Tensor, texts: Tensor, scale: Tensor, captions_of_rows: list[str]) -> Tensor:
    """CLIP's loss over rows of both towers, each of length 1: [row, space]. Rows whose captions say the same share:
    among so few things a batch has each many times, and no picture can tell how its caption is put."""
    saying = [said(text) for text in captions_of_rows]
    same = torch.tensor([[a == b for b in saying] for a in saying]).float()
    wanted = same / same.sum(1, keepdim=True)
    logits = scale * images @ texts.T
    return (functional.cross_entropy(logits, wanted) + functional.cross_entropy(logits.T, wanted)) / 2


def new_model(vocabulary: int) -> CLIPModel:
    """The untrained model."""
    torch.manual_seed(SEED)
    ends = {"bos_token_id": 1, "eos_token_id": 0, "pad_token_id": 0, "vocab_size": vocabulary}
    config = CLIPConfig(
        vision_config=dict(VISION),
        text_config={**TEXT, **ends},
        projection_dim=SPACE,
        logit_scale_init_value=math.log(TEMPERATURE),
    )
    model = CLIPModel(config)
    for name, weight in model.named_parameters():  # CLIP's own first weights suit wider and deeper models
        if "position_embedding" in name:
            nn.init.normal_(weight, std=FIRST_POSITIONS)
        elif weight.dim() > 1 and ("layers" in name or "patch_embedding" in name):
            adds = "out_proj" in name or "fc2" in name
            nn.init.normal_(weight, std=(FIRST_ADDED if adds else 1.0) / math.sqrt(weight[0].numel()))
    model.set_attn_implementation("eager")  # its gradients take a fraction of the time of fused attention here
    return model


def rate(step: int, steps: int) -> float:
    """The learning rate at a step: linear warm-up, then half a cosine down to a hundredth."""
    if step < WARM_UP:
        return PEAK_RATE * (step + 1) / WARM_UP
    progress = (step - WARM_UP) / max(1, steps - WARM_UP)
    return PEAK_RATE * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def train(steps: int, pictures: int, earlier: Path | None = None, runs: int = 0) -> tuple[CLIPModel, Any]:
    """A trained model and its tokenizer. earlier: a saved model to go on with, on other pictures, after so many
    `runs`."""
    torch.use_deterministic_algorithms(True)
    tokenizer = captions_tokenizer.build()
    model, auxiliary = new_model(len(tokenizer)), Auxiliary()
    if earlier is not None:
        model.load_state_dict(measure_captions.load(earlier)[0].state_dict())
    rng = Random(SEED + 1000 * runs)
    start = time.perf_counter()
    drawn = Drawn.sample(pictures, rng)
    print(f"{pictures} pictures drawn, {time.perf_counter() - start:.0f} s", flush=True)
    parameters = [*model.parameters(), *auxiliary.parameters()]
    decayed = [parameter for parameter in parameters if parameter.dim() > 1]
    others = [parameter for parameter in parameters if parameter.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}],
        betas=(0.9, 0.98),
        fused=True,
    )
    model.train()
    order: list[int] = []
    for step in range(steps):
        if len(order) < BATCH:
            order = rng.sample(range(pictures), pictures)
        chosen, order = order[:BATCH], order[BATCH:]
        begins = earlier is None and step < FIRST * steps
        batch = batch_of(drawn, chosen, rng, WITHOUT_WORD_FIRST if begins else WITHOUT_WORD)
        ids = tokenizer(batch.texts, padding=True, return_tensors="pt")["input_ids"]
        # Products in bfloat16, weights in fp32: this takes half the time.
        with torch.autocast("cpu", dtype=torch.bfloat16):
            seen = model.vision_model(pixel_values=batch.pixels, output_hidden_states=True)
            images = model.visual_projection(seen.pooler_output).float()
            texts = model.text_projection(model.text_model(input_ids=ids).pooler_output).float()
        images, texts = (functional.normalize(embeddings, dim=-1) for embeddings in (images, texts))
        loss = clip_loss(images, texts, model.logit_scale.exp(), batch.texts)
        extra = auxiliary.loss(seen.hidden_states, seen.pooler_output.float(), batch)
        optimizer.zero_grad()
        (loss + extra).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps) * (1.0 if earlier is None else MORE)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(LARGEST_SCALE))
        if step % 100 == 99:
            message = f"step {step + 1}/{steps} loss {loss.item():.3f} + {extra.item():.3f}"
            if step % 300 == 299 or step == steps - 1:
                rates = measure_captions.quick(model, tokenizer)
                message += f" right {rates.right:.3f} attacked {rates.fooled:.3f} scale {model.logit_scale.exp():.1f}"
            print(f"{message} {time.perf_counter() - start:.0f} s", flush=True)
    return model.eval(), tokenizer


def save(model: CLIPModel, tokenizer: Any, folder: Path) -> None:
    """Writes the folder as Hugging Face's library loads it. Weights are in fp16; `classes` in config.json are the
    texts that it opens with."""
    folder.mkdir(parents=True, exist_ok=True)
    model.config.class_texts = list(captions.SHAPES)
    model.config.class_templates = list(measure_captions.TEMPLATES)
    model.half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    tokenizer.save_pretrained(folder)
    side = {"height": captions.SIZE, "width": captions.SIZE}
    CLIPImageProcessor(
        size={"shortest_edge": captions.SIZE}, crop_size=side, image_mean=list(MEAN), image_std=list(STD)
    ).save_pretrained(folder)


def main() -> None:
    """Trains, saves, measures and writes the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--more", action="store_true", help="go on with the model in the folder")
    parser.add_argument("--folder", type=Path, default=measure_captions.FOLDER)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    start, processor_start = time.perf_counter(), time.process_time()
    runs = record.read(options.folder) if options.more else []
    model, tokenizer = train(options.steps, options.pictures, options.folder if options.more else None, len(runs))
    minutes, processor_minutes = (time.perf_counter() - start) / 60, (time.process_time() - processor_start) / 60
    save(model, tokenizer, options.folder)
    command = f"python -m resources.models.training.train_captions{' --more' if options.more else ''}"
    command += f" --steps {options.steps} --threads {options.threads}"
    runs.append(record.Run(command, options.steps, minutes, processor_minutes, options.threads))
    record.write(options.folder, runs)
    measure_captions.write_card(options.folder)


if __name__ == "__main__":
    main()
