"""Edits inside an MLP against the oracle, which puts other numbers in front of the model's own last map."""

from __future__ import annotations

import random

import pytest
import torch

import wirescope as ws
from core.edit_kinds import KINDS
from core.engine.units import factor
from core.errors import ArgumentError, EditError
from core.graph import Graph, Node, Reader
from tests.core.engine.cases import TOLERANCE, Case, case, draws, random_edit, random_edits, variant
from tests.oracle_units import UnitOracle, last_map
from tests.small_models import ALL, POSITIONS

OF_UNITS = [kind for kind, row in KINDS.items() if row.of_units]
FAMILIES = [
    family for family in ALL if not variant(family) or any(word in family for word in ("gated", "layerscale", "moe"))
]


def oracle_of(setup: Case) -> UnitOracle:
    assert setup.pair.counterfactual is not None
    return UnitOracle.beside(setup.oracle, setup.pair.counterfactual.tensor)


def units_of(graph: Graph) -> list[Node]:
    return [Node(kind, layer, number) for layer, (kind, count) in enumerate(graph.units) for number in range(count)]


def random_unit_edits(rng: random.Random, graph: Graph, length: int) -> list[ws.Edit]:
    """Some of units of one layer or several, some of what is around them."""
    units = units_of(graph)
    names = [rng.choice(units).name for _ in range(rng.choice([1, 1, 2, 4]))]
    names += names[:1] if rng.random() < 0.3 else []
    edits = [random_edit(rng, name, length, OF_UNITS) for name in names]
    return edits + (random_edits(rng, graph, length) if rng.random() < 0.4 else [])


def check(setup: Case, session: ws.Session, oracle: UnitOracle, edits: list[ws.Edit]) -> float:
    """Both views of the run agree with the oracle. Returns how much the edits change."""
    expected = oracle.run(edits)
    what = ", ".join(map(str, edits))
    answer = session.run(edits).answer
    assert (answer - setup.answer(expected)).abs().max() <= TOLERANCE, what
    everywhere = session.run(edits, positions="all")
    found = everywhere.answer if expected.ndim == 2 else everywhere.logits
    assert (setup.real(found) - setup.real(expected)).abs().max() <= TOLERANCE, what
    return float((expected - oracle.clean.output).abs().max())


@pytest.mark.parametrize("family", FAMILIES)
def test_edits_of_units_give_what_the_oracle_gives(family: str) -> None:
    setup, rng = case(family), random.Random(family)
    session, oracle = setup.session(), oracle_of(setup)
    length = session.engine.length
    changes = [
        check(setup, session, oracle, random_unit_edits(rng, session.graph, length)) for _ in range(draws(family, 3))
    ]
    assert max(changes) > 1e-6


@pytest.mark.parametrize("family", FAMILIES)
def test_what_units_add_and_the_rest_sum_to_what_the_node_adds(family: str) -> None:
    setup = case(family)
    adapter, state = setup.model.adapter, setup.session().run(positions="all").state
    for layer, units in enumerate(adapter.units):
        assert units is not None
        with torch.no_grad():
            stream = state.stream_at(Reader("mlp", layer), adapter.shape.parallel, state.rows_of(Node("input")))
            normed = adapter.mlp_norm(layer, stream)
            made, inside = units.made(normed)
            times = factor(units, made)
            values = units.values(normed, inside, range(units.count)).split(units.size, dim=2)
            each = [units.added(value, [n]) * times for n, value in enumerate(values)]
        mlp = setup.oracle.layout.blocks[layer].mlp
        bias = getattr(last_map(mlp), "bias", None)
        rest = 0.0 if bias is None else bias * times
        if hasattr(mlp, "shared_expert"):
            with torch.no_grad():
                gate = mlp.shared_expert_gate(normed).sigmoid() if hasattr(mlp, "shared_expert_gate") else 1.0
                rest = gate * mlp.shared_expert(normed)
        added = setup.oracle.clean.outs[f"m{layer}"]
        assert (sum(each) + rest - added).abs().max() <= TOLERANCE


@pytest.mark.parametrize("family", ["gpt2", "gemma2", "dinov2", "gptj"])
def test_units_measured_together_are_as_one_by_one(family: str) -> None:
    setup = case(family, batch=2)
    session = setup.session()
    for standing in ([], [ws.Edit("m1", "scale", value=0.5), ws.Edit("m0.n2", "zero")]):
        before = float(session.run(standing).metric.mean())
        for like in (ws.Edit("m0", "zero"), ws.Edit("m0", "patch", positions=[-1, 1])):
            names = [f"m{layer}.n{number}" for layer in (0, 1) for number in (0, 2, 5)]
            scan = ws.Scan(session, names, like.kind, positions=like.positions, edits=standing)
            each = [
                float(session.run([*standing, ws.Edit(name, like.kind, like.positions)]).metric.mean()) - before
                for name in names
            ]
            assert scan.run().tolist() == pytest.approx(each, abs=TOLERANCE)
            assert max(map(abs, each)) > 1e-6


def test_a_batch_of_other_lengths_has_means_by_position() -> None:
    setup = case("gpt2", batch=2, lengths=(POSITIONS, 4))
    session, oracle, rng = setup.session(), oracle_of(setup), random.Random(0)
    for _ in range(6):
        edits = random_unit_edits(rng, session.graph, 4)
        check(setup, session, oracle, [ws.Edit(f"m{rng.randrange(3)}.n{rng.randrange(64)}", "mean"), *edits])


def test_what_units_do_not_take_is_said() -> None:
    session = case("gpt2").session()
    for name, words in (
        ("m0.n64", "m0.n0 to m0.n63"), ("m9.n0", "layers 0 to"), ("m0.e1", "m0.n0 to"), ("m0.n", "names no node"),
        ("m0.n3->m1", "edges are those of the whole"), ("a0.n3", "names no node"),
    ):  # fmt: skip
        with pytest.raises(ArgumentError, match=words):
            session.run([ws.Edit(name, "zero")])
    with pytest.raises(EditError, match="is a part of m0"):
        session.run([ws.Edit("m0.n3", "steer", value=[1.0] * 16)])
    assert session.run([ws.Edit("m0.n3", "zero"), ws.Edit("m0", "zero")]).metric.tolist() == pytest.approx(
        session.run([ws.Edit("m0", "zero")]).metric.tolist()
    )
