"""Single inputs, kinds of pairs and second circuits: on figures whose answer is known, and on a model."""

from __future__ import annotations

import numpy as np
import pytest

import wirescope as ws
from core.errors import InputError
from core.evaluation.clusters import clusters, say_clusters, told
from core.evaluation.faithfulness import without
from core.evaluation.measured import Measured
from core.evaluation.spread import input_of, say_spread, spread
from core.evaluation.uniqueness import say_unique, second_circuit
from core.inputs.tasks import make_task
from core.tracing.per_pair import scores_per_pair


def names_pairs(*tasks: str, pairs: int = 12) -> tuple[ws.Session, ws.Dataset]:
    model = ws.load_model("bundled:names")
    made = [make_task(task, model, pairs, 3) for task in tasks]
    rows = [model.pair(a, b) for each in made for a, b in each.pairs]
    dataset = ws.Dataset(rows, [answer for each in made for answer in each.answers])
    return ws.Session(model, rows[0], ws.logit_difference(*dataset.answers[0])), dataset


def test_the_worst_input_is_named_and_pairs_without_a_change_are_left_out() -> None:
    whole = np.array([2.0, 4.0, 2.0, 1.0, 0.1])
    nothing = np.array([0.0, 0.0, -2.0, 0.0, 0.0])
    circuit = np.array([[1.0, 4.0, 0.0, 0.2, 9.0]])
    found = spread(Measured(whole, nothing, circuit, None, None, "patch"))
    assert found is not None
    np.testing.assert_allclose(found.shares, [0.5, 1.0, 0.5, 0.2, np.nan])
    assert (found.worst, found.counted) == (3, 4)
    assert spread(Measured(whole[:1], nothing[:1], circuit[:, :1], None, None, "patch")) is None
    report = {"low": found.low, "high": found.high, "worst": 0.2, "input": "Once", "pairs": 4, "of": 5}
    (said,) = say_spread({"spread": report})
    assert said.words == "Of single inputs it recovers 29 % to 85 %, and 20 % of the worst, “Once”."
    assert (said.tone, said.input) == ("against", "Once")
    assert "1 pair left out" in said.detail


def test_a_mixture_of_two_tasks_is_two_kinds_of_pairs_and_one_task_is_one() -> None:
    session, dataset = names_pairs("capitals", "induction")
    rows = scores_per_pair(session, "eap", dataset)
    mixed = clusters(rows)
    assert mixed.two
    kinds = mixed.labels.reshape(2, 12)
    assert (kinds == np.array([[kinds[0, 0]], [1 - kinds[0, 0]]])).mean() > 0.9
    report = told(mixed, session.graph, (), [pair.clean.text for pair in dataset.pairs])
    (said,) = say_clusters({"clusters": report})
    assert said.tone == "against"
    assert said.words.startswith("The pairs are of two kinds, ")
    for one in (rows[:12], rows[12:]):
        assert not clusters(one).two


def test_a_cloud_of_one_heap_is_rarely_two_kinds_and_two_heaps_are() -> None:
    rng = np.random.default_rng(0)
    false = 0
    for number in range(20):
        cloud = rng.normal(size=(24, 8)) @ rng.normal(size=(8, 60)) + 5
        false += clusters(cloud, draws=39, seed=number).two
    assert false <= 3
    heaps = rng.normal(size=(20, 60)) + np.repeat([[3.0], [-3.0]], 10, axis=0) * rng.normal(size=60)
    assert clusters(heaps).sizes == (10, 10)
    assert clusters(heaps).two
    with pytest.raises(InputError, match="too few"):
        clusters(heaps[:7])
    with pytest.raises(InputError, match="same scores"):
        clusters(np.ones((9, 4)))


def test_a_second_circuit_does_as_well_with_fewer_of_the_edges() -> None:
    session, dataset = names_pairs("ioi", pairs=6)
    scores = ws.trace(session, "eap-ig", dataset=dataset)
    circuit = scores.top(120)
    found = second_circuit(session, scores, circuit, dataset=dataset)
    both = np.intersect1d(found.circuit.edges, circuit.edges)
    assert len(found.circuit) == len(np.unique(found.circuit.edges)) == 120
    assert found.shared == len(both) < 100
    assert found.jaccard == pytest.approx(len(both) / (240 - len(both)))
    assert found.recovered[1] >= found.recovered[0] - 0.05
    # run by itself, as edits of all other edges
    shares = []
    for pair, answer in zip(dataset.pairs, dataset.answers, strict=True):
        alone = ws.Session(session.model, pair, ws.logit_difference(*answer))
        run = alone.run([ws.Edit(edge, "patch") for edge in without(found.circuit.pruned())])
        assert alone.counterfactual is not None
        shares.append([float(each.metric[0]) for each in (run, alone.counterfactual, alone.clean)])
    run_mean, nothing, whole = np.mean(shares, axis=0)
    assert (run_mean - nothing) / (whole - nothing) == pytest.approx(found.recovered[1], abs=1e-3)
    report = {"size": 120, "shared": found.shared, "chance": found.chance, "recovered": found.recovered, "runs": 9}
    (said,) = say_unique({"second circuit": report})
    assert f"{100 * found.shared / 120:.0f} % of its edges are in both" in said.words
    (said,) = say_unique({"second circuit": {**report, "shared": 120}})
    assert said.words.startswith("No other circuit of 120 edges was found that recovers as much as this one, ")


def test_the_input_of_a_row_is_its_text() -> None:
    _, dataset = names_pairs("capitals", pairs=2)
    assert input_of(dataset, 1) == dataset.pairs[1].clean.text
