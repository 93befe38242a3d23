"""timm's VisionTransformer: ViT and DeiT, with all its ways to pool, and what its EVA shares with it.

The options: class token, registers, LayerScale, a norm before the blocks, normed queries and keys, a norm of what the
heads write. The distilled DeiT gives the mean of two heads. Other timm classes (Swin and so on) are refused by name.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from core.errors import InputError
from core.models.adapter import (
    Adapter,
    AttentionWeights,
    Shape,
    first_positions,
    optional_weight,
    part,
    prefix_labels,
    refuse,
    weight,
)
from core.models.family import Family
from core.models.projections import scaled, through_norm
from core.models.wiring import Wiring, last_linear, separate


class TimmVitAdapter(Adapter):
    family = "ViT / DeiT (timm)"
    attention_norm_name = "norm1"
    mlp_norm_name = "norm2"
    after_mlp_name: str | None = "ls2"
    q_norm_name = "attn.q_norm"
    k_norm_name = "attn.k_norm"
    block_kinds: tuple[str, ...] = ("Block",)
    attention_kinds: tuple[str, ...] = ("Attention",)

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self._vit = module
        self.blocks = part(module, "blocks")
        self.refuse_options()
        attention = part(self.blocks[0], "attn")
        heads = int(attention.num_heads)
        self.prefix_labels = self.labels_before_patches()
        self._classifies = int(getattr(module, "num_classes", 0)) > 0
        self._patches = part(module, "patch_embed")
        self.shape = Shape(
            layers=len(self.blocks),
            heads=heads,
            kv_heads=int(getattr(attention, "num_kv_heads", heads)),
            head_width=int(attention.head_dim),
            width=int(module.embed_dim),
            causal=False,
            input_kind="image",
            output_kind="classes" if self._classifies else "embedding",
            coupled=not isinstance(getattr(attention, "norm", nn.Identity()), nn.Identity),
        )

    def labels_before_patches(self) -> tuple[str, ...]:
        class_token = self._vit.cls_token is not None
        return prefix_labels(class_token, int(self._vit.num_prefix_tokens) - class_token)

    def refuse_options(self) -> None:
        """Raise ModelError for options of timm's class whose heads do not simply add up, or that need attention of
        another kind."""
        hint = "ViT, DeiT and EVA models of timm whose blocks norm what they read are supported."
        blocks = {type(block).__name__ for block in self.blocks} - set(self.block_kinds)
        refuse(self._vit, {f"its blocks are {name}": True for name in sorted(blocks)}, hint)
        attentions = self._in_blocks("attn")
        kinds = {type(attention).__name__ for attention in attentions} - set(self.attention_kinds)
        reasons = {f"its attention is {name}": True for name in sorted(kinds)}
        reasons |= {
            "it gates what the heads write": any(getattr(a, "gate", None) is not None for a in attentions),
            "it does not pool": getattr(self._vit, "global_pool", "token") == "",
        }
        refuse(self._vit, reasons, hint)

    def attention_weights(self, layer: int) -> AttentionWeights:
        block = self.blocks[layer]
        w_qkv, b_qkv = self.projections(layer)
        w_o, b_o = weight(block, "attn.proj.weight").detach(), optional_weight(block, "attn.proj.bias")
        joint_scale = None
        if self.shape.coupled:
            w_o, b_o, joint_scale = through_norm(part(block, "attn.norm"), w_o, b_o)
        w_o, b_o = scaled(w_o, b_o, self.layer_scale(layer))
        return AttentionWeights(w_qkv, b_qkv, w_o, b_o, self.shape.head_width**-0.5, joint_scale=joint_scale)

    def wiring(self, layer: int) -> Wiring:
        block = self.blocks[layer]
        whole, name = part(block, "attn").qkv is not None, self.after_mlp_name
        return Wiring(
            (("attn.qkv", "qkv"),) if whole else separate("attn"),
            "attn.proj",
            self.mlp_name,
            inner="attn.norm" if self.shape.coupled else None,
            scale="ls1.gamma" if self.layer_scale(layer) is not None else None,
            after_mlp=None if name is None or isinstance(part(block, name), nn.Identity) else name,
            **last_linear(block, ("mlp.fc2",)),
        )

    def projections(self, layer: int) -> tuple[Tensor, Tensor | None]:
        """The weights and biases of all q, k and v."""
        block = self.blocks[layer]
        return weight(block, "attn.qkv.weight").detach(), optional_weight(block, "attn.qkv.bias")

    def layer_scale(self, layer: int) -> Tensor | None:
        return optional_weight(self.blocks[layer], "ls1.gamma")

    def embed(self, inputs: Tensor) -> Tensor:
        channels = int(part(self._patches, "proj").in_channels)
        if inputs.shape[1] != channels:
            raise InputError(f"The model takes pictures of {channels} channels, not {inputs.shape[1]}.")
        try:
            patches = self._patches(inputs)
        except AssertionError as error:
            raise InputError(f"The model cannot take this picture: {error}") from None
        return part(self._vit, "norm_pre")(self.with_positions(patches))  # type: ignore[no-any-return]

    def with_positions(self, patches: Tensor) -> Tensor:
        return self._vit._pos_embed(patches)  # type: ignore[no-any-return]

    @property
    def final_norm(self) -> Any:
        return part(self._vit, "norm")

    def head(self, normed: Tensor) -> Tensor:
        return self._vit.forward_head(normed, pre_logits=not self._classifies)  # type: ignore[no-any-return]

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return first_positions(inputs) if self._vit.global_pool == "token" else None

    def own_forward(self, inputs: Tensor) -> Tensor:
        return self._vit(inputs)  # type: ignore[no-any-return]

    def image_grid(self, inputs: Tensor) -> tuple[int, int] | None:
        rows, columns = self._patches.patch_size
        more = (int(rows) - 1, int(columns) - 1) if getattr(self._patches, "dynamic_img_pad", False) else (0, 0)
        return (inputs.shape[-2] + more[0]) // int(rows), (inputs.shape[-1] + more[1]) // int(columns)


class TimmDistilledAdapter(TimmVitAdapter):
    """The mean of two heads, one of the class token and one of the distillation token."""

    def labels_before_patches(self) -> tuple[str, ...]:
        return ("CLS", "DIST")

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return first_positions(inputs, 2)


ROWS = (
    Family(
        "ViT, DeiT",
        "image",
        ("VisionTransformer",),
        TimmVitAdapter,
        exact="class token or none, registers, LayerScale, every way to pool, a norm before the blocks, of queries and "
        "keys, of what the heads write",
        refused="gated heads, differential attention, blocks that norm what they write, parallel blocks, no pooling",
        library="timm",
    ),
    Family(
        "distilled DeiT",
        "image",
        ("VisionTransformerDistilled",),
        TimmDistilledAdapter,
        exact="the mean of two heads, of the class and of the distillation token",
        library="timm",
    ),
)
