"""`trace --level edge-spans` and `evaluate`: edges at the roles of a task, of a file, or at positions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import wirescope as ws
from app.__main__ import main
from app.cli.evaluate_report import evaluation_words
from core.evaluation.stability import stability
from core.inputs.tasks import make_task
from core.interchange.scores_reading import read_scores
from core.positions import parse_roles
from core.spans import REST
from core.tracing.per_pair import scores_per_pair
from tests.app.command_line import code_of

pytestmark = pytest.mark.usefixtures("short_evaluation")

Capture = pytest.CaptureFixture[str]


def traced(file: Path, *options: str) -> list[str]:
    given = ["trace", "--model", "bundled:names", *options, "--method", "eap", "--level", "edge-spans"]
    return [*given, "--out", str(file)]


def test_a_task_is_traced_at_its_roles_and_evaluated_beside_the_union(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "spans.json"
    assert main(traced(file, "--task", "capitals", "--pairs", "2")) == 0
    said = capsys.readouterr().out
    assert f"spans: country, end, {REST}" in said
    assert "edges at spans of bundled:names over 2 pairs" in said
    found = read_scores(file)
    assert found.scores.spans == ("country", "end", REST)
    model = ws.load_model("bundled:names")
    made = make_task("capitals", model, 2)
    pairs = [
        (pair := model.pair(a, b)).with_roles(parse_roles(roles, pair.length))
        for (a, b), roles in zip(made.pairs, made.roles, strict=True)
    ]
    dataset = ws.Dataset(pairs, made.answers)
    session = ws.Session(model, pairs[0], ws.logit_difference(*made.answers[0]), dataset=dataset)
    scores = ws.trace(session, "eap", level="edge-spans", dataset=dataset)
    assert np.array_equal(found.scores.values, scores.values)

    assert main(["evaluate", str(file), "--size", "200", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    curve = ws.faithfulness(session, scores, dataset=dataset)
    assert curve.union is not None
    assert report["cmd"] == pytest.approx(curve.cmd)
    assert report["union"]["cmd"] == pytest.approx(curve.union.cmd)
    assert report["union"]["edges"] == list(curve.union.sizes)
    assert (report["edges"], report["what"]) == (scores.values.size, "edges at spans")
    rows = scores_per_pair(session, "eap", dataset, spans=scores.spans)
    assert report["stability"]["jaccard"] == pytest.approx(stability(rows, 200, direction=scores.direction).mean)
    assert report["other method"]["method"] == "eap-ig"
    said = evaluation_words(report)
    assert f"200 of {scores.values.size:,} edges at spans" in said
    assert "of the unions, which keep more, over the same sizes: CPR" in said


def test_spans_are_named_in_a_dataset_or_asked_for(tmp_path: Path, capsys: Capture) -> None:
    data, file = tmp_path / "rows.csv", tmp_path / "out.json"
    data.write_text(
        "clean,counterfactual,target,foil,roles\n"
        "The capital of France is,The capital of Spain is, Paris, Madrid,country=3:4\n"
        "The capital city of Spain is,The capital city of France is, Madrid, Paris,country=4:5\n"
    )
    assert main(traced(file, "--dataset", str(data))) == 0
    assert read_scores(file).scores.spans == ("country", REST)
    assert [row.roles for row in read_scores(file).rows] == ["country=3:4", "country=4:5"]
    assert main(traced(file, "--dataset", str(data), "--spans", "country,-1")) == 0
    assert read_scores(file).scores.spans == ("country", "-1", REST)
    capsys.readouterr()
    data.write_text(data.read_text().replace("country=4:5", "country=4:50"))
    assert code_of(*traced(file, "--dataset", str(data))) == 3
    assert "The role country spans 4:50" in capsys.readouterr().err
    assert code_of("trace", "--model", "bundled:names", "--task", "capitals", "--spans", "end") == 2
    assert "Give --level edge-spans too" in capsys.readouterr().err
    refused = traced(file, "--task", "capitals", "--pairs", "2")
    refused[refused.index("eap")] = "atp-star"
    assert code_of(*refused) == 2
    assert "does not score edge-spans" in capsys.readouterr().err
