"""The MLP behind the first attention that edits change, where runs differ from the clean one by what few heads add.

    x = x_clean + dz w_o                                    dz: [rows, head_width] of a head
    W norm(x) + b = r (W norm(x_clean) + b) + (1 - r) (W norm(0) + b) + (dz / s) (W w P w_o)^T
    norm(x) = w P x / s + norm(0),  r = s_clean / s         as in `core.engine.norm_slopes`

What an MLP's first linear maps make of the clean run is made once for all edits of a layer; of each edit it takes a
product of head_width in place of one of the whole width. A map that reads something else than the normed stream goes
its usual way, and so do all where the norm is neither a LayerNorm nor an RMSNorm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.engine.layer import neighbours
from core.engine.norm_slopes import NormSlope, norm_slope
from core.engine.packing import weights_of_mlp
from core.models.adapter import Adapter
from core.models.spread import is_away


@dataclass(frozen=True, eq=False)
class HeadChange:
    """What some heads mix in some inputs of the batch, less what they mix in the clean run: [inputs, rows, heads,
    head_width]."""

    inputs: Sequence[int]
    heads: tuple[int, ...]
    z: Tensor


def pays(adapter: Adapter, heads: int, rows: int) -> bool:
    """Whether the changes of so many heads at so many rows in all take fewer multiplications so."""
    width, rank = adapter.shape.width, heads * adapter.shape.head_width
    return rows * (width - rank) > rank * width


def bytes_of(adapter: Adapter, layer: int, rows: int, heads: int) -> int:
    """What one holds of so many rows that change, and of so many heads, those of each change counted."""
    shape = adapter.shape
    maps = (weight for weight in weights_of_mlp(adapter.mlp_part(layer)) if weight.shape[1] == shape.width)
    out = sum(len(weight) for weight in maps)
    of_heads = 2 * heads * shape.head_width * out  # once more while they are put together
    return int((rows * (shape.width + out) + of_heads) * adapter.dtype.itemsize)


class FirstMlp:
    """Of one layer and one input. clean: the stream after attention in the clean run, at the rows that change, [1,
    rows, width]."""

    def __init__(self, adapter: Adapter, layer: int, slope: NormSlope, clean: Tensor) -> None:
        self._slope = slope
        self._w_o = adapter.attention[layer].w_o.unflatten(1, (-1, adapter.shape.head_width))  # type: ignore[no-untyped-call]
        self._products = adapter.products
        self._normed = adapter.mlp_norm(layer, clean)
        self._bias = adapter.mlp_norm(layer, torch.zeros_like(clean[:, :1]))
        self._divisor = slope.divisor(clean)
        self._of_clean: dict[object, tuple[Tensor, Tensor]] = {}
        self._of_heads: dict[tuple[object, tuple[int, ...]], Tensor] = {}

    @classmethod
    def of(cls, adapter: Adapter, layer: int, clean: Tensor) -> FirstMlp | None:
        """None where the norm before the MLP has no closed form, and where the layer lies on another device."""
        slope = None if is_away(adapter, layer) else norm_slope(adapter, layer, "mlp")
        return None if slope is None else cls(adapter, layer, slope, clean)

    def product(self, x: Tensor, changes: Sequence[HeadChange]) -> Callable[[Tensor, Tensor | None], Tensor]:
        """What makes a linear map, of its weight [out, width] and bias, of the norm of x [inputs, rows, width], in
        which each input has one of the changes: [inputs, rows, out]."""
        divisor = self._slope.divisor(x)
        ratio = self._divisor / divisor

        def make(weight: Tensor, bias: Tensor | None) -> Tensor:
            key = weight.data_ptr(), weight.shape, weight._version
            of_clean, of_zero = self._clean(key, weight, bias)
            wanted = {(key, change.heads) for change in changes}
            self._of_heads = {of: maps for of, maps in self._of_heads.items() if of[0] != key or of in wanted}
            made = x.new_empty(*x.shape[:2], len(weight))
            for change in changes:
                of_inputs = neighbours(change.inputs)
                maps = self._heads((key, change.heads), weight)
                left = torch.cat([change.z.flatten(2) / divisor[of_inputs], 1 - ratio[of_inputs]], dim=2)
                right = torch.cat([maps, of_zero]).expand(len(left), -1, -1)
                if isinstance(of_inputs, slice):
                    place = torch.mul(of_clean, ratio[of_inputs], out=made[of_inputs])
                    torch.baddbmm(place, left, right, out=place)
                else:
                    made[of_inputs] = torch.baddbmm(of_clean * ratio[of_inputs], left, right)
            return made

        return make

    def _clean(self, key: object, weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        """What the map makes of the clean run [1, rows, out], and of a stream of zeros [1, out]."""
        if key not in self._of_clean:
            of_zero = self._products.linear(self._bias, weight, bias)[0]
            self._of_clean[key] = self._products.linear(self._normed, weight, bias), of_zero
        return self._of_clean[key]

    def _heads(self, key: tuple[object, tuple[int, ...]], weight: Tensor) -> Tensor:
        """What the map makes of what heads mix, but for the division: [heads * head_width, out]."""
        if key not in self._of_heads:
            w_o = self._slope.divisor.centre(self._w_o[:, list(key[1])].flatten(1).T)
            normed = w_o if self._slope.weight is None else w_o * self._slope.weight
            self._of_heads[key] = self._products.linear(normed, weight)
        return self._of_heads[key]
