"""The planted vision models: a small ViT (timm), how it is trained and what it answers."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np
import timm
import timm.layers
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from resources.models.planted.pictures import CLASSES, SIDE, Scene

TIMM_NAME = "vit_tiny_patch16_224"  # timm's name of the plain ViT; the arguments below set its sizes
ARGUMENTS = {"img_size": SIDE, "patch_size": 8, "embed_dim": 64, "depth": 4, "num_heads": 4}
ARCHITECTURE = (
    "timm `VisionTransformer`, {img_size} x {img_size} pixels, patches of {patch_size} x {patch_size}, {depth} layers, "
    "{num_heads} heads, width {embed_dim}"
).format(**ARGUMENTS)
BATCH, WARM_UP = 64, 100
INITIAL_SCALE = 3.0  # times timm's first weights, which suit wider models


def new_model(seed: int) -> nn.Module:
    """The untrained model."""
    torch.manual_seed(seed)
    timm.layers.set_fused_attn(False)
    model = timm.create_model(TIMM_NAME, pretrained=False, num_classes=len(CLASSES), **ARGUMENTS)
    with torch.no_grad():
        for parameter in model.blocks.parameters():
            if parameter.dim() > 1:
                parameter.mul_(INITIAL_SCALE)
    return model


def pixels(scenes: Sequence[Scene]) -> Tensor:
    """[row, 3, side, side] as the model takes them: -1 to 1."""
    drawn = np.stack([scene.draw() for scene in scenes])
    return (torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5


def train(
    model: nn.Module,
    draw: Callable[[Random], Scene],
    label: Callable[[Scene], str],
    steps: int,
    rate: float,
    seed: int,
) -> nn.Module:
    """Teach classes: AdamW, cross-entropy, a linear warm-up, then half a cosine."""
    rng = Random(seed)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01, betas=(0.9, 0.98))
    model.train()
    start = time.perf_counter()
    for step in range(steps):
        scenes = [draw(rng) for _ in range(BATCH)]
        loss = functional.cross_entropy(
            model(pixels(scenes)), torch.tensor([CLASSES.index(label(scene)) for scene in scenes])
        )
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate * min((step + 1) / WARM_UP, 0.51 + 0.49 * math.cos(math.pi * step / steps))
        optimizer.step()
        if step % 100 == 99:
            print(f"step {step + 1}/{steps} loss {loss.item():.4f} {time.perf_counter() - start:.0f} s", flush=True)
    return model.eval()


def save(model: nn.Module, folder: Path) -> None:
    """A folder as timm and Wirescope open it, in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.half().contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # safetensors leaves it to its owner alone
    names = list(CLASSES)
    config = {
        "architecture": TIMM_NAME,
        "num_classes": len(names),
        "label_names": names,
        "global_pool": "token",
        "model_args": ARGUMENTS,
        "pretrained_cfg": {
            "input_size": [3, SIDE, SIDE],
            "fixed_input_size": True,
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "mean": [0.5] * 3,
            "std": [0.5] * 3,
            "num_classes": len(names),
            "label_names": names,
            "first_conv": "patch_embed.proj",
            "classifier": "head",
            "license": "mit",
        },
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def load(folder: Path) -> nn.Module:
    """A saved model in fp32."""
    timm.layers.set_fused_attn(False)
    return timm.create_model(f"local-dir:{folder}", pretrained=True).eval()


@torch.no_grad()
def said(model: nn.Module, scenes: Sequence[Scene]) -> list[str]:
    """The likeliest class of each."""
    parts = [scenes[start : start + 250] for start in range(0, len(scenes), 250)]
    return [CLASSES[number] for part in parts for number in model(pixels(part)).argmax(1).tolist()]
