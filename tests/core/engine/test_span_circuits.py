"""Circuits that keep an edge at some spans only, against edits at positions and the oracle."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

import wirescope as ws
from core.circuit import Circuit, circuit_of, connected
from core.edits import EditKind
from core.errors import ArgumentError, EditError, InputError
from core.spans import REST, position_of, span_numbers, spans_over, usual_spans
from tests.core.engine.cases import TOLERANCE, case
from tests.small_models import CAUSAL, POSITIONS

KINDS: tuple[EditKind, ...] = ("patch", "zero", "mean")
SPANS = {"text": ("head", "tail", REST), "image": ("0", "2", "-1", REST)}


def edits_outside(circuit: Circuit, kind: EditKind) -> list[ws.Edit]:
    """What a circuit at spans leaves out, as edits at positions: for the rest of a row all positions are edited, and
    then those that are kept no more."""
    graph, found = circuit.graph, []
    kept: dict[int, set[int]] = {edge: set() for edge in range(graph.n_edges)}
    assert circuit.at is not None
    for edge, span in zip(circuit.edges.tolist(), circuit.at.tolist(), strict=True):
        kept[edge].add(span)
    for index, inside in kept.items():
        edge = graph.edge(index)
        out = [position_of(name) for number, name in enumerate(circuit.spans) if number not in inside]
        back = [position_of(name) for number, name in enumerate(circuit.spans) if number in inside]
        if REST in out:
            found.append(ws.Edit(edge, kind))
            found += [ws.Edit(edge, kind, positions=back, strength=0.0)] if back else []
        elif out:
            found.append(ws.Edit(edge, kind, positions=out))
    return found


def random_circuit(graph: ws.Graph, spans: tuple[str, ...], share: float, seed: str) -> Circuit:
    whole = Circuit(graph, np.empty(0, dtype=np.int64), spans=spans, at=np.empty(0, dtype=np.int64))
    count = graph.n_edges * len(spans)
    parts = random.Random(seed).sample(range(count), round(share * count))
    return whole.with_parts(np.array(parts, dtype=np.int64))


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2", "gpt-neox", "dinov2", "timm-vit-average"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_circuit_at_spans_is_its_edits_at_positions(family: str, kind: EditKind) -> None:
    setup = case(family, batch=2, lengths=(POSITIONS, 4) if family in CAUSAL else None)
    session = setup.session()
    spans = SPANS["text" if family in CAUSAL else "image"]
    circuits = [random_circuit(session.graph, spans, share, family) for share in (0.1, 0.6, 1.0)]
    results = session.run_circuits(circuits, kind)
    for circuit, result in zip(circuits, results, strict=True):
        outside = edits_outside(circuit, kind)
        expected = setup.answer(setup.oracle.run(outside))
        assert (result.answer - expected).abs().max() <= TOLERANCE, f"{len(circuit)} edges, the oracle"
        assert (result.answer - session.run(outside).answer).abs().max() <= TOLERANCE, f"{len(circuit)} edges, edits"
    assert (results[-1].answer - session.clean.answer).abs().max() <= TOLERANCE


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gpt-neox", "dinov2"])
def test_what_is_not_connected_at_its_span_does_nothing(family: str) -> None:
    session = case(family).session()
    graph = session.graph
    spans = ("0", "1", REST)
    circuit = random_circuit(graph, spans, 0.15, family)
    pruned = circuit.pruned()
    assert 0 < len(pruned) < len(circuit)
    assert (session.run_circuit(circuit).answer - session.run_circuit(pruned).answer).abs().max() <= TOLERANCE
    assert len(pruned) <= int(connected(graph, circuit.edges).sum()), "a path at one span is a path"
    alone = circuit_of(graph, ["input->m0@0", "m0->m1@1", "m1->logits@1"], spans)
    assert len(alone.pruned()) == 0, "an MLP carries nothing from one position to another"
    through_a_head = circuit_of(graph, ["input->m0@0", f"m0->a1.{_keys(graph)}<v>@0", "a1.h0->logits@1"], spans)
    assert len(through_a_head.pruned()) == 3


def _keys(graph: ws.Graph) -> str:
    return "h0" if graph.heads == graph.kv_heads else "kv0"


def test_the_union_and_the_edges_everywhere_are_plain_circuits() -> None:
    session = case("gpt2").session()
    graph = session.graph
    circuit = random_circuit(graph, ("0", REST), 0.3, "union")
    union = circuit.union()
    assert union.at is None
    assert sorted(union.edges.tolist()) == sorted(set(circuit.edges.tolist()))
    everywhere = circuit_of(graph, union.names, circuit.spans)
    assert len(everywhere) == 2 * len(union)
    assert (session.run_circuit(everywhere).answer - session.run_circuit(union).answer).abs().max() <= TOLERANCE


def test_a_position_belongs_to_the_narrowest_span_that_holds_it() -> None:
    setup = case("gpt2", batch=2, lengths=(POSITIONS, 4))
    pair = setup.pair.with_roles({"most": [(0, 3), (0, 3)], "both": [(1, 2), (1, 2)]})
    extent = ws.Session(setup.model, pair).engine.extent
    names = spans_over(["most", "both", -1], [extent])
    assert names == ("most", "both", "-1", REST)
    assert span_numbers(names, extent).tolist() == [[0, 1, 0, 3, 3, 3, 2], [0, 1, 0, 2, 0, 0, 0]]
    assert usual_spans([extent]) == ("head", "tail", "most", "both", REST)
    alone = replace(extent, lengths=(POSITIONS, POSITIONS), roles={})
    assert usual_spans([alone]) == tuple(str(position) for position in range(POSITIONS))


def test_spans_refuse_what_cannot_be() -> None:
    session = case("gpt2").session()
    with pytest.raises(ArgumentError, match="no span 'verb'"):
        circuit_of(session.graph, ["input->logits@verb"], ["head", REST])
    with pytest.raises(EditError, match="No role is called 'verb'"):
        session.run_circuit(circuit_of(session.graph, ["input->logits@verb"], ["verb", REST]))
    with pytest.raises(InputError, match="Position 1 of row 0 is in none of the spans 0"):
        session.run_circuit(circuit_of(session.graph, ["input->logits@0"], ["0"]))
    uneven = case("gpt2", batch=2, lengths=(POSITIONS, 4)).session().engine.extent
    with pytest.raises(InputError, match="no roles in common"):
        usual_spans([replace(uneven, roles={})])
