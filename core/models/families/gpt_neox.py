"""GPT-NeoX and Pythia: LayerNorm, partial rotary positions, one projection that holds q, k and v head by head;
attention and MLP in parallel, each behind a norm of its own, or one after the other."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from core.models.adapter import optional_weight, weight
from core.models.families.llama import LlamaAdapter
from core.models.family import Family
from core.models.wiring import Holds


class GptNeoxAdapter(LlamaAdapter):
    family = "GPT-NeoX"
    final_norm_path = "gpt_neox.final_layer_norm"
    blocks_path = "gpt_neox.layers"
    embedding_path = "gpt_neox.embed_in"
    rotary_path = "gpt_neox.rotary_emb"
    attention_name = "attention"
    output_name = "dense"
    last_mlp_names = ("mlp.dense_4h_to_h",)

    @property
    def parallel(self) -> bool:
        return bool(self.config.use_parallel_residual)

    def projections(self, attention: Any) -> tuple[Tensor, Tensor | None]:
        w, b = weight(attention, "query_key_value.weight").detach(), optional_weight(attention, "query_key_value.bias")
        return self._by_kind(w), None if b is None else self._by_kind(b)

    def projection_paths(self) -> tuple[tuple[str, Holds], ...]:
        return ((f"{self.attention_name}.query_key_value", "by head"),)

    def _by_kind(self, rows: Tensor) -> Tensor:
        """Rows of (q, k, v) head by head to all q, all k, all v."""
        by_head = rows.unflatten(0, (self.shape.heads, 3, self.shape.head_width))  # type: ignore[no-untyped-call]
        return by_head.transpose(0, 1).flatten(0, 2)  # type: ignore[no-any-return]


ROWS = (
    Family(
        "GPT-NeoX, Pythia",
        "text",
        ("GPTNeoXForCausalLM",),
        GptNeoxAdapter,
        exact="parallel attention and MLP or one after the other, partial rotary positions, with and without biases",
    ),
)
