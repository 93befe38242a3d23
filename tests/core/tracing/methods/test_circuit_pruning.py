"""Circuit pruning: what is left is always a circuit, and the exact runs are spent where the order is least sure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import wirescope as ws
from core.circuit import Circuit, connected
from core.inputs.tasks import make_task
from core.tracing.told_options import Options
from tests.core.engine.cases import case


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Circuit]]:
    """The circuits that sessions run, as they are run."""
    seen: list[Sequence[Circuit]] = []
    run = ws.Session.run_circuits

    def watched(session: ws.Session, circuits: Sequence[Circuit], *rest: Any) -> Any:
        seen.append(circuits)
        return run(session, circuits, *rest)

    monkeypatch.setattr(ws.Session, "run_circuits", watched)
    return seen


def removed(runs: list[Sequence[Circuit]]) -> list[tuple[Circuit, Circuit]]:
    """A circuit and itself without an edge, for each of the runs."""
    whole, found = None, []
    for circuits in runs:
        for circuit in circuits:
            if whole is not None and len(circuit) == len(whole) - 1:
                found.append((whole, circuit))
            else:
                whole = circuit
    return found


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gptj", "vit"])
def test_the_largest_scores_are_circuits_whose_edges_all_lie_on_a_path(family: str) -> None:
    session = case(family, batch=2).session()
    scores = ws.trace(session, "circuit-pruning", steps=2)
    assert np.isfinite(scores.values).all()
    sizes = [size for size in range(2, session.graph.n_edges) if _left_whole(scores.top(size, by_size=True))]
    assert len(sizes) >= 5, "one a round, at least"
    assert min(sizes) <= 6


def _left_whole(circuit: Circuit) -> bool:
    return bool(connected(circuit.graph, np.sort(circuit.edges)).all())


@pytest.mark.parametrize("budget", [0, 7, 40])
def test_the_budget_is_spent_and_not_exceeded(budget: int, runs: list[Sequence[Circuit]]) -> None:
    session = case("gpt2").session()
    ws.trace(session, "circuit-pruning", options=Options(steps=2, budget=budget))
    spent = len(removed(runs))
    assert spent <= budget
    assert spent >= 0.6 * budget


def test_the_edges_that_are_measured_lie_about_the_cut(runs: list[Sequence[Circuit]]) -> None:
    """About as many of them go as stay, in the circuit that is left next."""
    session = case("llama-grouped").session()
    ws.trace(session, "circuit-pruning", options=Options(steps=3, budget=60))
    rounds: dict[bytes, list[int]] = {}
    kept: dict[bytes, Circuit] = {}
    for whole, without in removed(runs):
        gone = int(np.setdiff1d(whole.edges, without.edges)[0])
        rounds.setdefault(whole.edges.tobytes(), []).append(gone)
        kept[whole.edges.tobytes()] = whole
    circuits = sorted(kept.values(), key=len, reverse=True)
    assert len(circuits) >= 4
    for large, small in pairwise(circuits):
        tried = rounds[large.edges.tobytes()]
        stayed = np.isin(tried, small.edges).sum()
        assert 0 < stayed < len(tried)


def test_small_circuits_recover_more_than_those_of_a_ranking_made_once() -> None:
    model = ws.load_model("bundled:names")
    made = make_task("ioi", model, 6)
    dataset = ws.Dataset([model.pair(a, b) for a, b in made.pairs], made.answers)
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(*made.answers[0]))
    found = {}
    for method in ("circuit-pruning", "eap-ig"):
        scores = ws.trace(session, method, dataset=dataset)
        curve = ws.faithfulness(
            session, scores, dataset=dataset, by_size=True, random_circuits=0, fractions=(0.01, 0.02, 0.03)
        )
        found[method] = curve.recovered
    assert all(np.array(found["circuit-pruning"]) >= np.array(found["eap-ig"]))
    assert found["circuit-pruning"][1] > found["eap-ig"][1] + 0.1
