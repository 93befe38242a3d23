"""StableLM: the Llama kind with LayerNorm and partial rotary positions. Each head's queries and keys may have a norm of
their own, and attention and MLP may be parallel behind one norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from core.models.adapter import Places, norm_heads
from core.models.families.llama import LlamaAdapter
from core.models.family import Family


class StableLmAdapter(LlamaAdapter):
    family = "StableLM"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        if self.parallel:
            self.mlp_norm_name = self.attention_norm_name
        if self.config.qk_layernorm:
            self.q_norm_name, self.k_norm_name = "self_attn.q_layernorm", "self_attn.k_layernorm"

    @property
    def parallel(self) -> bool:
        return bool(self.config.use_parallel_residual)

    def query(self, layer: int, q: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        return self.turn(layer, norm_heads(self._q_norms[layer], q, heads, self.shape.heads, axis=1), places)

    def key(self, layer: int, k: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        return self.turn(layer, norm_heads(self._k_norms[layer], k, heads, self.shape.kv_heads, axis=1), places)


ROWS = (
    Family(
        "StableLM",
        "text",
        ("StableLmForCausalLM",),
        StableLmAdapter,
        exact="partial rotary positions, parallel attention and MLP or not, a norm for each head's queries and keys",
    ),
)
