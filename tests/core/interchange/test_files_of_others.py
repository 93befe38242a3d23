"""Circuit files as MIB and others write them, without scores or with gaps; and whatever a file holds, it is read or
refused in a sentence."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wirescope as ws
from core.circuit import Circuit
from core.errors import InputError
from core.interchange.circuit_json import from_json
from core.interchange.scores_reading import read_scores

GRAPH = ws.Graph(1, 2, 2)
CFG = {"n_layers": 1, "n_heads": 2, "parallel_attn_mlp": False, "d_model": 8}
MARKED = set(GRAPH.names[::3])
EDGES: dict[str, Any] = {
    name: {"score": float(number), "in_graph": name in MARKED} for number, name in enumerate(GRAPH.names)
}


def read(tmp_path: Path, edges: Any, **more: Any):
    file = tmp_path / "mib.json"
    file.write_text(json.dumps({"cfg": CFG, "nodes": {}, "edges": edges, **more}), encoding="utf-8")
    return read_scores(file, GRAPH)


@pytest.mark.parametrize(
    "edges",
    [
        {name: {"in_graph": name in MARKED} for name in EDGES},
        {name: {"score": None, "in_graph": name in MARKED} for name in EDGES},
        {name: {"score": float("nan"), "in_graph": name in MARKED} for name in EDGES},
        {name: {"in_graph": True} for name in MARKED},
    ],
    ids=["in_graph alone", "null scores", "NaN scores", "only what is in it"],
)
def test_a_file_that_only_marks_edges_is_one_circuit(tmp_path: Path, edges: dict[str, Any]) -> None:
    found = read(tmp_path, edges)
    assert found.size == len(MARKED)
    assert found.marked is not None
    assert set(found.marked.names) == MARKED
    assert set(found.scores.top(len(MARKED)).names) == MARKED


def test_edges_without_a_score_among_others_have_none(tmp_path: Path) -> None:
    first = GRAPH.names[0]
    found = read(tmp_path, {**EDGES, first: {"score": None, "in_graph": True}})
    assert np.flatnonzero(np.isnan(found.scores.values)).tolist() == [0]


@pytest.mark.parametrize(
    ("edges", "more", "words"),
    [
        ({}, {"nodes": {"m0": {"score": 0.1, "in_graph": True}}}, "mib.json scores nodes, not edges"),
        ({}, {}, "mib.json has no edges"),
        ({name: {"in_graph": False} for name in EDGES}, {}, "have no scores, and none is in_graph"),
        ({name: {"score": 1.0} for name in list(EDGES)[1:]}, {}, "mib.json lacks 1 of the"),
        ({**EDGES, "m0->logits": 3}, {}, "The edge m0->logits is 3, with neither"),
        ({**EDGES, "m0->logits": {"score": "high"}}, {}, "score of the edge m0->logits is 'high', no number"),
        ({**EDGES, "m0->logits": {"score": True}}, {}, "score of the edge m0->logits is True"),
        ({**EDGES, "m0->logits": {"score": float("inf")}}, {}, "is inf, no number"),
        ({**EDGES, "m0->logits": {"score": 1, "in_graph": "no"}}, {}, "in_graph of the edge m0->logits is 'no'"),
        (["m0->logits"], {}, "lists no edges by their names"),
        ({"m9->logits": {"score": 1}}, {}, "m9"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, edges: Any, more: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        read(tmp_path, edges, **more)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_json(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "mib.json"
    file.write_text(json.dumps({"cfg": CFG, "edges": EDGES}), encoding=encoding)
    assert read_scores(file).scores.values.tolist() == [float(number) for number in range(GRAPH.n_edges)]


@pytest.mark.parametrize("text", ["[" * 200_000, '{"cfg": ' * 100_000, '{"format": ' + "[" * 100_000])
def test_json_that_is_nested_too_deep_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "deep.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="nested too deep"):
        read_scores(file)
    with pytest.raises(InputError, match="nested too deep"):
        from_json(text)


things = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(GRAPH.names),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=5,
)


def changed(document: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A document in which something is something else, or is not there."""

    @st.composite
    def one(draw: st.DrawFn) -> dict[str, Any]:
        copy = json.loads(json.dumps(document))
        place = copy
        for _ in range(draw(st.integers(0, 2))):
            inner = [key for key, value in place.items() if isinstance(value, dict) and value]
            if inner:
                place = place[draw(st.sampled_from(inner))]
        key = draw(st.sampled_from(sorted(place)))
        if draw(st.booleans()):
            place[key] = draw(things)
        else:
            del place[key]
        return copy

    return one()


CIRCUIT = json.loads(Circuit(GRAPH, np.arange(4, dtype=np.int64), np.arange(4.0), {"model": "m"}).to_json())
OURS = {
    "format": "wirescope scores", "version": 1, "graph": CIRCUIT["graph"], "method": "eap", "replacement": "patch",
    "about": {"model": "m"}, "level": "edges", "scores": [0.5] * GRAPH.n_edges, "rows": [["a", "b", "c", 3]],
    "direction": 1, "kept": [1, 2],
}  # fmt: skip
EAP_IG = {"cfg": CFG, "nodes": {}, "edges": EDGES, "wirescope": {"method": "eap", "about": {"model": "m"}, "rows": []}}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=st.one_of(changed(OURS), changed(EAP_IG), changed(CIRCUIT), things))
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path: Path, document: Any) -> None:
    file, text = tmp_path / "file.json", json.dumps(document)
    file.write_text(text, encoding="utf-8")
    for reader in (lambda: read_scores(file), lambda: read_scores(file, GRAPH), lambda: from_json(text)):
        try:
            reader()
        except InputError:
            continue


@settings(max_examples=40, deadline=None)
@given(about=st.text(max_size=8), key=st.sampled_from(["clean", "metric"]))
def test_graphml_is_well_formed_whatever_the_prompt_holds(about: str, key: str) -> None:
    circuit = Circuit(GRAPH, np.arange(4, dtype=np.int64), None, {key: f"{about}\x1b[31m\x00\ud83d\uffff"})
    for sign in ("&", "<", "a]]>b"):
        ElementTree.fromstring(circuit.to_graphml().encode())
        circuit.about[key] += sign


def test_a_score_that_is_no_number_is_left_out_of_every_format() -> None:
    circuit = Circuit(GRAPH, np.arange(3, dtype=np.int64), np.array([1.0, np.nan, np.inf]))
    rows = json.loads(circuit.to_json(), parse_constant=pytest.fail)["edges"]
    assert ["score" in row for row in rows] == [True, False, False]
    for text in (circuit.to_dot(), circuit.to_tikz(), circuit.to_graphml()):
        assert not re.search(r"\b(nan|inf)\b", text, re.IGNORECASE)
