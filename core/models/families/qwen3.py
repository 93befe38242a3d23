"""Qwen3, also as a mixture: the Llama kind with a norm of each head's queries and keys."""

from __future__ import annotations

from core.models.families.llama import LlamaAdapter


class Qwen3Adapter(LlamaAdapter):
    family = "Qwen3"
    q_norm_name = "self_attn.q_norm"
    k_norm_name = "self_attn.k_norm"
