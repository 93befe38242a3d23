"""B made from pictures in the terminal: of one, of a folder at once, and as a file of pairs and of scores keeps it."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from PIL import Image

from core.edits import Edit
from core.inputs.generators import shapes
from core.inputs.image_corruption import corrupted
from core.metrics import Metric
from core.models.loading import load_model
from core.session import Session
from tests.app.command_line import code_of

SHAPES = ("--model", "bundled:shapes")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = Random(2)
    (tmp_path / "pictures").mkdir()
    for name in "ab":
        shapes.draw(shapes.sample_scene(rng), 64).save(tmp_path / "pictures" / f"{name}.png")
    return tmp_path


def test_a_word_is_printed_on_one_picture_and_patched_in(folder: Path, capsys) -> None:
    path = str(folder / "pictures" / "a.png")
    how = "word text=ring size=0.4 place=top"
    arguments = ("run", *SHAPES, "--clean", path, "--make-b", how, "--edit", "input=patch", "--json")
    assert code_of(*arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["counterfactual"] == "a.png, “ring” on a sticker"
    model = load_model("bundled:shapes")
    pixels = corrupted(model, path, "word", text="ring", size=0.4, place="top")
    answer = Session(model, model.pair(path)).metric.target
    session = Session(model, model.pair(path, pixels), Metric("log_probability", answer))
    expected = session.run([Edit("input", "patch")])
    assert report["after"] == pytest.approx(float(expected.metric[0]), abs=1e-4)


def test_a_folder_is_traced_with_a_mask_and_its_file_makes_the_same_pairs(folder: Path, capsys) -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[16:48, 16:48] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    (folder / "rows.csv").write_text(
        "clean,counterfactual\n" + "".join(f"pictures/{name}.png,make:mean mask=mask.png\n" for name in "ab")
    )
    scores = []
    for number, source in enumerate(
        (
            ("--dataset", str(folder / "pictures"), "--make-b", f"mean mask={folder / 'mask.png'}"),
            ("--dataset", str(folder / "rows.csv")),
        )
    ):
        out = str(folder / f"{number}.json")
        assert code_of("trace", *SHAPES, *source, "--method", "eap", "--out", out) == 0
        scores.append(json.loads(Path(out).read_text()))
    assert scores[0]["rows"] == scores[1]["rows"]
    assert torch.allclose(*(torch.tensor(each["scores"]) for each in scores), atol=1e-6)
    assert any(scores[0]["scores"])
    assert code_of("evaluate", str(folder / "0.json"), "--size", "40") == 0
    assert "2 pairs" in capsys.readouterr().out


def test_what_cannot_be_made_is_refused_in_a_sentence(folder: Path, capsys) -> None:
    pictures = str(folder / "pictures")
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(folder / "small.png")
    for code, words, arguments in (
        (2, "both say what B is", ("--clean", "a.png", "--counterfactual", "b.png", "--make-b", "blur")),
        (2, "There are: other, blur", ("--dataset", pictures, "--make-b", "melt")),
        (2, "makes the B of pictures", ("--task", "shapes", "--make-b", "blur")),
        (3, "has 9 x 9 pixels", ("--dataset", pictures, "--make-b", f"mean mask={folder / 'small.png'}")),
    ):
        assert code_of("trace", *SHAPES, *arguments) == code
        told = capsys.readouterr().err
        assert words in told
        assert "Traceback" not in told
    text = ("--model", "bundled:names", "--clean", "The dog", "--make-b", "blur")
    assert code_of("run", *text) == 3
    assert "reads text" in capsys.readouterr().err
    assert code_of("export", *text, "--format", "json", "--out", str(folder / "circuit.json")) == 3
    assert "The dog is no picture" in capsys.readouterr().err
    assert code_of("run", *text[:-2], "--region", "eye=3") == 3
    assert "Open a vision model" in capsys.readouterr().err


def test_an_edit_at_a_region_is_told_by_its_name_in_a_figure(qapp, folder: Path, capsys) -> None:
    path, out = str(folder / "pictures" / "a.png"), folder / "figure.svg"
    arguments = (*SHAPES, "--clean", path, "--make-b", "noise", "--region", "eye=27-28,35")
    assert code_of("export", *arguments, "--edit", "m1=patch@eye", "--format", "svg", "--out", str(out)) == 0
    assert "at eye" in out.read_text(encoding="utf-8")
    assert code_of("export", *arguments, "--edit", "m1=patch@nose", "--format", "svg", "--out", str(out)) == 3
    assert "No region is called 'nose'" in capsys.readouterr().err


def test_a_run_of_both_towers_is_told(folder: Path, capsys) -> None:
    path = str(folder / "pictures" / "a.png")
    assert code_of("run", "--model", "towers:bundled:captions", "--clean", path, "--edit", "t.m2=zero") == 0
    assert "t.m2=zero" in capsys.readouterr().out
