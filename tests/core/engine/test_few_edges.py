"""Few kept edges on long streams, added one by one: what a product gives, and what the oracle gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

import wirescope as ws
from core.circuit import Circuit
from core.engine import few_edges
from tests.core.engine.cases import TOLERANCE, case

KEEP = np.array([[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 1, 1]], dtype=bool)  # readers, writers


def test_sums_are_those_of_the_product() -> None:
    torch.manual_seed(0)
    source, reference = torch.randn(4, 5, 6, dtype=torch.float64), torch.randn(5, 6, dtype=torch.float64)
    x = torch.full((5, 3, 6), torch.nan, dtype=torch.float64)
    few_edges.add_each(KEEP, source, reference, x)
    expected = reference[:, None] + torch.einsum("rw,wnd->nrd", torch.from_numpy(KEEP).double(), source)
    torch.testing.assert_close(x, expected, atol=1e-14, rtol=0)


def test_additions_are_for_few_edges_on_long_streams_in_wide_numbers() -> None:
    rows, width = few_edges.LONG // 64, 64
    few, many = np.eye(10, dtype=bool), np.ones((10, 10), dtype=bool)
    assert few_edges.pays(few, torch.empty(rows, 10, width))
    assert few_edges.pays(many[:1], torch.empty(rows, 1, width)), "of one reader always"
    assert not few_edges.pays(many, torch.empty(rows, 10, width))
    assert not few_edges.pays(few, torch.empty(rows - 1, 10, width))
    assert not few_edges.pays(few, torch.empty(rows, 10, width, dtype=torch.bfloat16)), "each sum would be rounded"


@pytest.mark.parametrize("family", ["dinov2", "gpt2"])
def test_circuits_whose_edges_are_added_give_what_the_oracle_gives(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = case(family, batch=2)
    graph, added = setup.model.graph, []
    usual = few_edges.add_each

    def add_each(keep: NDArray[np.bool_], source: Tensor, reference: Tensor, x: Tensor) -> None:
        added.append(int(keep.sum()))
        usual(keep, source, reference, x)

    monkeypatch.setattr(few_edges, "LONG", 0)
    monkeypatch.setattr(few_edges, "add_each", add_each)
    order = np.random.default_rng(0).permutation(graph.n_edges)
    for size in (graph.n_edges // 8, graph.n_edges // 3):
        outside = [ws.Edit(graph.edge(edge), "patch") for edge in sorted(order[size:].tolist())]
        result = setup.session().run_circuit(Circuit(graph, order[:size]))
        expected = setup.answer(setup.oracle.run(outside))
        assert (result.answer - expected).abs().max() <= TOLERANCE
    assert sum(added) > 0, "else this tests nothing"
