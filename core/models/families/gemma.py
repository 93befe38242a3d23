"""Gemma 1, 2 and 3 (text): scaled embeddings, wide heads.

From Gemma 2 on there is a norm after attention and one after the MLP, and windows in some layers. Gemma 2 caps its
scores and logits; Gemma 3 norms each head's queries and keys, and turns them otherwise in layers with a window.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from core.models.adapter import AttentionWeights, part, refuse, rms_scale, weight
from core.models.families.llama import LlamaAdapter
from core.models.family import Family
from core.models.wiring import Wiring
from core.precision import widened


class GemmaAdapter(LlamaAdapter):
    family = "Gemma"

    def refuse_options(self) -> None:
        super().refuse_options()
        both = {"it attends in both directions": bool(self.config.use_bidirectional_attention)}
        refuse(self.module, both, "Gemma models that attend to earlier tokens alone are supported.")


class Gemma2Adapter(GemmaAdapter):
    family = "Gemma 2"
    mlp_norm_name = "pre_feedforward_layernorm"
    after_mlp_name = "post_feedforward_layernorm"
    coupled = True

    def refuse_options(self) -> None:
        super().refuse_options()
        refuse_bias_before_norm(self)

    def attention_weights(self, layer: int) -> AttentionWeights:
        block = self.blocks[layer]
        after = 1.0 + widened(weight(block, "post_attention_layernorm.weight").detach())
        return replace(
            super().attention_weights(layer),
            scale=self.config.query_pre_attn_scalar**-0.5,
            softcap=self.softcap,
            joint_scale=rms_scale(after, part(block, "post_attention_layernorm").eps),
        )

    def wiring(self, layer: int) -> Wiring:
        return replace(super().wiring(layer), joint=("post_attention_layernorm", 1.0))

    @property
    def softcap(self) -> float | None:
        return self.config.attn_logit_softcapping  # type: ignore[no-any-return]

    def head(self, normed: Tensor) -> Tensor:
        logits = super().head(normed)
        cap = self.config.final_logit_softcapping
        return logits if cap is None else cap * torch.tanh(logits / cap)


class Gemma3Adapter(Gemma2Adapter):
    family = "Gemma 3"
    q_norm_name = "self_attn.q_norm"
    k_norm_name = "self_attn.k_norm"
    softcap = None  # its configuration has one, which its attention does not use

    def rotary_kind(self, layer: int) -> str | None:
        return str(self.config.layer_types[layer])


def refuse_bias_before_norm(adapter: LlamaAdapter) -> None:
    """Raise ModelError where a bias of attention goes through the norm after it: what it adds to the stream would
    change with every head."""
    refuse(
        adapter.module,
        {"its attention has biases before a norm": bool(adapter.config.attention_bias)},
        f"{adapter.family} models without attention biases are supported.",
    )


ROWS = (
    Family(
        "Gemma",
        "text",
        ("GemmaForCausalLM",),
        GemmaAdapter,
        exact="scaled embeddings, wide heads, biases",
        refused="attention in both directions",
    ),
    Family(
        "Gemma 2",
        "text",
        ("Gemma2ForCausalLM",),
        Gemma2Adapter,
        exact="norms after attention and MLP, capped scores and logits, windows",
        refused="attention biases: a norm follows them; attention in both directions",
    ),
    Family(
        "Gemma 3",
        "text",
        ("Gemma3ForCausalLM",),
        Gemma3Adapter,
        exact="text; as Gemma 2, normed queries and keys, other rotary positions in layers with a window",
        refused="attention biases: a norm follows them; attention in both directions",
    ),
)
