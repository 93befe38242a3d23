"""Trains the bundled `shapes` model: `python -m resources.models.training.train_shapes`, from the repository's
root.

Steps: draw the training pictures; each time one is used turn or mirror it (no shape is mistaken for another
by that); begin with the shapes alone, in one plain colour on another, since their form is learned soonest that way;
then take the pictures as they are; minimise the cross-entropy of the classes, and that of an auxiliary head that
tells from each patch's token, half way up, which of its pixels belong to the shape (without it training takes far
longer to begin); drop that head, save in fp16 as a timm folder, measure the saved files on held-out pictures and
write the card. Seeded and deterministic.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from random import Random

import numpy as np
import timm
import timm.layers
import torch
from safetensors.torch import save_file
from torch.nn import functional

from core.inputs.generators import shapes
from resources.models.training import measure, record

SEED = 0
MORE = 0.5  # of the learning rate, when a saved model goes on
PICTURES = 40_000
PLAIN_STEPS = 1500  # on shapes alone
STEPS = 5000
BATCH = 64
PEAK_RATE, WARM_UP = 1e-3, 200
INITIAL_SCALE = 3.0  # times timm's first weights, which suit wider models
AUXILIARY_LAYER = 1  # whose output the auxiliary head reads
ARCHITECTURE = "vit_tiny_patch16_224"  # timm's name of the plain ViT; the arguments below set its sizes
MODEL_ARGUMENTS = {"img_size": shapes.SIZE, "patch_size": 8, "embed_dim": 128, "depth": 4, "num_heads": 4}
MEAN = STD = (0.5, 0.5, 0.5)

CARD = """# shapes

A small vision transformer that names the shape in a generated picture, bundled with Wirescope so that it
works offline from the first start.

- **Architecture**: timm `VisionTransformer`, {size} x {size} pixels, patches of {patch_size} x {patch_size},
  {depth} layers, {num_heads} heads, width {embed_dim}, class token, {parameters:,} parameters, saved in fp16.
- **Classes**: {labels}.
- **Input**: RGB, scaled to {size} x {size} (bicubic), mean {mean}, standard deviation {std} of each channel.
- **Data**: {pictures:,} pictures made by `core/inputs/generators/shapes.py`: one shape each; colours,
  sizes, places, rotations, textured backgrounds and distractors (blobs, lines, small pieces) vary; turned
  and mirrored in training.
- **Seed**: {seed}.
- **Made by**: {made_by}, in batches of {batch} pictures, on a two-core machine shared with other work.
- **Licence**: MIT.

## Held-out accuracy

Share of right classes among {count} pictures from seeds that training does not use, measured on the saved
files (`python -m resources.models.training.measure shapes` measures again).

{table}

## Limits

It knows one flat, unbroken shape per picture, of a size between a fifth and three eighths of the side in radius.
On photographs its answer means nothing: it always names one of its eight classes.
"""


def pictures(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures with the shape's mask as fourth channel, `[count, 4, side, side]` uint8, and labels `[count]`."""
    rng = Random(seed)
    pixels = np.empty((count, shapes.SIZE, shapes.SIZE, 4), dtype=np.uint8)
    labels = []
    for index in range(count):
        scene = shapes.sample_scene(rng)
        pixels[index, :, :, :3] = shapes.draw(scene)
        pixels[index, :, :, 3] = shapes.mask(scene)
        labels.append(scene.label)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), torch.tensor(labels)


def turned(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Each eighth of the batch turned or mirrored in another of the square's eight ways."""
    parts = []
    order = torch.randperm(8, generator=generator).tolist()
    for way, part in zip(order, batch.chunk(8), strict=True):
        part = torch.rot90(part, way % 4, (2, 3))
        parts.append(part.flip(3) if way >= 4 else part)
    return torch.cat(parts)


def plain(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The shapes of the batch alone, `[row, 3, side, side]`, each in one plain colour on another far from it."""
    colours = torch.randint(0, 256, (len(batch), 3, 1, 1), generator=generator).float()
    others = (colours + torch.randint(90, 166, colours.shape, generator=generator)) % 256
    share = batch[:, 3:].float() / 255
    return others + share * (colours - others)


def normalised(batch: torch.Tensor) -> torch.Tensor:
    """Pixels 0 to 255 as the model takes them."""
    return (batch.float() / 255 - MEAN[0]) / STD[0]


def patches(masks: torch.Tensor) -> torch.Tensor:
    """Masks `[row, side, side]` cut as the model cuts pictures: `[row, patch, pixel]`, 0 to 1."""
    size = MODEL_ARGUMENTS["patch_size"]
    cut = masks.float().unfold(1, size, size).unfold(2, size, size)
    return cut.flatten(3).flatten(1, 2) / 255


def rate(step: int, steps: int) -> float:
    """The learning rate at a step: linear warm-up, then half a cosine down to a hundredth."""
    if step < WARM_UP:
        return PEAK_RATE * (step + 1) / WARM_UP
    progress = (step - WARM_UP) / max(1, steps - WARM_UP)
    return PEAK_RATE * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def train(steps: int, earlier: Path | None = None, runs: int = 0) -> torch.nn.Module:
    """A trained model. earlier: a saved model to go on with, on other pictures, after so many `runs`."""
    torch.manual_seed(SEED + runs)
    torch.use_deterministic_algorithms(True)
    generator = torch.Generator().manual_seed(SEED + runs)
    pixels, labels = pictures(PICTURES, SEED + 1000 * runs)
    held_out_pixels, held_out_labels = pictures(500, 1)
    timm.layers.set_fused_attn(False)
    model = timm.create_model(ARCHITECTURE, pretrained=False, num_classes=len(shapes.LABELS), **MODEL_ARGUMENTS)
    if earlier is not None:
        model.load_state_dict(measure.load_shapes(earlier).state_dict())
        model.train()
    with torch.no_grad():
        for parameter in () if earlier is not None else model.blocks.parameters():
            if parameter.dim() > 1:
                parameter.mul_(INITIAL_SCALE)
    decayed = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    pixel_head = torch.nn.Linear(MODEL_ARGUMENTS["embed_dim"], MODEL_ARGUMENTS["patch_size"] ** 2)
    others += pixel_head.parameters()
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}], fused=True
    )
    start = time.perf_counter()
    order: torch.Tensor = torch.empty(0, dtype=torch.long)
    for step in range(steps):
        if len(order) < BATCH:
            order = torch.randperm(PICTURES, generator=generator)
        chosen, order = order[:BATCH], order[BATCH:]
        batch = turned(pixels[chosen], generator)
        alone = earlier is None and step < PLAIN_STEPS
        pictured = plain(batch, generator) if alone else batch[:, :3]
        # Products in bfloat16, weights in fp32: with plain attention this takes half the time.
        with torch.autocast("cpu", dtype=torch.bfloat16):
            features, (half_way,) = model.forward_intermediates(
                normalised(pictured), indices=[AUXILIARY_LAYER], output_fmt="NLC"
            )
            logits, inside = model.forward_head(features).float(), pixel_head(half_way).float()
        loss = functional.cross_entropy(logits, labels[chosen], label_smoothing=0.02)
        auxiliary = functional.binary_cross_entropy_with_logits(inside, patches(batch[:, 3]))
        optimizer.zero_grad()
        (loss + auxiliary).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate(step, steps) * (1.0 if earlier is None else MORE)
        optimizer.step()
        if step % 100 == 99:
            seconds = time.perf_counter() - start
            message = f"step {step + 1}/{steps} loss {loss.item():.3f} + {auxiliary.item():.3f} {seconds:.0f} s"
            if step % 500 == 499:
                with torch.no_grad():
                    right = model(normalised(held_out_pixels[:, :3])).argmax(1) == held_out_labels
                message += f" accuracy {right.float().mean():.3f}"
            print(message, flush=True)
    return model.eval()


def save(model: torch.nn.Module, folder: Path) -> None:
    """Writes the folder as timm loads it: `timm.create_model("local-dir:FOLDER", pretrained=True)`."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.half().contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # safetensors leaves it to its owner alone
    config = {
        "architecture": ARCHITECTURE,
        "num_classes": len(shapes.LABELS),
        "label_names": list(shapes.LABELS),
        "global_pool": "token",
        "model_args": MODEL_ARGUMENTS,
        "pretrained_cfg": {
            "input_size": [3, shapes.SIZE, shapes.SIZE],
            "fixed_input_size": True,
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "mean": list(MEAN),
            "std": list(STD),
            "num_classes": len(shapes.LABELS),
            "label_names": list(shapes.LABELS),
            "first_conv": "patch_embed.proj",
            "classifier": "head",
            "license": "mit",
        },
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Trains, saves, measures and writes the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--more", action="store_true", help="go on with the model in the folder")
    parser.add_argument("--folder", type=Path, default=measure.MODELS / "shapes")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    start, processor_start = time.perf_counter(), time.process_time()
    runs = record.read(options.folder) if options.more else []
    model = train(options.steps, options.folder if options.more else None, len(runs))
    minutes, processor_minutes = (time.perf_counter() - start) / 60, (time.process_time() - processor_start) / 60
    save(model, options.folder)
    loaded = measure.load_shapes(options.folder)
    table = measure.shapes_table(measure.shapes_accuracy(loaded))
    print(table)
    command = (
        f"python -m resources.models.training.train_shapes{' --more' if options.more else ''} --steps {options.steps}"
    )
    runs.append(record.Run(command, options.steps, minutes, processor_minutes, options.threads))
    card = CARD.format(
        **{name: MODEL_ARGUMENTS[name] for name in ("patch_size", "depth", "num_heads", "embed_dim")},
        size=shapes.SIZE,
        parameters=sum(parameter.numel() for parameter in loaded.parameters()),
        labels=", ".join(shapes.LABELS),
        mean=MEAN[0],
        std=STD[0],
        pictures=PICTURES,
        seed=SEED,
        made_by=record.write(options.folder, runs),
        batch=BATCH,
        count=measure.PICTURES,
        table=table,
    )
    (options.folder / "README.md").write_text(card, encoding="utf-8")


if __name__ == "__main__":
    main()
