"""Scores of edges at spans of positions: what they add up to, the circuits they make, and what these recover."""

from __future__ import annotations

import numpy as np
import pytest

import wirescope as ws
from core.edits import EditKind
from core.errors import ArgumentError, EditError, InputError
from core.evaluation.minimality import minimality
from core.spans import REST
from core.tracing.method import METHODS
from core.tracing.sign_agreement import with_agreement
from tests.core.engine.cases import TOLERANCE, case
from tests.core.engine.test_span_circuits import edits_outside
from tests.small_models import CAUSAL, POSITIONS

NATURAL = ("eap-ig", "eap", "relp", "integrated-edges", "ensemble", "random")


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2", "dinov2"])
@pytest.mark.parametrize("method", ["eap", "eap-ig", "integrated-edges"])
@pytest.mark.parametrize("kind", ["patch", "mean"])
def test_the_scores_of_an_edge_add_up_over_its_spans(family: str, method: str, kind: EditKind) -> None:
    session = case(family, batch=2, lengths=(POSITIONS, 4) if family in CAUSAL else None).session()
    edges = ws.trace(session, method, replacement=kind)
    by_role = ws.trace(session, method, replacement=kind, level="edge-spans")
    assert by_role.spans == ("head", "tail", REST)
    assert by_role.values.shape == (session.graph.n_edges, 3)
    assert np.abs(by_role.values.sum(axis=1) - edges.values).max() <= TOLERANCE
    assert by_role.direction == edges.direction
    some = ws.trace(session, method, replacement=kind, level="edge-spans", spans=[-1, "head"])
    assert some.spans == ("-1", "head", REST)
    assert np.abs(some.values[:, 1] - by_role.values[:, 0]).max() <= TOLERANCE
    node = session.graph.writers[1]
    assert by_role.of_node(node) == pytest.approx(edges.of_node(node), abs=TOLERANCE)


def test_a_score_at_a_position_is_that_of_the_unfolded_circuit() -> None:
    from core.lens.unfolded import unfold

    setup = case("gpt2")
    session = ws.Session(setup.model, ws.Pair(setup.pair.clean, setup.pair.counterfactual))
    scores = ws.trace(session, "eap", level="edge-spans")
    assert scores.spans == tuple(str(position) for position in range(POSITIONS))
    edges = scores.strongest(5) // POSITIONS
    assert np.abs(unfold(session, edges.tolist()).wires - scores.values[edges]).max() <= 1e-6
    first = session.engine.first_patched_row
    assert first == 1
    assert (scores.values[:, :first] == 0).all(), "before the first difference nothing is lost"


def test_the_best_edges_at_spans_recover_what_edits_at_positions_leave() -> None:
    setup = case("gpt2")
    session = setup.session()
    scores = ws.trace(session, "eap-ig", level="edge-spans")
    total = scores.values.size
    circuit = scores.top(total // 5)
    order = np.argsort(-scores.towards.ravel(), kind="stable")[: total // 5]
    assert circuit.parts.tolist() == order.tolist()
    assert circuit.values is not None
    assert circuit.values.tolist() == scores.values.ravel()[order].tolist()
    assert circuit.names[0].endswith(f"@{scores.spans[order[0] % 3]}")
    curve = ws.faithfulness(session, scores, fractions=(0.2, 1.0), random_circuits=2)
    assert curve.sizes == (total // 5, total)
    by_edits = session.run(edits_outside(circuit, "patch")).metric
    whole, nothing = (run.metric for run in (session.clean, session.counterfactual))  # type: ignore[union-attr]
    assert abs(curve.recovered[0] - float(((by_edits - nothing) / (whole - nothing)).mean())) <= 1e-8
    assert curve.recovered[1] == pytest.approx(1.0)
    assert np.isfinite(curve.random_band).all()
    union = circuit.union().pruned()
    assert curve.union is not None
    assert curve.union.sizes[0] == len(set(circuit.edges.tolist()))
    expected = (session.run_circuit(union).metric - nothing) / (whole - nothing)
    assert curve.union.recovered[0] == pytest.approx(float(expected.mean()), abs=1e-8)
    assert curve.union.cmd == pytest.approx(0.8 * (abs(1 - curve.union.recovered[0])) / 2)
    rest = ws.faithfulness(session, scores, fractions=(0.2,), random_circuits=0, removed=True)
    others = scores.values.size - len(circuit)
    assert rest.sizes == curve.sizes[:1]
    assert rest.connected[0] <= others
    needs = minimality(session, circuit, most=4)
    assert needs.at is not None
    less = circuit.chosen(~((circuit.edges == needs.edges[0]) & (circuit.at == needs.at[0])))
    assert len(less) == len(circuit) - 1
    without = float(((session.run_circuit(less).metric - nothing) / (whole - nothing)).mean())
    assert needs.needs[0] == pytest.approx(needs.recovered - without, abs=1e-8)


def test_a_dataset_with_roles_has_spans_whatever_the_lengths_of_its_rows() -> None:
    setup = case("llama-grouped", batch=2)
    model, clean, b = setup.model, setup.pair.clean.tensor, setup.pair.counterfactual
    assert b is not None
    long = model.pair(clean[:1], b.tensor[:1]).with_roles({"verb": [(2, 4)], "end": [(6, 7)]})
    short = model.pair(clean[1:, :5], b.tensor[1:, :5]).with_roles({"verb": [(1, 2)], "end": [(4, 5)]})
    dataset = ws.Dataset([long, short], [(1, 2), (3, 4)])
    session = ws.Session(model, long, ws.logit_difference(1, 2))
    scores = ws.trace(session, "eap", level="edge-spans", dataset=dataset)
    assert scores.spans == ("verb", "end", REST)
    alone = [
        ws.trace(ws.Session(model, pair, ws.logit_difference(*answers)), "eap", level="edge-spans").values
        for pair, answers in zip(dataset.pairs, dataset.answers, strict=True)
    ]
    assert np.abs(scores.values - np.mean(alone, axis=0)).max() <= TOLERANCE
    sure = with_agreement(session, scores, dataset)
    assert sure.agreement is not None
    agreed = (np.sign(alone[0]) == np.sign(alone[1])) & (alone[0] != 0)
    assert (sure.agreement[agreed] == 1).all()
    assert (sure.agreement[~agreed] < 1).all()
    assert sure.select(3, "consensus").parts[0] == np.where(agreed, scores.towards, 0).argmax()
    balanced = ws.with_balance(session, scores, dataset, fractions=(0.1,))
    for rule, known in (("greedy", scores), ("consensus", sure), ("balance", balanced), ("program", scores)):
        assert len(set(known.select(9, rule).parts.tolist())) == 9
    connected = scores.select(9, "program")
    assert len(connected.pruned()) == 9
    curve = ws.faithfulness(session, scores, dataset=dataset, fractions=(0.1, 1.0))
    assert curve.pairs == 2
    assert curve.recovered[-1] == pytest.approx(1.0)
    plain = ws.Dataset([ws.Pair(pair.clean, pair.counterfactual) for pair in dataset.pairs], dataset.answers)
    with pytest.raises(InputError, match="no roles in common"):
        ws.trace(session, "eap", level="edge-spans", dataset=plain)
    ends = ws.trace(session, "eap", level="edge-spans", dataset=plain, spans=-1)
    assert ends.spans == ("-1", REST)


@pytest.mark.parametrize("name", METHODS)
def test_methods_that_score_edges_alone_say_so(name: str) -> None:
    session = case("gpt2").session()
    if name in NATURAL:
        assert ws.trace(session, name, level="edge-spans").values.shape == (session.graph.n_edges, 3)
        return
    with pytest.raises(ArgumentError, match="does not score edge-spans: what it says of an edge"):
        ws.trace(session, name, level="edge-spans")


def test_edge_spans_refuse_what_cannot_be() -> None:
    session = case("gpt2").session()
    with pytest.raises(ArgumentError, match="not for edges"):
        ws.trace(session, "eap", spans=["head"])
    with pytest.raises(EditError, match="No role is called 'verb'"):
        ws.trace(session, "eap", level="edge-spans", spans=["verb"])
    scores = ws.trace(session, "eap", level="edge-spans")
    other = ws.trace(session, "eap", level="edge-spans", spans=["tail", "head"])
    with pytest.raises(ArgumentError, match="of the same spans"):
        ws.ensemble([scores, other])
    with pytest.raises(ArgumentError, match="0 to"):
        scores.select(scores.values.size + 1)
