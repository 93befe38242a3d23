"""timm's VisionTransformer: ViT and DeiT, with or without class token, registers and LayerScale.

Other timm classes (EVA, Swin, the distilled DeiT with its two heads) are refused by name.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from core.errors import InputError, ModelError
from core.models.adapter import (
    Adapter,
    AttentionWeights,
    Shape,
    first_positions,
    optional_weight,
    part,
    prefix_labels,
    weight,
)


class TimmVitAdapter(Adapter):
    family = "ViT / DeiT (timm)"
    attention_norm_name = "norm1"
    mlp_norm_name = "norm2"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self._vit = module
        self.blocks = part(module, "blocks")
        _refuse_unusual(module)
        attention = part(self.blocks[0], "attn")
        heads = int(attention.num_heads)
        class_token = module.cls_token is not None
        self.prefix_labels = prefix_labels(class_token, int(module.num_prefix_tokens) - class_token)
        self._classifies = int(getattr(module, "num_classes", 0)) > 0
        self.shape = Shape(
            layers=len(self.blocks),
            heads=heads,
            kv_heads=heads,
            head_width=int(attention.head_dim),
            width=int(module.embed_dim),
            causal=False,
            input_kind="image",
            output_kind="classes" if self._classifies else "embedding",
        )

    def attention_weights(self, layer: int) -> AttentionWeights:
        block = self.blocks[layer]
        w_o = weight(block, "attn.proj.weight").detach()
        b_o = optional_weight(block, "attn.proj.bias")
        gamma = optional_weight(block, "ls1.gamma")
        if gamma is not None:
            w_o = w_o * gamma[:, None]
            b_o = None if b_o is None else b_o * gamma
        return AttentionWeights(
            w_qkv=weight(block, "attn.qkv.weight").detach(),
            b_qkv=optional_weight(block, "attn.qkv.bias"),
            w_o=w_o,
            b_o=b_o,
            scale=self.shape.head_width**-0.5,
        )

    def embed(self, inputs: Tensor) -> Tensor:
        vit = self._vit
        channels = int(part(vit, "patch_embed.proj").in_channels)
        if inputs.shape[1] != channels:
            raise InputError(f"The model takes pictures of {channels} channels, not {inputs.shape[1]}.")
        try:
            patches = part(vit, "patch_embed")(inputs)
        except AssertionError as error:
            raise InputError(f"The model cannot take this picture: {error}") from None
        stream: Tensor = vit._pos_embed(patches)
        return part(vit, "norm_pre")(stream)  # type: ignore[no-any-return]

    def mlp(self, layer: int, normed: Tensor) -> Tensor:
        return self.blocks[layer].ls2(super().mlp(layer, normed))  # type: ignore[no-any-return]

    def read(self, stream: Tensor) -> Tensor:
        normed = part(self._vit, "norm")(stream)
        return self._vit.forward_head(normed, pre_logits=not self._classifies)  # type: ignore[no-any-return]

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return first_positions(inputs) if self._vit.global_pool == "token" else None

    def own_forward(self, inputs: Tensor) -> Tensor:
        return self._vit(inputs)  # type: ignore[no-any-return]

    def image_grid(self, inputs: Tensor) -> tuple[int, int] | None:
        rows, columns = part(self._vit, "patch_embed").patch_size
        return inputs.shape[-2] // int(rows), inputs.shape[-1] // int(columns)


def _refuse_unusual(module: Any) -> None:
    """Raise ModelError for options of timm's class whose heads do not simply add up, or that need attention
    of another kind."""
    block = part(module, "blocks.0")
    attention = part(block, "attn")
    reasons = {
        f"its blocks are {type(block).__name__}": type(block).__name__ != "Block",
        f"its attention is {type(attention).__name__}": type(attention).__name__ != "Attention",
        "it norms what the heads write together": not isinstance(
            getattr(attention, "norm", nn.Identity()), nn.Identity
        ),
        "it gates what the heads write": getattr(attention, "gate", None) is not None,
        "it norms queries and keys": not _absent(attention, "q_norm"),
        "it pools by attention": getattr(module, "attn_pool", None) is not None,
        "it does not pool": getattr(module, "global_pool", "token") == "",
        "it has a second head, for distillation": hasattr(module, "head_dist"),
    }
    for reason, holds in reasons.items():
        if holds:
            raise ModelError(
                f"This {type(module).__name__} of timm is not supported yet: {reason}.",
                "Plain ViT and DeiT models of timm are supported.",
            )


def _absent(module: Any, name: str) -> bool:
    return isinstance(getattr(module, name, nn.Identity()), nn.Identity)
