"""What is exported is read back: the same edges in their order, scores to the last bit, spans, groups and words, in
every form that holds a whole circuit; and a file that is none is refused in words."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.circuit import EXPORTERS, Circuit
from core.errors import ArgumentError, InputError
from core.graph import Graph
from core.groups import GROUP_COLORS, Group
from core.interchange.circuit_reading import read_circuit
from core.notes import Note

READ = [name for name, row in EXPORTERS.items() if row.read is not None]
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
KEYS = st.sampled_from(["model", "metric", "method", "clean", "direction", "name", "mode", "wirescope", "id"])
SCORES = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    heads, kv_heads = draw(st.sampled_from([(2, 2), (4, 2), (2, 1)]))
    graph = Graph(draw(st.integers(1, 3)), heads, kv_heads, draw(st.booleans()))
    spans = draw(st.sampled_from([(), ("subject", "-1", "rest")]))
    parts = draw(st.lists(st.integers(0, graph.n_edges * max(1, len(spans)) - 1), unique=True, max_size=12))
    scores = draw(st.lists(SCORES, min_size=len(parts), max_size=len(parts)))
    values = np.array([np.nan if score is None else score for score in scores], dtype=np.float64)
    names = draw(st.lists(WORDS, unique=True, max_size=2))
    groups = tuple(
        Group(name, draw(st.sampled_from(GROUP_COLORS)), tuple(draw(st.permutations(graph.nodes))[:2]))
        for name in names
    )
    about = draw(st.dictionaries(KEYS, WORDS, max_size=4))
    targets = {"circuit": "", "node": "m0", "edge": "input->m0"}
    noted = draw(st.sets(st.sampled_from(list(targets))))
    notes = tuple(Note(kind, targets[kind], draw(WORDS), draw(WORDS)) for kind in noted)
    circuit = Circuit(graph, np.empty(0, dtype=np.int64), None, about, spans, groups=groups, notes=notes)
    circuit = circuit.with_parts(np.array(parts, dtype=np.int64))
    scored = bool(len(values)) and not np.isnan(values).all()
    return replace(circuit, values=values if scored else None)


@pytest.mark.parametrize("form", READ)
@given(circuit=circuits())
def test_a_circuit_is_read_back_whole(form: str, circuit: Circuit) -> None:
    row = EXPORTERS[form]
    assert row.read is not None
    back = row.read(row.write(circuit))
    assert back.graph == circuit.graph
    assert back.names == circuit.names
    assert (back.about, back.spans, back.groups) == (circuit.about, circuit.spans, circuit.groups)
    assert back.notes == circuit.notes
    assert (back.values is None) == (circuit.values is None)
    if circuit.values is not None:
        assert np.array_equal(back.values, circuit.values, equal_nan=True)


def some_circuit() -> Circuit:
    graph = Graph(2, 4, 2)
    return Circuit(graph, np.arange(3, 23, dtype=np.int64), np.linspace(1, -1, 20), {"model": "m"})


@pytest.mark.parametrize("form", READ)
def test_a_file_is_read_by_its_ending_and_a_broken_one_is_refused(form: str, tmp_path: Path) -> None:
    row = EXPORTERS[form]
    path = tmp_path / f"circuit{row.ending}"
    text = row.write(some_circuit())
    path.write_text(text, encoding="utf-8")
    assert read_circuit(path).names == some_circuit().names
    some_circuit().chosen(np.arange(4)).save(path)
    assert Circuit.load(path).names == some_circuit().names[:4]
    refused = 0
    for share in range(0, 90, 7):
        path.write_text(text[: len(text) * share // 100], encoding="utf-8")
        if form == "csv" and "\n" in path.read_text(encoding="utf-8"):  # rows that are lacking cannot be told
            break
        if form in ("html", "report") and "</script>" in path.read_text(
            encoding="utf-8"
        ):  # the circuit is in it already
            break
        with pytest.raises(InputError, match=re.escape(path.name)) as refusal:
            read_circuit(path)
        assert refusal.value.hint
        refused += 1
    assert refused > 1


def test_a_drawing_is_not_read(tmp_path: Path) -> None:
    some_circuit().save(tmp_path / "circuit.dot")
    assert (tmp_path / "circuit.dot").read_text(encoding="utf-8").startswith("digraph")
    with pytest.raises(ArgumentError, match="DOT is a drawing"):
        Circuit.load(tmp_path / "circuit.dot")


@pytest.mark.parametrize("form", READ)
def test_hostile_files_are_refused_in_words(form: str) -> None:
    row = EXPORTERS[form]
    assert row.read is not None
    text = row.write(some_circuit())
    changed = {
        "of no model": re.sub(r'layers(&quot;|"): 2', r"layers\1: 2000000000", text),
        "edges that there are not": text.replace("a0.", "a9."),
        "newer": re.sub(r'version(&quot;|"): 1', r"version\1: 99", text),
        "wrong types": re.sub(r'about(&quot;|"): \{', r"about\1: 3, \1x\1: {", text),
        "nothing": "",
        "other": "<html></html>",
    }
    for what, other in changed.items():
        assert other != text, what
        with pytest.raises(InputError):
            row.read(other)


@pytest.mark.parametrize("form", ["graphml", "gexf"])
def test_xml_that_grows_is_not_read(form: str) -> None:
    row = EXPORTERS[form]
    assert row.read is not None
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    with pytest.raises(InputError, match="entities"):
        row.read(bomb + row.write(some_circuit()))
