"""The command line: what `run` prints, and the codes that commands end with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cli import run, run_report
from app.cli.parser import COMMANDS
from app.cli.run_report import report_words
from core.edits import Edit, parse_edit
from core.errors import Cancelled
from core.inputs.pair import Dataset
from core.session import Session
from tests.app.command_line import EDGE, ROOT, code_of, start
from tests.app.models import CLEAN, COUNTERFACTUAL, OTHER_LENGTH, save_config_only

# ---- run -----------------------------------------------------------------------------------------------------


def test_run_prints_a_table_before_and_after(pair, session: Session, capsys) -> None:
    assert code_of("run", *pair, "--edit", f"{EDGE}=patch") == 0
    out, err = capsys.readouterr()
    before, after = session.clean, session.run([Edit(EDGE, "patch")])
    change = float(after.metric[0] - before.metric[0])
    metric = f'logit(" Mary") − logit(" John"): {float(before.metric[0]):.4f} -> {float(after.metric[0]):.4f}'
    assert f"{metric} ({change:+.4f})" in out
    assert f"edits           {EDGE}=patch" in out
    assert f"counterfactual  {COUNTERFACTUAL}" in out
    first = before.top(1)[0]
    after_first = float(after.answer[0].softmax(-1)[first.index])
    row = next(line for line in out.splitlines() if line.startswith(repr(first.label)))
    assert row.split()[-3:-1] == [f"{first.probability:.4f}", f"{after_first:.4f}"]
    assert "parity with the model's own forward: " in out
    assert err == ""


def test_run_as_json(pair, session: Session, capsys) -> None:
    edits = [f"{EDGE}=patch", "m1=mean@4,5", "a0.h0=scale:0.5", "a2.h1<q>=zero"]
    assert code_of("run", *pair, "--json", *(part for edit in edits for part in ("--edit", edit))) == 0
    report = json.loads(capsys.readouterr().out)
    made = [
        Edit(EDGE, "patch"),
        Edit("m1", "mean", positions=[4, 5]),
        Edit("a0.h0", "scale", value=0.5),
        Edit("a2.h1<q>", "zero"),
    ]
    result = session.run(made)
    assert report["edits"] == edits
    assert [parse_edit(text) for text in report["edits"]] == made
    assert report["before"] == pytest.approx(float(session.clean.metric[0]), abs=1e-5)
    assert report["after"] == pytest.approx(float(result.metric[0]), abs=1e-5)
    probabilities = result.answer[0].softmax(-1)
    for row in report["predictions"]:
        index = session.model.answer(row["answer"])
        assert row["after"] == pytest.approx(float(probabilities[index]), abs=1e-6)
    assert report["parity"]["relative"] < report["parity"]["limit"] == 1e-4
    assert (report["unit"], report["clean"]) == ("probability", CLEAN)


def test_run_resamples_from_a_dataset_and_steers_by_a_file(pair, session: Session, tmp_path: Path, capsys) -> None:
    dataset, vector = tmp_path / "prompts.txt", tmp_path / "vector.json"
    dataset.write_text(f"{CLEAN}\n\n{COUNTERFACTUAL}\n")
    width = session.model.adapter.shape.width
    vector.write_text(json.dumps([0.25] * width))
    edits = ["m0=resample#3", "m1=mean", "m2=noise:0.5#7", f"a1.h0=steer:{vector}"]
    given = (part for edit in edits for part in ("--edit", edit))
    assert code_of("run", *pair, "--json", "--dataset", str(dataset), *given) == 0
    report = json.loads(capsys.readouterr().out)
    others = Dataset([session.model.pair(CLEAN), session.model.pair(COUNTERFACTUAL)])
    beside = Session(session.model, session.pair, session.metric.metric, dataset=others)
    expected = beside.run([parse_edit(edit) for edit in edits]).metric
    assert report["after"] == pytest.approx(float(expected[0]), abs=1e-5)
    assert report["after"] != pytest.approx(report["before"], abs=1e-3)

    assert code_of("run", *pair, "--edit", "m0=resample") == 3
    assert "no other input to resample from" in capsys.readouterr().err
    assert code_of("run", *pair, "--dataset", str(tmp_path / "none.txt")) == 3
    assert "none.txt cannot be read" in capsys.readouterr().err
    dataset.write_text("\n")
    assert code_of("run", *pair, "--dataset", str(dataset)) == 3
    assert "has no inputs" in capsys.readouterr().err


def test_a_precision_that_means_nothing_and_such_a_device_end_with_2(pair, capsys) -> None:
    assert code_of("run", *pair, "--precision", "fp8") == 2
    assert "fp32, bf16, fp64" in capsys.readouterr().err
    assert code_of("run", *pair, "--device", "gpu") == 2
    assert "cuda:0,cuda:1,cpu" in capsys.readouterr().err


def test_run_with_frozen_norms_says_so(pair, session: Session, capsys) -> None:
    assert code_of("run", *pair, "--frozen-norms", "--edit", "m0=zero") == 0
    out = capsys.readouterr().out
    frozen = float(session.run([Edit("m0", "zero")], frozen_norms=True).metric[0])
    assert "norms           frozen" in out
    assert f" -> {frozen:.4f} " in out
    assert code_of("run", *pair, "--edit", "m0=zero") == 0
    assert "norms           recomputed" in capsys.readouterr().out


def test_run_prints_the_beginning_of_a_long_input_alone(models, capsys, monkeypatch) -> None:
    monkeypatch.setattr(run_report, "LONGEST", 10)
    command = ("run", "--model", str(models.llama), "--clean", CLEAN)
    assert code_of(*command) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("clean"))
    assert line.split(maxsplit=1)[1] == f"{CLEAN[:9]}… ({len(CLEAN)} characters)"
    assert code_of(*command, "--json") == 0
    assert json.loads(capsys.readouterr().out)["clean"] == CLEAN


def test_run_without_b_and_metric(models, capsys) -> None:
    assert code_of("run", "--model", str(models.llama), "--clean", CLEAN, "--edit", "m0=zero") == 0
    out = capsys.readouterr().out
    assert "counterfactual  none" in out
    assert 'log p("' in out


@pytest.mark.parametrize(("name", "unit"), [("vit", "probability"), ("dinov2", "cosine")])
def test_run_on_pictures(models, pictures, capsys, name: str, unit: str) -> None:
    sides = ["--clean", str(pictures("a.png")), "--counterfactual", str(pictures("b.png"))]
    assert code_of("run", "--model", str(getattr(models, name)), *sides, "--edit", "a1.h0->m1=patch", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["unit"] == unit
    assert report["after"] != report["before"]
    assert report["clean"] == "a.png"


# ---- codes ---------------------------------------------------------------------------------------------------


def test_an_unknown_edge_suggests_near_ones_and_ends_with_2(pair, capsys) -> None:
    assert code_of("run", *pair, "--edit", "a1.h2->m22=patch") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "There is no reader m22 in this model." in err
    assert f"Did you mean {EDGE}" in err  # the nearest
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--clean", "x"], "--model"),
        (["run", "--model", "m", "--clean"], "--clean"),
        (["models", "get"], "name"),
        (["models", "get", "smolm"], "Did you mean smollm2?"),
        (["export", "--model", "m", "--clean", "x", "--format", "gif"], "gif"),
        (["names", "more"], "more"),
        (["run", "--model", "m", "--clean", "x", "--edit", "m1"], "'m1' is not an edit"),
        (["run", "--model", "m", "--clean", "x", "--edit", "m1=chop"], "no edit called 'chop'"),
        (["run", "--model", "m", "--clean", "x", "--edit", "m1=scale"], "needs a value"),
        (["run", "--model", "m", "--clean", "x", "--edit", "m1=scale:one"], "no number"),
        (["run", "--model", "m", "--clean", "x", "--metric", "beauty"], "There is no metric 'beauty'"),
        (["run", "--model", "m", "--clean", "x", "--metric", "logit_difference: Mary"], "target and a foil"),
        (["run", "--model", "m", "--clean", "x", "--metric", "probability"], "probability needs a target"),
        (["export", "--model", "m", "--clean", "x", "--format", "svg", "--edges", "0"], "--edges is at least 1"),
        (["export", "--model", "m", "--clean", "x", "--format", "svg", "--out", "x.pdf"], "does not end in .svg"),
    ],
)
def test_bad_arguments_end_with_2(arguments: list[str], words: str, capsys) -> None:
    assert code_of(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", [["run"], ["export", "--format", "svg"]])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"--model": "{tmp}"}, "it has no config.json"),
        ({"--model": "{tmp}/bert"}, "BertModel is not supported"),
        ({"--model": "bundled:nothing"}, "There is no bundled model 'nothing'"),
        ({"--model": "pack:nothing"}, "There is no model pack 'nothing'"),
        ({"--model": "somebody/some-model"}, "could not be had from the Hub"),
        ({"--clean": " "}, "The prompt is empty."),
        ({"--counterfactual": OTHER_LENGTH}, "A has 6 tokens and B has 8"),
        ({"--metric": "logit_difference:Marys: John"}, "is 2 tokens"),
        ({"--edit": "m1=zero@40"}, "Position 40 is outside the input."),
    ],
)
def test_bad_inputs_and_models_end_with_3(pair, tmp_path: Path, capsys, command, change, words: str) -> None:
    save_config_only(tmp_path / "bert", "BertModel")
    options = dict(zip(pair[::2], pair[1::2], strict=True)) | change
    arguments = [part.replace("{tmp}", str(tmp_path)) for option in options.items() for part in option]
    if command[0] == "export":
        arguments += ["--out", str(tmp_path / "x.svg")]
    assert code_of(*command, *arguments) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err
    assert not (tmp_path / "x.svg").exists()


@pytest.mark.parametrize("command", [["run"], ["export", "--format", "json"]])
def test_a_patch_without_b_ends_with_3(models, tmp_path: Path, capsys, command: list[str]) -> None:
    out = ["--out", str(tmp_path / "x.json")] if command[0] == "export" else []
    assert code_of(*command, "--model", str(models.gpt2), "--clean", CLEAN, "--edit", "m1=patch", *out) == 3
    assert "counterfactual" in capsys.readouterr().err


def test_a_picture_that_cannot_be_read_ends_with_3(models, tmp_path: Path, capsys) -> None:
    (tmp_path / "x.png").write_bytes(b"no picture")
    assert code_of("run", "--model", str(models.vit), "--clean", str(tmp_path / "x.png")) == 3
    assert "x.png is not an image" in capsys.readouterr().err


def test_an_empty_path_of_a_picture_ends_with_3(models, capsys) -> None:
    assert code_of("run", "--model", str(models.vit), "--clean", "") == 3
    assert "No picture is given: its path is empty." in capsys.readouterr().err


def test_a_number_that_rounds_to_nothing_has_no_minus(pair, capsys) -> None:
    report = {"before": -1e-9, "after": -2e-9, "answer": "x"}
    rest = {"model": "m", "clean": "a", "counterfactual": None, "edits": [], "norms": "frozen", "unit": "cosine"}
    words = report_words({**rest, **report, "metric": "p", "predictions": [report], "parity": {"difference": 0.0}})
    assert "-0.0000" not in words
    assert "p: 0.0000 -> 0.0000 (+0.0000)" in words


@pytest.mark.parametrize("option", ["--clean", "--counterfactual"])
def test_a_picture_is_no_prompt(pair, pictures, capsys, option: str) -> None:
    path = str(pictures("a.png"))
    assert code_of("run", *pair, option, path) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert f"gpt2 reads text, and {path} is a picture." in err
    assert code_of("run", *pair, "--clean", "When Mary saw gone.png", "--counterfactual", "When John saw gone.png") == 0


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Cancelled()])
def test_an_interrupt_ends_with_130(monkeypatch, pair, capsys, error: BaseException) -> None:
    def interrupt(_options):
        raise error

    monkeypatch.setattr(run, "open_session", interrupt)
    assert code_of("run", *pair) == 130
    assert capsys.readouterr().err in ("Interrupted.\n", "Cancelled.\n")


def test_a_reader_that_goes_away_is_no_error(monkeypatch, pair) -> None:
    def close(_options):
        raise BrokenPipeError

    monkeypatch.setattr(run, "open_session", close)
    assert code_of("run", *pair) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        *([name, "--help"] for name in ("run", "export", "models", "trace", "evaluate", "compare", "methods")),
    ],
)
def test_help_ends_with_0(arguments: list[str], capsys) -> None:
    assert code_of(*arguments) == 0
    assert "usage: wirescope" in capsys.readouterr().out


def test_help_lists_the_commands(capsys) -> None:
    assert code_of("--help") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [words[0] for words in lines if words and words[0] in COMMANDS] == list(COMMANDS)


# ---- processes of their own ----------------------------------------------------------------------------------


def test_a_real_process_prints_only_the_result(pair) -> None:
    done = start("-m", "app", "run", *pair, "--edit", f"{EDGE}=patch", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["edits"] == [f"{EDGE}=patch"]


def test_another_package_of_the_same_name_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").touch()
    script = "import sys; from app.__main__ import main; sys.exit(main(['models']))"
    done = start("-c", script, cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert done.returncode == 3
    assert "come from different places" in done.stderr
    assert f"core from {tmp_path}" in done.stderr
    assert "environment of its own" in done.stderr


def test_a_change_that_rounding_may_have_made_is_called_so(pair, capsys) -> None:
    """In bf16 the run says where rounding ends, and of a smaller change that it is below; in fp32 nothing of it."""
    names = ["--model", "bundled:names", "--clean", "When Mary and John went to the store, John gave a drink to"]
    names += ["--metric", "logit_difference: Mary: John", "--edit", "m0->m3=scale:1.0001"]
    assert code_of("run", *names, "--precision", "bf16") == 0
    out, err = capsys.readouterr()
    assert "below noise" in out
    assert "noise floor in half precision" in out
    assert "bf16 on the CPU" in err
    assert code_of("run", *names, "--precision", "bf16", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["below_noise"]
    assert abs(report["after"] - report["before"]) < report["noise_floor"]
    for precision in ("fp32", "fp64"):
        assert code_of("run", *names, "--precision", precision) == 0
        assert "noise" not in capsys.readouterr().out


def test_measured_scores_below_the_noise_floor_are_marked(capsys, tmp_path: Path) -> None:
    """Another place matters little to who is given the drink."""
    asked = ["trace", "--model", "bundled:names", "--method", "exact-scan", "--level", "nodes"]
    asked += ["--clean", "When Mary and John went to the store, John gave a drink to"]
    asked += ["--counterfactual", "When Mary and John went to the park, John gave a drink to"]
    asked += ["--metric", "logit_difference: Mary: John"]
    for precision in ("bf16", "fp32"):
        assert code_of(*asked, "--precision", precision, "--out", str(tmp_path / f"{precision}.json")) == 0
        out = capsys.readouterr().out
        assert ("below noise" in out) == ("noise floor in half precision" in out) == (precision == "bf16")
