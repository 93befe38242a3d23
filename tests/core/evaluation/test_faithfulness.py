"""The faithfulness curve, worked out again from circuit runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.circuit import Circuit
from core.edits import EditKind
from core.errors import ArgumentError, Cancelled, InputError
from core.evaluation.faithfulness import FRACTIONS
from tests.core.engine.cases import case


def session_of(family: str = "gpt2") -> ws.Session:
    setup = case(family)
    metric = ws.logit_difference(3, 4) if family == "gpt2" else None
    return ws.Session(setup.model, setup.pair, metric)


def test_the_curve_is_what_its_circuits_recover() -> None:
    session = session_of()
    scores = ws.trace(session, "eap-ig", steps=3)
    curve = ws.faithfulness(session, scores, random_circuits=2)
    assert curve.fractions == FRACTIONS == (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
    assert curve.replacement == "patch"
    assert session.counterfactual is not None
    a, b = float(session.clean.metric), float(session.counterfactual.metric)
    for fraction, size, connected, recovered in zip(
        curve.fractions, curve.sizes, curve.connected, curve.recovered, strict=True
    ):
        assert size == max(1, int(fraction * session.graph.n_edges))
        circuit = scores.top(size)
        assert connected == len(circuit.pruned()) <= size
        assert recovered == pytest.approx((float(session.run_circuit(circuit).metric) - b) / (a - b), abs=1e-9)
    assert curve.recovered[-1] == pytest.approx(1.0, abs=1e-9), "the whole graph recovers everything"
    assert curve.connected[-1] == session.graph.n_edges


def test_areas_are_trapezoids_over_the_linear_axis() -> None:
    session = session_of()
    curve = ws.faithfulness(session, ws.trace(session, "eap"), fractions=(0.1, 0.4, 1.0), random_circuits=1)
    one, two, three = curve.recovered
    assert curve.cpr == pytest.approx(0.3 * (one + two) / 2 + 0.6 * (two + three) / 2)
    off = [abs(1 - value) for value in curve.recovered]
    assert curve.cmd == pytest.approx(0.3 * (off[0] + off[1]) / 2 + 0.6 * (off[1] + off[2]) / 2)


def test_the_random_band_holds_random_circuits_of_the_same_sizes() -> None:
    session = session_of()
    scores = ws.trace(session, "eap")
    curve = ws.faithfulness(session, scores, random_circuits=4, seed=3)
    low, high = curve.random_band
    assert low.shape == high.shape == (len(FRACTIONS),)
    assert (low <= high).all()
    assert low[-1] == pytest.approx(1.0, abs=1e-9)
    again = ws.faithfulness(session, scores, random_circuits=4, seed=3)
    assert np.array_equal(curve.random_band, again.random_band), "the seed decides"


def test_random_circuits_are_pruned_like_the_scored_one() -> None:
    """With `zero`, a node that nothing reaches still writes its biases: pruned or not is not the same."""
    session = session_of()
    scores = ws.trace(session, "eap", replacement="zero")
    curve = ws.faithfulness(session, scores, fractions=(0.3,), random_circuits=1, seed=5)
    drawn = np.random.default_rng(5).permutation(session.graph.n_edges)[: curve.sizes[0]]
    circuit = Circuit(session.graph, drawn)
    none = float(session.run_circuit(Circuit(session.graph, drawn[:0]), "zero").metric)
    whole = float(session.clean.metric)
    pruned = (float(session.run_circuit(circuit.pruned(), "zero").metric) - none) / (whole - none)
    assert curve.random_band[:, 0] == pytest.approx([pruned, pruned], abs=1e-9)
    assert float(session.run_circuit(circuit, "zero").metric) != pytest.approx(pruned * (whole - none) + none)


@pytest.mark.parametrize("kind", ["zero", "mean"])
def test_without_b_the_empty_circuit_is_what_recovers_nothing(kind: EditKind) -> None:
    session = session_of("dinov2-classifier")
    scores = ws.trace(session, "eap", replacement=kind)
    curve = ws.faithfulness(session, scores, fractions=(0.2, 1.0), random_circuits=1)
    none = float(session.run_circuit(Circuit(session.graph, np.empty(0, dtype=np.int64)), kind).metric)
    whole = float(session.clean.metric)
    found = float(session.run_circuit(scores.top(curve.sizes[0]).pruned(), kind).metric)
    assert curve.replacement == kind
    assert curve.recovered == pytest.approx(((found - none) / (whole - none), 1.0), abs=1e-9)


def test_a_and_b_that_score_alike_are_refused_with_the_numbers() -> None:
    model = case("gpt2").model
    ids = torch.tensor([[1, 2, 3]])
    session = ws.Session(model, model.pair(ids, ids.clone()), ws.logit_difference(1, 2))
    with pytest.raises(InputError, match="nothing to recover"):
        ws.faithfulness(session, ws.trace(session, "eap", replacement="zero"), replacement="patch")


def test_the_curve_can_be_cancelled() -> None:
    session = session_of()
    with pytest.raises(Cancelled):
        ws.faithfulness(session, ws.trace(session, "eap"), cancelled=lambda: True)


@pytest.mark.parametrize("fractions", [(), (1.0, 0.5), (0.5, 0.5), (0.0, 0.5), (0.5, 7.0)])
def test_fractions_rise_and_are_parts_of_the_whole(fractions: tuple[float, ...]) -> None:
    session = session_of()
    with pytest.raises(ArgumentError, match="Fractions rise"):
        ws.faithfulness(session, ws.trace(session, "eap"), fractions=fractions)


def test_a_curve_can_be_cancelled_while_its_circuits_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """An integer program takes its time for each size."""
    session = case("gpt2").session()
    scores = ws.trace(session, "eap")
    chosen: list[int] = []
    usual = type(scores).select

    def counted(self: ws.Scores, count: int, *args: object, **more: object) -> Circuit:
        chosen.append(count)
        return usual(self, count, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(type(scores), "select", counted)
    with pytest.raises(Cancelled):
        ws.faithfulness(session, scores, rule="program", cancelled=lambda: len(chosen) >= 2)
    assert len(chosen) == 2
