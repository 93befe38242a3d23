"""The attention weights of a model whose weights stay on disk or are in 8 bits: those of one layer at a time.

What an adapter puts together of them (q, k and v as one matrix, an output projection with LayerScale in it) would be a
copy in memory of a good part of the model, for all layers. Here it is made when a layer is asked for, and goes when
another one is; then the memory goes too that holds what was read of the layer's weights.

What autograd keeps of such weights for the way back is which layer they are of: they are made once more there.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar, overload

import torch
from torch import Tensor

from core.models.mapped_files import give_back
from core.models.spread import weights_of

Adapter = Any  # `core.models.adapter.Adapter`, which has these
W = TypeVar("W")


class _Last(Generic[W]):
    """The layer that was asked for last, and its weights."""

    of: tuple[int, W] | None = None


class LayerByLayer(Sequence[W]):
    """The attention weights of some layers, of all where none are named."""

    def __init__(self, adapter: Adapter, layers: range | None = None, last: _Last[W] | None = None) -> None:
        self._adapter = weakref.ref(adapter)  # which holds these: a model that is left goes at once
        self._layers = range(adapter.shape.layers) if layers is None else layers
        self._last = last or _Last()

    @property
    def adapter(self) -> Adapter:
        return self._adapter()

    def __len__(self) -> int:
        return len(self._layers)

    @overload
    def __getitem__(self, index: int) -> W: ...

    @overload
    def __getitem__(self, index: slice) -> LayerByLayer[W]: ...

    def __getitem__(self, index: int | slice) -> W | LayerByLayer[W]:
        adapter = self.adapter
        if isinstance(index, slice):
            return LayerByLayer(adapter, self._layers[index], self._last)
        layer, last = self._layers[index], self._last.of
        if last is not None and last[0] == layer:
            return last[1]
        if last is not None:
            self._last.of = None
            give_back(adapter.blocks[last[0]].parameters())
        del last  # before the next one is there
        with torch.no_grad():
            weights: W = weights_of(adapter, layer)
        self._last.of = layer, weights
        return weights

    def saved(self) -> AbstractContextManager[Any]:
        """In which a graph is made that is to hold none of them."""
        return torch.autograd.graph.saved_tensors_hooks(self._named, self._made)

    def _named(self, tensor: Tensor) -> Tensor | _Part:
        layer, weights = self._last.of or (0, None)
        address = tensor.untyped_storage().data_ptr()
        for field in fields(weights) if weights is not None else ():  # type: ignore[arg-type]
            value = getattr(weights, field.name)
            if isinstance(value, Tensor) and value.untyped_storage().data_ptr() == address:
                return _Part(layer, field.name, tuple(tensor.shape), tensor.stride(), int(tensor.storage_offset()))
        return tensor

    def _made(self, kept: Tensor | _Part) -> Tensor:
        if isinstance(kept, Tensor):
            return kept
        whole: Tensor = getattr(self[kept.layer], kept.field)
        return whole.as_strided(kept.shape, kept.stride, kept.offset)


@dataclass(frozen=True)
class _Part:
    """Of a layer's weights a part, as a view of one of them."""

    layer: int
    field: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int


def is_streamed(adapter: Adapter) -> bool:
    """Whether the weights of a model stay on disk, or are in 8 bits."""
    return isinstance(adapter.attention, LayerByLayer)


def saved_by_layer(adapter: Adapter) -> AbstractContextManager[Any]:
    """In which a graph of a whole run is made."""
    attention = adapter.attention
    return attention.saved() if isinstance(attention, LayerByLayer) else nullcontext()
