"""Directions taken out of edges, with derivatives: the same as edits, and slopes as small changes give them."""

from __future__ import annotations

import random

import pytest
import torch

import wirescope as ws
from core.engine.direction_run import Directions, stream_without
from tests.core.engine.cases import case


@pytest.mark.parametrize("family", ["llama-grouped", "gptj", "gemma2", "vit"])
def test_the_run_is_that_of_edits_and_its_slopes_those_of_small_changes(family: str) -> None:
    session = case(family, batch=2).session()
    graph = session.graph
    edges = [*random.Random(family).sample(range(graph.n_edges - 1), 10), graph.n_edges - 1]
    generator = torch.Generator().manual_seed(0)
    width = session.model.adapter.shape.width
    units = torch.nn.functional.normalize(torch.randn(len(edges), width, generator=generator, dtype=torch.float64))
    levels, strengths = torch.rand(2, len(edges), generator=generator, dtype=torch.float64)

    def metric(*parts: torch.Tensor) -> torch.Tensor:
        stream = stream_without(session.engine, Directions(edges, *parts))
        return session.reading.slope(session.pair.batch)(stream)

    edits = [
        ws.Edit(graph.edge(edge), "project", value=[*unit.tolist(), float(level)], strength=float(strength))
        for edge, unit, level, strength in zip(edges, units, levels, strengths, strict=True)
    ]
    edited = session.run(edits).metric
    assert not torch.allclose(edited, session.clean.metric, rtol=0, atol=1e-6)
    assert torch.allclose(metric(units, levels, strengths), edited, rtol=0, atol=1e-9)

    parts = [part.clone().requires_grad_() for part in (units, levels, strengths)]
    slopes = torch.autograd.grad(metric(*parts).sum(), parts)
    step = 1e-5
    for number, slope in enumerate(slopes):
        way = torch.randn(slope.shape, generator=generator, dtype=torch.float64)
        moved = []
        for sign in (1, -1):
            others = [part.detach() for part in parts]
            others[number] = others[number] + sign * step * way
            moved.append(float(metric(*others).detach().sum()))
        assert float((slope * way).sum()) == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-4, abs=1e-7)
