"""Directions taken out of edges, with derivatives: the same as edits, and slopes as small changes give them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
import torch

import wirescope as ws
from core.engine.projected import Directions, projected_answers
from tests.core.engine.cases import TOLERANCE, case


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gpt-neox", "olmo2", "dinov2"])
def test_answers_are_those_of_the_edits_and_slopes_those_of_small_changes(family: str) -> None:
    model, pair = (setup := case(family)).model, setup.pair
    graph, width = model.graph, model.adapter.shape.width
    edges = tuple(Random(0).sample(graph.edges, 5))
    rng = torch.Generator().manual_seed(0)
    along, out = torch.randn(2, 5, width, generator=rng, dtype=torch.float64)
    levels, strengths = torch.randn(5, generator=rng, dtype=torch.float64), torch.tensor([1.0, 0.5, 0.25, 1.0, 0.75])
    learned = [along, out, levels, strengths.double()]
    lengths = torch.tensor(pair.clean.lengths)

    def answers(*parts: torch.Tensor) -> torch.Tensor:
        return projected_answers(model.adapter, pair.clean.tensor, lengths, Directions(graph, edges, *parts))

    session = ws.Session(model, replace(pair, counterfactual=None))
    expected = session.run(Directions(graph, edges, *learned).edits()).answer
    assert (answers(*learned) - expected).abs().max() <= TOLERANCE
    assert (expected - session.clean.answer).abs().max() > 1e-3  # they do something

    weights = torch.randn(expected.shape, generator=rng, dtype=torch.float64)
    parts = [part.clone().requires_grad_() for part in learned]
    slopes = torch.autograd.grad((answers(*parts) * weights).sum(), parts)
    step = 1e-5
    for number, slope in enumerate(slopes):
        way = torch.randn(slope.shape, generator=rng, dtype=torch.float64)
        moved = []
        for sign in (1, -1):
            others = list(learned)
            others[number] = others[number] + sign * step * way
            moved.append(float((answers(*others) * weights).detach().sum()))
        assert float((slope * way).sum()) == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-4, abs=1e-6)
