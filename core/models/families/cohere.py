"""Cohere (Command R) and Cohere 2 (Command R7B): the Llama kind with attention and MLP in parallel behind one norm,
rotary positions that turn numbers in pairs, scaled logits.

Cohere may norm the queries and keys of each head with weights of its own. Cohere 2 has windows in some layers, and
rotary positions in those alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from core.models.adapter import Places, norm_heads
from core.models.families.llama import LlamaAdapter
from core.models.family import Family
from core.models.rotary import rotate_pairs
from core.precision import widened


class CohereAdapter(LlamaAdapter):
    family = "Cohere"
    mlp_norm_name = "input_layernorm"
    parallel = True

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        if getattr(self.config, "use_qk_norm", False):
            self.q_norm_name, self.k_norm_name = "self_attn.q_norm", "self_attn.k_norm"

    def query(self, layer: int, q: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        return self.turn(layer, norm_heads(self._q_norms[layer], q, heads, self.shape.heads), places)

    def key(self, layer: int, k: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        return self.turn(layer, norm_heads(self._k_norms[layer], k, heads, self.shape.kv_heads), places)

    def turn(self, layer: int, qk: Tensor, places: Places) -> Tensor:
        return rotate_pairs(widened(qk), *self.angles(layer, qk, places)).to(qk.dtype)

    def head(self, normed: Tensor) -> Tensor:
        return super().head(normed) * float(self.config.logit_scale)


class Cohere2Adapter(CohereAdapter):
    family = "Cohere 2"

    def turn(self, layer: int, qk: Tensor, places: Places) -> Tensor:
        return qk if self.window(layer) is None else super().turn(layer, qk, places)


ROWS = (
    Family(
        "Cohere",
        "text",
        ("CohereForCausalLM",),
        CohereAdapter,
        exact="parallel attention and MLP behind one norm, rotary positions in pairs, scaled logits, normed queries "
        "and keys, biases",
    ),
    Family(
        "Cohere 2",
        "text",
        ("Cohere2ForCausalLM",),
        Cohere2Adapter,
        exact="as Cohere, windows in some layers and rotary positions in those alone",
    ),
)
