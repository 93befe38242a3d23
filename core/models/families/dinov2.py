"""DINOv2, with and without registers: LayerScale, and a classifier that reads the mean of the patches beside the class
token."""

from __future__ import annotations

import torch
from torch import Tensor

from core.models.adapter import weight
from core.models.family import Family
from core.models.vision_hf import HfVisionAdapter


class Dinov2Adapter(HfVisionAdapter):
    family = "DINOv2"
    layer_path = "encoder.layer"
    attention_norm_name = "norm1"
    mlp_norm_name = "norm2"
    after_mlp_name = "layer_scale2"
    layer_scale_path = "layer_scale1.lambda1"
    body_name = "dinov2"

    def layer_scale(self, layer: int) -> Tensor | None:
        return weight(self.blocks[layer], "layer_scale1.lambda1").detach()

    def pool(self, normed: Tensor) -> Tensor:
        if not self.classifies:
            return normed[:, 0]
        return torch.cat([normed[:, 0], normed[:, self.prefix :].mean(dim=1)], dim=1)

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return None if self.classifies else super().read_positions(inputs, lengths)


class Dinov2RegistersAdapter(Dinov2Adapter):
    family = "DINOv2 with registers"
    body_name = "dinov2_with_registers"


ROWS = (
    Family(
        "DINOv2",
        "image",
        ("Dinov2Model", "Dinov2ForImageClassification"),
        Dinov2Adapter,
        exact="LayerScale, gated MLP, pictures of any size; a classifier's mean of the patches",
    ),
    Family(
        "DINOv2 with registers",
        "image",
        ("Dinov2WithRegistersModel", "Dinov2WithRegistersForImageClassification"),
        Dinov2RegistersAdapter,
        exact="as DINOv2, any number of registers",
    ),
)
