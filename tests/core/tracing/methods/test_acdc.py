"""ACDC: its batches decide as edges tested one at a time do, each by a whole circuit run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import wirescope as ws
from core.circuit import Circuit
from core.edits import EditKind
from core.interchange.eap_ig_files import MarkedScores, scores_to_eap_ig
from core.interchange.scores_files import scores_to_json
from core.interchange.scores_reading import read_scores
from core.tracing.told_options import Options
from core.tracing.trace import Tracing
from tests.core.engine.cases import case
from tests.core.tracing.partly import stopped_after


def one_by_one(
    session: ws.Session, kind: EditKind, threshold: float, first: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The search restated: a circuit run for every edge into the readers from number `first` on. Returns scores, and
    which edges stay."""
    graph = session.graph

    def metric(kept: NDArray[np.bool_]) -> float:
        return float(session.run_circuit(Circuit(graph, np.flatnonzero(kept)), kind).metric.mean())

    kept, scores = np.ones(graph.n_edges, dtype=bool), np.zeros(graph.n_edges)
    present = metric(kept)
    for reader in reversed(graph.readers[first:]):
        for edge in reversed(graph.edges_into(reader)):
            kept[edge] = False
            without = metric(kept)
            scores[edge] = present - without
            if abs(scores[edge]) >= threshold:
                kept[edge] = True
            else:
                present = without
    return scores, kept


CASES: list[tuple[str, EditKind, float]] = [
    ("llama-grouped", "patch", 0.05),
    ("gptj", "patch", 0.02),
    ("gemma2", "patch", 0.02),
    ("olmo2-grouped", "mean", 0.02),
    ("vit", "mean", 0.002),
]


@pytest.mark.parametrize(("family", "kind", "threshold"), CASES)
def test_edges_are_decided_as_one_by_one(family: str, kind: EditKind, threshold: float) -> None:
    session = case(family, batch=2).session()
    graph = session.graph
    from_here = len(graph.readers) * 3 // 5
    expected, kept = one_by_one(session, kind, threshold, from_here)
    scores = ws.trace(session, "acdc", replacement=kind, options=Options(threshold=threshold)).values
    later = slice(int(graph.first_edge[from_here]), None)
    assert np.allclose(scores[later], expected[later], rtol=0, atol=1e-9)
    stays = np.abs(scores[later]) >= threshold
    assert np.array_equal(stays, kept[later])
    assert 3 < stays.sum() < 0.9 * len(stays)


@pytest.mark.parametrize("family", ["gpt2", "qwen2-window", "dinov2"])
def test_the_circuit_that_stays_does_what_its_scores_add_up_to(family: str) -> None:
    """Each change was measured on top of those before: those of the removed edges add up to the whole change."""
    session = case(family, batch=2).session()
    scores = ws.trace(session, "acdc", options=Options(threshold=0.01)).values
    stays = np.abs(scores) >= 0.01
    circuit = session.run_circuit(Circuit(session.graph, np.flatnonzero(stays)), "patch")
    change = float((session.clean.metric - circuit.metric).mean())
    assert scores[~stays].sum() == pytest.approx(change, abs=1e-9)
    assert 3 < stays.sum() < 0.8 * session.graph.n_edges


def test_of_kl_only_a_change_away_from_a_counts() -> None:
    setup = case("gpt2")
    session = ws.Session(setup.model, setup.pair, ws.kl())
    scores = ws.trace(session, "acdc", options=Options(threshold=0.0003)).values
    stays = scores <= -0.0003
    assert (scores > 0.0003).any(), "an edge whose removal brings the output back to A"
    circuit = session.run_circuit(Circuit(session.graph, np.flatnonzero(stays)), "patch")
    assert float(circuit.metric[0]) == pytest.approx(-scores[~stays].sum(), abs=1e-9)


def test_restarts_take_other_orders_and_are_the_seeds() -> None:
    session = case("llama-grouped").session()

    def traced(restarts: int, seed: int = 0) -> NDArray[np.float64]:
        return ws.trace(session, "acdc", options=Options(threshold=0.2, restarts=restarts, seed=seed)).values

    one, two, other = traced(1), traced(2), traced(2, seed=1)
    assert np.array_equal(two, traced(2))
    assert not np.array_equal(two, other)
    assert not np.array_equal(one, two)
    assert np.array_equal(one, traced(1, seed=1)), "the first order is the paper's"


def test_the_pairs_of_a_dataset_are_one_circuit() -> None:
    model = case("gpt2").model
    rows = [([1, 2, 3], [4, 2, 3]), ([5, 6], [5, 7]), ([3, 2, 1], [3, 5, 1])]
    pairs = [model.pair(torch.tensor([a]), torch.tensor([b])) for a, b in rows]
    metric = ws.logit_difference(1, 2)
    session = ws.Session(model, pairs[0], metric)
    scores = ws.trace(session, "acdc", dataset=ws.Dataset(pairs), options=Options(threshold=0.02)).values
    stays = np.abs(scores) >= 0.02
    changes = []
    for pair in pairs:
        one = ws.Session(model, pair, metric)
        changes.append(one.clean.metric - one.run_circuit(Circuit(one.graph, np.flatnonzero(stays)), "patch").metric)
    assert scores[~stays].sum() == pytest.approx(float(torch.cat(changes).mean()), abs=1e-9)


def nodes_one_by_one(
    session: ws.Session, kind: EditKind, threshold: float, places: list[int] | None
) -> tuple[NDArray[np.float64], int]:
    """The search over nodes restated: each in a new session, with all that was removed before. Returns scores, and how
    many stay."""
    graph = session.graph
    size = (graph.n_writers,) if places is None else (graph.n_writers, session.pair.length)
    scores, removed, stay = np.zeros(size), dict[int, list[int]](), 0

    def metric(without: dict[int, list[int]]) -> float:
        edits = [ws.Edit(graph.writers[number], kind, at or None) for number, at in without.items()]
        return float(ws.Session(session.model, session.pair).run(edits).metric.mean())

    present = metric({})
    for number in reversed(range(graph.n_writers)):
        for place in [None] if places is None else reversed(places):
            without = {**removed, number: [*removed.get(number, []), *([] if place is None else [place])]}
            changed = metric(without)
            scores[number if place is None else (number, place)] = present - changed
            if abs(present - changed) >= threshold:
                stay += 1
            else:
                removed, present = without, changed
    return scores, stay


NODE_CASES: list[tuple[str, EditKind, float]] = [
    ("llama-grouped", "patch", 0.05),
    ("gptj", "zero", 0.05),
    ("vit", "patch", 0.002),
]


@pytest.mark.parametrize(("family", "kind", "threshold"), NODE_CASES)
def test_nodes_are_decided_as_one_by_one(family: str, kind: EditKind, threshold: float) -> None:
    session = case(family, batch=2).session()
    options = Options(threshold=threshold)
    expected, stay = nodes_one_by_one(session, kind, threshold, None)
    found = ws.trace(session, "acdc", replacement=kind, level="nodes", options=options)
    assert np.allclose(found.values, expected, rtol=0, atol=1e-9)
    assert 1 < stay < session.graph.n_writers
    expected, stay = nodes_one_by_one(session, kind, threshold, list(range(session.pair.length)))
    found = ws.trace(session, "acdc", replacement=kind, level="positions", options=options)
    assert np.allclose(found.values, expected, rtol=0, atol=1e-9)
    assert 1 < stay < expected.size


def test_nodes_that_stay_are_a_circuit_that_does_what_their_scores_say() -> None:
    session = case("gpt2", batch=2).session()
    values = ws.trace(session, "acdc", level="nodes", options=Options(threshold=0.05, restarts=1)).values
    stays = np.abs(values) >= 0.05
    edges = np.flatnonzero(stays[session.graph.edge_writers])
    circuit = session.run_circuit(Circuit(session.graph, edges), "patch")
    change = float((session.clean.metric - circuit.metric).mean())
    assert values[~stays].sum() == pytest.approx(change, abs=1e-9)


def test_decisions_come_reader_by_reader() -> None:
    session = case("gpt2").session()
    scores, share = stopped_after(Tracing(session, "acdc"), 2)[-1]
    known = np.isfinite(scores.values)
    last = [*session.graph.edges_into(session.graph.readers[-2]), *session.graph.edges_into(session.graph.readers[-1])]
    assert np.flatnonzero(known).tolist() == last
    assert known.mean() == pytest.approx(share)


@pytest.mark.parametrize("metric", ["kl", "difference"])
def test_what_it_kept_is_kept_exactly_whatever_the_scores(metric: str, tmp_path: Path) -> None:
    """Of KL only a change away from A counts, so that the size of a score does not say what stayed."""
    small = case("gpt2")
    session = ws.Session(small.model, small.pair, ws.kl() if metric == "kl" else ws.logit_difference(1, 2))
    threshold = 0.002
    kept = np.ones(session.graph.n_edges, dtype=bool)

    def measured() -> float:
        return float(session.run_circuit(Circuit(session.graph, np.flatnonzero(kept)), "mean").metric.mean())

    present = measured()
    for reader in reversed(session.graph.readers):
        for edge in reversed(session.graph.edges_into(reader)):
            kept[edge] = False
            change = measured() - present
            if (change if metric == "kl" else abs(change)) >= threshold:
                kept[edge] = True
            else:
                present += change
    pruned = set(Circuit(session.graph, np.flatnonzero(kept)).pruned().edges.tolist())
    scores = ws.trace(session, "acdc", replacement="mean", options=Options(threshold=threshold))
    assert scores.kept is not None
    circuit = scores.top(int(scores.kept.sum()))
    assert set(circuit.edges.tolist()) == set(np.flatnonzero(scores.kept).tolist())
    assert set(circuit.pruned().edges.tolist()) == pruned
    ours = tmp_path / "ours.json"
    ours.write_text(scores_to_json(scores))
    theirs = tmp_path / "theirs.json"
    theirs.write_text(scores_to_eap_ig(MarkedScores(scores, circuit, 16)))
    for path in (ours, theirs):
        read = read_scores(path, session.graph).scores
        assert read.kept is not None
        assert np.array_equal(read.kept, scores.kept)
        assert read.top(len(circuit)).edges.tolist() == circuit.edges.tolist()
