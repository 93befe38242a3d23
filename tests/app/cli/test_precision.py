"""`--precision` of every command that opens a model, and what files and tables say of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import wirescope as ws
from core.interchange.scores_reading import read_scores
from tests.app.command_line import EDGE, METRIC, code_of
from tests.app.models import CLEAN, COUNTERFACTUAL

pytestmark = pytest.mark.usefixtures("short_evaluation")


@pytest.fixture(scope="module")
def given(models) -> tuple[str, ...]:
    return ("--model", str(models.gpt2), "--clean", CLEAN, "--counterfactual", COUNTERFACTUAL, "--metric", METRIC)


@pytest.fixture(scope="module")
def traced(given, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("precision")
    files = {precision: folder / f"{precision}.json" for precision in ("fp32", "bf16")}
    for precision, path in files.items():
        told = () if precision == "fp32" else ("--precision", precision)
        assert code_of("trace", *given, *told, "--method", "eap", "--out", str(path)) == 0
    return files


def test_trace_scores_in_the_precision(models, given, traced) -> None:
    model = ws.load_model(str(models.gpt2), dtype="bf16")
    session = ws.Session(model, model.pair(CLEAN, COUNTERFACTUAL), ws.logit_difference(" Mary", " John"))
    found = read_scores(traced["bf16"], model.graph).scores
    assert np.allclose(found.values, ws.trace(session, "eap").values, rtol=0, atol=1e-6)
    assert found.about["precision"] == "bf16"
    assert "precision" not in read_scores(traced["fp32"]).scores.about


def test_evaluate_takes_that_of_the_trace_or_another(traced, capsys) -> None:
    def report(*arguments: str) -> tuple[dict[str, object], str]:
        assert code_of("evaluate", *arguments, "--size", "20", "--json") == 0
        out, err = capsys.readouterr()
        return json.loads(out), err

    half, err = report(str(traced["bf16"]))
    assert half["precision"] == "bf16"
    assert "different" not in err
    whole, err = report(str(traced["bf16"]), "--precision", "fp64")
    assert whole["precision"] == "fp64"
    assert "were scored in bf16 and are evaluated in fp64" in err
    assert whole["recovered"] != half["recovered"]
    assert code_of("evaluate", str(traced["bf16"]), "--size", "20") == 0
    assert "gpt2 in bf16, scored by" in capsys.readouterr().out


def test_compare_says_that_precisions_differ(traced, capsys, tmp_path: Path) -> None:
    rounded = json.loads(traced["fp32"].read_text())
    rounded["about"]["weights"] = "8bit"
    (tmp_path / "rounded.json").write_text(json.dumps(rounded))
    assert code_of("compare", str(traced["fp32"]), str(tmp_path / "rounded.json")) == 0
    assert "scored in different precisions: fp32 and fp32 with weights in 8 bits" in capsys.readouterr().err
    assert code_of("compare", str(traced["fp32"]), str(traced["bf16"])) == 0
    assert "scored in different precisions: fp32 and bf16" in capsys.readouterr().err


def test_export_and_run_compute_in_the_precision(qapp, given, tmp_path: Path, capsys) -> None:
    path, edit = str(tmp_path / "circuit.json"), ("--edit", f"{EDGE}=patch")
    after = {}
    for precision in ("fp32", "bf16"):
        assert code_of("run", *given, *edit, "--precision", precision, "--json") == 0
        report = json.loads(capsys.readouterr().out)
        after[precision] = report["after"]
        assert report["precision"] == precision
        assert code_of("export", *given, *edit, "--precision", precision, "--format", "json", "--out", path) == 0
        capsys.readouterr()
        file = json.loads(Path(path).read_text())
        assert file["measured"]["after"] == pytest.approx(after[precision], abs=1e-6)
        assert file["about"].get("precision", "fp32") == precision
    assert after["fp32"] != after["bf16"]


@pytest.mark.parametrize("command", ["run", "export", "trace", "evaluate"])
def test_a_precision_that_there_is_not_is_a_bad_argument(
    command: str, given, traced, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = {"export": (*given, "--format", "svg"), "evaluate": (str(traced["fp32"]),)}.get(command, given)
    assert code_of(command, *arguments, "--precision", "fp8") == 2
    assert "There are: fp32, bf16, fp64" in capsys.readouterr().err
