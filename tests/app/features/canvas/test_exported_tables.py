"""Scores and predictions saved from the window, and what the command line makes of them, and the reverse."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import wirescope as ws
from app.__main__ import main
from core.interchange.scores_reading import read_scores
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.tracing_steps import ROWS, over_dataset, paste, trace


@pytest.fixture
def export(reader: Person, tmp_path: Path, monkeypatch):
    """Save something under a name; its path."""
    from app.features.canvas.controller import export as exporting

    def save(entry: str, name: str) -> Path:
        path = tmp_path / name
        monkeypatch.setattr(exporting.QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
        reader.choose("File/Export", entry)
        assert reader.message() == f"Saved {name}"
        return path

    return save


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def test_scores_are_saved_whole_with_what_they_are_of(reader: Person, export) -> None:
    trace(reader)
    scored, graph, size = reader.workbench.scored, reader.workbench.opened.graph, reader.workbench.document.size
    found = read_scores(export("Scores as JSON", "scores.json"), graph)
    assert found.scores.values == pytest.approx(scored.values)
    assert found.scores.top(size).edges.tolist() == scored.ranking.kept(size).tolist()
    assert (found.scores.method, found.scores.replacement) == ("eap-ig", "patch")
    assert [(row.clean, row.counterfactual, row.target, row.foil) for row in found.rows] == [
        (CLEAN, COUNTERFACTUAL, " Mary", " John")
    ]
    table = rows_of(export("Scores as CSV", "scores.csv"))
    assert [row["edge"] for row in table] == [edge.name for edge in graph.edges]
    assert [float(row["score"]) for row in table] == pytest.approx(scored.values.tolist())
    assert [i for i, row in enumerate(table) if row["kept"] == "1"] == sorted(scored.ranking.kept(size).tolist())
    assert {(row["method"], row["over"], row["replacement"]) for row in table} == {("eap-ig", "this pair", "patch")}
    assert {row["metric"] for row in table} == {reader.workbench.ran.metric_name}


def test_predictions_are_saved_with_the_edits_they_are_of(reader: Person, export) -> None:
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.workbench.editing.toggle_selection("cut")
    reader.rest()
    ran = reader.workbench.ran
    table = rows_of(export("Predictions as CSV", "p.csv"))
    assert [(row["answer"], float(row["before"]), float(row["after"])) for row in table] == [
        (row.label, row.before, row.after) for row in ran.rows
    ]
    assert {row["edits"] for row in table} == {f"{reader.edge(index).name}=patch"}
    content = json.loads(export("Predictions as JSON", "p.json").read_text(encoding="utf-8"))
    assert content["edits"] == [f"{reader.edge(index).name}=patch"]
    assert (content["before"], content["after"]) == (ran.before, ran.after)


def test_the_command_line_takes_the_windows_files(reader: Person, export, capsys) -> None:
    trace(reader)
    size, share = reader.workbench.document.size, reader.workbench.known.kept.share
    scores, circuit = export("Scores as JSON", "scores.json"), export("Circuit as JSON", "circuit.json")
    for path, more in ((scores, ["--size", str(size)]), (circuit, [])):
        assert main(["evaluate", str(path), "--json", *more]) == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["size"], report["pairs"]) == (size, 1)
        assert report["recovered"] == pytest.approx(share, abs=1e-4)
        assert report["metric"] == reader.workbench.ran.metric_name
    assert main(["compare", str(circuit), str(scores), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    last = report["circuits"][-1]
    assert (last["edges"], last["overlap"]) == (size, 1.0)
    assert report["rank correlation"] is None  # of the edges outside a circuit nothing is known
    assert main(["compare", str(circuit), str(scores)]) == 0
    assert "cannot be compared" in capsys.readouterr().out


def test_files_of_a_dataset_hold_its_rows(reader: Person, export, capsys) -> None:
    paste(reader, ROWS)
    over_dataset(reader)
    trace(reader)
    kept = reader.workbench.known.kept
    path = export("Circuit as JSON", "circuit.json")
    assert len(read_scores(path).rows) == 5
    assert main(["evaluate", str(path), "--json"]) == 0
    out = capsys.readouterr()
    report = json.loads(out.out)
    assert report["pairs"] == kept.pairs == 4  # the fifth does not fit
    assert report["recovered"] == pytest.approx(kept.share, abs=1e-4)
    assert "one circuit" in out.err
    for curve in ("curve", "curve by size", "curve without them"):  # beyond it there would be edges of no rank
        assert max(point["edges"] for point in report[curve]) <= report["size"]
    assert report["cpr"] is report["cmd"] is None
    assert main(["evaluate", str(path)]) == 0
    said = capsys.readouterr().out
    assert "CPR" not in said
    assert f"The file is one circuit of {report['size']:,} edges" in said


def test_the_window_takes_the_command_lines_files(reader: Person, models, tmp_path: Path) -> None:
    out = tmp_path / "traced.json"
    pair = ["--clean", CLEAN, "--counterfactual", COUNTERFACTUAL, "--metric", "logit_difference: Mary: John"]
    assert main(["trace", "--model", str(models.gpt2), *pair, "--method", "eap", "--out", str(out)]) == 0
    reader.workbench.scores_wanted.emit(str(out))
    reader.rest()
    assert reader.workbench.scored.from_file
    assert reader.workbench.scored.values == pytest.approx(ws.trace(reader.session(), "eap").values, abs=1e-5)
    assert np.isfinite(reader.workbench.scored.values).all()
