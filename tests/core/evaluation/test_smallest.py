"""The smallest circuit for a share: real runs, halved down to one edge. Small circuits where nobody chose a size."""

from __future__ import annotations

import numpy as np
import pytest

import wirescope as ws
from core.errors import ArgumentError
from core.evaluation.faithfulness import HALF, largest_drawn, small_size
from core.evaluation.limits import MOST
from core.evaluation.measured import measure
from core.evaluation.smallest import smallest_circuit
from tests.core.engine.cases import case


@pytest.mark.parametrize("edges", [1, 2, 40, 1519, 70_651])
@pytest.mark.parametrize("least", [0.05, 0.5, 0.8, 1.0])
def test_of_rising_shares_it_is_the_smallest_by_few_runs(edges: int, least: float) -> None:
    asked: list[int] = []

    def share(size: int) -> float:
        asked.append(size)
        return (size / edges) ** 0.5

    found = smallest_circuit(share, edges, least)
    assert found is not None
    every = (np.arange(1, edges + 1) / edges) ** 0.5
    assert found.size == int(np.argmax(every >= least)) + 1
    assert found.share >= least > found.before
    assert found.runs == len(asked) <= 10 + edges.bit_length()
    assert len(set(asked)) == len(asked), "no circuit is run twice"


def test_it_is_found_by_real_runs_of_a_ranking() -> None:
    session = case("gpt2", batch=2).session()
    scores = ws.trace(session, "integrated-edges", replacement="mean")

    def share(size: int) -> float:
        return float(measure(session, [scores.top(size)], "mean").recovered()[0])

    found = smallest_circuit(share, session.graph.n_edges, 0.7)
    assert found is not None
    assert found.share == share(found.size) >= 0.7
    assert found.before == (share(found.size - 1) if found.size > 1 else 0.0)


def test_what_is_never_recovered_is_none_and_a_share_is_above_nothing() -> None:
    assert smallest_circuit(lambda size: 0.4, 100, 0.5) is None
    with pytest.raises(ArgumentError, match="above 0"):
        smallest_circuit(lambda size: 1.0, 100, 0.0)


@pytest.mark.parametrize("edges", [2, 3, 262, 1519, 9163, 70_651])
def test_what_is_drawn_unasked_is_some_hundreds_of_edges_and_never_half(edges: int) -> None:
    assert largest_drawn(edges) <= 500
    assert largest_drawn(edges) < edges / 2 or edges <= 2


def test_the_fewest_that_recover_most_else_half_else_none() -> None:
    sizes = [9, 18, 45, 91]
    assert small_size(sizes, [0.1, MOST, 0.9, 0.95]) == 18
    assert small_size(sizes, [0.1, HALF, 0.6, 0.75]) == 18
    assert small_size(sizes, [0.1, 0.2, 0.3, 0.49]) is None
