"""Information flow routes: an edge's importance is the paper's, by the model's own tensors, position by position."""

from __future__ import annotations

import numpy as np
import pytest

import wirescope as ws
from tests.core.engine.cases import case

CASES = [("gpt2", None), ("gpt2", (4, 7)), ("llama-grouped", (7, 3)), ("vit", None)]


@pytest.mark.parametrize(("family", "lengths"), CASES)
def test_the_importance_of_an_edge_is_its_share_of_the_stream_it_leads_into(
    family: str, lengths: tuple[int, int] | None
) -> None:
    setup = case(family, batch=2, lengths=lengths)
    session = setup.session()
    graph, run = session.graph, setup.oracle.clean
    real = session.pair.clean.lengths
    values = ws.trace(session, "flow-routes").values
    for reader in graph.readers:
        key = f"a{reader.layer}" if reader.kind in ("q", "k", "v") else reader.name
        writers = [node.name for node in graph.writers[: graph.writers_before(reader)]]
        expected = np.zeros(len(writers))
        for row, length in enumerate(real):
            for position in range(length):
                x = run.streams[key][row, position].numpy()
                outs = [run.outs[writer][row, position].numpy() for writer in writers]
                near = [max(0.0, np.abs(x).sum() - np.abs(out - x).sum()) for out in outs]
                expected += np.array(near) / sum(near) / length / len(real)
        np.testing.assert_allclose(values[graph.edges_into(reader)], expected, atol=1e-9, err_msg=reader.name)
        assert expected.sum() == pytest.approx(1)


def test_nodes_and_positions_are_sums_over_edges() -> None:
    session = case("llama-grouped", batch=2).session()
    graph = session.graph
    edges, nodes, positions = (
        ws.trace(session, "flow-routes", level=level).values for level in ("edges", "nodes", "positions")
    )
    for number, node in enumerate(graph.writers):
        assert nodes[number] == pytest.approx(edges[graph.edges_out_of(node)].sum())
    np.testing.assert_allclose(positions.sum(axis=1), nodes)
    assert positions.shape == (graph.n_writers, session.pair.length)


def test_it_needs_no_counterfactual_and_does_not_look_at_it() -> None:
    setup = case("gpt2")
    alone = ws.Session(setup.model, setup.model.pair(setup.pair.clean.tensor))
    values = ws.trace(alone, "flow-routes").values
    for kind in ("patch", "zero"):
        assert np.array_equal(ws.trace(setup.session(), "flow-routes", replacement=kind).values, values)
