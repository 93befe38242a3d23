"""Norms with the scale that they had in the clean run: what a reader makes of its input is then linear in the input.

    frozen(x) = norm(0) + (norm(x) - norm(0)) * s(x) / s(clean x)

s is what the norm divides by (`core.engine.divisor`). The mean of x is still taken away, as it is linear. Only norms
that readers read through are frozen: not those after attention or MLP, of queries and keys, or after pooling. Elhage et
al. 2021, "A Mathematical Framework for Transformer Circuits"; the option is not the real effect of an edit, in which
the scale changes too. In half precision all of it is computed in fp32, and rounded to the stream's precision at the
end.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from core.engine.divisor import Divisor, epsilon_of
from core.engine.rows import Rows
from core.engine.state import RunState
from core.errors import EditError
from core.graph import Reader
from core.models.adapter import Adapter
from core.precision import Widened, wide_dtype, widened

_of_modules: WeakKeyDictionary[nn.Module, Divisor] = WeakKeyDictionary()


class FrozenNorms:
    """The norms of a model, with the scales of a clean run. Raises EditError for a norm of another kind."""

    def __init__(self, adapter: Adapter, clean: RunState) -> None:
        self._adapter = adapter
        self._clean = clean
        self._divisors: dict[int, Divisor | None] = {}

    def attention(self, layer: int, x: Tensor, rows: Rows) -> Tensor:
        """The norm before a layer's attention, of the stream at some rows."""
        norm = self._adapter.norm_before(layer, "attention")
        return self._frozen(norm, x, rows.of(self._clean.attention_in[layer]))

    def mlp(self, layer: int, x: Tensor, rows: Rows) -> Tensor:
        clean = self._clean.stream_at(Reader("mlp", layer), self._adapter.shape.parallel, rows)
        return self._frozen(self._adapter.norm_before(layer, "mlp"), x, clean)

    def final(self, x: Tensor) -> Tensor:
        assert self._clean.final is not None
        return self._frozen(self._adapter.final_norm, x, self._clean.final)

    def _frozen(self, norm: Any, x: Tensor, clean: Tensor) -> Tensor:
        divisor = self._divisor(norm)
        if divisor is None:
            return norm(x)  # type: ignore[no-any-return]
        wide = widened(x)
        bias = _in_fp32(norm, torch.zeros_like(wide[:1, :1]))
        frozen = bias + (_in_fp32(norm, wide) - bias) * (divisor(wide) / divisor(widened(clean)))
        return frozen.to(x.dtype)

    def _divisor(self, norm: Any) -> Divisor | None:
        """What a norm divides by, found out by trying it; None where it changes nothing."""
        if id(norm) not in self._divisors:
            self._divisors[id(norm)] = None if isinstance(norm, nn.Identity) else self._tried(norm)
        return self._divisors[id(norm)]

    def _tried(self, norm: Any) -> Divisor:
        """Of a module it is found out once: every head of a model is read through the same final norm."""
        if not isinstance(norm, nn.Module):
            return self._divisor_of(norm)
        if norm not in _of_modules:
            _of_modules[norm] = self._divisor_of(norm)
        return _of_modules[norm]

    def _divisor_of(self, norm: Any) -> Divisor:
        epsilon = epsilon_of(norm) or 0.0
        generator = torch.Generator("cpu").manual_seed(0)
        drawn = torch.randn(2, 1, self._adapter.shape.width, generator=generator, dtype=torch.float64, device="cpu")
        x = drawn.to(wide_dtype(self._adapter.dtype)).to(self._adapter.device)
        bias = _in_fp32(norm, torch.zeros_like(x))
        for centred in (True, False):
            divisor = Divisor(centred, epsilon)
            linear = (_in_fp32(norm, x) - bias) * divisor(x)
            both = 2 * x[:1] + 3 * x[1:]
            twice = (_in_fp32(norm, both) - bias[:1]) * divisor(both)
            if torch.allclose(twice, 2 * linear[:1] + 3 * linear[1:], rtol=1e-3, atol=1e-3):
                return divisor
        raise EditError(
            f"A {type(norm).__name__} cannot be frozen: it is neither a LayerNorm nor an RMSNorm.",
            "Run with norms recomputed.",
        )


def _in_fp32(norm: Any, x: Tensor) -> Tensor:
    """A norm of x [..., width] in fp32 at least, whatever the precision of its weights."""
    with Widened():
        return norm(x)  # type: ignore[no-any-return]
