"""`wirescope trace`, `evaluate`, `compare`, `methods`, as typed, on the bundled model of names."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wirescope as ws
from app.__main__ import main
from app.cli.evaluate_report import evaluation_words
from app.cli.method_options import add_method_options, option_words, options_for
from core.errors import ArgumentError
from core.evaluation.agreement import agreement
from core.evaluation.measured import measure
from core.evaluation.report import statements
from core.evaluation.verdict import verdict
from core.formatting import percent
from core.inputs.tasks import TASKS, make_task
from core.interchange.scores_reading import read_scores
from core.tracing.method import METHODS
from core.tracing.told_options import option_fields

PLAIN = ("trace", "--model", "bundled:names", "--task", "capitals", "--pairs", "8")
TRACE = (*PLAIN, "--steps", "2")
PAIR = ("The capital of France is", "--counterfactual", "The capital of Italy is")


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


@pytest.fixture(scope="module")
def report(traced: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `evaluate --json` prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(["evaluate", str(traced), "--size", "100", "--json"]) == 0
    return json.loads(printed.getvalue())


def test_evaluate_says_what_the_circuit_recovers(traced: Path, report: dict[str, Any]) -> None:
    model = ws.load_model("bundled:names")
    found = read_scores(traced, model.graph)
    answers = [(row.target, row.foil) for row in found.rows]
    dataset = ws.Dataset([model.pair(row.clean, row.counterfactual) for row in found.rows], answers)
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(*answers[0]))
    curve = ws.faithfulness(session, found.scores, dataset=dataset)
    assert [point["recovered"] for point in report["curve"]] == pytest.approx(list(curve.recovered), abs=1e-4)
    assert report["cpr"] == pytest.approx(curve.cpr, abs=1e-4)
    assert (report["size"], report["pairs"], report["answers"]) == (100, 8, "right")
    assert report["circuit"]["recovered"] == pytest.approx(report["recovered"], abs=1e-4)
    assert [test["name"] for test in report["tests"]] == ["equivalence", "independence", "minimality"]
    stable = report["stability"]
    assert 0 < stable["jaccard"] <= 1
    assert 0 <= stable["random"] < stable["jaccard"]
    assert 0 <= stable["halves random"] <= stable["halves"] <= 1
    by_mean = ws.trace(session, "eap-ig", steps=2, dataset=dataset, replacement="mean")
    assert report["other ablation"]["overlap"] == pytest.approx(agreement(found.scores, by_mean, 100).overlap, abs=0.02)
    mean = measure(session, [found.scores.top(100)], "mean", dataset=dataset).recovered()
    assert report["other ablation"]["recovered"] == pytest.approx(mean[0], abs=1e-4)


def test_a_notebook_evaluates_a_circuit_as_the_terminal_does(traced: Path, report: dict[str, Any]) -> None:
    model = ws.load_model("bundled:names")
    scores, rows = (found := read_scores(traced, model.graph)).scores, found.rows
    answers = [(row.target, row.foil) for row in rows]
    dataset = ws.Dataset([model.pair(row.clean, row.counterfactual) for row in rows], answers)
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(*answers[0]), dataset=dataset)
    said = ws.trust(session, scores.top(100), scores=scores, dataset=dataset)
    assert list(said.statements) == statements(report)
    assert [line.words for line in said.verdict] == report["verdict"]
    assert (said.pairs, said.numbers["needed"]) == (8, report["needed"])
    assert str(said).splitlines()[:2] == [
        "Verdict on 100 of 1,519 edges, on 8 pairs:",
        evaluation_words(report).splitlines()[1],
    ]
    with pytest.raises(ws.WirescopeError, match="choose another circuit of 50 edges"):
        ws.trust(session, ws.circuit_of(model.graph, scores.top(100).names[50:]), scores=scores)


def test_the_help_names_every_task(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["trace", "--help"])
    said = set(re.findall(r"[\w-]+", capsys.readouterr().out))
    assert said >= set(TASKS)


def test_what_circuits_share_is_counted_in_edges_of_each(traced: Path, report: dict[str, Any]) -> None:
    model = ws.load_model("bundled:names")
    found = read_scores(traced, model.graph)
    answers = [(row.target, row.foil) for row in found.rows]
    dataset = ws.Dataset([model.pair(row.clean, row.counterfactual) for row in found.rows], answers)
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(*answers[0]))
    other = ws.trace(session, "integrated-edges", dataset=dataset)
    ours, theirs = (set(scores.top(100).edges.tolist()) for scores in (found.scores, other))
    both, either = len(ours & theirs), len(ours | theirs)
    assert 10 < both < 100
    words = evaluation_words(report)
    assert f"that Integrated edges finds has {both} % of these edges (by chance {percent(100 / 1519, 1)})" in words
    assert f"Integrated edges: Jaccard overlap {both / either:.2f}" in words
    assert words.splitlines()[0] == "Verdict on the best 100 of 1,519 edges:"
    assert words.splitlines()[1] in [f"{'! ' * line.against}{line.words}" for line in verdict(statements(report))]
    assert f"Jaccard overlap {report['stability']['jaccard']:.2f}." in words
    stable = report["stability"]
    assert f"shares {percent(stable['shared'])} of its edges with this one (scores that mean nothing: " in words
    assert f"would give {stable['random']:.2f} in such draws" in words
    assert f"which have none: {stable['halves']:.2f}" in words


def test_evaluate_in_words_says_what_the_report_holds(report: dict[str, Any]) -> None:
    words = evaluation_words(report)
    for needed in (
        "unexplained",
        "bootstrap",
        "By mean ablation",
        "Integrated edges finds",
        "CMD",
        "rightly",
        "traced on",
    ):
        assert needed in words
    circuit, whole = report["circuit"], report["metric of the model"]
    assert f"100 of 1,519 edges recover {percent(report['recovered'])}" in words
    assert f"give {percent(circuit['low'])} to {percent(circuit['high'])}; random circuits of its size" in words
    assert f"{whole['whole']:.4g} with every edge, {whole['nothing']:.4g} with none" in words
    assert "8 pairs of the task capitals, which it was traced on" in words
    assert "removed edges carry their value in B" in words
    assert "PARTIAL" not in words
    assert all(test["words"] in words for test in report["tests"])


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
    assert main([*PLAIN, "--method", "eap", "--format", "eap-ig", "--size", "90", "--out", str(other)]) == 0
    capsys.readouterr()
    assert main(["evaluate", str(other), "--clean", *PAIR, "--metric", "logit_difference: Paris: Rome"]) == 0
    words = capsys.readouterr().out
    model = ws.load_model("bundled:names")
    session = ws.Session(model, model.pair(PAIR[0], PAIR[2]), ws.logit_difference(" Paris", " Rome"))
    marked = read_scores(other).marked
    assert marked is not None
    share = float(measure(session, [marked], "patch").recovered()[0])
    assert f"marks, 90 edges, {len(marked.pruned())} of them connected, recovers {percent(share)}" in words
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
    explained = capsys.readouterr().out
    assert "Hanna et al. 2024" in explained
    assert re.search(r"--steps +points of an integral \(5\)", explained)


# ---- options of methods, made from the tables ----


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("option", [name for name in option_fields() if name != "seed"])
def test_a_method_takes_its_options_and_refuses_those_of_others(name: str, option: str) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    add_method_options(parser)
    given = parser.parse_args([f"--{option}", "0.5" if isinstance(option_fields()[option].default, float) else "3"])
    method = METHODS[name]
    if option in method.options:
        assert getattr(options_for(method, given), option) in (0.5, 3)
        assert f"{option} " in option_words(method, options_for(method, given))
    else:
        with pytest.raises(ArgumentError, match=f"{name} takes no --{option}"):
            options_for(method, given)


def test_every_option_is_of_some_method() -> None:
    assert set(option_fields()) == {option for method in METHODS.values() for option in method.options}


def test_scores_without_a_sign_are_printed_without_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*PLAIN[:-1], "2", "--method", "flow-routes", "--out", str(tmp_path / "f.json")]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "scores: scored; they have no sign" in said
    assert "+" not in said


def test_a_scan_with_a_budget_says_how_many_edges_it_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*PLAIN[:-1], "2", "--method", "exact-scan", "--budget", "30", "--out", str(tmp_path / "s.json")]
    assert main(arguments) == 0
    assert "30 edges measured, the other 1,489 estimated" in capsys.readouterr().out
    scores = read_scores(tmp_path / "s.json").scores
    assert scores.measured is not None
    assert scores.measured.sum() == 30
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["measured"] == 30
    assert main([*PLAIN[:-1], "2", "--method", "exact-scan", "--budget", "-1", "--out", str(tmp_path / "s.json")]) == 2


def test_a_trace_says_what_its_method_was_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*PLAIN[:-1], "2", "--method", "random", "--seed", "7", "--json", "--out", str(tmp_path / "r.json")]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["options"], report["kind of score"], report["of"]) == ("seed 7", "drawn", 1519)
    assert read_scores(tmp_path / "r.json").scores.about["seed"] == "7"


@pytest.mark.parametrize(("level", "name"), [("nodes", r"(a\d\.h\d|m\d|input)"), ("positions", r"[\w.]+@\d")])
def test_nodes_and_positions_are_scored_too(level, name, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "levels.json")
    pair = ("--clean", "The capital of France is", "--counterfactual", "The capital of Italy is")
    metric = ("--metric", "logit_difference: Paris: Rome")
    traced = ["trace", "--model", "bundled:names", *pair, *metric, "--level", level, "--method", "eap", "--out", file]
    assert main([*traced, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    model = ws.load_model("bundled:names")
    session = ws.Session(model, model.pair(pair[1], pair[3]), ws.logit_difference(" Paris", " Rome"))
    expected = ws.trace(session, "eap", level=level)
    assert report["strongest"][0]["score"] == pytest.approx(np.abs(expected.values).max(), abs=1e-4)
    assert all(re.fullmatch(name, row["name"]) for row in report["strongest"])
    assert report["metric with every edge"] == pytest.approx(float(session.clean.metric[0]), abs=1e-4)
    assert main(["evaluate", file]) == 3
    assert f"scores of {level}" in capsys.readouterr().err
    assert main([*traced, "--format", "eap-ig"]) == 2


# ---- pictures ----


def test_shapes_are_traced_evaluated_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file holds no pictures: they are drawn again, and give the metric that the trace had."""
    files = [str(tmp_path / name) for name in ("a.json", "b.json")]
    for file, method in zip(files, ("eap", "eap-ig"), strict=True):
        arguments = ["--task", "shapes", "--pairs", "2", "--seed", "2", "--method", method, "--out", file, "--json"]
        assert main(["trace", "--model", "bundled:shapes", *arguments]) == 0
        trace = json.loads(capsys.readouterr().out)
    assert main(["evaluate", files[1], "--size", "100", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["metric of the model"]["whole"] == pytest.approx(trace["metric with every edge"], abs=1e-4)
    assert (report["answers"], report["pairs"]) == ("right", 2)
    assert main(["compare", *files, "--size", "100"]) == 0
    assert re.search(r"2 pairs of shapes", capsys.readouterr().out)


def test_a_table_names_its_pictures_from_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_task("shapes", ws.load_model("bundled:shapes"), 2)
    (tmp_path / "table").mkdir()
    lines = ["clean,counterfactual,target,foil"]
    for number, ((a, b), answers) in enumerate(zip(made.pairs, made.answers, strict=True)):
        for name, picture in ((f"a{number}.png", a), (f"b{number}.png", b)):
            picture.save(tmp_path / "table" / name)  # type: ignore[union-attr]
        lines.append(f"a{number}.png,b{number}.png,{','.join(answers)}")
    (tmp_path / "table" / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    trace = ["trace", "--model", "bundled:shapes", "--method", "eap", "--json"]
    assert main([*trace, "--dataset", "table/rows.csv", "--out", "table/t.json"]) == 0
    by_file = json.loads(capsys.readouterr().out)
    assert main([*trace, "--task", "shapes", "--pairs", "2", "--out", "u.json"]) == 0
    by_task = json.loads(capsys.readouterr().out)
    assert by_file["strongest"][0]["score"] == pytest.approx(by_task["strongest"][0]["score"], abs=1e-4)
    monkeypatch.chdir(tmp_path / "table")
    assert main(["compare", "t.json", "../u.json", "--size", "50", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["circuits"][0]["overlap"] == 1.0


def test_a_model_without_a_head_has_a_task_of_photographs(
    models, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "d.json")
    for task in ("photographs", "blurred"):
        trace = ["trace", "--model", str(models.dinov2), "--task", task, "--pairs", "3", "--method", "eap"]
        assert main([*trace, "--out", out, "--json"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert report["metric"] == "cosine to A − cosine to B"
        assert report["metric with every edge"] == pytest.approx(-report["metric with no edge"], abs=1e-5)
        assert report["answered rightly"] is None
    assert main(["evaluate", out, "--size", "20"]) == 0
    words = capsys.readouterr().out
    assert "rightly" not in words
    assert "right" not in words.partition("\n\n")[2].splitlines()[0].split()
