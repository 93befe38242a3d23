"""GPT-2: learned positions, LayerNorm, fused projections stored as Conv1D ([in, out])."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from core.models.adapter import Adapter, AttentionWeights, Shape, part, weight


class Gpt2Adapter(Adapter):
    family = "GPT-2"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        config = module.config
        self._config = config
        self._body = part(module, "transformer")
        self._blocks = part(module, "transformer.h")
        self._final_norm = part(module, "transformer.ln_f")
        self._head = part(module, "lm_head")
        self.shape = Shape(
            layers=config.n_layer,
            heads=config.n_head,
            kv_heads=config.n_head,
            head_width=config.n_embd // config.n_head,
            width=config.n_embd,
            causal=True,
            input_kind="text",
            output_kind="next token",
        )

    def attention_weights(self, layer: int) -> AttentionWeights:
        block = part(self._blocks, str(layer))
        scale = self.shape.head_width**-0.5 if self._config.scale_attn_weights else 1.0
        if self._config.scale_attn_by_inverse_layer_idx:
            scale /= layer + 1
        return AttentionWeights(
            w_qkv=weight(block, "attn.c_attn.weight").detach().T,  # Conv1D: [in, out]
            b_qkv=weight(block, "attn.c_attn.bias").detach(),
            w_o=weight(block, "attn.c_proj.weight").detach().T,
            b_o=weight(block, "attn.c_proj.bias").detach(),
            scale=scale,
        )

    def embed(self, inputs: Tensor) -> Tensor:
        positions = torch.arange(inputs.shape[1], device=inputs.device)
        tokens: Tensor = part(self._body, "wte")(inputs)
        places: Tensor = part(self._body, "wpe")(positions)
        return tokens + places

    def attention_norm(self, layer: int, stream: Tensor) -> Tensor:
        return part(self._blocks, f"{layer}.ln_1")(stream)  # type: ignore[no-any-return]

    def mlp_norm(self, layer: int, stream: Tensor) -> Tensor:
        return part(self._blocks, f"{layer}.ln_2")(stream)  # type: ignore[no-any-return]

    def mlp(self, layer: int, normed: Tensor) -> Tensor:
        return part(self._blocks, f"{layer}.mlp")(normed)  # type: ignore[no-any-return]

    def read(self, stream: Tensor) -> Tensor:
        return self._head(self._final_norm(stream))  # type: ignore[no-any-return]

    def own_forward(self, inputs: Tensor) -> Tensor:
        return self.module(input_ids=inputs, use_cache=False).logits  # type: ignore[no-any-return]

    def own_answer(self, inputs: Tensor) -> Tensor:
        return self.module(input_ids=inputs, use_cache=False, logits_to_keep=1).logits  # type: ignore[no-any-return]

    @property
    def context_length(self) -> int | None:
        return int(self._config.n_positions)

    @property
    def vocabulary(self) -> int | None:
        return int(part(self._body, "wte").num_embeddings)
