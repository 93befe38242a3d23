"""A file of edges at spans in the window: the union on the first level, on the second the positions that are kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import wirescope as ws
from app.presenters.exported_circuit import circuit_text
from app.presenters.exported_tables import scores_csv, scores_json
from core.circuit import Circuit
from core.evaluation.report import QUESTIONS, Subject
from core.formatting import share_words
from core.inputs.dataset_columns import FileRow
from core.interchange.circuit_json import from_json
from core.interchange.scores_files import scores_from_json, scores_to_json
from core.spans import REST
from core.tracing.scores import UNION
from core.tracing.span_unions import at_spans
from tests.app.features.canvas.test_positions import go_to_tokens, unfolded
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from views.canvas.positions.border import second_line
from views.canvas.positions.data import PositionsData, Wire


def open_file(person: Person, path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    person.workbench.scores_wanted.emit(str(path))
    person.rest()


def wires_of(data: PositionsData) -> set[tuple[str, int]]:
    return {(each.link.edge.name, each.link.positions[0]) for each in data.links if isinstance(each.link, Wire)}


def recovered(session: ws.Session, circuit: Circuit) -> float:
    whole, nothing = session.clean.metric, session.counterfactual.metric  # type: ignore[union-attr]
    return float((session.run_circuit(circuit).metric - nothing) / (whole - nothing))


def test_a_circuit_at_positions_shows_its_wires_where_they_are_kept(reader: Person, tmp_path: Path) -> None:
    session = reader.session()
    scores = ws.trace(session, "eap-ig", level="edge-spans")
    circuit = scores.top(40)
    open_file(reader, tmp_path / "circuit.json", circuit.to_json())
    union = circuit.union()
    assert f"a circuit of {len(union)} edges, each kept at some spans of positions" in reader.message()
    assert reader.workbench.document.size == len(union)
    kept = {
        reader.workbench.opened.graph.edge(index).name for index in reader.workbench.scored.ranking.kept(len(union))
    }
    assert kept == set(union.names)
    data = go_to_tokens(reader)
    assert wires_of(data)
    assert {f"{edge}@{position}" for edge, position in wires_of(data)} <= set(circuit.names)
    shares = [share_words(recovered(session, each)) for each in (circuit.pruned(), union.pruned())]
    length = session.pair.length
    expected = f"40 of {len(union) * length} places recover {shares[0]}, all {shares[1]}"
    assert data.kept_words == second_line(data) == expected
    caption = reader.controller("canvas").positions.caption(reader.workbench.presenter.snapshot().caption())
    assert f"Lines are where the circuit keeps an edge: {expected}." in caption.lines


def test_scores_at_roles_are_placed_by_the_files_own_row(reader: Person, tmp_path: Path) -> None:
    session = reader.session()
    pair = session.pair.with_roles({"name": [(1, 2)], "end": [(5, 6)]})
    named = ws.Session(session.model, pair, ws.logit_difference(" Mary", " John"))
    scores = ws.trace(named, "eap", level="edge-spans")
    assert scores.spans == ("name", "end", REST)
    best = np.sort(scores.towards.max(axis=1))[::-1]
    row = FileRow(CLEAN, COUNTERFACTUAL, " Mary", " John", "name=1:2 end=-1")
    open_file(reader, tmp_path / "scores.json", scores_to_json(scores, [row]))
    assert reader.workbench.scored.values == pytest.approx(
        np.take_along_axis(scores.values, scores.towards.argmax(axis=1)[:, None], axis=1)[:, 0], abs=1e-9
    )
    reader.panel("circuit").size_wanted.emit(12)
    reader.rest()
    data = go_to_tokens(reader)
    span_of = {1: 0, 5: 1}
    for edge, position in wires_of(data):
        index = scores.graph.index(edge)
        if scores.towards[index].max() >= best[11]:
            assert scores.towards[index, span_of.get(position, 2)] >= best[11], (edge, position)
    assert " places recover " in data.kept_words
    reader.click(reader.panel("canvas").buttons["components"])
    open_file(reader, tmp_path / "other.json", scores_to_json(scores))
    reader.panel("circuit").size_wanted.emit(12)
    reader.rest()
    reader.click(reader.panel("canvas").buttons["positions"])
    data = unfolded(reader)
    assert "other.json keeps edges at spans that this pair does not have: No role is called 'name'." in data.kept_words


def test_a_trace_at_every_position_shows_its_wires_where_they_matter(reader: Person) -> None:
    """The menu's entry, the two levels, a rule, what is exported, and undo."""
    session = reader.session()
    scores = ws.trace(session, "eap", level="edge-spans")
    menu = reader.window.top_bar.method_menu
    menu.method_chosen.emit("eap")
    menu.level_chosen.emit("edge-spans")
    reader.rest()
    assert menu.levels["edge-spans"].isChecked()
    reader.window.commands["trace"].trigger()
    reader.rest()
    assert reader.workbench.document.traced.level == "edge-spans"
    assert "Trace edges at positions" in reader.window.top_bar.trace.forms()[0]
    union = scores.union()
    assert reader.workbench.scored.values == pytest.approx(union.values, abs=1e-9)
    assert reader.workbench.scored.title == "EAP at each position"
    assert reader.workbench.known.recovered is not None, "circuits of the union are measured"
    reader.panel("circuit").size_wanted.emit(12)
    reader.rest()
    chosen = union.select(12)
    expected = at_spans(scores, chosen.edges)
    assert set(expected.edges.tolist()) == set(chosen.edges.tolist())
    worst = scores.towards[chosen.edges].max(axis=1).min()
    assert len(expected) == int((scores.towards[chosen.edges] >= worst).sum())
    data = go_to_tokens(reader)
    assert wires_of(data)
    assert {f"{edge}@{position}" for edge, position in wires_of(data)} <= set(expected.names)
    shares = [share_words(recovered(session, each.pruned())) for each in (expected, chosen)]
    places = len(chosen) * session.pair.length
    assert data.kept_words == f"{len(expected)} of {places} places recover {shares[0]}, all {shares[1]}"

    snapshot = reader.workbench.presenter.snapshot()
    circuit = from_json(circuit_text(snapshot))
    assert circuit.names == expected.names
    assert circuit.spans == scores.spans
    content = json.loads(circuit_text(snapshot))
    assert UNION in union.about
    assert UNION not in content["about"], "the file is of the edges at spans"
    subject = Subject(session, union, ws.Dataset([session.pair] * 2), "patch", 12, ws.Options())
    told = QUESTIONS["stability"].find(subject, lambda share: None, None)
    assert "each edge stands for its best span" in told["stability"], "not the stability of other scores"
    assert content["recovered by the union"]["edges"] == 12
    assert "recovered" not in content
    written = scores_from_json(json.loads(scores_json(snapshot))).scores
    assert written.spans == scores.spans
    assert written.values == pytest.approx(scores.values, abs=1e-9)
    table = scores_csv(snapshot).splitlines()
    assert len(table) == 1 + scores.values.size
    assert sum(row.split(",")[3] == "1" for row in table[1:]) == len(expected)
    edge = expected.names[0]
    assert next(row for row in table if row.startswith(f"{edge},")).split(",")[3] == "1"
