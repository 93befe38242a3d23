"""The order in which `balance` takes edges, against circuits put together size by size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import ArgumentError
from core.graph import Graph
from core.tracing.scores import Scores
from core.tracing.selection.balance import balanced_order

GRAPH = Graph(4, 4, 2)
COUNT = GRAPH.n_edges


def scores(direction: int = 1) -> Scores:
    values = np.random.default_rng(7).normal(size=COUNT)
    return Scores(GRAPH, values, "eap", "patch", {}, direction=direction)  # type: ignore[arg-type]


def mixed(towards: np.ndarray, size: int, best: int) -> set[int]:
    """The best by score, then the largest of the others."""
    first = np.argsort(-towards, kind="stable")[:best].tolist()
    others = [edge for edge in np.argsort(-np.abs(towards), kind="stable").tolist() if edge not in set(first)]
    return {*first, *others[: size - best]}


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_of_one_share_every_circuit_is_that_mixture(share: float, direction: int) -> None:
    one = replace(scores(direction), balance=((1, share),))
    for size in (1, 2, 10, 57, 200, COUNT):
        best = int(np.rint(size * share))
        assert set(one.select(size, "balance").edges.tolist()) == mixed(one.towards, size, best)
    assert one.select(COUNT, "balance").edges.tolist() == one.select(COUNT, "balance", by_size=True).edges.tolist()


def test_between_two_sizes_the_share_moves_with_the_logarithm() -> None:
    one = replace(scores(), balance=((10, 1.0), (160, 0.5)))
    assert set(one.select(10, "balance").edges.tolist()) == mixed(one.towards, 10, 10)
    assert set(one.select(40, "balance").edges.tolist()) == mixed(one.towards, 40, 30)
    assert set(one.select(160, "balance").edges.tolist()) == mixed(one.towards, 160, 80)


def test_every_edge_comes_once_whatever_the_shares() -> None:
    order = balanced_order(scores().towards, ((3, 1.0), (20, 0.0), (90, 0.9), (300, 0.1)))
    assert sorted(order.tolist()) == list(range(COUNT))


def test_without_a_balance_it_is_refused() -> None:
    with pytest.raises(ArgumentError, match="is not measured"):
        scores().select(9, "balance")
