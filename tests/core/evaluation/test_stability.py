"""Stability and agreement on scores whose answer is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import wirescope as ws
from core.errors import ArgumentError, InputError
from core.evaluation.agreement import agreement, rank_correlation
from core.evaluation.stability import overlap, shared_edges, stability
from tests.core.engine.cases import case


def test_pairs_that_say_the_same_give_one_circuit() -> None:
    scores = np.random.default_rng(0).normal(size=500)
    found = stability(np.tile(scores, (10, 1)), 50)
    assert found.mean == found.between == 1.0
    assert set(np.unique(found.frequency)) == {0.0, 1.0}
    assert found.frequency.sum() == pytest.approx(50)


def test_pairs_that_say_nothing_overlap_by_their_shared_draws_alone() -> None:
    """Independent scores: overlap stays far from 1, and grows with what pairs have in common."""
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(20, 2000))
    signal = rng.normal(size=2000)
    none, some, much = (stability(noise + weight * signal, 200).mean for weight in (0.0, 0.5, 3.0))
    assert none < 0.55
    assert none < some < much
    assert much > 0.85


def test_the_frequency_of_an_edge_is_how_often_it_is_drawn() -> None:
    """Two edges, one place: each pair favours one of them; the better one is the one drawn more often."""
    per_pair = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 2)
    found = stability(per_pair, 1, draws=4000, seed=3)
    exact = sum(math.comb(5, k) * 0.6**k * 0.4 ** (5 - k) for k in (3, 4, 5))
    assert found.frequency[0] == pytest.approx(exact, abs=0.03)
    assert found.mean == pytest.approx(found.frequency[0])


def test_the_random_level_and_the_halves_stand_beside_the_draws() -> None:
    """Noise overlaps with itself in draws that share pairs, and not in halves; signal is above its level in both."""
    rng = np.random.default_rng(1)
    noise, signal = rng.normal(size=(20, 2000)), rng.normal(size=2000)
    chance = 200 / (2 * 2000 - 200)  # Jaccard of two sets of a tenth
    none, much = stability(noise, 200), stability(noise + 2 * signal, 200)
    assert none.random.mean() == pytest.approx(none.mean, abs=0.05)
    assert none.random.mean() > 4 * chance
    assert none.halves.mean() == pytest.approx(none.random_halves.mean(), abs=0.02)
    assert none.halves.mean() == pytest.approx(chance, abs=0.02)
    assert much.mean > much.random.mean() + 0.2
    assert much.halves.mean() > much.random_halves.mean() + 0.4
    again = stability(noise, 200)
    assert (again.random == none.random).all()
    assert (again.halves == none.halves).all()


def test_two_pairs_have_two_halves() -> None:
    found = stability(np.array([[3.0, 2.0, 0.0], [0.0, 2.0, 3.0]]), 1)
    assert set(found.halves) == {0.0}


def test_one_pair_is_refused() -> None:
    with pytest.raises(InputError, match="One pair"):
        stability(np.zeros((1, 5)), 2)


def test_agreement_of_a_ranking_with_itself_its_opposite_and_chance() -> None:
    session = case("gpt2").session()
    scores = ws.trace(session, "eap")
    same = agreement(scores, scores, 30)
    assert (same.overlap, same.same_sign) == (1.0, 1.0)
    assert same.rank_correlation == pytest.approx(1.0)
    other = ws.Scores(scores.graph, -scores.values, "opposite", "patch")
    assert agreement(scores, other, 30).rank_correlation == pytest.approx(-1.0)
    rng = np.random.default_rng(0)
    edges = scores.graph.n_edges
    random = [ws.Scores(scores.graph, rng.normal(size=edges), "random", "patch") for _ in range(40)]
    overlaps = [agreement(one, two, edges // 4).overlap for one, two in itertools.pairwise(random)]
    assert np.mean(overlaps) == pytest.approx(agreement(scores, scores, edges // 4).chance, abs=0.02)
    with pytest.raises(ArgumentError, match="edges"):
        agreement(scores, ws.trace(session, "eap", level="nodes"), 3)


def test_ties_share_their_ranks() -> None:
    x = np.array([1.0, 1.0, 2.0, 3.0])
    assert rank_correlation(x, np.array([5.0, 5.0, 6.0, 9.0])) == pytest.approx(1.0)
    assert rank_correlation(x, np.zeros(4)) == 0.0


def test_two_circuits_of_one_size_share_more_of_their_edges_than_their_jaccard_says() -> None:
    rng = np.random.default_rng(0)
    for both in (0, 7, 20, 30):
        one, other = np.zeros(100, dtype=bool), np.zeros(100, dtype=bool)
        order = rng.permutation(100)
        one[order[:30]] = True
        other[order[30 - both : 60 - both]] = True
        assert shared_edges(overlap(one, other)) == pytest.approx(both / 30)
    per_pair = rng.normal(size=(6, 80))
    found = stability(per_pair, 20, draws=30)
    assert found.mean < found.shared < 1
    whole = set(np.argsort(-per_pair.mean(axis=0), kind="stable")[:20].tolist())
    drawn = np.random.default_rng(0).multinomial(6, np.full(6, 1 / 6), size=30) @ per_pair
    again = [len(whole & set(np.argsort(-each, kind="stable")[:20].tolist())) / 20 for each in drawn]
    assert found.shared == pytest.approx(np.mean(again))


def test_chance_is_among_the_edges_that_can_carry_something() -> None:
    """Most edges at spans before the first difference of A and B have no score in any pair."""
    scores = np.random.default_rng(5).normal(size=(10, 100))
    among = np.concatenate([scores, np.zeros((10, 900))], axis=1)
    alone, beside = stability(scores, 20), stability(among, 20)
    assert (beside.random == alone.random).all()
    assert (beside.random_halves == alone.random_halves).all()
