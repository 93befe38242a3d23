"""Gradients by the share of every edge, against small real changes of it and against circuit runs."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

import wirescope as ws
from core.circuit import kept_matrix
from core.engine.circuit_gradients import CircuitGradients
from core.metric_reading import StreamMetric
from core.tracing.attribution import first_row
from tests.core.engine.cases import case

FAMILIES = ["gpt2", "llama-grouped", "gptj", "gemma2", "gpt-oss", "vit", "dinov2"]


def gradients(session: ws.Session, shares: np.ndarray, kind: str = "patch") -> CircuitGradients:
    first = first_row(session, kind)
    return CircuitGradients(session.engine, torch.from_numpy(shares), kind, metric_of(session), first)


def metric_of(session: ws.Session) -> StreamMetric:
    return session.reading.slope(session.pair.batch)


@pytest.mark.parametrize("kind", ["patch", "zero", "mean"])
@pytest.mark.parametrize("family", FAMILIES)
def test_shares_of_0_and_1_are_a_circuit_run(family: str, kind: str) -> None:
    session = case(family, batch=2).session()
    graph = session.graph
    edges = np.array(sorted(random.Random(family).sample(range(graph.n_edges), graph.n_edges // 2)), dtype=np.int64)
    found = gradients(session, kept_matrix(graph, edges)[0].astype(float), kind)
    expected = session.run_circuit(ws.Circuit(graph, edges), kind).metric
    assert torch.allclose(found.metric, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["patch", "mean"])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_gradient_is_what_small_changes_of_shares_do(family: str, kind: str) -> None:
    session = case(family, batch=2).session()
    graph = session.graph
    rng = np.random.default_rng(0)
    shares = rng.uniform(0.2, 1.0, (len(graph.readers), graph.n_writers))
    found = gradients(session, shares, kind)
    step = 1e-5
    for index in random.Random(family).sample(range(graph.n_edges), 6):
        at = graph.edge_readers[index], graph.edge_writers[index]
        metrics = []
        for change in (-step, step):
            other = shares.copy()
            other[at] += change
            metrics.append(float(gradients(session, other, kind).metric.sum()))
        slope = (metrics[1] - metrics[0]) / (2 * step)
        assert float(found.by_share[at]) == pytest.approx(slope, rel=1e-4, abs=1e-7), graph.edge(index).name


@pytest.mark.parametrize("family", ["llama-grouped", "gptj", "vit"])
def test_shares_at_positions_are_edits_at_positions(family: str) -> None:
    """Shares of 0 and 1 are nodes patched at positions, and the gradient is what small changes of them do."""
    session = case(family, batch=2).session()
    graph, first = session.graph, session.engine.first_patched_row
    rows = session.pair.length - first
    every = torch.ones(len(graph.readers), graph.n_writers)

    def run(shares: torch.Tensor) -> CircuitGradients:
        return CircuitGradients(session.engine, every, "patch", metric_of(session), first, at_positions=shares)

    cut = torch.rand(graph.n_writers, rows, generator=torch.Generator().manual_seed(0)) < 0.3
    edits = [
        ws.Edit(node, "patch", (first + cut[number].nonzero()[:, 0]).tolist())
        for number, node in enumerate(graph.writers)
        if cut[number].any()
    ]
    assert torch.allclose(run(1 - cut.double()).metric, session.run(edits).metric, rtol=0, atol=1e-9)
    shares = torch.rand(graph.n_writers, rows, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found, step = run(shares).by_position, 1e-5
    for number in random.Random(family).sample(range(graph.n_writers), 4):
        row = number % rows
        metrics = []
        for change in (-step, step):
            other = shares.clone()
            other[number, row] += change
            metrics.append(float(run(other).metric.sum()))
        slope = (metrics[1] - metrics[0]) / (2 * step)
        assert float(found[number, row]) == pytest.approx(slope, rel=1e-4, abs=1e-7), graph.writers[number].name


def test_equal_shares_are_what_integrated_edges_takes() -> None:
    session = case("llama-grouped", batch=2).session()
    graph = session.graph
    shares = np.full((len(graph.readers), graph.n_writers), 0.5)
    by_edge = gradients(session, shares).by_share[graph.edge_readers, graph.edge_writers] / 2
    assert np.allclose(by_edge, ws.trace(session, "integrated-edges", steps=1).values, rtol=0, atol=1e-10)


def test_rows_before_the_first_difference_need_not_be_computed() -> None:
    setup = case("llama-grouped")
    a = setup.pair.clean.tensor
    b = a.clone()
    b[:, 3:] = setup.pair.counterfactual.tensor[:, 3:]
    session = ws.Session(setup.model, setup.model.pair(a, b), ws.logit_difference(1, 2))
    shares = np.full((len(session.graph.readers), session.graph.n_writers), 0.7)
    assert first_row(session, "patch") >= 3
    whole = CircuitGradients(session.engine, torch.from_numpy(shares), "patch", metric_of(session))
    assert torch.allclose(gradients(session, shares).by_share, whole.by_share, rtol=0, atol=1e-10)
