"""What the text towers of CLIP and SigLIP share. Their output is one embedding, read at one position of the prompt;
over all positions it is what each of them would be read as."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from core.models.adapter import Adapter, AttentionWeights, Shape, part
from core.models.projections import separate_projections
from core.models.wiring import Wiring, last_linear, separate


class TextTowerAdapter(Adapter):
    """A subclass names the projection behind the final norm, and states which position is read."""

    attention_norm_name = "layer_norm1"
    mlp_norm_name = "layer_norm2"
    head_name: str
    causal: bool

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        body = part(module, "text_model") if hasattr(module, "text_model") else module
        config = self.config = body.config
        self.blocks = part(body, "encoder.layers")
        self._embeddings = part(body, "embeddings")
        self.final_norm = part(body, "final_layer_norm")
        self._head = part(module, self.head_name) if hasattr(module, self.head_name) else nn.Identity()
        heads = int(config.num_attention_heads)
        self.shape = Shape(
            layers=config.num_hidden_layers,
            heads=heads,
            kv_heads=heads,
            head_width=config.hidden_size // heads,
            width=config.hidden_size,
            causal=self.causal,
            input_kind="text",
            output_kind="embedding",
        )

    def attention_weights(self, layer: int) -> AttentionWeights:
        return separate_projections(part(self.blocks[layer], "self_attn"), "out_proj", self.shape.head_width**-0.5)

    def wiring(self, layer: int) -> Wiring:
        last = last_linear(self.blocks[layer], ("mlp.fc2",))
        return Wiring(separate("self_attn"), "self_attn.out_proj", self.mlp_name, **last)

    def embed(self, inputs: Tensor) -> Tensor:
        return self._embeddings(input_ids=inputs)  # type: ignore[no-any-return]

    def head(self, normed: Tensor) -> Tensor:
        return self._head(normed)  # type: ignore[no-any-return]

    def own_forward(self, inputs: Tensor) -> Tensor:
        outputs = self.module(input_ids=inputs)
        return outputs.text_embeds if "text_embeds" in outputs else outputs.pooler_output  # type: ignore[no-any-return]

    @property
    def context_length(self) -> int | None:
        return int(self.config.max_position_embeddings)

    @property
    def vocabulary(self) -> int | None:
        return int(self.module.get_input_embeddings().num_embeddings)
