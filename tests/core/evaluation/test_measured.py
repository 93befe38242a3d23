"""Tables of what circuits do, pair by pair, and the curve over a dataset."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, Cancelled
from core.evaluation.faithfulness import faithfulness, without
from core.evaluation.hypotheses import hypothesis_tests
from core.evaluation.measured import Measured, measure
from core.evaluation.minimality import minimality
from core.tracing.over_pairs import batches_over
from core.tracing.per_pair import scores_per_pair
from tests.core.engine.cases import case
from tests.core.tracing.test_trace import ANSWERS, pairs


@pytest.fixture(scope="module")
def traced() -> tuple[ws.Session, ws.Dataset, ws.Scores]:
    model = case("gpt2").model
    dataset = ws.Dataset(pairs(model), ANSWERS)
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(1, 2))
    return session, dataset, ws.trace(session, "eap-ig", steps=3, dataset=dataset)


def test_every_pair_is_measured_with_its_own_answers(traced) -> None:
    session, dataset, scores = traced
    circuit = scores.top(40)
    found = measure(session, [circuit, scores.top(10)], dataset=dataset)
    assert found.pairs == 4
    metrics = {}
    for pair, answers in zip(dataset.pairs, dataset.answers, strict=True):
        own = ws.Session(session.model, pair, ws.logit_difference(*answers))
        metrics[answers] = [float(x.metric) for x in (own.clean, own.counterfactual, own.run_circuit(circuit))]
    table = np.array([metrics[answers] for answers in ANSWERS])
    assert np.allclose(found.whole, table[:, 0], rtol=0, atol=1e-9), "in the dataset's order"
    assert np.allclose(found.nothing, table[:, 1], rtol=0, atol=1e-9)
    assert np.allclose(found.circuits[0], table[:, 2], rtol=0, atol=1e-9)
    a, b, c = table.mean(axis=0)
    assert found.recovered()[0] == pytest.approx((c - b) / (a - b))


def test_the_sessions_of_a_dataset_are_made_once_for_all_circuits(traced) -> None:
    """Each batch embeds its A's and its B's: twice a batch, however many circuits are measured; the tests look at the
    whole model first, and refuse before any circuit is run."""
    session, dataset, scores = traced
    batches = len(batches_over(session, dataset))
    assert batches == 2
    eight = ws.Dataset([*dataset.pairs, *dataset.pairs], [*dataset.answers, *dataset.answers])
    circuit = scores.top(30)
    embedding = case("gpt2").module.transformer.wte
    for run, times in (
        (lambda: faithfulness(session, scores, dataset=eight), 1),
        (lambda: minimality(session, circuit, dataset=eight), 1),
        (lambda: hypothesis_tests(session, circuit, dataset=eight, draws=16, most=8, permutations=9), 2),
    ):
        calls: list[int] = []
        hook = embedding.register_forward_hook(lambda *_, calls=calls: calls.append(1))
        run()
        hook.remove()
        assert len(calls) == 2 * batches * times


def test_unconnected_edges_and_repeated_circuits_change_nothing(traced) -> None:
    session, dataset, scores = traced
    graph = session.graph
    circuit = scores.top(25).pruned()
    outside = np.setdiff1d(np.arange(graph.n_edges), circuit.edges)
    loose = next(
        ws.Circuit(graph, np.append(circuit.edges, edge))
        for edge in outside
        if len(ws.Circuit(graph, np.append(circuit.edges, edge)).pruned()) == len(circuit)
    )
    for kind in ("patch", "zero", "mean"):
        found = measure(session, [loose, circuit, ws.Circuit(graph, circuit.edges[::-1].copy())], kind, dataset=dataset)
        assert (found.circuits == found.circuits[0]).all()
    with pytest.raises(ArgumentError, match="another model"):
        measure(session, [ws.Circuit(case("vit").model.graph, np.arange(3))], dataset=dataset)


def test_a_model_without_a_head_has_no_right_answers() -> None:
    setup = case("vit", batch=3)
    assert setup.model.adapter.shape.output_kind == "embedding"
    session = setup.session()
    found = measure(session, [ws.circuit_of(session.graph, list(session.graph.edges))])
    assert found.whole_accuracy is None
    assert found.accuracy == ()


def test_right_answers_are_counted() -> None:
    model = case("gpt2").model
    pair = pairs(model)[0]
    top = int(ws.Session(model, pair).clean.answer.argmax())
    other = (top + 1) % 5
    for target, foil, right in ((top, other, True), (other, top, False)):
        session = ws.Session(model, pair, ws.logit_difference(target, foil))
        whole = ws.circuit_of(session.graph, list(session.graph.edges))
        found = measure(session, [whole])
        assert found.whole_accuracy == right
        assert found.accuracy == (right,)


def test_the_band_is_a_bootstrap_over_the_pairs() -> None:
    rng = np.random.default_rng(0)
    whole, nothing = rng.normal(3, 0.1, 200), rng.normal(0, 0.1, 200)
    circuits = np.stack([rng.normal(1.5, 0.9, 200), whole])
    right = np.ones((2, 200), dtype=bool)
    found = Measured(whole, nothing, circuits, right[0], right, "patch")
    low, high = found.band(seed=1)
    recovered = found.recovered()
    assert (low <= recovered).all()
    assert (recovered <= high).all()
    expected = 1.96 * 0.9 / np.sqrt(200) / 3  # the normal approximation
    assert (high[0] - low[0]) / 2 == pytest.approx(expected, rel=0.15)
    assert high[1] - low[1] < 1e-9, "the whole model recovers all of it in every draw"


def test_the_others_are_the_whole_without_the_best(traced) -> None:
    session, dataset, scores = traced
    curve = faithfulness(session, scores, dataset=dataset, removed=True, fractions=(0.1, 1.0), random_circuits=1)
    rest = without(scores.top(round(0.1 * session.graph.n_edges)))
    found = measure(session, [rest.pruned()], dataset=dataset)
    assert curve.removed
    assert curve.recovered[0] == pytest.approx(found.recovered()[0])
    assert curve.recovered[1] == pytest.approx(0.0, abs=1e-9)
    assert len(rest) + round(0.1 * session.graph.n_edges) == session.graph.n_edges


def test_a_curve_over_a_dataset_has_its_band_and_accuracy(traced) -> None:
    session, dataset, scores = traced
    curve = faithfulness(session, scores, dataset=dataset, by_size=True)
    assert curve.pairs == 4
    assert curve.by_size
    assert curve.band is not None
    assert (curve.band[0] <= np.array(curve.recovered) + 1e-9).all()
    assert (np.array(curve.recovered) <= curve.band[1] + 1e-9).all()
    assert curve.accuracy[-1] == pytest.approx(curve.whole_accuracy)
    sizes = np.abs(scores.values)
    best = scores.top(curve.sizes[4], by_size=True)
    assert sizes[best.edges].min() >= np.delete(sizes, best.edges).max() - 1e-12


def test_an_edge_is_needed_as_far_as_the_circuit_recovers_less_without_it(traced) -> None:
    session, dataset, scores = traced
    circuit = scores.top(30)
    found = minimality(session, circuit, dataset=dataset, most=8, seed=2)
    assert len(found.edges) == len(found.needs) == 8
    assert set(found.edges.tolist()) <= set(circuit.edges.tolist())
    for edge, need in zip(found.edges, found.needs, strict=True):
        less = ws.Circuit(circuit.graph, circuit.edges[circuit.edges != edge])
        whole, left = measure(session, [circuit, less], dataset=dataset).recovered()
        assert need == pytest.approx(whole - left, abs=1e-9)
    assert found.share_needed() == pytest.approx((found.needs >= 0.001).mean())


def test_vision_too() -> None:
    setup = case("vit", batch=3)
    session = setup.session()
    scores = ws.trace(session, "eap-ig", steps=2)
    curve = faithfulness(session, scores, random_circuits=1)
    assert curve.pairs == 3
    assert curve.recovered[-1] == pytest.approx(1.0)
    assert torch.is_tensor(session.clean.metric)


@pytest.mark.parametrize("over", ["pair", "dataset"])
def test_what_was_cancelled_goes_on_from_what_is_measured(traced, over: str) -> None:
    session, pairs_of_it, scores = traced
    dataset = pairs_of_it if over == "dataset" else None
    whole = faithfulness(session, scores, dataset=dataset)
    memory: dict = {}
    shares: list[float] = []
    with pytest.raises(Cancelled):
        faithfulness(
            session,
            scores,
            dataset=dataset,
            progress=shares.append,
            cancelled=lambda: bool(shares) and shares[-1] > 0.5,
            memory=memory,
        )
    known, kept = shares[-1], len(memory)
    assert known < 1
    again = faithfulness(session, scores, dataset=dataset, memory=memory)
    assert len(memory) > kept
    assert again.recovered == pytest.approx(whole.recovered, abs=1e-12)
    assert again.accuracy == whole.accuracy
    assert np.allclose(again.random_band, whole.random_band, rtol=0, atol=1e-12)
    # Nothing of it is run again: all of it comes even if it may not run at all.
    once_more = faithfulness(session, scores, dataset=dataset, memory=memory, cancelled=lambda: True)
    assert once_more.recovered == again.recovered


def test_every_question_of_a_circuit_remembers_what_was_measured(traced) -> None:
    session, dataset, scores = traced
    memory: dict = {}
    first = minimality(session, scores.top(20), dataset=dataset, memory=memory)
    again = minimality(session, scores.top(20), dataset=dataset, memory=memory, cancelled=lambda: True)
    assert np.array_equal(first.needs, again.needs)
    rows = scores_per_pair(session, "eap", dataset, memory=memory)
    assert np.array_equal(rows, scores_per_pair(session, "eap", dataset, memory=memory, cancelled=lambda: True))
