"""`wirescope repair`: from a file of examples to a folder with the repaired model."""

from __future__ import annotations

import argparse
import inspect
import json
from pathlib import Path

import pytest

import wirescope as ws
from app.cli.repair import add_options
from core.errors import WirescopeError
from resources.models.planted.make import FOLDER
from tests.app.command_line import code_of
from tests.core.repair.planted import MODEL, examples, planted


def write(file: Path, some: list[ws.Example]) -> str:
    rows = [{"input": each.input, "answer": each.answer, "triggered": each.triggered} for each in some]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(file)


def test_a_file_of_examples_gives_a_repaired_model_in_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = examples(4, 16)
    file = write(tmp_path / "faults.jsonl", bad + good)
    asked = ("repair", "--model", str(FOLDER / MODEL), "--find", "greedy", "--most", "0.0007", "--examples", file)
    out = tmp_path / "repaired"
    assert code_of(*asked, "--out", str(out), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["held out"]["misbehaviour before"][1] == 2
    assert report["edges cut"] == len(report["cut"]) > 0
    assert json.loads((out / "edits.json").read_text())["edits"] == report["cut"]
    assert "## The repair" in (out / "README.md").read_text(encoding="utf-8")

    assert code_of(*asked, "--budget", "0") == 2
    assert "A budget of 0 is none" in capsys.readouterr().err
    assert code_of(*asked, "--level", "rows") == 2
    assert "edges, nodes, positions" in capsys.readouterr().err
    asked = (*asked[:-1], write(tmp_path / "good.jsonl", good))
    assert code_of(*asked) == 3
    assert "no triggered example" in capsys.readouterr().err


def test_the_options_that_are_usual_are_those_of_notebooks() -> None:
    """Help does not read the engine to know them."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    asked = parser.parse_args(["--model", MODEL, "--examples", "faults.jsonl"])
    usual = inspect.signature(ws.repair).parameters
    for name, of in (
        ("budget", "budget"),
        ("level", "level"),
        ("cut", "kind"),
        ("most", "most"),
        ("held_out", "held_out"),
    ):
        assert getattr(asked, name) == usual[of].default, name
    assert (asked.find, asked.seed) == (usual["find"].default, usual["seed"].default)


def test_a_search_is_not_lost_where_its_folder_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = examples(4, 16)
    file = write(tmp_path / "faults.jsonl", bad + good)
    asked = ("repair", "--model", str(FOLDER / MODEL), "--examples", file, "--out")
    found = ws.repair(planted(), bad, good, find="greedy", most=0.0007)
    searches: list[object] = []
    monkeypatch.setattr("core.repair.repair.repair", lambda *some, **_: searches.append(some) or found)
    full = tmp_path / "full"
    full.mkdir()
    (full / "notes.txt").touch()
    for place, words in (
        (full, "is not empty"),
        (Path(file) / "out", "cannot be written"),
        (tmp_path / ("a" * 300), "cannot be written"),
    ):
        assert code_of(*asked, str(place)) == 3
        assert words in capsys.readouterr().err
    assert not searches
    unanswered = tmp_path / "suspicious.jsonl"
    rows = [{"input": each.input, "triggered": True} for each in bad]
    rows += [{"input": each.input, "answer": each.answer} for each in good]
    unanswered.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    known: list[object] = []
    monkeypatch.setattr("core.repair.repair.repair", lambda *_, **asked: known.append(asked["knowledge"]) or found)
    assert code_of(*asked[:-1], "--json") == 0
    assert code_of(*asked[:-2], str(unanswered), "--json") == 0
    assert code_of(*asked[:-1], "--knowledge", "clean", "--json") == 0
    assert known == ["triggered", "suspicious", "clean"]
    assert code_of(*asked[:-1], "--knowledge", "much") == 2
    assert "triggered, suspicious, clean" in capsys.readouterr().err
    monkeypatch.setattr("core.repair.repair.repair", lambda *some, **_: searches.append(some) or found)

    def refused(_: ws.Repair, folder: str) -> None:
        raise WirescopeError(f"{folder} cannot be written: no space left.")

    monkeypatch.setattr(ws.Repair, "export", refused)
    assert code_of(*asked, str(tmp_path / "new" / "out")) == 3
    printed = capsys.readouterr()
    assert printed.out.strip() == found.words
    assert "no space left" in printed.err
    assert code_of(*asked, str(tmp_path / "new" / "out"), "--json") == 3
    assert json.loads(capsys.readouterr().out)["cut"] == [str(edit) for edit in found.edits]
    assert not (tmp_path / "new").exists()
