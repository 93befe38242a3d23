"""The three tests on data where the ideal holds, and where it does not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import wirescope as ws
from core.errors import InputError
from core.evaluation.hypotheses import (
    PathSpans,
    equivalence,
    hypothesis_tests,
    independence,
    minimality_test,
    random_path,
)
from tests.core.engine.cases import case


def rejections(draw, count: int = 200) -> float:
    return float(np.mean([not draw(np.random.default_rng(seed)).passed for seed in range(count)]))


def test_equivalence_rejects_what_is_always_less_and_seldom_what_is_equal() -> None:
    def equal(rng):
        return equivalence(rng.normal(size=60), rng.normal(size=60), 0.1)

    def less(rng):
        return equivalence(rng.normal(-2, size=60), rng.normal(size=60), 0.1)

    assert rejections(equal) <= 0.05
    assert rejections(less) >= 0.99
    same = equivalence(np.ones(20), np.ones(20))
    assert (same.statistic, same.p) == (0.5, 1.0), "ties count half"


def test_the_p_of_equivalence_is_what_coins_of_that_bias_show() -> None:
    """The share of wins is at least as far from one half as the one seen, in draws of the allowed bias."""
    rng = np.random.default_rng(0)
    for wins, n in ((14, 24), (20, 24), (4, 24)):
        circuit = np.where(np.arange(n) < wins, 1.0, -1.0)
        found = equivalence(circuit, np.zeros(n), 0.1)
        drawn = (rng.random((200_000, n)) < 0.6).mean(axis=1)
        assert found.p == pytest.approx(float((np.abs(drawn - 0.5) >= abs(wins / n - 0.5) - 1e-9).mean()), abs=0.005)
        assert ("of the circuit is larger" in found.small_p) == (wins > n / 2)


def test_the_hsic_is_the_trace_of_two_centred_kernels() -> None:
    """Gretton et al. 2007: tr(K H L H) / n^2, H = I - 1/n, kernels as wide as the median distance of two points."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=12)
    y = x**2 + 0.1 * rng.normal(size=12)
    n = len(x)
    h = np.eye(n) - 1 / n
    kernels = []
    for z in (x, y):
        apart = np.array([abs(z[i] - z[j]) for i in range(n) for j in range(n) if i != j])
        kernels.append(np.exp(-((z[:, None] - z[None]) ** 2) / (2 * np.median(apart) ** 2)))
    found = independence(x, y, 49, rng)
    assert found.statistic == pytest.approx(np.trace(kernels[0] @ h @ kernels[1] @ h) / n**2)
    assert found.p >= 1 / 50, "a permutation test never says nought"


def test_the_p_of_minimality_is_that_of_its_worst_edge_times_the_number_of_edges() -> None:
    rng = np.random.default_rng(0)
    reference = np.arange(64.0)
    found = minimality_test(np.array([100.0, 50.5, 60.5]), reference, 0.9)  # they beat 64, 51 and 61 of 64
    beaten = (rng.random((200_000, 64)) < 0.9).sum(axis=1)
    assert found.p == pytest.approx(3 * float((beaten <= 51).mean()), rel=0.1)
    assert found.statistic == (found.p < 0.05)


def test_independence_keeps_its_level_and_sees_what_is_no_line() -> None:
    def apart(rng):
        return independence(rng.normal(size=40), rng.normal(size=40), 199, rng)

    def parabola(rng):
        x = rng.normal(size=40)
        return independence(x**2, x, 199, rng)

    assert rejections(apart, 200) <= 0.09
    assert rejections(parabola, 30) >= 0.9


def test_minimality_finds_the_idle_edge() -> None:
    rng = np.random.default_rng(0)
    reference = rng.uniform(0, 1, 64)
    needed = minimality_test(np.array([2.0, 1.5, 3.0]), reference)
    assert needed.passed
    assert needed.statistic == 0
    idle = minimality_test(np.array([2.0, 0.1, 3.0]), reference)
    assert not idle.passed
    assert idle.statistic == 1


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gptj", "vit"])
def test_a_random_path_goes_from_input_to_output(family: str) -> None:
    graph = case(family).session().graph
    for seed in range(20):
        edges = [graph.edge(number) for number in random_path(graph, np.random.default_rng(seed))]
        assert edges[0].reader.kind == "logits"
        assert edges[-1].writer.kind == "input"
        for later, earlier in itertools.pairwise(edges):
            assert earlier.reader in graph.ports(later.writer)


def test_where_nothing_moves_the_metric_nothing_is_said_against_an_edge() -> None:
    """As of accuracy, which jumps: neither the circuit's edges nor random ones change an answer."""
    still = minimality_test(np.zeros(5), np.zeros(64))
    assert (still.p, still.statistic) == (1.0, 0)
    assert "5 move the metric by nothing, as 100 % of the random ones do" in still.words
    assert not minimality_test(np.zeros(5), np.ones(64)).passed


def test_a_random_path_at_spans_changes_its_span_in_keys_and_values_alone() -> None:
    graph = case("llama-grouped").session().graph
    changed = 0
    for seed in range(20):
        parts = np.array(random_path(graph, np.random.default_rng(seed), PathSpans(4, (1, 3), (0, 1, 3))))
        edges, spans = [graph.edge(number) for number in parts // 4], parts % 4
        assert spans[0] in (1, 3)
        assert 2 not in spans
        for (later, at), (earlier, before) in itertools.pairwise(zip(edges, spans, strict=True)):
            assert earlier.reader in graph.ports(later.writer)
            assert at == before or earlier.reader.kind in ("k", "v")
            changed += at != before
    assert changed > 5


def test_a_circuit_at_spans_is_tested_at_its_spans() -> None:
    """One that keeps each of its edges at all spans is tested as the same edges at all positions are."""
    session = case("gpt2", batch=12).session()
    edges = ws.trace(session, "eap").top(30)
    named = ("0", "other positions")
    placed = ws.circuit_of(session.graph, edges.names, named)
    assert len(placed) == 60
    whole, at_spans = (
        hypothesis_tests(session, circuit, draws=8, most=4, permutations=99) for circuit in (edges, placed)
    )
    assert at_spans[0] == whole[0]
    assert at_spans[1].statistic == pytest.approx(whole[1].statistic)
    assert at_spans[2].of == whole[2].of == 4
    assert PathSpans.of(named, session, "zero", None) == PathSpans(2, (1,), (0, 1))
    assert PathSpans.of(named, session, "patch", None) == PathSpans(2, (1,), (1,)), "A and B begin alike"
    assert PathSpans.of(("head", "tail", "other positions"), session, "patch", None) == PathSpans(3, (1,), (0, 1, 2))


def test_the_whole_model_is_equivalent_and_a_handful_of_edges_is_not() -> None:
    setup = case("gpt2", batch=12)
    session = setup.session()
    scores = ws.trace(session, "eap-ig", steps=3)
    graph = session.graph
    nearly = hypothesis_tests(session, scores.top(graph.n_edges - 40), draws=8, most=4, permutations=99)
    few = hypothesis_tests(session, scores.top(2), draws=8, most=4, permutations=99)
    assert [test.name for test in nearly] == ["equivalence", "independence", "minimality"]
    assert all(0 <= test.p <= 1 for test in (*nearly, *few))
    assert nearly[0].p > few[0].p or few[0].passed
    with pytest.raises(InputError, match="pairs"):
        hypothesis_tests(case("gpt2").session(), scores.top(5))


def test_thousands_of_pairs_can_be_tested() -> None:
    rng = np.random.default_rng(0)
    whole = rng.standard_normal(1500)
    assert equivalence(whole + rng.standard_normal(1500), whole).p > 0.05
    assert equivalence(whole - 1.0, whole).p < 1e-6


@pytest.mark.parametrize("metric", [ws.kl(), ws.accuracy()])
def test_a_metric_that_is_the_same_in_every_pair_of_the_whole_model_is_refused(metric) -> None:
    """KL of the model with itself is 0: every circuit is above it, and nothing can follow it."""
    setup = case("gpt2", batch=12)
    session = ws.Session(setup.model, setup.pair, metric)
    circuit = ws.Circuit(session.graph, np.arange(20))
    with pytest.raises(InputError, match="in every pair"):
        hypothesis_tests(session, circuit, draws=4, most=2, permutations=9)
