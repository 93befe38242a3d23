"""Gradients through a norm in closed form are those of autograd."""

from __future__ import annotations

from copy import copy

import pytest
import torch
from torch import nn

from core.engine.norm_slopes import norm_slope
from core.engine.pull_back import pull_back
from core.models.adapter import Adapter
from core.tracing.relevance import with_relevance
from tests.core.engine.cases import case
from tests.small_models import ALL

PORTS, ROWS, HEAD = 3, 5, 4


def difference(adapter: Adapter, layer: int) -> float:
    """The largest one, relative to the largest gradient."""
    slope = norm_slope(adapter, layer)
    assert slope is not None
    draw, width = torch.Generator().manual_seed(1), adapter.shape.width
    x, w, gradient = (
        torch.randn(size, generator=draw, dtype=adapter.dtype)
        for size in ((ROWS, width), (PORTS, HEAD, width), (PORTS, ROWS, HEAD))
    )
    with torch.enable_grad():
        each = x.expand(PORTS, ROWS, width).clone().requires_grad_()
        right = pull_back(adapter.attention_norm(layer, each), each, gradient @ w)
    return float((slope.back(x, w, gradient) - right).abs().max() / right.abs().max())


@pytest.mark.parametrize("family", ALL)
def test_the_closed_form_is_what_autograd_gives(family: str) -> None:
    adapter = case(family).model.adapter
    for layer in range(adapter.shape.layers):
        if not isinstance(adapter.norm_before(layer, "attention"), nn.Identity):
            assert difference(adapter, layer) <= 1e-11


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped"])
def test_where_the_divisor_is_held_it_is_constant(family: str) -> None:
    adapter = with_relevance(case(family).model.adapter)
    slope = norm_slope(adapter, 0)
    assert slope is not None
    assert slope.held
    assert difference(adapter, 0) <= 1e-11


def test_another_norm_goes_by_autograd() -> None:
    adapter = copy(case("gpt2").model.adapter)

    class Odd(nn.LayerNorm):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) * torch.tanh(x)

    norm = Odd(adapter.shape.width).double()
    adapter._attention_norms = [norm] * adapter.shape.layers
    assert norm_slope(adapter, 0) is None
