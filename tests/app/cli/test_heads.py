"""`wirescope heads`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.command_line import code_of

ASKED = ("heads", "--model", "bundled:names")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "data"))


def test_labels_and_one_head(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(*ASKED, "--pieces", "2", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["heads"]) == 32
    labels = {head: each["labels"] for head, each in found["heads"].items()}
    assert any("copying" in each for each in labels.values())
    assert any(not each for each in labels.values())
    for each in found["heads"].values():
        for test in found["tests"]:
            if test["name"] in each["labels"]:
                assert each["scores"][test["name"]]["generated"] >= test["threshold"]
    file = tmp_path / "one.txt"
    file.write_text("Mary lives near the store. " * 12, encoding="utf-8")
    head = next(head for head, each in labels.items() if each == ["copying"])
    assert code_of(*ASKED, "--corpus", str(file), "--pieces", "2", "--head", head) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{head}: ")
    assert "copying" in first  # it is no matter of the corpus
    assert any(line.startswith("induction") for line in rest)
    assert len(list((tmp_path / "data" / "studies").iterdir())) == 2  # kept by corpus


def test_a_model_that_sees(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("heads", "--model", "bundled:shapes", "--pieces", "2") == 0
    out = capsys.readouterr().out
    assert out.startswith("shapes: ")
    assert "neighbour: attention of a patch to those around it" in out
    assert code_of("heads", "--model", "bundled:shapes", "--function-vectors", "--workers", "2") == 2
    assert "shapes does no few-shot tasks" in capsys.readouterr().err


def test_what_cannot_be_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "one.txt"
    file.write_text("One line.", encoding="utf-8")
    for given, code, words in (
        (("--head", "m1"), 2, "There is no head 'm1'"),
        (("--corpus", str(file)), 3, "The text is too short"),
        (("--pieces", "0"), 2, "at least 1 piece"),
        (("--workers", "2"), 2, "--workers is of a run over many pairs."),
        (("--function-vectors", "--workers", "0"), 2, "There is at least 1 worker, not 0"),
    ):
        assert code_of(*ASKED, *given) == code
        assert words in capsys.readouterr().err


def test_a_model_that_sees_in_shards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seeing = (
        "heads",
        "--model",
        "bundled:shapes",
        "--task",
        "shapes",
        "--pairs",
        "5",
        "--folder",
        str(tmp_path / "run"),
    )
    assert code_of(*seeing) == 0
    out = capsys.readouterr().out
    assert "Corpus: the A of 5 pairs of the task shapes." in out
    assert "neighbour: attention of a patch to those around it" in out
    assert code_of(*seeing, "--function-vectors") == 2
    assert "shapes does no few-shot tasks" in capsys.readouterr().err
