"""The Llama kind: Llama, Mistral, Qwen2, SmolLM2, and the mixtures Mixtral and Qwen2-MoE. RMSNorm, rotary positions,
grouped-query attention, gated MLP.

Qwen2 adds biases to q, k, v; some see only a sliding window; a mixture's router and experts are one MLP node.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from core.models.adapter import AttentionWeights, Places, Shape, join, optional_weight, part, refuse, weight
from core.models.causal_lm import CausalLmAdapter
from core.models.rotary import rotate_halves


class LlamaAdapter(CausalLmAdapter):
    family = "Llama"
    final_norm_path = "model.norm"
    attention_norm_name: str | None = "input_layernorm"
    mlp_norm_name: str | None = "post_attention_layernorm"
    coupled = False  # whether a norm spans the heads of a layer

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        config = module.config
        self.refuse_options()
        self._angles: dict[str | None, tuple[tuple[int, torch.dtype], Tensor, Tensor]] = {}
        self.blocks = part(module, "model.layers")
        self._embedding = part(module, "model.embed_tokens")
        self._rotary = part(module, "model.rotary_emb")
        heads = int(config.num_attention_heads)
        self.shape = Shape(
            layers=config.num_hidden_layers,
            heads=heads,
            kv_heads=config.num_key_value_heads,
            head_width=getattr(config, "head_dim", None) or config.hidden_size // heads,
            width=config.hidden_size,
            causal=True,
            input_kind="text",
            output_kind="next token",
            coupled=self.coupled,
        )

    def refuse_options(self) -> None:
        """Raise ModelError for an option of the family that the adapter does not state."""
        kinds = set(getattr(self.config, "layer_types", None) or ()) - {"full_attention", "sliding_attention"}
        reasons = {f"a layer of it has {kind.replace('_', ' ')}": True for kind in sorted(kinds)}
        refuse(self.module, reasons, "Layers with full attention or a sliding window are supported.")

    def attention_weights(self, layer: int) -> AttentionWeights:
        attention = part(self.blocks[layer], "self_attn")
        names = ("q_proj", "k_proj", "v_proj")
        return AttentionWeights(
            w_qkv=torch.cat([weight(attention, f"{name}.weight").detach() for name in names]),
            b_qkv=join([optional_weight(attention, f"{name}.bias") for name in names]),
            w_o=weight(attention, "o_proj.weight").detach(),
            b_o=optional_weight(attention, "o_proj.bias"),
            scale=self.shape.head_width**-0.5,
            window=self._window(layer),
        )

    def _window(self, layer: int) -> int | None:
        window = getattr(self.config, "sliding_window", None)
        kinds = getattr(self.config, "layer_types", None)
        if not window or (kinds is not None and kinds[layer] != "sliding_attention"):
            return None
        return int(window)

    def embed(self, inputs: Tensor) -> Tensor:
        return self._embedding(inputs)  # type: ignore[no-any-return]

    def turn(self, layer: int, qk: Tensor, places: Places) -> Tensor:
        return rotate_halves(qk, *self.angles(layer, qk, places))

    def angles(self, layer: int, qk: Tensor, places: Places) -> tuple[Tensor, Tensor]:
        """cos and sin of the rotary embeddings at places: [batch or 1, n, turned numbers]. Those of a whole stream are
        kept: some kinds depend on its length."""
        kind = self.rotary_kind(layer)
        wanted = (places.length, qk.dtype)
        if kind not in self._angles or self._angles[kind][0] != wanted:
            everywhere = torch.arange(places.length, device=qk.device)[None]
            cos, sin = self._rotary(qk, everywhere, *([] if kind is None else [kind]))
            self._angles[kind] = (wanted, cos[0], sin[0])
        _, cos, sin = self._angles[kind]
        return cos[places.index], sin[places.index]

    def rotary_kind(self, layer: int) -> str | None:
        """Which of several kinds of rotary embedding a layer has; None where there is one."""
        return None
