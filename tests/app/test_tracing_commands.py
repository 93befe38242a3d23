"""`wirescope trace`, `evaluate`, `compare`, `methods`, as typed, on the bundled model of names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import wirescope as ws
from app.__main__ import main
from core.evaluation.agreement import agreement
from core.evaluation.measured import measure
from core.inputs.tasks import make_task
from core.interchange.scores_reading import read_scores
from core.tracing.methods import METHODS

PLAIN = ("trace", "--model", "bundled:names", "--task", "capitals", "--pairs", "8")
TRACE = (*PLAIN, "--steps", "2")


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trace") / "capitals.json"
    assert main([*TRACE, "--out", str(path)]) == 0
    return path


def test_trace_writes_what_the_notebook_computes(traced: Path) -> None:
    model = ws.load_model("bundled:names")
    made = make_task("capitals", model, 8)
    dataset = ws.Dataset([model.pair(a, b) for a, b in made.pairs], made.answers)
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(*made.answers[0]))
    found = read_scores(traced, model.graph)
    expected = ws.trace(session, "eap-ig", steps=2, dataset=dataset)
    assert np.allclose(found.scores.values, expected.values, rtol=0, atol=1e-5)
    assert [(row.clean, row.counterfactual) for row in found.rows] == list(made.pairs)
    assert found.scores.about["task"] == "capitals"


def test_evaluate_says_what_the_circuit_recovers(traced: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(traced), "--size", "100", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    model = ws.load_model("bundled:names")
    found = read_scores(traced, model.graph)
    answers = [(row.target, row.foil) for row in found.rows]
    dataset = ws.Dataset([model.pair(row.clean, row.counterfactual) for row in found.rows], answers)
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(*answers[0]))
    curve = ws.faithfulness(session, found.scores, dataset=dataset)
    assert [point["recovered"] for point in report["curve"]] == pytest.approx(list(curve.recovered), abs=1e-4)
    assert report["cpr"] == pytest.approx(curve.cpr, abs=1e-4)
    assert (report["size"], report["pairs"]) == (100, 8)
    assert [test["name"] for test in report["tests"]] == ["equivalence", "independence", "minimality"]
    assert 0 < report["stability"]["jaccard"] <= 1
    by_mean = ws.trace(session, "eap-ig", steps=2, dataset=dataset, replacement="mean")
    assert report["other ablation"]["overlap"] == pytest.approx(agreement(found.scores, by_mean, 100).overlap, abs=0.02)
    mean = measure(session, [found.scores.top(100)], "mean", dataset=dataset).recovered()
    assert report["other ablation"]["recovered"] == pytest.approx(mean[0], abs=1e-4)


def test_evaluate_in_words_names_what_is_unexplained(traced: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(traced)]) == 0
    words = capsys.readouterr().out
    for needed in (
        "unexplained",
        "bootstrap",
        "By mean ablation",
        "Integrated edges finds",
        "p = ",
        "CMD",
        "rightly",
        "traced on",
    ):
        assert needed in words


def test_accuracy_evaluates_a_trace_and_scores_by_real_edits_only(
    traced: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(traced), "--size", "100", "--metric", "accuracy", "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    for point in report["curve"]:  # in B no answer is right, so what is recovered is the share of right answers
        assert point["recovered"] == pytest.approx(point["accuracy"] / report["whole accuracy"])
    assert report["right"]["circuit"] == pytest.approx(report["recovered"] * report["whole accuracy"])
    assert "slope" in report["stability"]
    assert "slope" in report["other method"]
    assert "overlap" not in report["other ablation"]
    out = str(tmp_path / "accuracy.json")
    assert main([*PLAIN, "--metric", "accuracy", "--out", out]) == 2
    said = capsys.readouterr().err
    assert "accuracy has none" in said
    assert "exact-scan" in said
    assert main([*PLAIN, "--metric", "accuracy", "--method", "exact-scan", "--level", "nodes", "--out", out]) == 0
    assert set(np.round(read_scores(out).scores.values * 8, 6) % 1) == {0.0}, "shares of eight pairs"


def test_compare_with_another_method_and_through_eap_igs_format(
    traced: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "eap.json"
    assert main([*PLAIN, "--method", "eap", "--format", "eap-ig", "--out", str(other)]) == 0
    capsys.readouterr()
    assert main(["compare", str(traced), str(other), "--size", "100", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    (found,) = report["circuits"]
    assert found["by chance"] < found["overlap"] < 1
    assert [trace["method"] for trace in report["traces"]] == ["eap-ig", "eap"]
    assert main(["compare", str(traced), str(traced), "--size", "50", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["circuits"][0]["overlap"] == 1.0


def test_methods_are_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in METHODS)
    assert main(["methods", "eap-ig"]) == 0
    assert "Hanna et al. 2024" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([*TRACE[:4], "nothing"], 2, "There is no task called 'nothing'"),
        ([*PLAIN, "--method", "acdcd"], 2, "There is no tracing method"),
        ([*TRACE, "--replacement", "noise"], 2, "cannot score for 'noise'"),
        ([*TRACE, "--steps", "0"], 2, "at least 1 step"),
        (["trace", "--model", "bundled:names", "--dataset", "missing.csv"], 3, "cannot be read"),
        (["evaluate", "missing.json"], 3, "cannot be read"),
        (["methods", "magic"], 2, "There is no tracing method"),
    ],
)
def test_wrong_arguments_say_what_is_wrong(arguments, code, words, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(list(arguments)) == code
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_row_that_does_not_fit_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("clean,counterfactual,target,foil\nThe capital,The big capital, a, b\n", encoding="utf-8")
    assert main(["trace", "--model", "bundled:names", "--dataset", str(file), "--out", str(tmp_path / "x.json")]) == 3
    assert "Pair 1 cannot be used" in capsys.readouterr().err
