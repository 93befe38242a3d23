"""Phi and Phi-3. Phi (1, 1.5 and 2): attention and MLP in parallel behind one LayerNorm, partial rotary positions, an
unembedding with a bias. Phi-3: the Llama kind with fused projections and partial rotary positions."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from core.models.adapter import optional_weight, weight
from core.models.families.llama import LlamaAdapter
from core.models.family import Family
from core.models.wiring import Holds


class PhiAdapter(LlamaAdapter):
    family = "Phi"
    final_norm_path = "model.final_layernorm"
    mlp_norm_name = "input_layernorm"
    output_name = "dense"
    last_mlp_names = ("mlp.fc2",)
    parallel = True

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        if self.config.qk_layernorm:
            self.q_norm_name, self.k_norm_name = "self_attn.q_layernorm", "self_attn.k_layernorm"


class Phi3Adapter(LlamaAdapter):
    family = "Phi-3"

    def projections(self, attention: Any) -> tuple[Tensor, Tensor | None]:
        return weight(attention, "qkv_proj.weight").detach(), optional_weight(attention, "qkv_proj.bias")

    def projection_paths(self) -> tuple[tuple[str, Holds], ...]:
        return ((f"{self.attention_name}.qkv_proj", "qkv"),)


ROWS = (
    Family(
        "Phi",
        "text",
        ("PhiForCausalLM",),
        PhiAdapter,
        exact="parallel attention and MLP behind one norm, partial rotary positions, normed queries and keys",
    ),
    Family(
        "Phi-3",
        "text",
        ("Phi3ForCausalLM",),
        Phi3Adapter,
        exact="fused projections, sliding window, partial rotary positions, LongRoPE",
    ),
)
