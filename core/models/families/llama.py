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
from core.models.family import Family
from core.models.rotary import first_pass, growing_parts, rotate_halves
from core.models.wiring import Holds, Wiring, last_linear, separate


class LlamaAdapter(CausalLmAdapter):
    family = "Llama"
    final_norm_path = "model.norm"
    attention_norm_name: str | None = "input_layernorm"
    mlp_norm_name: str | None = "post_attention_layernorm"
    blocks_path = "model.layers"
    embedding_path = "model.embed_tokens"
    rotary_path = "model.rotary_emb"
    attention_name = "self_attn"
    output_name = "o_proj"  # of the projection of what the heads write, in the attention
    last_mlp_names: tuple[str, ...] = ("mlp.down_proj",)  # of the linear map that the MLP ends with, in a block
    coupled = False  # whether a norm spans the heads of a layer

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        config = module.config
        self.refuse_options()
        self._angles: dict[str | None, tuple[tuple[int, torch.dtype], Tensor, Tensor]] = {}
        self.blocks = part(module, self.blocks_path)
        self._embedding = part(module, self.embedding_path)
        self._rotary = part(module, self.rotary_path)
        heads = int(config.num_attention_heads)
        self.shape = Shape(
            layers=config.num_hidden_layers,
            heads=heads,
            kv_heads=getattr(config, "num_key_value_heads", None) or heads,
            head_width=getattr(config, "head_dim", None) or config.hidden_size // heads,
            width=config.hidden_size,
            causal=True,
            input_kind="text",
            output_kind="next token",
            parallel=self.parallel,
            coupled=self.coupled,
        )

    @property
    def parallel(self) -> bool:
        """Whether attention and MLP of a block read the same stream."""
        return False

    def refuse_options(self) -> None:
        """Raise ModelError for an option of the family that the adapter does not state."""
        kinds = set(getattr(self.config, "layer_types", None) or ()) - {"full_attention", "sliding_attention"}
        reasons = {f"a layer of it has {kind.replace('_', ' ')}": True for kind in sorted(kinds)}
        refuse(self.module, reasons, "Layers with full attention or a sliding window are supported.")

    def attention_weights(self, layer: int) -> AttentionWeights:
        attention = part(self.blocks[layer], self.attention_name)
        w_qkv, b_qkv = self.projections(attention)
        return AttentionWeights(
            w_qkv=w_qkv,
            b_qkv=b_qkv,
            w_o=weight(attention, f"{self.output_name}.weight").detach(),
            b_o=optional_weight(attention, f"{self.output_name}.bias"),
            scale=self.shape.head_width**-0.5,
            window=self.window(layer),
        )

    def projections(self, attention: Any) -> tuple[Tensor, Tensor | None]:
        """w_qkv and b_qkv of a layer's attention: all q, all k, all v."""
        names = ("q_proj", "k_proj", "v_proj")
        biases = join([optional_weight(attention, f"{name}.bias") for name in names])
        return torch.cat([weight(attention, f"{name}.weight").detach() for name in names]), biases

    def wiring(self, layer: int) -> Wiring:
        return Wiring(
            self.projection_paths(),
            f"{self.attention_name}.{self.output_name}",
            self.mlp_name,
            after_mlp=self.after_mlp_name,
            **last_linear(self.blocks[layer], self.last_mlp_names),
        )

    def projection_paths(self) -> tuple[tuple[str, Holds], ...]:
        """Those of q, k and v, in a block."""
        return separate(self.attention_name)

    def window(self, layer: int) -> int | None:
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
        kept = self._angles.get(kind)
        if kept is None or kept[0] != wanted:
            everywhere = torch.arange(places.length, device=qk.device)[None]
            with first_pass(growing_parts(self._rotary)):
                cos, sin = self._rotary(qk, everywhere, *([] if kind is None else [kind]))
            # Another thread may put its own here at once: what is returned is what was made or read above.
            kept = self._angles[kind] = (wanted, cos[0], sin[0])
        _, cos, sin = kept
        return places.once(("angles", kind, qk.dtype), lambda: (cos[places.index], sin[places.index]))

    def rotary_kind(self, layer: int) -> str | None:
        """Which of several kinds of rotary embedding a layer has; None where there is one."""
        return None


ROWS = (
    Family(
        "Llama, SmolLM2",
        "text",
        ("LlamaForCausalLM",),
        LlamaAdapter,
        exact="grouped-query attention, every kind of rotary scaling, biases, wide heads",
    ),
    Family("Mistral", "text", ("MistralForCausalLM",), LlamaAdapter, exact="as Llama, sliding window"),
    Family(
        "Qwen2", "text", ("Qwen2ForCausalLM",), LlamaAdapter, exact="biases of q, k, v; a sliding window in some layers"
    ),
    Family(
        "Mixtral",
        "text",
        ("MixtralForCausalLM",),
        LlamaAdapter,
        exact="a mixture (router and experts) as one MLP node, sliding window",
    ),
    Family(
        "Qwen2-MoE",
        "text",
        ("Qwen2MoeForCausalLM",),
        LlamaAdapter,
        exact="as Qwen2, with a mixture or a dense MLP by layer; its shared expert is part of the MLP node",
    ),
)
