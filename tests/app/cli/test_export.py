"""The command line without a window: `export`, and the example that is run where there is no display."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from app.__main__ import has_display
from app.cli import example
from core.circuit import Circuit
from core.edits import Edit, parse_edit
from core.graph import Graph
from core.interchange.circuit_json import from_json
from core.interchange.scores_files import scores_to_json
from core.metrics import logit_difference
from core.models.loading import load_model
from core.project.document import Document, Source
from core.project.examples import Example
from core.project.metric_choice import MetricChoice
from core.session import Session
from core.tracing.scores import Scores
from tests.app.command_line import EDGE, code_of, start
from tests.app.models import CLEAN, COUNTERFACTUAL

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
        assert len(circuit) == 20  # the edge of the edit is none of them: it stands with the edits alone
        assert EDGE not in circuit.names
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


# ---- without a display ---------------------------------------------------------------------------------------


def test_without_a_display_the_example_is_run_and_written(qapp, models, monkeypatch, tmp_path: Path, capsys) -> None:
    texts = (Source("text", text=text) for text in (CLEAN, COUNTERFACTUAL))
    document = Document(str(models.gpt2), *texts, MetricChoice("logit_difference", " Mary", " John"))
    monkeypatch.setattr(example, "all_examples", lambda: (Example("x/0", "t", "b", document),))
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "wirescope-out"
    folder.mkdir()
    (folder / "notes.txt").write_text("of the user's", encoding="utf-8")
    assert code_of() == 0
    out, err = capsys.readouterr()
    assert "There is no display" in err
    assert "notes.txt" not in out, "that was not written"
    assert {"circuit.svg", "circuit.png", "predictions.txt"} <= {file.name for file in folder.iterdir()}
    assert QImage(str(folder / "circuit.png")).width() > 1000
    table = (folder / "predictions.txt").read_text(encoding="utf-8")
    assert table in out
    assert ["before", "after", "change"] in [line.split()[1:] for line in table.splitlines()]
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


def test_a_real_process_writes_a_figure_without_a_display(tmp_path: Path) -> None:
    asked = ("--model", "bundled:names", "--clean", "Mary met John", "--edit", "m0=zero")  # imports no model library
    done = start("-m", "app", "export", *asked, "--format", "svg", "--out", str(tmp_path / "x.svg"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "<svg" in (tmp_path / "x.svg").read_text(encoding="utf-8")


# ---- the edited model ----------------------------------------------------------------------------------------


def test_export_writes_the_edited_model(models, pair, tmp_path: Path, capsys) -> None:
    model = str(models.gpt2)
    out = tmp_path / "cut"
    options = ["--model", model, "--format", "model", "--output", str(out)]
    assert code_of("export", *options, "--cut", "a0.h1", "--cut", "m1", "--edit", "m2=scale:0.5") == 0
    assert capsys.readouterr().out.strip() == str(out)
    edits = [Edit("a0.h1", "zero"), Edit("m1", "zero"), Edit("m2", "scale", value=0.5)]
    opened = load_model(str(out))
    answer = Session(opened, opened.pair(CLEAN)).clean.answer
    original = load_model(model)
    assert (answer - Session(original, original.pair(CLEAN)).run(edits).answer).abs().max() < 1e-4
    assert code_of("export", *options, "--cut", "m1") == 3  # what is there stays
    assert "is not empty" in capsys.readouterr().err
    beside = tmp_path / "beside"
    assert code_of("export", *pair, "--format", "model", "--output", str(beside), "--edit", f"{EDGE}=patch") == 0
    assert "is an edge: weights hold what a node writes" in capsys.readouterr().err
    assert {"edited_model.py", "edits.json", "edits.safetensors", "README.md"} <= {p.name for p in beside.iterdir()}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--format", "model"], "There is no edit"),
        (["--format", "svg"], "Give it: --clean TEXT"),
        (["--format", "svg", "--clean", "x", "--dataset", "x.csv"], "--dataset is of --format model"),
    ],
)
def test_export_says_what_is_missing(models, capsys, options: list[str], words: str) -> None:
    assert code_of("export", "--model", str(models.gpt2), *options) == 2
    assert words in capsys.readouterr().err


# ---- of a file -----------------------------------------------------------------------------------------------


def test_a_file_is_written_in_another_form_without_its_model(tmp_path: Path, capsys) -> None:
    graph = Graph(layers=2, heads=2, kv_heads=1)
    numbers = np.arange(12, dtype=np.int64)
    circuit = Circuit(graph, numbers, np.linspace(2, -1, 12), {"model": "no such model", "direction": "+1"})
    file, page = tmp_path / "kept.json", tmp_path / "kept.html"
    file.write_text(circuit.to_json(), encoding="utf-8")
    assert code_of("export", str(file), "--format", "html", "--out", str(page)) == 0
    assert capsys.readouterr().out.strip() == str(page)
    back = tmp_path / "back.json"
    assert code_of("export", str(page), "--format", "json", "--out", str(back), "--edges", "5") == 0
    assert from_json(back.read_text(encoding="utf-8")).names == circuit.names[:5]
    scores = Scores(graph, np.arange(graph.n_edges, dtype=float), "eap", "patch", {}, direction=1)
    file.write_text(scores_to_json(scores), encoding="utf-8")
    assert code_of("export", str(file), "--format", "json", "--out", str(back), "--edges", "3") == 0
    assert from_json(back.read_text(encoding="utf-8")).edges.tolist() == [graph.n_edges - n for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("circuit.json", "--model", "m", "--format", "html"), 2, "Leave out --model"),
        (("circuit.json", "--format", "svg"), 3, "cannot be read"),
        (("circuit.json", "--format", "svg", "--width", "9mm"), 2, "50 to 1000 mm wide"),
        (("circuit.json", "--format", "svg", "--width", "wide"), 2, "is no width"),
        (("circuit.json", "--format", "png", "--dpi", "9"), 2, "--dpi is from 72"),
        (("circuit.json", "--format", "html", "--palette", "print"), 2, "is no figure"),
        (("circuit.json", "--format", "json", "--fold"), 2, "Leave out --width, --palette, --dpi, --fold"),
        (("circuit.json", "--format", "pdf", "--dpi", "300"), 2, "--dpi is of a PNG"),
        (("circuit.json", "--format", "tikz", "--palette", "dark"), 2, "Take --palette light or print"),
        (("circuit.json", "--format", "tikz", "--no-caption"), 2, "Leave out --no-caption"),
        (("--format", "html"), 2, "Give a file, or --model and --clean"),
        (("circuit.json", "--format", "model"), 2, "made with the model"),
        (("circuit.json", "--format", "html"), 3, "cannot be read"),
        (("bad.html", "--format", "json", "--out", "x.json"), 3, "holds no circuit"),
        (("bad.json", "--format", "html"), 3, "holds no scores"),
    ],
)
def test_what_cannot_be_exported_of_a_file_is_said(
    options: tuple[str, ...], code: int, words: str, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.html").write_text("<html></html>", encoding="utf-8")
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    assert code_of("export", *options) == code
    assert words in capsys.readouterr().err
    assert len([*tmp_path.iterdir()]) == 2
