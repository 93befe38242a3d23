"""What a node does position by position: estimates add up to the node's, measurements are those of real edits."""

from __future__ import annotations

import numpy as np
import pytest

import wirescope as ws
from core.errors import Cancelled, InputError
from core.graph import INPUT, Node
from core.lens.positions import NodeGradients, estimated_effects, measured_effects, written_norms
from core.tracing.trace import trace
from tests.core.engine.cases import case


@pytest.mark.parametrize("family", ["gpt2", "phi", "vit-classifier"])
def test_estimates_of_all_positions_add_up_to_the_nodes(family: str) -> None:
    session = case(family).session()
    session.with_metric(ws.logit_difference(3, 5))
    scores = trace(session, "eap").values
    gradients = NodeGradients(session)
    for node in (INPUT, Node("head", 1, 2), Node("mlp", 0), Node("head", session.graph.layers - 1, 0)):
        effects = estimated_effects(session, gradients, node, "patch")
        assert len(effects) == session.pair.length
        assert effects.sum() == pytest.approx(-scores[session.graph.edges_out_of(node)].sum(), abs=1e-9)


def test_a_small_change_does_what_its_estimate_says() -> None:
    """The gradient against a finite difference, at one position."""
    session = case("llama-grouped").session()
    session.with_metric(ws.logit_difference(3, 5))
    node, step = Node("head", 1, 1), 1e-5
    effects = estimated_effects(session, NodeGradients(session), node, "zero")
    for position in (0, 3, 6):
        edit = ws.Edit(node, "zero", positions=[position], strength=step)
        change = float(session.run([edit]).metric[0] - session.clean.metric[0]) / step
        assert effects[position] == pytest.approx(change, abs=1e-4 + 1e-3 * abs(change))


def test_measurements_are_edits_at_one_position() -> None:
    session = case("gpt2").session()
    node, other = Node("head", 0, 1), ws.Edit("m1", "zero")
    shares: list[float] = []
    found = measured_effects(session, node, "patch", [other, ws.Edit(node, "zero")], done=shares.append)
    for position, value in enumerate(found):
        result = session.run([other, ws.Edit(node, "patch", positions=[position])])
        assert value == float(result.metric[0] - session.run([other]).metric[0])
    assert shares[-1] == 1.0
    with pytest.raises(Cancelled):
        measured_effects(session, node, "patch", cancelled=lambda: True)


def test_rows_of_other_lengths_have_no_positions_in_common() -> None:
    """Means by number would mix what a longer row reads at its end with the padding of a shorter one."""
    setup = case("gpt2", batch=2, lengths=(7, 4))
    session = setup.session()
    assert len(set(session.pair.clean.lengths)) == 2
    node = Node("head", 1, 2)
    with pytest.raises(InputError, match="different lengths"):
        estimated_effects(session, NodeGradients(session), node, "zero")
    with pytest.raises(InputError, match="different lengths"):
        measured_effects(session, node, "zero")


def test_norms_are_of_what_is_carried() -> None:
    session = case("gpt2").session()
    node = Node("head", 1, 2)
    result = session.run(positions="all")
    out = result.state.out(session.model.adapter, node)[0]
    assert np.allclose(written_norms(result, node), out.norm(dim=-1).numpy())
    half = session.run([ws.Edit(node, "scale", [2], 0.5)], positions="all")
    expected = written_norms(result, node)
    expected[2] /= 2
    assert np.allclose(written_norms(half, node), expected)


def test_an_edit_of_the_node_gives_way_whether_it_names_the_node_or_holds_it() -> None:
    session = case("gpt2").session()
    node = Node("mlp", 0)
    alone = measured_effects(session, node, "patch")
    for target in (node, "m0"):
        np.testing.assert_array_equal(measured_effects(session, node, "patch", [ws.Edit(target, "patch")]), alone)
