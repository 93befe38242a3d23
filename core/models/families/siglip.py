"""The two towers of SigLIP.

Vision: no class token; the output pools all patches by an attention of its own, a classifier by their mean. Text: every
position reads all others, and the last one is the output, padding or not.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from core.errors import InputError
from core.models.adapter import part, refuse
from core.models.family import Family
from core.models.text_tower import TextTowerAdapter
from core.models.vision_hf import HfVisionAdapter


class SiglipVisionAdapter(HfVisionAdapter):
    family = "SigLIP vision"
    layer_path = "encoder.layers"
    attention_norm_name = "layer_norm1"
    mlp_norm_name = "layer_norm2"
    body_name = "vision_model"
    attention_name = "self_attn"
    output_name = "out_proj"
    final_norm_name = "post_layernorm"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self.prefix_labels = ()
        headless = {"it does not pool its patches": not self.classifies and not self._config.vision_use_head}
        refuse(module, headless, "SigLIP models with their pooling head, or a classifier, are supported.")

    def embed(self, inputs: Tensor) -> Tensor:
        rows, columns = self.image_grid(inputs) or (0, 0)
        expected = part(self._embeddings, "position_embedding").num_embeddings
        if 0 < rows * columns != expected:
            side = self._config.image_size
            raise InputError(f"The model takes pictures of {side} x {side} pixels: {expected} patches.")
        return super().embed(inputs)

    def pool(self, normed: Tensor) -> Tensor:
        if self.classifies:
            return normed.mean(dim=1)
        return self.attention_pool(normed)

    def attention_pool(self, normed: Tensor) -> Tensor:
        """[batch, width] from all patches."""
        return part(self._body, "head")(normed)  # type: ignore[no-any-return]

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return None

    def own_embedding(self, outputs: Any) -> Tensor:
        return outputs.pooler_output  # type: ignore[no-any-return]


class SiglipTextAdapter(TextTowerAdapter):
    family = "SigLIP text"
    learned_positions = True
    head_name = "head"
    causal = False

    @property
    def padded_length(self) -> int | None:
        return self.context_length

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return super().read_positions(inputs, None)


ROWS = (
    Family(
        "SigLIP vision",
        "image",
        ("SiglipVisionModel", "SiglipForImageClassification"),
        SiglipVisionAdapter,
        exact="the tower alone, pooling by attention, or by the mean in a classifier",
        refused="no pooling",
    ),
    Family(
        "SigLIP text, SigLIP 2 text",
        "text",
        ("SiglipTextModel", "Siglip2TextModel"),
        SiglipTextAdapter,
        exact="the tower alone, attention in both directions, reads the last position",
    ),
)
