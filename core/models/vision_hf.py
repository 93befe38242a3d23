"""What Hugging Face's vision transformers share: where their parts are, their sizes, what they give.

A classifier's output is its class scores; a model without a head gives its pooled embedding.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from core.errors import InputError
from core.models.adapter import Adapter, AttentionWeights, Shape, first_positions, part, prefix_labels
from core.models.projections import separate_projections
from core.models.wiring import Wiring, last_linear, separate


class HfVisionAdapter(Adapter):
    """A subclass names the submodules. By default the output reads the normed class token."""

    layer_path: str  # of the blocks, in the body
    body_name: str  # of the model inside a classifier
    attention_name = "attention"
    output_name = "o_proj"
    layer_scale_path: str | None = None  # of the vector that multiplies what the attention writes, in a block
    final_norm_name = "layernorm"
    head_name = "classifier"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self._body = part(module, self.body_name) if hasattr(module, self.body_name) else module
        self._head = part(module, self.head_name) if hasattr(module, self.head_name) else None
        config = self._config = self._body.config
        self.blocks = part(self._body, self.layer_path)
        self._embeddings = part(self._body, "embeddings")
        self.final_norm = part(self._body, self.final_norm_name)
        self.prefix_labels = prefix_labels(True, getattr(config, "num_register_tokens", 0))
        heads = int(config.num_attention_heads)
        self.shape = Shape(
            layers=config.num_hidden_layers,
            heads=heads,
            kv_heads=heads,
            head_width=getattr(config, "head_dim", None) or config.hidden_size // heads,
            width=config.hidden_size,
            causal=False,
            input_kind="image",
            output_kind="classes" if self.classifies else "embedding",
        )

    @property
    def classifies(self) -> bool:
        return self._head is not None

    def attention_weights(self, layer: int) -> AttentionWeights:
        attention = part(self.blocks[layer], self.attention_name)
        scale = self.shape.head_width**-0.5
        return separate_projections(attention, self.output_name, scale, self.layer_scale(layer))

    def wiring(self, layer: int) -> Wiring:
        return Wiring(
            separate(self.attention_name),
            f"{self.attention_name}.{self.output_name}",
            self.mlp_name,
            scale=self.layer_scale_path,
            after_mlp=self.after_mlp_name,
            **last_linear(self.blocks[layer], ("mlp.fc2", "mlp.down_proj")),
        )

    def layer_scale(self, layer: int) -> Tensor | None:
        """The vector [width] that multiplies what the attention writes, or None."""
        return None

    def embed(self, inputs: Tensor) -> Tensor:
        if 0 in (self.image_grid(inputs) or ()):
            size = self._config.patch_size
            raise InputError(f"The picture is smaller than one patch ({size} pixels).", "Use a larger picture.")
        channels = self._config.num_channels
        if inputs.shape[1] != channels:
            raise InputError(f"The model takes pictures of {channels} channels, not {inputs.shape[1]}.")
        try:
            return self._embeddings(inputs)  # type: ignore[no-any-return]
        except ValueError as error:
            raise InputError(f"The model cannot take this picture: {error}") from None

    def head(self, normed: Tensor) -> Tensor:
        pooled = self.pool(normed)
        return pooled if self._head is None else self._head(pooled)

    def pool(self, normed: Tensor) -> Tensor:
        return normed[:, 0]

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return first_positions(inputs)

    def own_forward(self, inputs: Tensor) -> Tensor:
        outputs = self.module(pixel_values=inputs)
        return outputs.logits if self.classifies else self.own_embedding(outputs)

    def own_embedding(self, outputs: Any) -> Tensor:
        """The pooled embedding in what a model without a head gives."""
        return outputs.last_hidden_state[:, 0]  # type: ignore[no-any-return]

    def image_grid(self, inputs: Tensor) -> tuple[int, int] | None:
        size = self._config.patch_size
        rows, columns = (size, size) if isinstance(size, int) else tuple(size)
        return inputs.shape[-2] // rows, inputs.shape[-1] // columns
