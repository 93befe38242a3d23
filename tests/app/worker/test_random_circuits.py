"""The random circuit beside a chosen one is the beginning of one order, however much of it is kept."""

from __future__ import annotations

import numpy as np
import pytest

from app.worker import random_circuits
from app.worker.random_circuits import random_edges


@pytest.mark.parametrize("edges", [0, 5, 300])
def test_a_random_circuit_is_the_beginning_of_one_order(edges: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_circuits, "KEPT", 100)
    random_circuits._beginning.cache_clear()
    order = np.random.default_rng(0).permutation(edges)
    for size in (300, 100, 101, 3, 0):
        assert random_edges(edges, size).tolist() == order[:size].tolist()
    random_circuits._beginning.cache_clear()
