"""The two towers of CLIP, with or without the projection into the space that they share.

Vision: a norm before the blocks, so `input` writes what comes after it; the output reads the class token, or of a
classifier the mean of the patches as they are. Text: causal, the output reads the token that ends the prompt.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from core.models.adapter import part
from core.models.family import Family
from core.models.text_tower import TextTowerAdapter
from core.models.vision_hf import HfVisionAdapter

MISNAMED_END = 2  # early configurations call the end token so by mistake: the library then takes the largest id


class ClipVisionAdapter(HfVisionAdapter):
    family = "CLIP vision"
    layer_path = "encoder.layers"
    attention_norm_name = "layer_norm1"
    mlp_norm_name = "layer_norm2"
    body_name = "vision_model"
    attention_name = "self_attn"
    output_name = "out_proj"
    final_norm_name = "post_layernorm"
    head_name = "visual_projection"

    @property
    def classifies(self) -> bool:
        return False

    def embed(self, inputs: Tensor) -> Tensor:
        return part(self._body, "pre_layrnorm")(super().embed(inputs))  # type: ignore[no-any-return]

    def own_embedding(self, outputs: Any) -> Tensor:
        return outputs.pooler_output if self._head is None else outputs.image_embeds  # type: ignore[no-any-return]


class ClipClassifierAdapter(ClipVisionAdapter):
    """It reads the stream as it is, past the tower's last norm."""

    head_name = "classifier"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self.final_norm = nn.Identity()

    @property
    def classifies(self) -> bool:
        return True

    def head(self, normed: Tensor) -> Tensor:
        return part(self.module, self.head_name)(normed[:, 1:].mean(dim=1))  # type: ignore[no-any-return]

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return None


class ClipTextAdapter(TextTowerAdapter):
    family = "CLIP text"
    learned_positions = True
    head_name = "text_projection"
    causal = True

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        """Where the prompt's first end token is; the first position if it has none."""
        end = self.config.eos_token_id
        ends = inputs if end == MISNAMED_END else inputs == end
        return ends.int().argmax(dim=-1, keepdim=True)


ROWS = (
    Family(
        "CLIP vision",
        "image",
        ("CLIPVisionModel", "CLIPVisionModelWithProjection"),
        ClipVisionAdapter,
        exact="the tower alone, with or without its projection",
    ),
    Family(
        "CLIP classifier",
        "image",
        ("CLIPForImageClassification",),
        ClipClassifierAdapter,
        exact="the mean of the patches",
    ),
    Family(
        "CLIP text",
        "text",
        ("CLIPTextModel", "CLIPTextModelWithProjection"),
        ClipTextAdapter,
        exact="the tower alone, with or without its projection; reads where the prompt ends",
    ),
)
