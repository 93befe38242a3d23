"""The command line: what it prints, what it writes, and the codes it ends with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtGui import QImage

from app import cli, headless
from app.__main__ import COMMANDS, has_display, main
from app.document import Document, Source
from app.examples import Example
from core.edits import Edit, parse_edit
from core.errors import Cancelled, ModelError
from core.inputs.pair import Dataset
from core.interchange.circuit_files import from_json
from core.metrics import logit_difference
from core.models import packs
from core.models.families import FAMILIES, REFUSED
from core.models.loading import load_model
from core.session import Session
from tests.app.models import CLEAN, COUNTERFACTUAL, OTHER_LENGTH, save_config_only
from tests.benchmarks.table import Table
from views.data import MetricChoice

ROOT = Path(__file__).resolve().parents[2]
METRIC = "logit_difference: Mary: John"
EDGE = "a1.h2->m2"


def code_of(*arguments: str) -> int:
    """Run the command in this process; the code that the shell would see."""
    try:
        return main(list(arguments))
    except SystemExit as error:
        return int(error.code or 0)


@pytest.fixture
def pair(models) -> list[str]:
    return ["--model", str(models.gpt2), "--clean", CLEAN, "--counterfactual", COUNTERFACTUAL, "--metric", METRIC]


@pytest.fixture
def session(models) -> Session:
    model = load_model(models.gpt2)
    return Session(model, model.pair(CLEAN, COUNTERFACTUAL), logit_difference(" Mary", " John"))


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
    assert f"{first.probability:8.4f}  {after_first:8.4f}" in out
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
    assert report["parity"]["relative"] < 1e-3
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
    assert "cannot be read as a dataset" in capsys.readouterr().err
    dataset.write_text("\n")
    assert code_of("run", *pair, "--dataset", str(dataset)) == 3
    assert "has no inputs" in capsys.readouterr().err


def test_a_device_that_is_not_there_ends_with_3_and_one_that_means_nothing_with_2(pair, capsys) -> None:
    assert code_of("run", *pair, "--device", "cpu", "--precision", "bf16") == 3
    assert "gibberish" in capsys.readouterr().err
    assert code_of("run", *pair, "--device", "gpu") == 2
    assert "cpu, cuda, mps" in capsys.readouterr().err


def test_run_with_frozen_norms_says_so(pair, session: Session, capsys) -> None:
    assert code_of("run", *pair, "--frozen-norms", "--edit", "m0=zero") == 0
    out = capsys.readouterr().out
    frozen = float(session.run([Edit("m0", "zero")], frozen_norms=True).metric[0])
    assert "norms           frozen" in out
    assert f" -> {frozen:.4f} " in out
    assert code_of("run", *pair, "--edit", "m0=zero") == 0
    assert "norms           recomputed" in capsys.readouterr().out


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
    words = cli.report_words({**rest, **report, "metric": "p", "predictions": [report], "parity": {"difference": 0.0}})
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

    monkeypatch.setattr(cli, "open_session", interrupt)
    assert code_of("run", *pair) == 130
    assert capsys.readouterr().err in ("Interrupted.\n", "Cancelled.\n")


def test_a_reader_that_goes_away_is_no_error(monkeypatch, pair) -> None:
    def close(_options):
        raise BrokenPipeError

    monkeypatch.setattr(cli, "open_session", close)
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


# ---- export --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["svg", "pdf", "png", "json"])
def test_export_writes_each_format(qapp, pair, session, tmp_path: Path, capsys, ending: str) -> None:
    path = tmp_path / f"circuit.{ending}"
    options = ["--format", ending, "--out", str(path), "--edges", "20", "--edit", f"{EDGE}=patch"]
    assert code_of("export", *pair, *options) == 0
    assert capsys.readouterr().out.strip() == str(path)
    content = path.read_bytes()
    if ending == "json":
        circuit = from_json(content.decode())
        assert 20 <= len(circuit) <= 21
        assert EDGE in circuit.names
        assert json.loads(content)["edits"] == [f"{EDGE}=patch"]
        after = float(session.run([Edit(EDGE, "patch")]).metric[0])
        assert json.loads(content)["measured"]["after"] == pytest.approx(after, abs=1e-5)
    elif ending == "svg":
        text = content.decode()
        for part in ("gpt2 (3 layers", COUNTERFACTUAL, "from B"):
            assert part in text
    else:
        assert content.startswith({"pdf": b"%PDF-", "png": b"\x89PNG"}[ending])


def test_export_scale_and_theme(qapp, pair, tmp_path: Path) -> None:
    images = {}
    for name, options in {"plain": [], "large": ["--scale", "2"], "dark": ["--theme", "dark"]}.items():
        path = tmp_path / f"{name}.png"
        assert code_of("export", *pair, "--format", "png", "--out", str(path), *options) == 0
        images[name] = QImage(str(path))
    assert images["large"].width() == 2 * images["plain"].width()
    assert images["plain"].pixelColor(2, 2).lightness() > 128 > images["dark"].pixelColor(2, 2).lightness()


def test_export_into_a_folder_that_is_not_there_ends_with_3(qapp, pair, tmp_path: Path, capsys) -> None:
    for ending in ("svg", "json"):
        out = tmp_path / "none" / f"x.{ending}"
        assert code_of("export", *pair, "--format", ending, "--out", str(out)) == 3
        assert "none" in capsys.readouterr().err


# ---- models --------------------------------------------------------------------------------------------------


def test_models_lists_what_opens_offline(monkeypatch, capsys) -> None:
    monkeypatch.setattr(packs, "is_installed", lambda name: name == "smollm2")
    assert code_of("models") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == ["pack:smollm2", "installed"] for line in lines)
    assert any(line.startswith("pack:dinov2-small") and "90 MB to download" in line for line in lines)


def test_models_get_shows_its_stages_and_says_where_it_is(monkeypatch, capsys, tmp_path: Path) -> None:
    def get(name: str, progress) -> Path:
        for done, stage in ((0, "Downloading"), (50, "Downloading"), (100, "Downloading"), (0, "Converting")):
            progress(done, 100, stage)
        return tmp_path / name

    monkeypatch.setattr(packs, "get", get)
    assert code_of("models", "get", "smollm2") == 0
    out, err = capsys.readouterr()
    assert out == f"pack:smollm2 is installed in {tmp_path / 'smollm2'}\n"
    assert err == "Downloading\nConverting\n"


@pytest.mark.parametrize(
    ("error", "code"), [(ModelError("The disk is full.", "Free some."), 3), (KeyboardInterrupt(), 130)]
)
def test_a_download_that_fails_or_is_interrupted(monkeypatch, capsys, error: BaseException, code: int) -> None:
    def get(_name: str, _progress):
        raise error

    monkeypatch.setattr(packs, "get", get)
    assert code_of("models", "get", "smollm2") == code
    assert capsys.readouterr().out == ""


def test_bench_prints_tables_in_a_clone(monkeypatch, capsys) -> None:
    fake = SimpleNamespace(tables=lambda: iter([Table("Speed", ("model", "ratio"), [["names", "0.2"]])]))
    monkeypatch.setitem(sys.modules, "tests.benchmarks.layers", fake)
    assert main(["bench", "layers"]) == 0
    assert "names  0.2" in capsys.readouterr().out
    assert main(["bench", "layers", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"title": "Speed", "rows": [{"model": "names", "ratio": "0.2"}]}
    assert main(["bench", "nothing"]) == 2
    assert "layers" in capsys.readouterr().err


def test_models_remove(monkeypatch, capsys) -> None:
    removed = []
    monkeypatch.setattr(packs, "remove", removed.append)
    assert code_of("models", "remove", "dinov2-small") == 0
    assert removed == ["dinov2-small"]


# ---- families ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", ["80", "200"])
def test_families_prints_the_whole_table(monkeypatch, capsys, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert code_of("families") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines())) <= int(columns)
    words = " ".join(out.split())
    for family in FAMILIES:
        assert f"{family.name} {family.library} {family.reads} {family.exact}" in words
        assert not family.refused or f"{family.exact} refused: {family.refused}" in words
    opened, closed = words.split("not opened why")
    assert opened.count("refused: ") == sum(bool(family.refused) for family in FAMILIES)
    for row in REFUSED:
        assert f"{row.name} {row.why}" in closed


# ---- without a display ---------------------------------------------------------------------------------------


def test_without_a_display_the_example_is_run_and_written(qapp, models, monkeypatch, tmp_path: Path, capsys) -> None:
    texts = (Source("text", text=text) for text in (CLEAN, COUNTERFACTUAL))
    document = Document(str(models.gpt2), *texts, MetricChoice("logit_difference", " Mary", " John"))
    monkeypatch.setattr(headless, "all_examples", lambda: (Example("x/0", "t", "b", document),))
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    assert code_of() == 0
    out, err = capsys.readouterr()
    assert "There is no display" in err
    folder = tmp_path / "wirescope-out"
    assert {"circuit.svg", "circuit.png", "predictions.txt"} <= {file.name for file in folder.iterdir()}
    assert QImage(str(folder / "circuit.png")).width() > 1000
    table = (folder / "predictions.txt").read_text(encoding="utf-8")
    assert table in out
    assert "before     after    change" in table
    report = json.loads((folder / "predictions.json").read_text(encoding="utf-8"))
    model = load_model(models.gpt2)
    own = Session(model, model.pair(CLEAN, COUNTERFACTUAL), logit_difference(" Mary", " John"))
    after = own.run([parse_edit(text) for text in report["edits"]])
    assert report["after"] == pytest.approx(float(after.metric[0]), abs=1e-5)
    assert len(report["edits"]) == 3


def test_without_a_display_and_an_example_it_says_how_to_go_on(monkeypatch, tmp_path: Path, capsys) -> None:
    monkeypatch.setattr("app.__main__.has_display", lambda: False)
    assert code_of(str(tmp_path)) == 3
    assert "There is no example for" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "w"}, True),
        ({"QT_QPA_PLATFORM": "offscreen"}, True),
    ],
)
def test_a_display_is_found(monkeypatch, variables: dict[str, str], shown: bool) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    assert has_display() is shown
    monkeypatch.setattr(sys, "platform", "darwin")
    assert has_display()


# ---- processes of their own ----------------------------------------------------------------------------------


def start(*command: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if name not in ("QT_QPA_PLATFORM", "DISPLAY")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=own | environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_a_real_process_prints_only_the_result(pair) -> None:
    done = start("-m", "app", "run", *pair, "--edit", f"{EDGE}=patch", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["edits"] == [f"{EDGE}=patch"]


def test_a_real_process_writes_a_figure_without_a_display(pair, tmp_path: Path) -> None:
    done = start("-m", "app", "export", *pair, "--format", "svg", "--out", str(tmp_path / "x.svg"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "<svg" in (tmp_path / "x.svg").read_text(encoding="utf-8")


def test_another_package_of_the_same_name_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").touch()
    script = "import sys; from app.__main__ import main; sys.exit(main(['models']))"
    done = start("-c", script, cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert done.returncode == 3
    assert "come from different places" in done.stderr
    assert f"core from {tmp_path}" in done.stderr
    assert "environment of its own" in done.stderr
