"""The output as an affine function of the stream that it reads: every norm on the way keeps the scale that it had in
one run.

    logits(x) = head(norm(x)), where norms divide by what they divided by at a given stream

The final norm is frozen as `core.engine.frozen` states it; a layer norm after pooling (a classifier that reads the mean
of the patches) keeps its scale too, and so does a vector that is brought to length 1 (before it meets class
texts). A soft-cap of the logits is left out: the numbers are those before the cap. What nodes add to the stream then
adds up in the logits (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from core.engine.frozen import FrozenNorms
from core.engine.state import RunState, at_last
from core.errors import ArgumentError
from core.models.adapter import Adapter
from core.models.model import Model
from core.precision import Widened, widened

_affine: WeakKeyDictionary[Adapter, bool] = WeakKeyDictionary()  # of which heads, found out once a model

BENT = 1e-2  # of the logits' spread: a head that is so far from affine has no shares


class FrozenOutput:
    """What the output makes of a stream x [batch, n, width] at the positions that it reads: [batch, answers], in fp32
    where the model is in half precision.

    state: a run of the model. at: the stream whose scales the norms keep, [batch, n, width]. Raises ArgumentError for
    a model without a head, and for a head that is not affine.
    """

    def __init__(self, model: Model, state: RunState, at: Tensor) -> None:
        needs_head(model)
        self._adapter: Adapter = model.adapter
        self._norms = FrozenNorms(model.adapter, replace(state, final=at))
        self._scales: list[Tensor] = []
        if model.adapter not in _affine:
            _affine[model.adapter] = self._is_affine(at)
        if not _affine[model.adapter]:
            raise ArgumentError(
                f"The head of {model.title} is not linear, so its logits cannot be shared out among the nodes.",
                "Measure what a node does by editing it instead.",
            )

    def _is_affine(self, at: Tensor) -> bool:
        """Whether what the output makes of the mean of two streams is the mean of what it makes of each."""
        with torch.no_grad():
            at = widened(at)
            mirror = at.flip(-1)
            value, mirrored, between = self(at), self(mirror), self((at + mirror) / 2)
        spread = float((value - mirrored).abs().max())
        return float((between - (value + mirrored) / 2).abs().max()) <= BENT * spread

    def __call__(self, x: Tensor) -> Tensor:
        normed = self._norms.final(widened(x))
        with Widened(), _FrozenHead(self._scales):
            output = self._adapter.head(normed)
        return at_last(output)


def needs_head(model: Model) -> None:
    """Raise ArgumentError for a model that gives an embedding: nothing of it can be said in words or classes."""
    if model.adapter.shape.output_kind == "embedding":
        raise ArgumentError(
            f"{model.title} has no unembedding and no classes: it gives an embedding, so there are no words to read "
            "what a node writes in.",
            "Look at its effect on the cosine instead.",
        )


class _FrozenHead(TorchFunctionMode):
    """While it is on, layer norms divide by kept scales (the first pass makes them) and no soft-cap bends."""

    def __init__(self, scales: list[Tensor]) -> None:
        super().__init__()
        self._scales = scales
        self._first = not scales
        self._used = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is torch.tanh:
            return args[0]
        if func is F.layer_norm:
            return self._layer_norm(*args, **(kwargs or {}))
        if func is F.normalize:
            return self._normalize(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _layer_norm(
        self,
        input: Tensor,
        normalized_shape: Sequence[int],
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        eps: float = 1e-5,
    ) -> Tensor:
        dims = tuple(range(-len(normalized_shape), 0))
        centred = input - input.mean(dims, keepdim=True)
        normed = centred / self._scale(lambda: (centred.square().mean(dims, keepdim=True) + eps).sqrt())
        normed = normed if weight is None else normed * weight
        return normed if bias is None else normed + bias

    def _normalize(
        self, input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None
    ) -> Tensor:
        return input / self._scale(lambda: input.norm(p, dim, keepdim=True).clamp_min(eps))

    def _scale(self, make: Callable[[], Tensor]) -> Tensor:
        if self._first:
            self._scales.append(make().detach())
        self._used += 1
        return self._scales[self._used - 1]
