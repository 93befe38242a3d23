"""BEiT: scores with a bias for how far apart patches are, in each layer or shared by all; LayerScale; no bias of keys.

The output reads the class token, or the normed mean of the patches.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor

from core.models.adapter import Places, part
from core.models.family import Family
from core.models.vision_hf import HfVisionAdapter
from core.models.wiring import Wiring


class BeitAdapter(HfVisionAdapter):
    family = "BEiT"
    layer_path = "layers"
    attention_norm_name = "layernorm_before"
    mlp_norm_name = "layernorm_after"
    body_name = "beit"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self._pooler = self._body.pooler
        self._biases: dict[int, tuple[tuple[int, int], Tensor]] = {}

    def layer_scale(self, layer: int) -> Tensor | None:
        gamma = self.blocks[layer].lambda_1
        return gamma.detach() if isinstance(gamma, Tensor) else None

    def wiring(self, layer: int) -> Wiring:
        block = self.blocks[layer]
        scales = [name if isinstance(getattr(block, name), Tensor) else None for name in ("lambda_1", "lambda_2")]
        return replace(super().wiring(layer), scale=scales[0], mlp_scale=scales[1])

    def mlp_written(self, layer: int, made: Tensor) -> Tensor:
        scale = self.blocks[layer].lambda_2
        return (scale.to(made.device) if isinstance(scale, Tensor) else scale) * super().mlp_written(layer, made)

    def score_bias(self, layer: int, queries: Places) -> Tensor | None:
        bias = self._bias(layer, queries.grid)
        return None if bias is None else bias[:, queries.index].transpose(0, 1)

    def _bias(self, layer: int, grid: tuple[int, int] | None) -> Tensor | None:
        """[heads, query, key] of every position, kept for the last size of picture."""
        tables = [self.blocks[layer].relative_position_bias, self._body.shared_position_bias]
        present = [table for table in tables if table is not None]
        if not present:
            return None
        assert grid is not None
        kept = self._biases.get(layer)
        if kept is None or kept[0] != grid:  # another thread may put its own here at once
            kept = self._biases[layer] = (grid, sum(table(grid)[0].detach().to(self.device) for table in present))
        return kept[1]

    def pool(self, normed: Tensor) -> Tensor:
        return normed[:, 0] if self._pooler is None else self._pooler(normed)

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        means = self._pooler is not None and part(self._body, "pooler").layernorm is not None
        return None if means else super().read_positions(inputs, lengths)

    def own_embedding(self, outputs: Any) -> Tensor:
        return super().own_embedding(outputs) if self._pooler is None else outputs.pooler_output


ROWS = (
    Family(
        "BEiT",
        "image",
        ("BeitModel", "BeitForImageClassification"),
        BeitAdapter,
        exact="relative positions by layer or shared, absolute ones, LayerScale or none, class token or mean",
    ),
)
