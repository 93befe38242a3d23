"""timm's EVA and EVA-02, and the DINOv3 and other models that are of its class: rotary positions of the patches (in
some models other ones for each layer and head), projections fused or apart, gated MLPs, norms inside attention and MLP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from core.models.adapter import Places, optional_weight, part, refuse, weight
from core.models.families.vision_timm import TimmVitAdapter
from core.models.family import Family
from core.models.projections import stack_projections
from core.models.rotary import rotate_halves, rotate_pairs
from core.models.wiring import Wiring


class EvaAdapter(TimmVitAdapter):
    family = "EVA (timm)"
    after_mlp_name = None
    block_kinds = ("EvaBlock",)
    attention_kinds = ("EvaAttention", "AttentionRope")

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self._ropes: dict[tuple[int, int], Tensor | None] = {}

    def refuse_options(self) -> None:
        super().refuse_options()
        groups = {getattr(attention, "num_kv_heads", None) for attention in self._in_blocks("attn")}
        refuse(
            self._vit,
            {"its layers have different numbers of K/V heads": len(groups) > 1},
            "EVA models with as many K/V heads in every layer are supported.",
        )

    def projections(self, layer: int) -> tuple[Tensor, Tensor | None]:
        attention = part(self.blocks[layer], "attn")
        if attention.qkv is None:
            return stack_projections(attention)
        names = ("q_bias", "k_bias", "v_bias")
        biases = [bias.detach() for bias in (getattr(attention, name, None) for name in names) if bias is not None]
        bias = torch.cat(biases) if biases else optional_weight(attention, "qkv.bias")
        return weight(attention, "qkv.weight").detach(), bias

    def layer_scale(self, layer: int) -> Tensor | None:
        gamma = self.blocks[layer].gamma_1
        return None if gamma is None else gamma.detach()

    def wiring(self, layer: int) -> Wiring:
        block = self.blocks[layer]
        scales = [None if getattr(block, name) is None else name for name in ("gamma_1", "gamma_2")]
        return replace(super().wiring(layer), scale=scales[0], mlp_scale=scales[1])

    def mlp_written(self, layer: int, made: Tensor) -> Tensor:
        out = super().mlp_written(layer, made)
        gamma = self.blocks[layer].gamma_2
        return out if gamma is None else gamma.to(out.device) * out

    def with_positions(self, patches: Tensor) -> Tensor:
        stream, _rope = self._vit._pos_embed(patches)
        return stream  # type: ignore[no-any-return]

    def query(self, layer: int, q: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        return self._turn_heads(layer, self._q_norms[layer](q), places, heads)

    def key(self, layer: int, k: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        return self._turn_heads(layer, self._k_norms[layer](k), places, heads)

    def _turn_heads(self, layer: int, qk: Tensor, places: Places, heads: Sequence[int] | None) -> Tensor:
        """Turn the patches among qk [batch, n, head, head_width]. Heads that have angles of their own are turned as if
        they were positions."""
        rope = self._rope(places)
        if rope is None:
            return qk
        rotate = rotate_halves if part(self.blocks[layer], "attn").rotate_half else rotate_pairs
        if rope.ndim == 2:
            sin, cos = rope[places.index].chunk(2, dim=-1)
            return rotate(qk, cos, sin)
        angles = rope[layer] if heads is None else rope[layer][list(heads)]
        sin, cos = angles[:, places.index].permute(1, 2, 0, 3).flatten(1, 2).chunk(2, dim=-1)
        return rotate(qk.flatten(1, 2).unsqueeze(2), cos, sin).reshape(qk.shape)

    def _rope(self, places: Places) -> Tensor | None:
        """timm's own angles at every position: all sines, then all cosines, [position, numbers] or [layer, head,
        position, numbers]; kept for the last size of picture. The positions before the patches have an angle of 0."""
        grid = places.grid
        assert grid is not None
        ropes = self._ropes
        if grid not in ropes:
            size = grid if self._vit.dynamic_img_size else (grid[0] * grid[1],)
            with torch.no_grad():
                nothing = torch.zeros(1, *size, self.shape.width, dtype=self.dtype, device=self.device)
                _stream, rope = self._vit._pos_embed(nothing)
            if rope is not None:
                sin, cos = rope.chunk(2, dim=-1)
                before = (0, 0, self.prefix, 0)
                rope = torch.cat([F.pad(sin, before), F.pad(cos, before, value=1.0)], dim=-1)
            ropes = self._ropes = {grid: rope}  # another thread may put its own here at once
        return ropes[grid]


ROWS = (
    Family(
        "EVA, EVA-02, DINOv3",
        "image",
        ("Eva",),
        EvaAdapter,
        exact="rotary positions of every kind, fused or separate projections, grouped-query attention, gated MLP, "
        "norms inside attention and MLP, LayerScale, every way to pool",
        refused="gated heads, blocks that norm what they write, other numbers of K/V heads by layer, no pooling",
        library="timm",
    ),
)
