"""Gemma 2: a norm after attention and one after the MLP, capped scores and logits, a window in every other layer."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from core.models.adapter import AttentionWeights, part, refuse, rms_scale, weight
from core.models.llama import LlamaAdapter


class Gemma2Adapter(LlamaAdapter):
    family = "Gemma 2"
    mlp_norm_name = "pre_feedforward_layernorm"
    after_mlp_name = "post_feedforward_layernorm"
    coupled = True

    def refuse_options(self) -> None:
        config = self.config
        refuse(
            self.module,
            {
                "it attends in both directions": bool(config.use_bidirectional_attention),
                "its attention has biases, which the norm after attention would scale": config.attention_bias,
            },
            "Published Gemma 2 models are supported.",
        )

    def attention_weights(self, layer: int) -> AttentionWeights:
        block = self.blocks[layer]
        after = 1.0 + weight(block, "post_attention_layernorm.weight").detach()
        return replace(
            super().attention_weights(layer),
            scale=self.config.query_pre_attn_scalar**-0.5,
            softcap=self.config.attn_logit_softcapping,
            joint_scale=rms_scale(after, part(block, "post_attention_layernorm").eps),
        )

    def read(self, stream: Tensor) -> Tensor:
        logits = super().read(stream)
        cap = self.config.final_logit_softcapping
        return logits if cap is None else cap * torch.tanh(logits / cap)
