"""GPT-2: learned positions, LayerNorm, fused projections stored as Conv1D ([in, out])."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.models.adapter import AttentionWeights, Shape, part, weight
from core.models.causal_lm import CausalLmAdapter
from core.models.family import Family
from core.models.wiring import Wiring, last_linear


class Gpt2Adapter(CausalLmAdapter):
    family = "GPT-2"
    learned_positions = True
    final_norm_path = "transformer.ln_f"
    attention_norm_name = "ln_1"
    mlp_norm_name = "ln_2"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        config = module.config
        self._body = part(module, "transformer")
        self.blocks = part(module, "transformer.h")
        self.shape = Shape(
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            kv_heads=config.num_attention_heads,
            head_width=config.hidden_size // config.num_attention_heads,
            width=config.hidden_size,
            causal=True,
            input_kind="text",
            output_kind="next token",
        )

    def attention_weights(self, layer: int) -> AttentionWeights:
        block = self.blocks[layer]
        scale = self.shape.head_width**-0.5 if self.config.scale_attn_weights else 1.0
        if self.config.scale_attn_by_inverse_layer_idx:
            scale /= layer + 1
        return AttentionWeights(
            w_qkv=weight(block, "attn.c_attn.weight").detach().T,  # Conv1D: [in, out]
            b_qkv=weight(block, "attn.c_attn.bias").detach(),
            w_o=weight(block, "attn.c_proj.weight").detach().T,
            b_o=weight(block, "attn.c_proj.bias").detach(),
            scale=scale,
        )

    def wiring(self, layer: int) -> Wiring:
        last = last_linear(self.blocks[layer], ("mlp.c_proj",))
        return Wiring((("attn.c_attn", "qkv"),), "attn.c_proj", self.mlp_name, **last)

    def mlp_module(self, layer: int, normed: Tensor) -> Tensor:
        """The library writes GELU by tanh as eight functions, each of which goes through memory: here it is one. In
        half precision they round one by one, and stay."""
        module = self._mlps[layer]
        if self.dtype not in (torch.float32, torch.float64) or not _plain(module):
            return super().mlp_module(layer, normed)
        return module.c_proj(F.gelu(module.c_fc(normed), approximate="tanh"))  # type: ignore[no-any-return]

    def embed(self, inputs: Tensor) -> Tensor:
        positions = torch.arange(inputs.shape[1], device=inputs.device)
        tokens: Tensor = part(self._body, "wte")(inputs)
        places: Tensor = part(self._body, "wpe")(positions)
        return tokens + places


def _plain(mlp: Any) -> bool:
    """Whether it is what the library states with its GELU by tanh, and nobody listens to its parts."""
    if type(mlp).__name__ not in ("GPT2MLP", "GPTNeoMLP") or type(mlp.act).__name__ != "NewGELUActivation":
        return False
    heard = any(module._forward_hooks or module._forward_pre_hooks for module in (mlp, mlp.act))
    return not mlp.training and not heard


ROWS = (Family("GPT-2", "text", ("GPT2LMHeadModel",), Gpt2Adapter, exact="learned positions, scores scaled by layer"),)
