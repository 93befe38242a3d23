"""Qwen3, also as a mixture: the Llama kind with a norm of each head's queries and keys."""

from __future__ import annotations

from core.models.families.llama import LlamaAdapter
from core.models.family import Family


class Qwen3Adapter(LlamaAdapter):
    family = "Qwen3"
    q_norm_name = "self_attn.q_norm"
    k_norm_name = "self_attn.k_norm"


ROWS = (
    Family(
        "Qwen3",
        "text",
        ("Qwen3ForCausalLM",),
        Qwen3Adapter,
        exact="a norm of each head's queries and keys, biases, windows in some layers",
    ),
    Family(
        "Qwen3-MoE",
        "text",
        ("Qwen3MoeForCausalLM",),
        Qwen3Adapter,
        exact="as Qwen3, with a mixture or a dense MLP by layer",
    ),
)
