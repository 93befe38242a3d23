"""A's direction: the best edges are those that make A's behaviour, whether that raises the metric or lowers it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import InputError, NothingToRecoverError
from core.evaluation.agreement import agreement
from core.evaluation.stability import stability
from core.interchange.eap_ig_files import MarkedScores, scores_to_eap_ig
from core.interchange.scores_files import scores_to_json
from core.interchange.scores_reading import read_scores
from core.tracing.direction import directed, measured_direction
from core.tracing.meaning import hue_words, ranking_words
from core.tracing.method import METHODS
from core.tracing.told_options import Options
from core.tracing.trace import Tracing
from tests.core.engine.cases import case

CLEAN = "When Mary and John went to the store, John gave a drink to"
B = "When Mary and John went to the store, Mary gave a drink to"
QUICK = Options(steps=2, budget=0, threshold=0.5, updates=4)
METRICS = {
    "kl": ws.kl(),
    "what B raises": ws.probability(" John"),
    "swapped": ws.logit_difference(" John", " Mary"),
    "difference": ws.logit_difference(" Mary", " John"),
}


def names(metric: str) -> ws.Session:
    model = ws.load_model("bundled:names")
    return ws.Session(model, model.pair(CLEAN, B), METRICS[metric])


def recovered(session: ws.Session, circuit: ws.Circuit) -> float:
    b = session.counterfactual
    assert b is not None
    whole, nothing = float(session.clean.metric), float(b.metric)
    return (float(session.run_circuit(circuit).metric) - nothing) / (whole - nothing)


@pytest.mark.parametrize("metric", METRICS)
def test_the_best_edges_make_what_a_does_whichever_way_the_metric_goes(metric: str) -> None:
    session = names(metric)
    scores = ws.trace(session, "eap-ig")
    b = session.counterfactual
    assert b is not None
    assert scores.direction == (1 if float(session.clean.metric) > float(b.metric) else -1)
    assert scores.direction == (1 if metric == "difference" else -1)
    assert recovered(session, scores.top(150)) > 0.5
    assert recovered(session, replace(scores, direction=-scores.direction).top(150)) < 0.2


@pytest.mark.parametrize("method", ["eap", "integrated-edges", "eap-ig-activations", "atp-star", "exact-scan"])
def test_swapped_answers_give_the_same_circuit(method: str) -> None:
    """The metric with its sign turned asks the same question, so that every method must give the same answer."""
    pair = case("llama-grouped", batch=2)
    one, other = (ws.Session(pair.model, pair.pair, ws.logit_difference(*ids)) for ids in ((1, 2), (2, 1)))
    a, b = (ws.trace(session, method, options=QUICK) for session in (one, other))
    assert {a.direction, b.direction} == {1, -1}
    assert np.allclose(a.values, -b.values, rtol=0, atol=1e-9)
    assert a.top(20).edges.tolist() == b.top(20).edges.tolist()
    assert agreement(a, b, 20).rank_correlation == pytest.approx(1.0)
    assert agreement(a, b, 20).same_sign == 1.0


@pytest.mark.parametrize("kind", ["patch", "zero", "mean"])
def test_nothing_of_a_is_the_empty_circuit(kind: str) -> None:
    session = case("gpt2", batch=2).session()
    empty = session.run_circuit(ws.Circuit(session.graph, np.empty(0, dtype=np.int64)), kind)
    gap = float(session.clean.metric.mean() - empty.metric.mean())
    assert measured_direction(session, kind) == np.sign(gap)
    assert ws.trace(session, "eap", replacement=kind).direction == np.sign(gap)


def test_over_a_dataset_it_is_that_of_the_mean_and_of_a_part_that_of_its_pairs() -> None:
    model = case("gpt2").model
    rows = [([1, 2, 3], [4, 2, 3]), ([5, 6], [5, 7]), ([3, 2, 1, 8], [3, 5, 1, 8])]
    pairs = [model.pair(torch.tensor([a]), torch.tensor([b])) for a, b in rows]
    session = ws.Session(model, pairs[0], ws.class_logit(2))
    gaps = []
    for pair in pairs:
        each = ws.Session(model, pair, ws.class_logit(2))
        assert each.counterfactual is not None
        gaps.append(float(each.clean.metric - each.counterfactual.metric))
    assert len({np.sign(gap) for gap in gaps}) == 2, "the pairs differ, so that one pair does not say it"
    for count in (1, 2, 3):
        dataset = ws.Dataset(pairs[:count])
        assert ws.trace(session, "eap", dataset=dataset).direction == np.sign(sum(gaps[:count]))
    tracing = Tracing(session, "atp-star", dataset=ws.Dataset(pairs))
    for scores, _ in tracing.parts():
        pairs_begun = max(1, tracing.done)
        if tracing.done == pairs_begun and "partial" in scores.about:
            break
    assert tracing.scores.direction == np.sign(sum(gaps[: tracing.done]))


@pytest.mark.parametrize("level", ["nodes", "positions"])
def test_scores_of_nodes_know_it_too(level: str) -> None:
    session = names("kl")
    scores = ws.trace(session, "eap", level=level)
    assert scores.direction == -1
    assert np.array_equal(scores.towards, -scores.values)
    if level == "nodes":
        best = {int(writer) for writer in scores.graph.edge_writers[scores.top(3).edges]}
        assert best <= {0, *np.argsort(scores.values)[:3].tolist()}


def test_where_a_and_b_score_alike_there_is_none_and_it_is_said() -> None:
    model = case("gpt2").model
    pair = model.pair(torch.tensor([[1, 2, 3]]), torch.tensor([[1, 2, 3]]))
    session = ws.Session(model, pair, ws.logit_difference(1, 2))
    scores = ws.trace(session, "eap")
    assert scores.direction == 0
    assert scores.top(5).edges.tolist() == [0, 1, 2, 3, 4]
    assert scores.top(5).about["direction"] == "0"
    assert "nothing leads towards A" in ranking_words(0)
    assert "raises the metric" in hue_words(0)
    with pytest.raises(NothingToRecoverError):
        ws.faithfulness(session, scores)


def test_what_has_no_sign_is_ranked_as_it_is() -> None:
    session = names("kl")
    for method in ("circuit-pruning", "flow-routes", "random"):
        assert not METHODS[method].meaning.signed
        scores = ws.trace(session, method, options=QUICK)
        assert scores.top(50).edges.tolist() == np.argsort(-scores.values, kind="stable")[:50].tolist()
        assert "direction" not in scores.top(50).about


@pytest.mark.parametrize("metric", ["kl", "difference"])
def test_the_curve_and_the_bootstrap_rank_alike(metric: str) -> None:
    session = names(metric)
    scores = ws.trace(session, "eap-ig")
    curve = ws.faithfulness(session, scores, fractions=(0.1,), random_circuits=0)
    assert curve.recovered[0] == pytest.approx(recovered(session, scores.top(curve.sizes[0])), abs=1e-4)
    unknown = ws.faithfulness(session, replace(scores, direction=None), fractions=(0.1,), random_circuits=0)
    assert unknown.recovered == curve.recovered, "where it is not known it is measured"
    rows = np.stack([scores.values, scores.values])
    found = stability(rows, 150, draws=2, direction=scores.direction)
    assert set(np.flatnonzero(found.frequency).tolist()) == set(scores.top(150).edges.tolist())


# ---- files ---------------------------------------------------------------------------------------------------


def saved(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["wirescope", "eap-ig"])
@pytest.mark.parametrize("metric", ["kl", "difference"])
def test_files_keep_it(metric: str, form: str, tmp_path: Path) -> None:
    scores = ws.trace(names(metric), "eap")
    circuit = scores.top(100)
    text = scores_to_json(scores) if form == "wirescope" else scores_to_eap_ig(MarkedScores(scores, circuit, 64))
    read = read_scores(saved(tmp_path / "scores.json", text)).scores
    assert read.direction == scores.direction
    assert np.array_equal(read.values, scores.values)
    assert read.top(100).edges.tolist() == circuit.edges.tolist()
    if form == "eap-ig":  # which ranks from the highest score down, whatever the metric
        entries = json.loads(text)["edges"]
        highest = sorted(entries, key=lambda name: -entries[name]["score"])[:100]
        assert set(highest) == set(circuit.names)


def test_a_file_that_does_not_say_it_gets_that_of_its_own_metric_alone(tmp_path: Path) -> None:
    session = names("kl")
    document = json.loads(scores_to_json(ws.trace(session, "eap")))
    del document["direction"]
    read = read_scores(saved(tmp_path / "older.json", json.dumps(document))).scores
    assert read.direction is None
    assert "not known" in ranking_words(read.direction)
    assert directed(read, session).direction == -1
    assert directed(read, names("difference")).direction is None, "of another metric it would be wrong"
    document["direction"] = "up"
    with pytest.raises(InputError, match="direction"):
        read_scores(saved(tmp_path / "wrong.json", json.dumps(document)))


def test_a_graph_file_of_eap_ig_ranks_from_its_highest_score_down(tmp_path: Path) -> None:
    scores = ws.trace(names("difference"), "eap")
    document = json.loads(scores_to_eap_ig(MarkedScores(scores, scores.top(10), 64)))
    del document["wirescope"]
    read = read_scores(saved(tmp_path / "theirs.json", json.dumps(document))).scores
    assert read.direction == 1
    assert read.top(10).edges.tolist() == np.argsort(-read.values, kind="stable")[:10].tolist()


def test_drawings_have_the_hue_of_the_canvas() -> None:
    circuit = ws.trace(names("kl"), "eap-ig").top(20)
    assert circuit.values is not None
    assert (circuit.values < 0).all()
    assert "#c25600" not in circuit.to_dot()
    assert "blue: towards A, orange: away from A" in circuit.to_dot()
    assert "wire, away" not in circuit.to_tikz()
    assert circuit.to_tikz().count("wire, towards") >= 20
    assert json.loads(circuit.to_json())["about"]["direction"] == "-1"
