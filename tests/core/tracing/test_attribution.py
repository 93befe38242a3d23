"""Estimated effects against what small real edits do, and against the whole change from A to B."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch

import wirescope as ws
from core.edits import EditKind
from core.errors import ArgumentError, EditError
from core.tracing import attribution
from tests.core.engine.cases import case, draws
from tests.small_models import ALL, POSITIONS, TEXT

KINDS: tuple[EditKind, ...] = ("patch", "zero", "mean")
STRENGTH = 1e-4


def slope(session: ws.Session, edge: ws.Edge, kind: EditKind) -> float:
    """The derivative of the mean metric by the edit's strength at 0, exact to the second order of STRENGTH."""

    def metric(strength: float) -> float:
        return float(session.run([ws.Edit(edge, kind, strength=strength)]).metric.mean())

    return (4 * metric(STRENGTH / 2) - metric(STRENGTH) - 3 * metric(0.0)) / STRENGTH


@pytest.mark.parametrize("family", ALL)
def test_eap_is_the_slope_of_real_edits(family: str) -> None:
    setup = case(family, batch=2, lengths=(4, POSITIONS) if family in TEXT else None)
    session = setup.session()
    rng = random.Random(family)
    for kind in KINDS:
        effects = -ws.trace(session, "eap", replacement=kind).values
        assert effects.shape == (session.graph.n_edges,)
        sample = rng.sample(range(session.graph.n_edges), draws(family, 6))
        sample += [session.graph.index("input->logits"), session.graph.index("m0->logits")]
        for number in sample:
            edge = session.graph.edge(number)
            assert slope(session, edge, kind) == pytest.approx(effects[number], rel=3e-5, abs=1e-7), f"{edge} {kind}"


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "vit-classifier"])
def test_eap_of_every_edge(family: str) -> None:
    session = case(family).session()
    effects = -ws.trace(session, "eap").values
    slopes = [slope(session, edge, "patch") for edge in session.graph.edges]
    assert np.abs(effects - slopes).max() <= 1e-6
    assert np.abs(effects).max() > 0.01


METRICS: dict[str, tuple[str, Callable[[], ws.Metric]]] = {
    "logit difference": ("gpt2", lambda: ws.logit_difference([1, 2], [3, 4])),
    "probability": ("llama-grouped", lambda: ws.probability(5)),
    "logit": ("timm-vit", lambda: ws.class_logit(2)),
    "cosine to a reference": ("dinov2", lambda: ws.cosine(torch.arange(16.0, dtype=torch.float64))),
}


@pytest.mark.parametrize("name", METRICS)
def test_eap_reads_the_sessions_metric(name: str) -> None:
    family, metric = METRICS[name]
    setup = case(family, batch=2)
    session = ws.Session(setup.model, setup.pair, metric())
    effects = -ws.trace(session, "eap").values
    for number in random.Random(name).sample(range(session.graph.n_edges), 8):
        edge = session.graph.edge(number)
        assert slope(session, edge, "patch") == pytest.approx(effects[number], rel=1e-5, abs=1e-7), str(edge)


ADDED_UP = ["gpt2", "llama-grouped", "qwen2-window", "gptj", "timm-vit-average", "vit", "dinov2"]


@pytest.mark.parametrize("family", ADDED_UP)
def test_integrated_gradients_add_up_to_the_whole_change(family: str) -> None:
    """All paths start at `input`: over its edges, the integral sums to metric(B) - metric(A)."""
    setup = case(family, batch=2)
    session = setup.session()
    assert session.counterfactual is not None
    change = float((session.counterfactual.metric - session.clean.metric).mean())
    effects = -ws.trace(session, "eap-ig", steps=60).values
    total = effects[session.graph.edges_out_of(ws.Node("input"))].sum()
    assert abs(change) > 0.05
    assert total == pytest.approx(change, rel=0.005)


def test_kl_is_flat_at_a_so_it_is_taken_half_way() -> None:
    setup = case("gpt2")
    session = ws.Session(setup.model, setup.pair, ws.kl())
    assert float(session.clean.metric.abs().max()) < 1e-12
    eap = ws.trace(session, "eap").values
    assert np.abs(eap).max() > 1e-3
    assert np.array_equal(eap, ws.trace(session, "eap-ig", steps=1).values)


def test_scores_are_minus_effects_and_name_what_they_are() -> None:
    session = case("gpt2").session()
    scores = ws.trace(session, "eap", replacement="zero")
    assert (scores.method, scores.replacement) == ("eap", "zero")
    assert scores.about["metric"] == session.metric.name
    best = scores.top(1).edges[0]
    zeroed = session.run([ws.Edit(session.graph.edge(int(best)), "zero", strength=STRENGTH)]).metric
    assert zeroed < session.clean.metric, "a positive score: the metric falls without the edge"
    node = ws.Node("head", 0, 1)
    assert scores.of_node(node) == pytest.approx(scores.values[session.graph.edges_out_of(node)].sum())


def test_a_datasets_scores_are_the_mean_over_its_pairs() -> None:
    model = case("gpt2").model
    pairs = [model.pair(torch.tensor([a]), torch.tensor([b])) for a, b in (([1, 2, 3], [4, 2, 3]), ([5, 6], [5, 7]))]
    metric = ws.logit_difference(1, 2)
    one, two = (ws.trace(ws.Session(model, pair, metric), steps=3).values for pair in pairs)
    scores = ws.trace(ws.Session(model, pairs[0], metric), steps=3, dataset=ws.Dataset(pairs))
    assert np.allclose(scores.values, (one + two) / 2, rtol=0, atol=1e-12)


def test_tracing_refuses_what_it_cannot_do() -> None:
    setup = case("gpt2")
    session = setup.session()
    alone = ws.Session(setup.model, setup.model.pair(setup.pair.clean.tensor))
    with pytest.raises(ArgumentError, match="eap-ig"):
        ws.trace(session, "guessing")
    with pytest.raises(ArgumentError, match="scale"):
        ws.trace(session, "eap", replacement="scale")
    with pytest.raises(ArgumentError, match="step"):
        ws.trace(session, "eap-ig", steps=0)
    for method in ("eap", "eap-ig"):
        with pytest.raises(EditError, match="counterfactual"):
            ws.trace(alone, method)
    assert np.isfinite(ws.trace(alone, "eap", replacement="zero").values).all()


@pytest.mark.parametrize("block", [4000, 12_000])
def test_means_of_rows_of_other_lengths_are_cut_as_the_rows_are(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a large model a block holds a part of the batch, and each row's means are at places of its own."""
    setup = case("llama-grouped", batch=3, lengths=(4, POSITIONS, 6))
    expected = ws.trace(setup.session(), "eap", replacement="mean").values
    monkeypatch.setattr(attribution, "BLOCK_BYTES", block)
    found = ws.trace(setup.session(), "eap", replacement="mean").values
    np.testing.assert_allclose(found, expected, atol=1e-12)
