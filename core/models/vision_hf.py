"""Hugging Face vision transformers with a class token: ViT, and DINOv2 (LayerScale).

A classifier's output is its class scores; a model without a head gives the normed class token, its pooled
embedding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from core.errors import InputError
from core.models.adapter import (
    Adapter,
    AttentionWeights,
    Shape,
    first_positions,
    join,
    optional_weight,
    part,
    weight,
)


class HfVisionAdapter(Adapter):
    """What ViT and DINOv2 share; a subclass names the submodules."""

    prefix_labels = ("CLS",)
    layer_path: str
    body_name: str  # of the model inside a classifier

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        config = module.config
        self._config = config
        self._classifier = getattr(module, "classifier", None)
        self._body = part(module, self.body_name) if self._classifier is not None else module
        self.blocks = part(self._body, self.layer_path)
        self._embeddings = part(self._body, "embeddings")
        self._final_norm = part(self._body, "layernorm")
        heads = int(config.num_attention_heads)
        self.shape = Shape(
            layers=config.num_hidden_layers,
            heads=heads,
            kv_heads=heads,
            head_width=getattr(config, "head_dim", None) or config.hidden_size // heads,
            width=config.hidden_size,
            causal=False,
            input_kind="image",
            output_kind="classes" if self._classifier is not None else "embedding",
        )

    def attention_weights(self, layer: int) -> AttentionWeights:
        attention = part(self.blocks[layer], "attention")
        names = ("q_proj", "k_proj", "v_proj")
        w_o = weight(attention, "o_proj.weight").detach()
        b_o = optional_weight(attention, "o_proj.bias")
        gamma = self.layer_scale(layer)
        if gamma is not None:
            w_o = w_o * gamma[:, None]
            b_o = None if b_o is None else b_o * gamma
        return AttentionWeights(
            w_qkv=torch.cat([weight(attention, f"{name}.weight").detach() for name in names]),
            b_qkv=join([optional_weight(attention, f"{name}.bias") for name in names]),
            w_o=w_o,
            b_o=b_o,
            scale=self.shape.head_width**-0.5,
        )

    def layer_scale(self, layer: int) -> Tensor | None:
        """The vector [width] that multiplies what the attention writes, or None."""
        return None

    def embed(self, inputs: Tensor) -> Tensor:
        if 0 in (self.image_grid(inputs) or ()):
            size = self._config.patch_size
            raise InputError(f"The picture is smaller than one patch ({size} pixels).", "Use a larger picture.")
        try:
            return self._embeddings(inputs)  # type: ignore[no-any-return]
        except ValueError as error:
            raise InputError(f"The model cannot take this picture: {error}") from None

    def read(self, stream: Tensor) -> Tensor:
        normed: Tensor = self._final_norm(stream)
        if self._classifier is None:
            return normed[:, 0]
        return self._classifier(self.pool(normed))  # type: ignore[no-any-return]

    def pool(self, normed: Tensor) -> Tensor:
        return normed[:, 0]

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return first_positions(inputs)

    def own_forward(self, inputs: Tensor) -> Tensor:
        outputs = self.module(pixel_values=inputs)
        if self._classifier is not None:
            return outputs.logits  # type: ignore[no-any-return]
        return outputs.last_hidden_state[:, 0]  # type: ignore[no-any-return]

    def image_grid(self, inputs: Tensor) -> tuple[int, int] | None:
        size = self._config.patch_size
        rows, columns = (size, size) if isinstance(size, int) else tuple(size)
        return inputs.shape[-2] // rows, inputs.shape[-1] // columns


class VitAdapter(HfVisionAdapter):
    family = "ViT (Hugging Face)"
    layer_path = "layers"
    attention_norm_name = "layernorm_before"
    mlp_norm_name = "layernorm_after"
    body_name = "vit"


class Dinov2Adapter(HfVisionAdapter):
    family = "DINOv2"
    layer_path = "encoder.layer"
    attention_norm_name = "norm1"
    mlp_norm_name = "norm2"
    body_name = "dinov2"

    def layer_scale(self, layer: int) -> Tensor | None:
        return weight(self.blocks[layer], "layer_scale1.lambda1").detach()

    def mlp(self, layer: int, normed: Tensor) -> Tensor:
        return self.blocks[layer].layer_scale2(super().mlp(layer, normed))  # type: ignore[no-any-return]

    def pool(self, normed: Tensor) -> Tensor:
        """A DINOv2 classifier reads the class token beside the mean of the patches."""
        return torch.cat([normed[:, 0], normed[:, 1:].mean(dim=1)], dim=1)

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return first_positions(inputs) if self._classifier is None else None
