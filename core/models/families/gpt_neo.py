"""GPT-Neo: GPT-2 with scores that are not scaled, no biases of q, k, v, and a window in its local layers."""

from __future__ import annotations

from dataclasses import replace

import torch

from core.models.adapter import AttentionWeights, part, weight
from core.models.families.gpt2 import Gpt2Adapter
from core.models.family import Family
from core.models.wiring import Wiring, separate


class GptNeoAdapter(Gpt2Adapter):
    family = "GPT-Neo"
    learned_positions = True

    def attention_weights(self, layer: int) -> AttentionWeights:
        attention = part(self.blocks[layer], "attn.attention")
        local = self.config.attention_layers[layer] == "local"
        return AttentionWeights(
            w_qkv=torch.cat([weight(attention, f"{name}.weight").detach() for name in ("q_proj", "k_proj", "v_proj")]),
            b_qkv=None,
            w_o=weight(attention, "out_proj.weight").detach(),
            b_o=weight(attention, "out_proj.bias").detach(),
            scale=1.0,
            window=self.config.window_size if local else None,
        )

    def wiring(self, layer: int) -> Wiring:
        return replace(super().wiring(layer), projections=separate("attn.attention"), output="attn.attention.out_proj")


ROWS = (
    Family(
        "GPT-Neo",
        "text",
        ("GPTNeoForCausalLM",),
        GptNeoAdapter,
        exact="scores that are not scaled, windows in local layers",
    ),
)
