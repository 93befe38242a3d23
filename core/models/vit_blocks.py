"""A vision transformer in blocks of our own, for the bundled `shapes`: the same module paths, weights and numbers as
timm's class, and the same pixels as its transform, without the seconds that importing timm and torchvision takes.

Steps: patches by a convolution, behind a class token, plus position; in each block a norm, attention and its
projection, a norm and an MLP with GELU, both added to the stream; a last norm; a linear head on the class token.
(Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words".)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

from core.errors import ModelError
from core.inputs.images import ImageProcessing

EPS = 1e-6  # of timm's norms
SIZES = {"img_size", "patch_size", "embed_dim", "depth", "num_heads"}  # all that the blocks here can be told


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.num_heads, self.head_dim = heads, width // heads
        self.qkv = nn.Linear(width, 3 * width, device="meta")
        self.q_norm = self.k_norm = nn.Identity()
        self.proj = nn.Linear(width, width, device="meta")

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, self.head_dim)).permute(2, 0, 3, 1, 4)
        mixed: Tensor = self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return mixed


class Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width, device="meta")
        self.act = nn.GELU()
        self.fc2 = nn.Linear(4 * width, width, device="meta")

    def forward(self, x: Tensor) -> Tensor:
        added: Tensor = self.fc2(self.act(self.fc1(x)))
        return added


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, EPS, device="cpu")
        self.attn = Attention(width, heads)
        self.ls1 = self.ls2 = nn.Identity()  # where timm's class may scale what a layer writes
        self.norm2 = nn.LayerNorm(width, EPS, device="cpu")
        self.mlp = Mlp(width)

    def forward(self, x: Tensor) -> Tensor:
        after = x + self.attn(self.norm1(x))
        out: Tensor = after + self.mlp(self.norm2(after))
        return out


class PatchEmbed(nn.Module):
    """[batch, 3, height, width] -> [batch, patch, width of the stream]. Raises AssertionError for another size, as
    timm's does."""

    def __init__(self, side: int, patch: int, width: int) -> None:
        super().__init__()
        self.img_size, self.patch_size = (side, side), (patch, patch)
        self.proj = nn.Conv2d(3, width, patch, patch, device="meta")

    def forward(self, pixels: Tensor) -> Tensor:
        size = tuple(pixels.shape[-2:])
        if size != self.img_size:
            raise AssertionError(f"Input size {size} doesn't match model {self.img_size}.")
        patches: Tensor = self.proj(pixels).flatten(2).transpose(1, 2)
        return patches


class VisionTransformer(nn.Module):
    """Named as timm's class, by which its adapter is found. config: of the model's config.json. Takes pixels [batch, 3,
    height, width]; gives logits [batch, class]."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        sizes = config["model_args"]
        width = int(sizes["embed_dim"])
        self.embed_dim, self.num_classes = width, int(config["num_classes"])
        self.num_prefix_tokens, self.global_pool = 1, "token"
        self.patch_embed = PatchEmbed(sizes["img_size"], sizes["patch_size"], width)
        positions = (sizes["img_size"] // sizes["patch_size"]) ** 2 + self.num_prefix_tokens
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width, device="cpu"))
        self.pos_embed = nn.Parameter(torch.zeros(1, positions, width, device="cpu"))
        self.norm_pre = nn.Identity()
        self.blocks = nn.Sequential(*(Block(width, sizes["num_heads"]) for _ in range(sizes["depth"])))
        self.norm = nn.LayerNorm(width, EPS, device="cpu")
        self.head = nn.Linear(width, self.num_classes, device="meta")

    def _pos_embed(self, patches: Tensor) -> Tensor:
        return torch.cat([self.cls_token.expand(len(patches), -1, -1), patches], dim=1) + self.pos_embed

    def forward_head(self, normed: Tensor, pre_logits: bool = False) -> Tensor:
        pooled = normed[:, 0]
        answer: Tensor = pooled if pre_logits else self.head(pooled)
        return answer

    def forward(self, pixels: Tensor) -> Tensor:
        return self.forward_head(self.norm(self.blocks(self.norm_pre(self._pos_embed(self.patch_embed(pixels))))))


def is_plain_vit(config: dict[str, Any]) -> bool:
    """Whether the blocks and the transform here are all that a configuration asks for."""
    pretrained = config.get("pretrained_cfg") or {}
    sizes = config.get("model_args") or {}
    return (
        str(config.get("architecture")).startswith("vit_")
        and config.get("global_pool") == "token"
        and set(sizes) == SIZES
        and pretrained.get("input_size") == [3, sizes["img_size"], sizes["img_size"]]
        and (pretrained.get("interpolation"), pretrained.get("crop_pct")) == ("bicubic", 1.0)
        and pretrained.get("crop_mode", "center") == "center"
    )


def read_vit(folder: Path, config: dict[str, Any]) -> VisionTransformer:
    """The model of a folder, in fp32. Raises ModelError where its weights are not those of its configuration."""
    module = VisionTransformer(config)
    weights = {name: weight.float() for name, weight in load_file(folder / "model.safetensors").items()}
    expected = module.state_dict()
    wrong = sorted(set(weights) ^ set(expected))
    wrong += sorted(name for name in set(weights) & set(expected) if weights[name].shape != expected[name].shape)
    if wrong:
        raise ModelError(f"The weights in {folder} do not fit its config.json: {wrong[0]}.", "Install Wirescope again.")
    module.load_state_dict(weights, assign=True)
    return module.requires_grad_(True).eval()


def vit_processing(config: dict[str, Any]) -> ImageProcessing:
    """How a picture becomes pixels: its shorter side to the model's, by bicubic interpolation; the square in its
    middle; values from 0 to 1, minus the mean, by the standard deviation."""
    side = int(config["model_args"]["img_size"])
    mean, std = (tuple(float(value) for value in config["pretrained_cfg"][name]) for name in ("mean", "std"))
    middle, spread = (torch.tensor(values, dtype=torch.float32, device="cpu").view(3, 1, 1) for values in (mean, std))

    def to_pixels(image: Image.Image) -> Tensor:
        width, height = image.size
        short = min(width, height)
        size = (int(side * width / short), int(side * height / short))
        resized = image if size == image.size else image.resize(size, Image.Resampling.BICUBIC)
        left, top = (round((length - side) / 2) for length in size)
        square = np.asarray(resized.crop((left, top, left + side, top + side)), dtype=np.uint8)
        pixels = torch.from_numpy(square.copy()).permute(2, 0, 1).contiguous().float() / 255
        return (pixels - middle) / spread

    return ImageProcessing(to_pixels, mean, std)
