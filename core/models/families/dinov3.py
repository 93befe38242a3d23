"""DINOv3 ViT of Hugging Face: rotary positions of the patches alone, registers, LayerScale, plain or gated MLP."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from core.models.adapter import Places, part, weight
from core.models.family import Family
from core.models.rotary import rotate_halves
from core.models.vision_hf import HfVisionAdapter


class Dinov3Adapter(HfVisionAdapter):
    family = "DINOv3"
    layer_path = "model.layer"
    attention_norm_name = "norm1"
    mlp_norm_name = "norm2"
    after_mlp_name = "layer_scale2"
    layer_scale_path = "layer_scale1.lambda1"
    final_norm_name = "norm"
    body_name = "dinov3_vit"  # the library has no classifier of this family that it would be inside of

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self._rotary = part(module, "rope_embeddings")
        self._angles: dict[tuple[tuple[int, int] | None, torch.dtype], tuple[Tensor, Tensor]] = {}

    def layer_scale(self, layer: int) -> Tensor | None:
        return weight(self.blocks[layer], "layer_scale1.lambda1").detach()

    def turn(self, layer: int, qk: Tensor, places: Places) -> Tensor:
        cos, sin = self._angles_of(qk, places)
        return rotate_halves(qk, cos[places.index], sin[places.index])

    def _angles_of(self, qk: Tensor, places: Places) -> tuple[Tensor, Tensor]:
        """cos and sin at every position, kept for the last size of picture. The positions before the patches are not
        turned: an angle of 0."""
        key = (places.grid, qk.dtype)
        angles = self._angles.get(key)
        if angles is None:
            assert places.grid is not None
            size = self._config.patch_size
            height, width = (n * p for n, p in zip(places.grid, _both(size), strict=True))
            cos, sin = self._rotary(qk.new_empty(1, 1, height, width))
            before = (0, 0, self.prefix, 0)
            angles = F.pad(cos, before, value=1.0), F.pad(sin, before)
            self._angles = {key: angles}  # another thread may put its own here at once
        return angles


def _both(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else tuple(size)


ROWS = (
    Family(
        "DINOv3",
        "image",
        ("DINOv3ViTModel",),
        Dinov3Adapter,
        exact="rotary positions of the patches, registers, LayerScale, gated MLP, biases, pictures of any size",
        refused="classifiers: transformers 5.24 has no class for them",
    ),
)
