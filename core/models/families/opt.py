"""OPT: learned positions, LayerNorm, an MLP of two layers; embeddings may be narrower than the stream.

Where it norms the sum after each block (OPT-350m), its stream is no sum of what its components write: refused.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from core.models.adapter import AttentionWeights, Shape, join, optional_weight, part, refuse, weight
from core.models.causal_lm import CausalLmAdapter
from core.models.family import Family
from core.models.wiring import Wiring, last_linear, separate


class OptAdapter(CausalLmAdapter):
    family = "OPT"
    learned_positions = True
    final_norm_path: str | None = "model.decoder.final_layer_norm"
    attention_norm_name = "self_attn_layer_norm"
    mlp_norm_name = "final_layer_norm"

    def __init__(self, module: Any) -> None:
        config = module.config
        after = "it norms the sum after each block, so its stream is no sum of what the components write"
        hint = "OPT-350m is of this kind; the other OPT models are not."
        refuse(module, {after: not config.do_layer_norm_before}, hint)
        if config._remove_final_layer_norm:
            self.final_norm_path = None
        super().__init__(module)
        decoder = part(module, "model.decoder")
        self._tokens, self._positions = part(decoder, "embed_tokens"), part(decoder, "embed_positions")
        self._project_in, self._project_out = decoder.project_in, decoder.project_out
        self.blocks = part(decoder, "layers")
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
        attention = part(self.blocks[layer], "self_attn")
        names = ("q_proj", "k_proj", "v_proj")
        return AttentionWeights(
            w_qkv=torch.cat([weight(attention, f"{name}.weight").detach() for name in names]),
            b_qkv=join([optional_weight(attention, f"{name}.bias") for name in names]),
            w_o=weight(attention, "out_proj.weight").detach(),
            b_o=optional_weight(attention, "out_proj.bias"),
            scale=self.shape.head_width**-0.5,
        )

    def wiring(self, layer: int) -> Wiring:
        last = last_linear(self.blocks[layer], ("fc2",))
        return Wiring(separate("self_attn"), "self_attn.out_proj", "fc2", **last)

    def embed(self, inputs: Tensor) -> Tensor:
        tokens: Tensor = self._tokens(inputs)
        if self._project_in is not None:
            tokens = self._project_in(tokens)
        places: Tensor = self._positions(torch.ones_like(inputs))  # it counts the ones
        return tokens + places

    def mlp_part(self, layer: int) -> Any:
        return nn.ModuleList(part(self.blocks[layer], name) for name in ("fc1", "fc2"))

    def mlp_module(self, layer: int, normed: Tensor) -> Tensor:
        return part(self.blocks[layer], "fc2")(self.neurons(layer, normed))  # type: ignore[no-any-return]

    def neurons(self, layer: int, normed: Tensor) -> Tensor:
        block = self.blocks[layer]
        return block.activation_fn(part(block, "fc1")(normed))  # type: ignore[no-any-return]

    def head(self, normed: Tensor) -> Tensor:
        return self._head(normed if self._project_out is None else self._project_out(normed))  # type: ignore[no-any-return]


ROWS = (
    Family(
        "OPT",
        "text",
        ("OPTForCausalLM",),
        OptAdapter,
        exact="learned positions, narrower embeddings, norms without weights, no biases, no final norm",
        refused="a norm after each block (OPT-350m): its stream is no sum of what the components write",
    ),
)
