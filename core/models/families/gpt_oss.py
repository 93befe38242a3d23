"""gpt-oss: the Llama kind with a sink for each head, windows in every other layer, and a mixture as its MLP."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from core.models.adapter import AttentionWeights, Places, weight
from core.models.families.llama import LlamaAdapter
from core.models.family import Family


class GptOssAdapter(LlamaAdapter):
    family = "gpt-oss"

    def attention_weights(self, layer: int) -> AttentionWeights:
        sinks = weight(self.blocks[layer], "self_attn.sinks").detach()
        return replace(super().attention_weights(layer), sinks=sinks)

    def angles(self, layer: int, qk: Tensor, places: Places) -> tuple[Tensor, Tensor]:
        """Its rotary module gives each angle once."""
        cos, sin = super().angles(layer, qk, places)
        return torch.cat((cos, cos), dim=-1), torch.cat((sin, sin), dim=-1)

    def mlp_module(self, layer: int, normed: Tensor) -> Tensor:
        out, _router_scores = self._mlps[layer](normed)
        return out  # type: ignore[no-any-return]


ROWS = (
    Family(
        "gpt-oss",
        "text",
        ("GptOssForCausalLM",),
        GptOssAdapter,
        exact="a sink for each head, windows in some layers, a mixture as one MLP node",
    ),
)
