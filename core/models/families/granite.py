"""Granite: the Llama kind with multipliers of embeddings, scores, what is added to the stream, and logits."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from core.models.adapter import AttentionWeights
from core.models.families.llama import LlamaAdapter
from core.models.family import Family
from core.models.wiring import Wiring


class GraniteAdapter(LlamaAdapter):
    family = "Granite"

    def attention_weights(self, layer: int) -> AttentionWeights:
        weights = super().attention_weights(layer)
        times = float(self.config.residual_multiplier)
        b_o = None if weights.b_o is None else weights.b_o * times
        return replace(weights, w_o=weights.w_o * times, b_o=b_o, scale=self.config.attention_multiplier)

    def wiring(self, layer: int) -> Wiring:
        times = float(self.config.residual_multiplier)
        return replace(super().wiring(layer), scale=times, mlp_scale=times)

    def embed(self, inputs: Tensor) -> Tensor:
        return super().embed(inputs) * float(self.config.embedding_multiplier)

    def mlp_written(self, layer: int, made: Tensor) -> Tensor:
        return super().mlp_written(layer, made) * float(self.config.residual_multiplier)

    def head(self, normed: Tensor) -> Tensor:
        return super().head(normed) / float(self.config.logits_scaling)


ROWS = (
    Family(
        "Granite",
        "text",
        ("GraniteForCausalLM",),
        GraniteAdapter,
        exact="multipliers of embeddings, scores, stream and logits, biases",
    ),
)
