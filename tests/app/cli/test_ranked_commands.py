"""The command line ranks by what leads towards A, says so, and keeps it in its files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.__main__ import main
from core.interchange.scores_reading import read_scores

pytestmark = pytest.mark.usefixtures("short_evaluation")

PAIR = [
    "--model", "bundled:names",
    "--clean", "When Mary and John went to the store, John gave a drink to",
    "--counterfactual", "When Mary and John went to the store, Mary gave a drink to",
]  # fmt: skip


def test_a_trace_for_kl_says_that_a_lowers_it_and_evaluates_as_it_should(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "kl.json"
    assert main(["trace", *PAIR, "--metric", "kl", "--method", "eap", "--out", str(file)]) == 0
    said = capsys.readouterr().out
    assert "A lowers this metric, so the best are those with the lowest scores." in said
    assert read_scores(file).scores.direction == -1
    document = json.loads(file.read_text())
    del document["direction"]  # as older versions wrote it
    older = tmp_path / "older.json"
    older.write_text(json.dumps(document))
    reports = []
    for path in (file, older):
        assert main(["evaluate", str(path), "--size", "150", "--json"]) == 0
        out, err = capsys.readouterr()
        reports.append(json.loads(out))
        assert ("measured now: A lowers this metric" in err) == (path == older)
    assert reports[0]["recovered"] > 0.8
    assert reports[1]["recovered"] == reports[0]["recovered"]
    assert reports[1]["direction"] == -1


@pytest.mark.parametrize(("kind", "is_told"), [("zero", True), ("patch", False)])
def test_a_graph_file_of_zero_says_what_its_input_is(
    kind: str, is_told: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "graph.json"
    options = ["--method", "eap", "--replacement", kind, "--format", "eap-ig", "--out", str(file)]
    assert main(["trace", *PAIR, *options]) == 0
    words = "`input` is the token's and the position's embedding together"
    assert (words in capsys.readouterr().err) == is_told
    assert json.loads(file.read_text())["wirescope"].get("input", "").startswith(words) == is_told


def test_what_acdc_kept_is_what_its_graph_file_marks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours, graph = tmp_path / "ours.json", tmp_path / "graph.json"
    options = ["--metric", "kl", "--method", "acdc", "--threshold", "0.5"]
    assert main(["trace", *PAIR, *options, "--out", str(ours)]) == 0
    scores = read_scores(ours).scores
    assert scores.kept is not None
    count = int(scores.kept.sum())
    assert f"kept: {count:,} edges, which stand first whatever their score" in capsys.readouterr().out
    assert main(["trace", *PAIR, *options, "--format", "eap-ig", "--out", str(graph)]) == 0
    marked = read_scores(graph, scores.graph).marked
    assert marked is not None
    assert set(marked.edges.tolist()) == set(scores.top(count).edges.tolist())


def test_compare_says_which_file_names_no_direction(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, older = tmp_path / "one.json", tmp_path / "older.json"
    assert main(["trace", *PAIR, "--method", "eap", "--out", str(file)]) == 0
    document = json.loads(file.read_text())
    del document["direction"]
    older.write_text(json.dumps(document))
    capsys.readouterr()
    assert main(["compare", str(file), str(older), "--json"]) == 0
    out, err = capsys.readouterr()
    assert "The second file names no direction: its highest scores are taken for the best." in err
    assert json.loads(out)["rank correlation"] == pytest.approx(1.0)
